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
-- The feed as clients read it: public posts without a trace of their authors.
--
-- Two views, because two rules meet. A client sees only its own rows of public.posts, so a view with the caller's
-- rights would show nobody else; a view with its owner's rights must not lie in an exposed schema. Hence the owner's
-- view lies in `private`, where no API reaches, and the exposed one runs with the caller's rights on top of it.
--
-- It is no security barrier: behind one, `order by id desc limit 20` cannot reach the index and every read sorts every
-- public post. A barrier would keep functions of a caller's own from seeing hidden rows, and callers can create none.

create view private.public_posts as
  select p.id, p.content, p.language, p.activity, p.category, p.subject, p.item, p.key, p.created_at
  from public.posts p
  where p.visibility = 'public';

create view public.feed with (security_invoker = true) as
  select id, content, language, activity, category, subject, item, key, created_at
  from private.public_posts;

revoke all on private.public_posts, public.feed from anon, authenticated, service_role;
grant select on private.public_posts, public.feed to anon, authenticated, service_role;
-- Throttles. A bucket is one instant: when it will be full again. From that, its rate and its size, all follows: the
-- tokens in it now, whether one may be taken, and how long to wait for the next. No row means full.
--
-- Unlogged: after a crash every bucket is full, which harms nobody, and taking a token costs no write-ahead log.
-- Fillfactor: a bucket is updated in place, again and again.

create unlogged table private.token_buckets (
  name text primary key,
  full_at timestamptz not null,
  constraint token_buckets_name_length check (char_length(name) between 1 and 200)
) with (fillfactor = 50);

alter table private.token_buckets enable row level security;

-- Takes one token, in one statement, or says how many seconds to wait for one (0: taken). Taken or not, the bucket's
-- row stays locked until the transaction ends.
--
-- A bucket that claims to be emptier than empty, by more than the clocks of two instances differ, was written by a
-- clock that has been set back since (or under a policy that allowed more): it counts as full.
create function private.take_token_v1(p_name text, p_now timestamptz, p_interval interval, p_fill interval)
  returns double precision
  language plpgsql set search_path = ''
as $$
begin
  insert into private.token_buckets as b (name, full_at) values (p_name, p_now + p_interval)
    on conflict (name) do update set
      full_at = case when b.full_at between p_now and p_now + 2 * p_fill then b.full_at else p_now end + p_interval
      where b.full_at + p_interval <= p_now + p_fill or b.full_at > p_now + 2 * p_fill;
  if found then
    return 0;
  end if;
  return (
    select greatest(extract(epoch from b.full_at + p_interval - p_fill - p_now), 0.001)
    from private.token_buckets b
    where b.name = p_name
  );
end
$$;

-- Puts a token back that this very transaction took.
create function private.return_token_v1(p_name text, p_interval interval) returns void
  language plpgsql set search_path = ''
as $$
begin
  update private.token_buckets b set full_at = b.full_at - p_interval where b.name = p_name;
end
$$;

revoke all on function private.take_token_v1, private.return_token_v1 from public;
-- What a person's Idempotency-Key led to, so that the same request gets the same answer. post_id is no foreign key on
-- purpose: when the post is deleted, the key must still be known to be used.

create table private.idempotency_keys (
  person_id text not null references public.people (id) on delete cascade,
  key text not null,
  body_hash bytea not null,
  post_id uuid not null,
  -- the first answer's count; null where nobody was compared
  others integer,
  exact boolean,
  created_at timestamptz not null,
  primary key (person_id, key),
  constraint idempotency_keys_key_length check (char_length(key) between 1 and 255),
  constraint idempotency_keys_body_hash_length check (octet_length(body_hash) = 32)
);

