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
        where c.post_id = p.id
      ),
      '{}'
    ) as reactions
  from public.posts p;

grant select on private.shown_posts to backend;

-- Whether the person may see the post; it is then locked, so that it stays while its reaction is written, and so that
-- the kinds on it are counted by one reaction at a time.
create function private.may_react(p_post_id uuid, p_person_id text) returns boolean
  language plpgsql set search_path = ''
as $$
begin
  perform from public.posts p
    where p.id = p_post_id and (p.visibility = 'public' or p.person_id = p_person_id)
    for no key update;
  return found;
end
$$;

-- Puts an emoji on a post that the person may see. Outcome: added; kept (it was there); hidden (no such post for this
-- person); full (the post has p_max_kinds different emoji or the person p_max_own on it, and this is another one);
-- throttled (retry_after in seconds).
create function private.add_reaction_v1(
  p_post_id uuid, p_person_id text, p_emoji text, p_now timestamptz, p_max_kinds integer, p_max_own integer,
  p_bucket text, p_interval interval, p_fill interval,
  out outcome text, out reactions jsonb, out retry_after double precision
)
  language plpgsql security definer set search_path = ''
as $$
begin
  retry_after := private.take_token_v1(p_bucket, p_now, p_interval, p_fill);
  if retry_after > 0 then
    outcome := 'throttled';
    return;
  end if;
  if not exists (
      select from public.posts p
      where p.id = p_post_id and (p.visibility = 'public' or p.person_id = p_person_id)
    )
  then
    outcome := 'hidden';
    return;
  end if;
  -- The person before the post, as when a post is accepted: the other way round could deadlock with it.
  insert into public.people (id, created_at) values (p_person_id, p_now) on conflict do nothing;
  if not private.may_react(p_post_id, p_person_id) then
    outcome := 'hidden';
    return;
  end if;
  if exists (
      select from public.reactions r
      where r.post_id = p_post_id and r.person_id = p_person_id and r.emoji = p_emoji
    )
  then
    outcome := 'kept';
  elsif p_max_own <= (
      select count(*) from public.reactions r where r.post_id = p_post_id and r.person_id = p_person_id
    )
    or p_max_kinds <= (
      select count(*) from private.reaction_counts c where c.post_id = p_post_id and c.emoji <> p_emoji
    )
  then
    outcome := 'full';
    return;
  else
    insert into public.reactions (post_id, person_id, emoji, created_at)
      values (p_post_id, p_person_id, p_emoji, p_now)
      on conflict do nothing;
    outcome := case when found then 'added' else 'kept' end;
  end if;
  if outcome = 'added' then
    insert into private.reaction_counts as c (post_id, emoji, people) values (p_post_id, p_emoji, 1)
      on conflict (post_id, emoji) do update set people = c.people + 1;
  end if;
  select p.reactions into reactions from private.shown_posts p where p.id = p_post_id;
end
$$;

-- Takes it off again. Outcome: removed, absent (it was not there), hidden, throttled.
create function private.remove_reaction_v1(
  p_post_id uuid, p_person_id text, p_emoji text, p_now timestamptz, p_bucket text, p_interval interval, p_fill interval,
  out outcome text, out reactions jsonb, out retry_after double precision
)
  language plpgsql security definer set search_path = ''
as $$
begin
  retry_after := private.take_token_v1(p_bucket, p_now, p_interval, p_fill);
  if retry_after > 0 then
    outcome := 'throttled';
    return;
  end if;
  if not private.may_react(p_post_id, p_person_id) then
    outcome := 'hidden';
    return;
  end if;
  delete from public.reactions r
    where r.post_id = p_post_id and r.person_id = p_person_id and r.emoji = p_emoji;
  outcome := case when found then 'removed' else 'absent' end;
  if outcome = 'removed' then
    update private.reaction_counts c set people = c.people - 1 where c.post_id = p_post_id and c.emoji = p_emoji;
    -- A row at zero would be read for ever with the post.
    delete from private.reaction_counts c where c.post_id = p_post_id and c.emoji = p_emoji and c.people = 0;
  end if;
  select p.reactions into reactions from private.shown_posts p where p.id = p_post_id;
end
$$;

revoke all on function private.may_react, private.add_reaction_v1, private.remove_reaction_v1 from public;
grant execute on function private.add_reaction_v1, private.remove_reaction_v1 to backend;
