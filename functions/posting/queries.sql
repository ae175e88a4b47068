-- What posting says to the database. Every statement is one round trip and one transaction.

-- name: accept_posts
select outcome, post_id, others, exact, retry_after
from private.accept_posts_v1(
  p_posts => %(items)s,
  p_window => %(window)s,
  p_exact_up_to => %(exact_up_to)s,
  p_person_interval => %(person_interval)s,
  p_person_fill => %(person_fill)s,
  p_address_interval => %(address_interval)s,
  p_address_fill => %(address_fill)s,
  p_idempotency_ttl => %(idempotency_ttl)s
)

-- name: get_post
select p.id, p.content, p.visibility, p.language, p.activity, p.category, p.subject, p.item, p.key, p.created_at,
  p.reactions
from private.shown_posts p
where p.id = %(id)s and (p.visibility = 'public' or p.person_id = %(person_id)s)

-- name: feed
select p.id, p.content, p.visibility, p.language, p.activity, p.category, p.subject, p.item, p.key, p.created_at,
  p.reactions
from private.shown_posts p
where p.visibility = 'public' and p.id < %(before)s
order by p.id desc
limit %(limit)s

-- name: feed_of_category
select p.id, p.content, p.visibility, p.language, p.activity, p.category, p.subject, p.item, p.key, p.created_at,
  p.reactions
from private.shown_posts p
where p.visibility = 'public' and p.category = %(category)s and p.id < %(before)s
order by p.id desc
limit %(limit)s

-- name: feed_of_key
select p.id, p.content, p.visibility, p.language, p.activity, p.category, p.subject, p.item, p.key, p.created_at,
  p.reactions
from private.shown_posts p
where p.visibility = 'public' and p.key = %(key)s and p.id < %(before)s
  and (%(category)s::text is null or p.category = %(category)s)
order by p.id desc
limit %(limit)s

-- name: diary
select p.id, p.content, p.visibility, p.language, p.activity, p.category, p.subject, p.item, p.key, p.created_at,
  p.reactions
from private.shown_posts p
where p.person_id = %(person_id)s and p.id < %(before)s
order by p.id desc
limit %(limit)s

-- name: delete_post
select private.delete_post_v1(p_id => %(id)s, p_person_id => %(person_id)s, p_now => %(now)s, p_since => %(since)s)
  as deleted

-- name: add_reaction
select outcome, reactions, retry_after
from private.add_reaction_v1(
  p_post_id => %(post_id)s,
  p_person_id => %(person_id)s,
  p_emoji => %(emoji)s,
  p_now => %(now)s,
  p_max_kinds => %(max_kinds)s,
  p_max_own => %(max_own)s,
  p_bucket => %(bucket)s,
  p_interval => %(interval)s,
  p_fill => %(fill)s
)

-- name: remove_reaction
select outcome, reactions, retry_after
from private.remove_reaction_v1(
  p_post_id => %(post_id)s,
  p_person_id => %(person_id)s,
  p_emoji => %(emoji)s,
  p_now => %(now)s,
  p_bucket => %(bucket)s,
  p_interval => %(interval)s,
  p_fill => %(fill)s
)
