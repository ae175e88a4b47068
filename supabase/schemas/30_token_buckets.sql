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
