-- Events that one function leaves for others, written in the transaction of what they tell of.
-- pending -> leased -> done; leased -> pending on failure or lease expiry; -> dead at the last try.

create type private.outbox_state as enum ('pending', 'leased', 'done', 'dead');

create table private.outbox (
  id bigint generated always as identity primary key,
  event text not null,
  -- the shape is in shared/models/event.py; ids and keys only, never what a person wrote
  payload jsonb not null,
  state private.outbox_state not null default 'pending',
  attempts smallint not null default 0,
  available_at timestamptz not null,
  leased_until timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint outbox_event_form check (event ~ '^[a-z_]+\.[a-z_]+$'),
  constraint outbox_lease check ((state = 'leased') = (leased_until is not null)),
  constraint outbox_finished check ((state in ('done', 'dead')) = (finished_at is not null))
);

create index outbox_open on private.outbox (event, available_at) where state in ('pending', 'leased');

alter table private.outbox enable row level security;
