-- What people said. Ids are version 7 uuids, so the order of ids is the order of time and every list pages by id alone.

create type public.visibility as enum ('public', 'private');

create table public.posts (
  id uuid primary key,
  person_id text not null references public.people (id) on delete cascade,
  content text not null,
  language text,
  visibility public.visibility not null,
  activity text,
  category text,
  subject text,
  item text,
  -- in byte order: cheap to compare, and the same order on every server
  key text collate "C",
  -- 16 bytes that stand for the key: index entries of one size, whatever people write
  fingerprint bytea,
  created_at timestamptz not null,
  constraint posts_content_length check (char_length(content) between 1 and 4000),
  constraint posts_key_length check (char_length(key) between 3 and 200),
  constraint posts_key_has_fingerprint check ((key is null) = (fingerprint is null)),
  constraint posts_fingerprint_length check (octet_length(fingerprint) = 16)
);

create index posts_diary on public.posts (person_id, id);
create index posts_feed on public.posts (id) where visibility = 'public';
create index posts_feed_of_category on public.posts (category, id) where visibility = 'public';
create index posts_feed_of_key on public.posts (key, id) where visibility = 'public';

alter table public.posts enable row level security;

create policy "people read their own posts" on public.posts
  for select to authenticated
  using (((select auth.jwt()) ->> 'sub') = person_id);

create policy "functions read posts" on public.posts
  for select to backend
  using (true);

revoke all on public.posts from anon, authenticated, service_role;
grant select on public.posts to authenticated, service_role, backend;
