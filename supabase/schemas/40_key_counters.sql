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
