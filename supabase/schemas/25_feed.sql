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