alter table private.idempotency_keys enable row level security;
-- How many people share a similarity key.
--
-- key_people: one row for each (key, person): when the person last said it in public. Up to a hundred others are
-- counted here one by one, at a cost that a limit bounds. It follows from the posts and refers to nobody by a foreign
-- key, whose check would cost every post a tenth of its time; who deletes posts keeps it true (delete_post_v1).
-- key_counters: the same people as a sum for each hour, for the keys that are too popular to count.
--
-- A counter row that every post of a popular key had to update would let them commit only one after the other. So each
-- transaction that counts claims a shard of its own until it ends (an advisory lock; the lowest free one, so there are
-- only as many shards in use as transactions at work) and writes nothing but rows of that shard. Nobody waits for
-- anybody, and there is no order of rows in which two could deadlock. A person who is counted in one shard may be
-- taken out through another: a single row may be negative, the sum over the shards never is.

create table private.key_people (
  fingerprint bytea not null,
  person_id text not null,
  last_at timestamptz not null,
  primary key (fingerprint, person_id)
);

create index key_people_latest on private.key_people (fingerprint, last_at desc) include (person_id);

alter table private.key_people enable row level security;

create table private.key_counters (
  fingerprint bytea not null,
  hour timestamptz not null,
  shard smallint not null,
  people integer not null,
  primary key (fingerprint, hour, shard)
) with (fillfactor = 70);

alter table private.key_counters enable row level security;

-- Claims a shard until the transaction ends. To be called before the transaction locks anything else: who waits for a
-- shard then holds nothing that others wait for.
create function private.claim_shard() returns smallint
  language plpgsql set search_path = ''
as $$
declare
  c_shards constant smallint := 32;
  c_space constant integer := 1129270350;  -- our own space of advisory locks ("COIN")
  shard smallint;
begin
  for shard in 1..c_shards loop
    if pg_try_advisory_xact_lock(c_space, shard) then
      return shard;
    end if;
  end loop;
  shard := 1 + floor(random() * c_shards);
  perform pg_advisory_xact_lock(c_space, shard);
  return shard;
end
$$;

create function private.add_to_counter(p_fingerprint bytea, p_at timestamptz, p_shard smallint, p_people integer)
  returns void
  language plpgsql set search_path = ''
as $$
begin
  insert into private.key_counters as c (fingerprint, hour, shard, people)
    values (p_fingerprint, date_bin('1 hour', p_at, timestamptz '2000-01-01 00:00:00+00'), p_shard, p_people)
    on conflict (fingerprint, hour, shard) do update set people = c.people + excluded.people;
end
$$;

-- Distinct other people who said the key in public within the window: counted one by one up to p_exact_up_to, else the
-- sum of the hourly counters, the oldest hour by the share of it that lies in the window. The counters are read first:
-- for most keys they are a row or two, and for a popular key they spare counting people who are too many anyway.
create function private.count_others_v1(
  p_fingerprint bytea, p_person_id text, p_now timestamptz, p_window interval, p_exact_up_to integer,
  out others integer, out exact boolean
)
  language plpgsql stable set search_path = ''
as $$
declare
  v_since constant timestamptz := p_now - p_window;
  v_oldest constant timestamptz := date_bin('1 hour', v_since, timestamptz '2000-01-01 00:00:00+00');
  v_whole bigint;
  v_part bigint;
begin
  select coalesce(sum(c.people) filter (where c.hour > v_oldest), 0),
    coalesce(sum(c.people) filter (where c.hour = v_oldest), 0)
  into v_whole, v_part
  from private.key_counters c
  where c.fingerprint = p_fingerprint and c.hour between v_oldest and p_now;

  -- One of them may be the person who asks.
  others := v_whole;
  exact := v_whole <= p_exact_up_to + 1;
  if exact then
    select count(*) into others from (
      select from private.key_people k
      where k.fingerprint = p_fingerprint and k.last_at > v_since and k.person_id <> p_person_id
      -- The order leaves the planner no other way than the index, however wrong its statistics about a key that just
      -- became popular.
      order by k.last_at desc
      limit p_exact_up_to + 1
    ) as counted;
    exact := others <= p_exact_up_to;
  end if;
  if not exact then
    others := greatest(others, v_whole + round(v_part * (1 - extract(epoch from v_since - v_oldest) / 3600)));
  end if;
end
$$;

