-- A person, from their first post on. The id is the Firebase UID: text, never a uuid.

create table public.people (
  id text primary key,
  created_at timestamptz not null default now(),
  constraint people_id_length check (char_length(id) between 1 and 128)
);

alter table public.people enable row level security;

create policy "people read themselves" on public.people
  for select to authenticated
  using (((select auth.jwt()) ->> 'sub') = id);

revoke all on public.people from anon, authenticated, service_role;
grant select on public.people to authenticated, service_role;
