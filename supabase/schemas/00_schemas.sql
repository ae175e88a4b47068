-- The ground: what may be reached by whom before any table exists.
-- `public` holds what clients may reach; `private` is exposed by no API and holds what only our own functions touch.

create schema private;

-- The role that Coincide's cloud functions connect as. It bypasses nothing: it reads under policies and writes only
-- through the functions in `private`. A deployment gives it login and a password. Roles belong to the cluster and not
-- to the database, so it may be there already.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'backend') then
    create role backend nologin;
  end if;
end
$$;

-- Its callers stop waiting after 2.5 s (shared/platform/patience.py). What goes on for longer holds a connection and
-- locks for nobody. Settings of the role, since the transaction pooler keeps no state of a session.
alter role backend set statement_timeout = '3s';
alter role backend set idle_in_transaction_session_timeout = '3s';

grant usage on schema public, private to backend;
-- For the one view behind public.feed; every other object of the schema refuses them.
grant usage on schema private to anon, authenticated, service_role;

-- Postgres itself lets everybody call a new function. Here each grant is written down.
alter default privileges revoke execute on functions from public;