-- Notes that the person said the key in public at p_now. The caller holds the person's token bucket, which keeps this
-- person's posts in a row; so between the look and the write nobody but a deletion can come, and that one waits.
create function private.note_key_v1(p_fingerprint bytea, p_person_id text, p_now timestamptz, p_shard smallint)
  returns void
  language plpgsql set search_path = ''
as $$
declare
  c_epoch constant timestamptz := '2000-01-01 00:00:00+00';
  v_last_at timestamptz;
begin
  select k.last_at into v_last_at from private.key_people k
    where k.fingerprint = p_fingerprint and k.person_id = p_person_id
    for update;
  if not found then
    insert into private.key_people (fingerprint, person_id, last_at) values (p_fingerprint, p_person_id, p_now);
    perform private.add_to_counter(p_fingerprint, p_now, p_shard, 1);
  elsif p_now > v_last_at then
    update private.key_people k set last_at = p_now
      where k.fingerprint = p_fingerprint and k.person_id = p_person_id;
    if date_bin('1 hour', v_last_at, c_epoch) <> date_bin('1 hour', p_now, c_epoch) then
      perform private.add_to_counter(p_fingerprint, v_last_at, p_shard, -1);
      perform private.add_to_counter(p_fingerprint, p_now, p_shard, 1);
    end if;
  end if;
end
$$;

revoke all on function
  private.claim_shard, private.add_to_counter, private.count_others_v1, private.note_key_v1
from public;
-- Events that one function leaves for others, written in the transaction of what they tell of.
-- pending -> leased -> done; leased -> pending on failure or lease expiry; -> dead at the last try.

create type private.outbox_state as enum ('pending', 'leased', 'done', 'dead');

create table private.outbox (
  id bigint generated always as identity primary key,
  event text not null,
  -- the shape is in shared/models/event.py; ids and keys only, never what a person wrote
  payload jsonb not null,
  state private.outbox_state not null default 'pending',
  attempts smallint not null default 0,
  available_at timestamptz not null,
  leased_until timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint outbox_event_form check (event ~ '^[a-z_]+\.[a-z_]+$'),
  constraint outbox_lease check ((state = 'leased') = (leased_until is not null)),
  constraint outbox_finished check ((state in ('done', 'dead')) = (finished_at is not null))
);

create index outbox_open on private.outbox (event, available_at) where state in ('pending', 'leased');

alter table private.outbox enable row level security;
-- A post arriving, and a post leaving: each one transaction, one call.

-- Taking the token locks the person's bucket, so one person's posts come in one after the other; two requests with one
-- Idempotency-Key cannot both find it unused.
--
-- Outcome: accepted; replayed (the same key and body: post_id, others, exact are the first answer's); conflict (the
-- same key, another body); deleted (the same key and body, but its post is gone); throttled (retry_after in seconds;
-- nothing was written, no token was taken). p_shard is the shard that the transaction has claimed already, if it has.
--
-- Cost: a fixed number of index probes. At most p_exact_up_to + 1 people are counted one by one and at most 25 hours
-- x 32 shards are summed, so neither the number of posts nor the popularity of the key changes it.
create function private.accept_post_v1(
  p_id uuid,
  p_person_id text,
  p_content text,
  p_language text,
  p_visibility public.visibility,
  p_activity text,
  p_category text,
  p_subject text,
  p_item text,
  p_key text,
  p_fingerprint bytea,
  p_now timestamptz,
  p_window interval,
  p_exact_up_to integer,
  p_person_bucket text,
  p_person_interval interval,
  p_person_fill interval,
  p_address_bucket text,
  p_address_interval interval,
  p_address_fill interval,
  p_idempotency_key text,
  p_body_hash bytea,
  p_idempotency_ttl interval,
  p_shard smallint default null,
  out outcome text,
  out post_id uuid,
  out others integer,
  out exact boolean,
  out retry_after double precision
)
  language plpgsql security definer set search_path = ''
as $$
declare
  v_shard constant smallint := coalesce(p_shard, private.claim_shard());
