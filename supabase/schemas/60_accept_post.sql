-- A post arriving, and a post leaving: each one transaction, one call.

-- The first line locks the person's token bucket, so one person's posts come in one after the other; two requests with
-- one Idempotency-Key cannot both find it unused.
--
-- Outcome: accepted; replayed (the same key and body: post_id, others, exact are the first answer's); conflict (the
-- same key, another body); deleted (the same key and body, but its post is gone); throttled (retry_after in seconds;
-- nothing was written, no token was taken).
--
-- Cost: a fixed number of index probes. At most p_exact_up_to + 1 people are counted one by one and at most 25 hours x
-- 16 shards are summed, so neither the number of posts nor the popularity of the key changes it.
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
  out outcome text,
  out post_id uuid,
  out others integer,
  out exact boolean,
  out retry_after double precision
)
  language plpgsql security definer set search_path = ''
as $$
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
      perform private.note_key_v1(p_fingerprint, p_person_id, p_now);
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

-- Deletes a person's own post with all that followed from it; false where there is no such post. The person counts for
-- the key by their latest remaining public post of the window (p_since: the smallest id that a post in it can have).
create function private.delete_post_v1(p_id uuid, p_person_id text, p_now timestamptz, p_since uuid) returns boolean
  language plpgsql security definer set search_path = ''
as $$
declare
  v_post record;
  v_counted record;
  v_latest timestamptz;
begin
  select p.fingerprint, p.key, p.visibility into v_post from public.posts p
    where p.id = p_id and p.person_id = p_person_id;
  if not found then
    return false;
  end if;

  -- Before the post goes: a post of the same key that arrives meanwhile waits here, or is seen below.
  select k.last_at, k.shard into v_counted from private.key_people k
    where k.fingerprint = v_post.fingerprint and k.person_id = p_person_id
    for update;
  delete from public.posts p where p.id = p_id;
  if not found then
    return false;
  end if;

  if v_post.visibility = 'public' and v_counted.last_at is not null then
    select max(p.created_at) into v_latest from public.posts p
      where p.person_id = p_person_id and p.id >= p_since and p.fingerprint = v_post.fingerprint
        and p.visibility = 'public';
    if v_latest is null then
      delete from private.key_people k where k.fingerprint = v_post.fingerprint and k.person_id = p_person_id;
      perform private.count_out(v_post.fingerprint, v_counted.last_at, v_counted.shard);
    elsif v_latest <> v_counted.last_at then
      update private.key_people k set last_at = v_latest
        where k.fingerprint = v_post.fingerprint and k.person_id = p_person_id;
      perform private.count_in(v_post.fingerprint, v_latest, v_counted.shard);
      perform private.count_out(v_post.fingerprint, v_counted.last_at, v_counted.shard);
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

revoke all on function private.accept_post_v1, private.delete_post_v1 from public;
grant execute on function private.accept_post_v1, private.delete_post_v1 to backend;
