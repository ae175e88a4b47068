-- So many posts of the last 24 hours, as if they had been accepted one by one: set by set, in one transaction.
-- %(posts)s of %(people)s people; temporary table sayings: what they say. Left out is what does not stay: events that
-- other functions have taken, broadcasts that were heard.

insert into public.people (id, created_at)
  select 'bench-' || n, now() - interval '30 days' from generate_series(0, %(people)s - 1) n;

insert into public.posts (
  id, person_id, content, language, visibility, activity, category, subject, item, key, fingerprint, created_at
)
select
  (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || 'a'
    || substr(md5(n::text), 4, 15))::uuid,
  'bench-' || n * 7919 %% %(people)s, content, null, (case when n %% 20 = 7 then 'private' else 'public' end)::public.visibility,
  activity, category, subject, item, key, fingerprint, at
from (
  select
    n,
    now() - interval '24 hours' * (1 - n / %(posts)s::float8) as at,
    trunc(power((select count(*) from sayings), random()))::integer as said  -- Zipf: the n-th 1/n as often as the first
  from generate_series(0::bigint, %(posts)s - 1) n
) as moments
join sayings on rank = said
order by n;

insert into private.key_people (fingerprint, person_id, last_at)
  select fingerprint, person_id, max(created_at) from public.posts where visibility = 'public' group by 1, 2;

-- In four shards, as two workers with two transactions each leave it; hour by hour, as rows come to be.
insert into private.key_counters (fingerprint, hour, shard, people)
  select fingerprint, date_trunc('hour', last_at, 'UTC'), 1 + abs(hashtext(person_id)) %% 4, count(*)
  from private.key_people group by 1, 2, 3 order by 2;

insert into private.idempotency_keys (person_id, key, body_hash, post_id, others, exact, created_at)
  select person_id, 'fill-' || id, sha256(content::bytea), id, 0, true, created_at from public.posts;

insert into private.token_buckets (name, full_at)
  select 'post:person:' || id, now() - interval '1 hour' from public.people;
