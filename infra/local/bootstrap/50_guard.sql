-- Hosted refuses changes by our migrations to what the platform owns, except policies and triggers on its tables. Here
-- postgres inherits from the owners so that it can make policies (see 00_roles.sql); these two refuse the rest.

create or replace function extensions.guard_platform_change() returns event_trigger language plpgsql as $$
declare
  change record;
begin
  for change in
    select * from pg_event_trigger_ddl_commands() where schema_name in ('auth', 'realtime', 'storage')
  loop
    if current_user = 'postgres' then
      raise exception 'must be owner of %: hosted Supabase allows only policies and triggers there', change.object_identity
        using errcode = 'insufficient_privilege';
    end if;
  end loop;
end $$;

create or replace function extensions.guard_platform_drop() returns event_trigger language plpgsql as $$
declare
  change record;
begin
  for change in
    select * from pg_event_trigger_dropped_objects()
    where schema_name in ('auth', 'realtime', 'storage') and object_type not in ('policy', 'trigger')
  loop
    if current_user = 'postgres' then
      raise exception 'must be owner of %: hosted Supabase allows only policies and triggers there', change.object_identity
        using errcode = 'insufficient_privilege';
    end if;
  end loop;
end $$;

drop event trigger if exists guard_platform_change;
create event trigger guard_platform_change on ddl_command_end execute function extensions.guard_platform_change();
drop event trigger if exists guard_platform_drop;
create event trigger guard_platform_drop on sql_drop execute function extensions.guard_platform_drop();
