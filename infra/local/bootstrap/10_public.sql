-- Schemas that our migrations build in, and what new objects there are granted by default.

grant usage on schema public to postgres, anon, authenticated, service_role;

-- The two steps that hosted projects went through. What remains of the first after the second (truncate, references and
-- trigger on tables, update on sequences) is there on hosted too, so a migration must revoke before it grants.
alter default privileges for role postgres in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to anon, authenticated, service_role;

alter default privileges for role postgres in schema public
  revoke select, insert, update, delete on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke usage, select on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke execute on functions from anon, authenticated, service_role;

create schema if not exists extensions;
grant all on schema extensions to postgres;
grant usage on schema extensions to anon, authenticated, service_role;

-- On hosted postgres may create this extension itself; here only a superuser may. A migration that needs it still says
-- `create extension if not exists vector with schema extensions`.
create extension if not exists vector with schema extensions;
