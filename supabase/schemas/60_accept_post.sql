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