begin
  retry_after := private.take_token_v1(p_person_bucket, p_now, p_person_interval, p_person_fill);

  if p_idempotency_key is not null then
    select
      case when k.body_hash <> p_body_hash then 'conflict' when p.id is null then 'deleted' else 'replayed' end,
      k.post_id, k.others, k.exact
    into outcome, post_id, others, exact
    from private.idempotency_keys k left join public.posts p on p.id = k.post_id
    where k.person_id = p_person_id and k.key = p_idempotency_key and k.created_at > p_now - p_idempotency_ttl;
    if found then
      if retry_after = 0 then
        perform private.return_token_v1(p_person_bucket, p_person_interval);
      end if;
      return;
    end if;
  end if;

  if retry_after = 0 and p_address_bucket is not null then
    retry_after := private.take_token_v1(p_address_bucket, p_now, p_address_interval, p_address_fill);
    if retry_after > 0 then
      perform private.return_token_v1(p_person_bucket, p_person_interval);
    end if;
  end if;
  if retry_after > 0 then
    outcome := 'throttled';
    return;
  end if;

  outcome := 'accepted';
  post_id := p_id;
  insert into public.people (id, created_at) values (p_person_id, p_now) on conflict do nothing;
  insert into public.posts (
    id, person_id, content, language, visibility, activity, category, subject, item, key, fingerprint, created_at
  ) values (
    p_id, p_person_id, p_content, p_language, p_visibility, p_activity, p_category, p_subject, p_item, p_key,
    p_fingerprint, p_now
  );

  if p_fingerprint is not null then
    select c.others, c.exact into others, exact
    from private.count_others_v1(p_fingerprint, p_person_id, p_now, p_window, p_exact_up_to) c;
    if p_visibility = 'public' then
      perform private.note_key_v1(p_fingerprint, p_person_id, p_now, v_shard);
    end if;
  end if;

  insert into private.outbox (event, payload, available_at, created_at) values (
    'post.accepted',
    jsonb_build_object(
      'event', 'post.accepted', 'post_id', p_id, 'person_id', p_person_id, 'visibility', p_visibility, 'key', p_key
    ),
    p_now, p_now
  );

  if p_visibility = 'public' then
    perform realtime.send(
      jsonb_build_object(
        'id', p_id, 'content', p_content, 'language', p_language, 'activity', p_activity, 'category', p_category,
        'subject', p_subject, 'item', p_item, 'key', p_key, 'created_at', p_now
      ),
      'post.accepted', 'feed:all', true
    );
  end if;

  if p_idempotency_key is not null then
    -- Finds a row only where an older use has expired.
    insert into private.idempotency_keys as k (person_id, key, body_hash, post_id, others, exact, created_at)
      values (p_person_id, p_idempotency_key, p_body_hash, p_id, others, exact, p_now)
      on conflict (person_id, key) do update set
        body_hash = excluded.body_hash, post_id = excluded.post_id, others = excluded.others, exact = excluded.exact,
        created_at = excluded.created_at;
  end if;
end
$$;

-- Several posts of several people in one transaction: what an instance received while it waited for the database. Each
-- is accepted or refused by itself, as by accept_post_v1; the answers come in the order of p_posts, which is an array of
-- objects with the arguments of accept_post_v1 that differ from post to post, named without the p_.
--
-- All buckets are locked first: people before addresses, as accept_post_v1 does, and each in the order of their names.
-- So two transactions with the same people or addresses wait for each other in one direction only.
create function private.accept_posts_v1(
  p_posts jsonb,
  p_window interval,
  p_exact_up_to integer,
  p_person_interval interval,
  p_person_fill interval,
  p_address_interval interval,
  p_address_fill interval,
  p_idempotency_ttl interval
)
  returns table (outcome text, post_id uuid, others integer, exact boolean, retry_after double precision)
  language plpgsql security definer set search_path = ''
as $$
declare
  v_post record;
  v_shard constant smallint := private.claim_shard();
