-- The bare sketch: insert and count, nothing else. What the product does besides is what the comparison measures.

create table public.sketch_posts (
  id uuid primary key default gen_random_uuid(),
  person text not null,
  content text not null,
  created_at timestamptz not null default now()
);

create index sketch_posts_same on public.sketch_posts (content, created_at);

create function public.sketch_post(p_person text, p_content text) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  v_others bigint;
begin
  insert into public.sketch_posts (person, content) values (p_person, p_content);
  select count(*) into v_others from (
    select from public.sketch_posts s
    where s.content = p_content and s.created_at > now() - interval '24 hours' and s.person <> p_person
    limit 101
  ) as counted;
  return v_others;
end
$$;
