-- How many people share a similarity key.
--
-- key_people: one row for each (key, person): when the person last said it in public. Up to a hundred others are
-- counted here one by one, at a cost that a limit bounds.
-- key_counters: the same people as a sum for each hour, for the keys that are too popular to count. Sixteen shards, so
-- that sixteen posts of one hot key can commit at the same moment; the person's row remembers its shard.
--
-- Who writes both locks key_people before key_counters, and earlier hours before later ones: no deadlock.

create table private.key_people (
  fingerprint bytea not null,
  person_id text not null references public.people (id) on delete cascade,
  last_at timestamptz not null,
  shard smallint not null,
  primary key (fingerprint, person_id)
);

create index key_people_latest on private.key_people (fingerprint, last_at desc) include (person_id);
create index key_people_of_person on private.key_people (person_id);

alter table private.key_people enable row level security;

create table private.key_counters (
  fingerprint bytea not null,
  hour timestamptz not null,
  shard smallint not null,
  people integer not null,
  primary key (fingerprint, hour, shard),
  constraint key_counters_people check (people >= 0)
) with (fillfactor = 70);

alter table private.key_counters enable row level security;

create function private.hour_of(p_at timestamptz) returns timestamptz
  language sql immutable parallel safe set search_path = ''
as $$
  select date_bin('1 hour', p_at, timestamptz '2000-01-01 00:00:00+00')
$$;

create function private.count_in(p_fingerprint bytea, p_at timestamptz, p_shard smallint) returns void
  language plpgsql set search_path = ''
as $$
begin
  insert into private.key_counters as c (fingerprint, hour, shard, people)
    values (p_fingerprint, private.hour_of(p_at), p_shard, 1)
    on conflict (fingerprint, hour, shard) do update set people = c.people + 1;
end
$$;

create function private.count_out(p_fingerprint bytea, p_at timestamptz, p_shard smallint) returns void
  language plpgsql set search_path = ''
as $$
begin
  update private.key_counters c set people = c.people - 1
    where c.fingerprint = p_fingerprint and c.hour = private.hour_of(p_at) and c.shard = p_shard;
end
$$;

-- Distinct other people who said the key in public within the window: exact up to p_exact_up_to, else the sum of the
-- hourly counters, the oldest hour by the share of it that lies in the window.
create function private.count_others_v1(
  p_fingerprint bytea, p_person_id text, p_now timestamptz, p_window interval, p_exact_up_to integer,
  out others integer, out exact boolean
)
  language plpgsql stable security definer set search_path = ''
as $$
begin
  select count(*) into others from (
    select from private.key_people k
    where k.fingerprint = p_fingerprint and k.last_at > p_now - p_window and k.person_id <> p_person_id
    limit p_exact_up_to + 1
  ) as counted;
  exact := others <= p_exact_up_to;
  if not exact then
    select greatest(others, round(sum(
      c.people * least(1, extract(epoch from c.hour + interval '1 hour' - (p_now - p_window)) / 3600)
    ))::integer)
    into others
    from private.key_counters c
    where c.fingerprint = p_fingerprint and c.hour > p_now - p_window - interval '1 hour' and c.hour <= p_now;
  end if;
end
$$;

-- Notes that the person said the key in public at p_now. The caller holds the person's token bucket, which keeps this
-- person's posts in a row; so between the look and the write nobody but a deletion can come, and that one waits.
create function private.note_key_v1(p_fingerprint bytea, p_person_id text, p_now timestamptz) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  v_last_at timestamptz;
  v_shard smallint;
begin
  select k.last_at, k.shard into v_last_at, v_shard from private.key_people k
    where k.fingerprint = p_fingerprint and k.person_id = p_person_id
    for update;
  if not found then
    v_shard := floor(random() * 16);
    insert into private.key_people (fingerprint, person_id, last_at, shard)
      values (p_fingerprint, p_person_id, p_now, v_shard);
    perform private.count_in(p_fingerprint, p_now, v_shard);
  elsif p_now > v_last_at then
    update private.key_people k set last_at = p_now
      where k.fingerprint = p_fingerprint and k.person_id = p_person_id;
    if private.hour_of(v_last_at) <> private.hour_of(p_now) then
      perform private.count_out(p_fingerprint, v_last_at, v_shard);
      perform private.count_in(p_fingerprint, p_now, v_shard);
    end if;
  end if;
end
$$;

revoke all on function
  private.hour_of, private.count_in, private.count_out, private.count_others_v1, private.note_key_v1
from public;
grant execute on function private.count_others_v1 to backend;