begin
  if jsonb_array_length(p_posts) > 1 then
    insert into private.token_buckets as b (name, full_at)
      select bucket.name, timestamptz '-infinity'
      from jsonb_array_elements(p_posts) post,
        lateral (values (1, post ->> 'person_bucket'), (2, post ->> 'address_bucket')) bucket (turn, name)
      where bucket.name is not null
      group by bucket.turn, bucket.name
      order by bucket.turn, bucket.name
      on conflict (name) do update set full_at = b.full_at where false;
  end if;
  for v_post in
    select * from jsonb_to_recordset(p_posts) as post(
      id uuid, person_id text, content text, language text, visibility public.visibility, activity text, category text,
      subject text, item text, key text, fingerprint bytea, now timestamptz, person_bucket text, address_bucket text,
      idempotency_key text, body_hash bytea
    )
  loop
    return query select accepted.outcome, accepted.post_id, accepted.others, accepted.exact, accepted.retry_after
      from private.accept_post_v1(
        v_post.id, v_post.person_id, v_post.content, v_post.language, v_post.visibility, v_post.activity,
        v_post.category, v_post.subject, v_post.item, v_post.key, v_post.fingerprint, v_post.now, p_window,
        p_exact_up_to, v_post.person_bucket, p_person_interval, p_person_fill, v_post.address_bucket,
        p_address_interval, p_address_fill, v_post.idempotency_key, v_post.body_hash, p_idempotency_ttl, v_shard
      ) accepted;
  end loop;
end
$$;

-- Deletes a person's own post with all that followed from it; false where there is no such post. The person counts for
-- the key by their latest remaining public post of the window (p_since: the smallest id that a post in it can have).
create function private.delete_post_v1(p_id uuid, p_person_id text, p_now timestamptz, p_since uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_post record;
  v_counted_at timestamptz;
  v_latest timestamptz;
  v_shard smallint := private.claim_shard();
begin
  select p.fingerprint, p.key, p.visibility into v_post from public.posts p
    where p.id = p_id and p.person_id = p_person_id;
  if not found then
    return false;
  end if;

  -- Before the post goes: a post of the same key that arrives meanwhile waits here, or is seen below.
  select k.last_at into v_counted_at from private.key_people k
    where k.fingerprint = v_post.fingerprint and k.person_id = p_person_id
    for update;
  delete from public.posts p where p.id = p_id;
  if not found then
    return false;
  end if;

  if v_post.visibility = 'public' and v_counted_at is not null then
    select max(p.created_at) into v_latest from public.posts p
      where p.person_id = p_person_id and p.id >= p_since and p.fingerprint = v_post.fingerprint
        and p.visibility = 'public';
    if v_latest is null then
      delete from private.key_people k where k.fingerprint = v_post.fingerprint and k.person_id = p_person_id;
      perform private.add_to_counter(v_post.fingerprint, v_counted_at, v_shard, -1);
    elsif v_latest <> v_counted_at then
      update private.key_people k set last_at = v_latest
        where k.fingerprint = v_post.fingerprint and k.person_id = p_person_id;
      perform private.add_to_counter(v_post.fingerprint, v_latest, v_shard, 1);
      perform private.add_to_counter(v_post.fingerprint, v_counted_at, v_shard, -1);
    end if;
  end if;

  insert into private.outbox (event, payload, available_at, created_at) values (
    'post.deleted',
    jsonb_build_object('event', 'post.deleted', 'post_id', p_id, 'person_id', p_person_id, 'key', v_post.key),
    p_now, p_now
  );
  if v_post.visibility = 'public' then
    perform realtime.send(jsonb_build_object('id', p_id), 'post.deleted', 'feed:all', true);
  end if;
  return true;
end
$$;

revoke all on function private.accept_post_v1, private.accept_posts_v1, private.delete_post_v1 from public;
grant execute on function private.accept_post_v1, private.accept_posts_v1, private.delete_post_v1 to backend;
-- Who may listen. Only what our own transactions send is ever broadcast: there is no insert policy, so clients cannot.

create policy "anyone listens to the public feed" on realtime.messages
  for select to anon, authenticated
  using (extension = 'broadcast' and (select realtime.topic()) = 'feed:all');
