-- The roles of hosted Supabase. Roles belong to the cluster: several databases share them, so this runs again and again.
-- Passwords are set by the caller; only the server knows them.

do $$
declare
  missing text;
begin
  for missing in
    select name
    from unnest(array[
      'postgres', 'anon', 'authenticated', 'service_role', 'authenticator',
      'supabase_realtime_admin', 'supabase_storage_admin'
    ]) as wanted (name)
    where not exists (select from pg_roles where rolname = name)
  loop
    execute format('create role %I', missing);
  end loop;
end $$;

-- Runs the migrations. Not a superuser: what only a superuser may do must fail here as it fails there.
alter role postgres nosuperuser createdb createrole inherit login replication bypassrls;
alter role postgres set search_path = "$user", public, extensions;

-- The Data API logs in as authenticator, which can do nothing but become one of these three.
alter role anon nosuperuser inherit nologin nobypassrls;
alter role authenticated nosuperuser inherit nologin nobypassrls;
alter role service_role nosuperuser inherit nologin bypassrls;
alter role authenticator nosuperuser noinherit login nobypassrls;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

-- The owners of what Realtime and Storage bring. On hosted, the extension supautils lets postgres make policies on
-- realtime.messages and the tables of storage although it does not own them. Here postgres inherits from the owners,
-- without being able to become them, and 50_guard.sql refuses everything else that an owner could do.
alter role supabase_realtime_admin nosuperuser noinherit nologin;
alter role supabase_storage_admin nosuperuser noinherit nologin;
grant supabase_realtime_admin, supabase_storage_admin to postgres with inherit true, set false;
