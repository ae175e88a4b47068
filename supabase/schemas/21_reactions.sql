-- One emoji of one person on one post, and how often each emoji stands on a post.

create table public.reactions (
  post_id uuid not null references public.posts (id) on delete cascade,
  person_id text not null references public.people (id) on delete cascade,
  emoji text not null,
  created_at timestamptz not null,
  primary key (post_id, person_id, emoji),
  constraint reactions_emoji_length check (char_length(emoji) between 1 and 32)
);

create index reactions_of_person on public.reactions (person_id);

alter table public.reactions enable row level security;

create policy "people read their own reactions" on public.reactions
  for select to authenticated
  using (((select auth.jwt()) ->> 'sub') = person_id);

revoke all on public.reactions from anon, authenticated, service_role;
grant select on public.reactions to authenticated, service_role;

-- Counted where it is written, so that a read never counts.
create table private.reaction_counts (
  post_id uuid not null references public.posts (id) on delete cascade,
  emoji text not null,
  people integer not null,
  primary key (post_id, emoji),
  constraint reaction_counts_people check (people >= 0)
);

alter table private.reaction_counts enable row level security;

create policy "functions read reaction counts" on private.reaction_counts
  for select to backend
  using (true);

grant select on private.reaction_counts to backend;

-- Posts as functions show them: with {"<emoji>": <people>} of each. It runs with the rights of who asks.
create view private.shown_posts with (security_invoker = true) as
  select p.id, p.person_id, p.content, p.visibility, p.language, p.activity, p.category, p.subject, p.item, p.key,
    p.fingerprint, p.created_at,
    coalesce(
      (
        select jsonb_object_agg(c.emoji, c.people) from private.reaction_counts c
        where c.post_id = p.id and c.people > 0
      ),
      '{}'
    ) as reactions
  from public.posts p;

grant select on private.shown_posts to backend;

-- Puts an emoji on a post that the person may see. Outcome: added, kept (it was there), hidden (no such post for this
-- person), full (p_max_kinds different emoji are on the post and this is another one).
create function private.add_reaction_v1(
  p_post_id uuid, p_person_id text, p_emoji text, p_now timestamptz, p_max_kinds integer,
  out outcome text, out reactions jsonb
)
  language plpgsql security definer set search_path = ''
as $$
begin
  -- The lock keeps the post while its reaction is written.
  perform from public.posts p
    where p.id = p_post_id and (p.visibility = 'public' or p.person_id = p_person_id)
    for key share;
  if not found then
    outcome := 'hidden';
    return;
  end if;
  if not exists (select from private.reaction_counts c where c.post_id = p_post_id and c.emoji = p_emoji and c.people > 0)
    and p_max_kinds <= (select count(*) from private.reaction_counts c where c.post_id = p_post_id and c.people > 0)
  then
    outcome := 'full';
    return;
  end if;
  insert into public.people (id, created_at) values (p_person_id, p_now) on conflict do nothing;
  insert into public.reactions (post_id, person_id, emoji, created_at)
    values (p_post_id, p_person_id, p_emoji, p_now)
    on conflict do nothing;
  outcome := case when found then 'added' else 'kept' end;
  if outcome = 'added' then
    insert into private.reaction_counts as c (post_id, emoji, people) values (p_post_id, p_emoji, 1)
      on conflict (post_id, emoji) do update set people = c.people + 1;
  end if;
  select p.reactions into reactions from private.shown_posts p where p.id = p_post_id;
end
$$;

-- Takes it off again. Outcome: removed, absent (it was not there), hidden.
create function private.remove_reaction_v1(
  p_post_id uuid, p_person_id text, p_emoji text,
  out outcome text, out reactions jsonb
)
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from public.posts p
    where p.id = p_post_id and (p.visibility = 'public' or p.person_id = p_person_id)
    for key share;
  if not found then
    outcome := 'hidden';
    return;
  end if;
  delete from public.reactions r
    where r.post_id = p_post_id and r.person_id = p_person_id and r.emoji = p_emoji;
  outcome := case when found then 'removed' else 'absent' end;
  if outcome = 'removed' then
    update private.reaction_counts c set people = c.people - 1 where c.post_id = p_post_id and c.emoji = p_emoji;
  end if;
  select p.reactions into reactions from private.shown_posts p where p.id = p_post_id;
end
$$;

revoke all on function private.add_reaction_v1, private.remove_reaction_v1 from public;
grant execute on function private.add_reaction_v1, private.remove_reaction_v1 to backend;
