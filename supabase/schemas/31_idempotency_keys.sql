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
