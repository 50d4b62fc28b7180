-- The first schema: people, conversations, the queue of sends, keys and the audit log.
-- Why it looks like this: docs/architecture.md. Rules for later migrations: README.md beside this file.
-- Columns named `sealed` hold ciphertext (docs/architecture.md, "Sealed blob"); nothing else here may be personal.

create schema keystore;
comment on schema keystore is 'wrapped data keys; left out of logical dumps';

create type actor_kind as enum ('contact', 'bot', 'agent', 'system', 'campaign', 'channel_app', 'api_key');
create type agent_role as enum ('agent', 'supervisor', 'admin', 'dpo', 'auditor');
create type contact_kind as enum ('person', 'group');
create type conversation_status as enum ('open', 'snoozed', 'resolved');
create type feed_kind as enum ('item', 'status', 'edit', 'reaction', 'media', 'conversation');
create type handler as enum ('bot', 'queue', 'agent');
create type identity_kind as enum ('bsuid', 'parent_bsuid', 'phone', 'username');
create type job_state as enum ('pending', 'running', 'done', 'failed', 'cancelled');
create type marketing_consent as enum ('unknown', 'granted', 'stopped');
create type media_state as enum ('pending', 'ready', 'failed', 'quarantined');
create type message_direction as enum ('in', 'out', 'internal');
create type message_kind as enum (
  'text', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contacts', 'interactive', 'choice',
  'button', 'order', 'template', 'referral', 'call', 'unsupported', 'note', 'system'
);
create type send_source as enum ('agent', 'bot', 'campaign', 'api');
create type send_state as enum ('queued', 'sending', 'sent', 'failed', 'expired', 'cancelled', 'unknown');
create type session_client as enum ('browser', 'api');
create type subject_kind as enum ('contact', 'channel', 'agent', 'system');

-- A database that was restored is another store: clients that know the old one must start over.
create table store_identity (
  only_row boolean primary key default true check (only_row),
  store_epoch uuid not null default gen_random_uuid()
);
insert into store_identity default values;

-- Keys ---------------------------------------------------------------------------------------------------------

create table subject (
  id uuid primary key,
  kind subject_kind not null,
  contact_id uuid,
  created_at timestamptz not null default now(),
  shredded_at timestamptz
);
create index subject_contact on subject (contact_id) where contact_id is not null;
create index subject_system on subject (created_at) where kind = 'system' and shredded_at is null;

create table keystore.subject_key (
  subject_id uuid not null references subject,
  version integer not null check (version > 0),
  kek_version integer not null check (kek_version > 0),
  wrapped bytea not null,
  commitment bytea not null check (octet_length(commitment) = 32),
  created_at timestamptz not null default now(),
  primary key (subject_id, version)
);

-- The staff ----------------------------------------------------------------------------------------------------

create table team (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9-]{1,40}$'),
  name text not null,
  time_zone text not null default 'America/Sao_Paulo',
  hours jsonb,
  created_at timestamptz not null default now()
);

create table agent (
  id uuid primary key,
  subject_id uuid not null references subject,
  email_mac bytea not null unique,
  index_key_version integer not null default 1,
  sealed bytea not null,
  role agent_role not null,
  password_hash text not null,
  sealed_totp bytea,
  locale text not null default 'pt-BR' check (locale in ('pt-BR', 'en', 'es')),
  capacity integer not null default 20 check (capacity > 0),
  created_at timestamptz not null default now(),
  deactivated_at timestamptz
);
comment on column agent.sealed is 'personal: name and e-mail of the member of staff, as JSON';
comment on column agent.sealed_totp is 'personal: TOTP secret';

create table agent_team (
  agent_id uuid not null references agent,
  team_id uuid not null references team,
  primary key (agent_id, team_id)
);

create table session (
  id uuid primary key,
  agent_id uuid not null references agent,
  client session_client not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text
);
create index session_agent on session (agent_id, created_at desc);
create index session_revoked on session (revoked_at) where revoked_at is not null;

create table refresh_token (
  hash bytea primary key check (octet_length(hash) = 32),
  session_id uuid not null references session,
  created_at timestamptz not null default now(),
  used_at timestamptz,
  successor_sealed bytea
);
comment on column refresh_token.successor_sealed is 'secret: the token that replaced this one, for a client that missed the answer';
create index refresh_token_session on refresh_token (session_id);

-- Losing tickets in a crash costs a client one more request: no WAL for them.
create unlogged table ws_ticket (
  hash bytea primary key check (octet_length(hash) = 32),
  session_id uuid not null,
  agent_id uuid not null,
  expires_at timestamptz not null
);

-- Customers ----------------------------------------------------------------------------------------------------

create table channel (
  id uuid primary key,
  phone_number_id text not null unique check (phone_number_id ~ '^[0-9]{1,32}$'),
  waba_id text not null,
  name text not null,
  portfolio text not null default '1',
  subject_id uuid not null references subject,
  sealed_access_token bytea not null,
  default_team_id uuid references team,
  throughput_per_second integer not null default 80 check (throughput_per_second > 0),
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);
comment on column channel.sealed_access_token is 'secret: bearer token of the Graph API';

create table contact (
  id uuid primary key,
  kind contact_kind not null default 'person',
  subject_id uuid references subject,
  sealed bytea,
  created_at timestamptz not null default now(),
  erased_at timestamptz,
  check (erased_at is null or sealed is null)
);
comment on column contact.sealed is 'personal: profile name, username and attributes, as JSON';
alter table subject add foreign key (contact_id) references contact;

create table contact_identity (
  id uuid primary key,
  contact_id uuid not null references contact,
  kind identity_kind not null,
  portfolio text not null,
  mac bytea not null check (octet_length(mac) = 32),
  index_key_version integer not null default 1,
  subject_id uuid not null references subject,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  unique (kind, portfolio, mac)
);
comment on column contact_identity.sealed is 'personal: the phone, BSUID or username itself';
create index contact_identity_contact on contact_identity (contact_id);

-- Per pair of person and number: Meta's 24-hour window and marketing consent outlive a case.
create table contact_channel (
  contact_id uuid not null references contact,
  channel_id uuid not null references channel,
  last_inbound_meta_at timestamptz,
  window_until timestamptz,
  marketing marketing_consent not null default 'unknown',
  subject_id uuid references subject,
  sealed_address bytea,
  primary key (contact_id, channel_id)
) with (fillfactor = 70);
comment on column contact_channel.sealed_address is 'personal: where replies go ({"to": phone} or {"recipient": BSUID})';

-- Conversations ------------------------------------------------------------------------------------------------

create table conversation (
  id uuid primary key,
  contact_id uuid not null references contact,
  channel_id uuid not null references channel,
  status conversation_status not null default 'open',
  handler handler not null default 'bot',
  priority smallint not null default 0 check (priority between 0 and 3),
  team_id uuid references team,
  agent_id uuid references agent,
  epoch integer not null default 0,
  last_seq bigint not null default 0,
  last_rev bigint not null default 0,
  read_seq bigint not null default 0,
  unread integer not null default 0,
  waiting_since timestamptz,
  last_inbound_at timestamptz,
  last_inbound_seq bigint not null default 0,
  handoff_reason text,
  protocol text unique,
  opened_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by_kind actor_kind,
  resolved_by_id uuid,
  closed_reason text,
  snoozed_until timestamptz,
  attributes jsonb not null default '{}'::jsonb,
  check ((handler = 'agent') = (agent_id is not null) or status = 'resolved'),
  check ((status = 'resolved') = (resolved_at is not null))
) with (fillfactor = 50);
create unique index conversation_one_unresolved on conversation (contact_id, channel_id) where status <> 'resolved';
create index conversation_last_resolved on conversation (contact_id, channel_id, resolved_at desc) where status = 'resolved';
create index conversation_queue on conversation (team_id, handler, waiting_since) where status <> 'resolved';
create index conversation_agent on conversation (agent_id) where status <> 'resolved';
create index conversation_resolved_at on conversation (resolved_at desc) where status = 'resolved';

create table protocol_counter (
  day date primary key,
  last integer not null
);

-- The primary key is promise 3 (one row per seq); partitions follow the creation time inside the UUIDv7 of the
-- conversation, so that every read of one conversation touches one partition.
create table message (
  conversation_id uuid not null,
  seq bigint not null check (seq > 0),
  id uuid not null,
  subject_id uuid not null,
  direction message_direction not null,
  author_kind actor_kind not null,
  author_id uuid,
  client_ref text check (octet_length(client_ref) between 1 and 128),
  kind message_kind not null,
  wamid_mac bytea,
  index_key_version integer not null default 1,
  meta_at timestamptz not null,
  received_at timestamptz not null default now(),
  reply_to_conversation_id uuid,
  reply_to_seq bigint,
  edited_rev bigint,
  revoked_at timestamptz,
  sealed bytea,
  primary key (conversation_id, seq)
) partition by range (conversation_id);
comment on column message.sealed is 'personal: content and wamid; null after erasure';
create unique index message_client_ref on message (conversation_id, author_kind, author_id, client_ref)
  nulls not distinct where client_ref is not null;
create index message_wamid on message (wamid_mac) where wamid_mac is not null;

create table message_version (
  conversation_id uuid not null,
  seq bigint not null,
  version integer not null,
  subject_id uuid not null,
  sealed bytea,
  at timestamptz not null default now(),
  primary key (conversation_id, seq, version)
);
comment on column message_version.sealed is 'personal: what an edited message said before';

create table reaction (
  conversation_id uuid not null,
  seq bigint not null,
  author_kind actor_kind not null,
  author_id uuid not null,
  subject_id uuid not null,
  sealed bytea,
  at timestamptz not null default now(),
  primary key (conversation_id, seq, author_kind, author_id)
);
comment on column reaction.sealed is 'personal: the emoji';

create table media (
  id uuid primary key,
  conversation_id uuid not null,
  seq bigint not null,
  part smallint not null default 0,
  subject_id uuid not null,
  state media_state not null default 'pending',
  size_bytes bigint,
  object_key text,
  sealed bytea,
  created_at timestamptz not null default now(),
  unique (conversation_id, seq, part)
);
comment on column media.sealed is 'personal: Meta''s media id, file name, type and file key';

-- One row per visible change; `tx` and `id` serve the safety-net cursor below pg_snapshot_xmin.
create table feed (
  conversation_id uuid not null,
  rev bigint not null,
  seq bigint not null,
  kind feed_kind not null,
  tx xid8 not null default pg_current_xact_id(),
  id bigint not null generated always as identity,
  at timestamptz not null default now(),
  primary key (conversation_id, rev)
);
create index feed_cursor on feed (tx, id);
create index feed_at on feed using brin (at);

create table dedupe (
  mac bytea primary key,
  contact_id uuid not null,
  received_at timestamptz not null default now()
);
create index dedupe_received on dedupe using brin (received_at);

create table delivery (
  conversation_id uuid not null,
  seq bigint not null,
  attempt smallint not null default 1,
  participant smallint not null default 0,
  mac bytea,
  rank smallint not null default 0 check (rank in (0, 10, 20, 25, 30, 40, 50)),
  error_code integer,
  accepted_at timestamptz,
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  played_at timestamptz,
  failed_at timestamptz,
  primary key (conversation_id, seq, attempt, participant)
) with (fillfactor = 70);
create index delivery_mac on delivery (mac) where mac is not null;

create table parked_event (
  id uuid primary key,
  mac bytea not null,
  kind text not null,
  rank smallint,
  subject_id uuid not null references subject,
  sealed bytea not null,
  parked_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on column parked_event.sealed is 'personal: the event as Meta sent it';
create index parked_event_mac on parked_event (mac);
create index parked_event_expires on parked_event (expires_at);

-- The queue of sends. A row ends in sent, failed, expired, cancelled or unknown and stays as the record of it.
create sequence lease_token;
create table outbox (
  conversation_id uuid not null,
  seq bigint not null,
  attempt smallint not null default 1,
  channel_id uuid not null references channel,
  contact_id uuid not null references contact,
  state send_state not null default 'queued',
  source send_source not null,
  priority smallint not null check (priority between 0 and 9),
  epoch integer not null,
  not_before timestamptz not null default now(),
  tries smallint not null default 0,
  lease_token bigint,
  lease_until timestamptz,
  called_at timestamptz,
  error_code integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (conversation_id, seq, attempt)
) with (fillfactor = 60);
create index outbox_due on outbox (channel_id, priority, not_before) where state = 'queued';
create index outbox_busy on outbox (conversation_id, seq) where state in ('queued', 'sending');
create index outbox_leased on outbox (lease_until) where state = 'sending';

create table bot_turn (
  conversation_id uuid primary key,
  upto_seq bigint not null,
  due_at timestamptz not null,
  lease_token bigint,
  lease_until timestamptz
) with (fillfactor = 70);
create index bot_turn_due on bot_turn (due_at);

-- Where a conversation stands in a flow: ids and counters only, no words of the customer.
create table bot_state (
  conversation_id uuid primary key,
  flow text not null,
  node text not null,
  locale text not null default 'pt-BR',
  turns integer not null default 0,
  turns_without_progress integer not null default 0,
  answered_seq bigint not null default 0,
  updated_at timestamptz not null default now()
) with (fillfactor = 70);

create table job (
  id uuid primary key,
  kind text not null,
  key text not null,
  state job_state not null default 'pending',
  progress real not null default 0,
  attempts integer not null default 0,
  artefact text,
  payload jsonb not null default '{}'::jsonb,
  lease_token bigint,
  lease_until timestamptz,
  not_before timestamptz not null default now(),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (kind, key)
);
create index job_due on job (not_before) where state in ('pending', 'running');

create table dead_letter (
  id uuid primary key,
  reason text not null,
  detail text,
  channel_id uuid references channel,
  contact_id uuid references contact,
  subject_id uuid not null references subject,
  sealed bytea not null,
  size_bytes integer not null,
  received_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on column dead_letter.sealed is 'personal: what Meta sent, as it was';
create index dead_letter_received on dead_letter (received_at desc);
create index dead_letter_contact on dead_letter (contact_id) where contact_id is not null;
create index dead_letter_expires on dead_letter (expires_at);

-- Singletons (sequencer, tailer, pruning): whoever holds the row with the newest token works.
create table lease (
  name text primary key,
  token bigint not null,
  holder uuid not null,
  until timestamptz not null
);

-- Audit --------------------------------------------------------------------------------------------------------

create table audit_event (
  id uuid primary key,
  at timestamptz not null default now(),
  action text not null,
  actor_kind actor_kind not null,
  actor uuid,
  object_kind text,
  object uuid,
  outcome text not null check (outcome in ('ok', 'refused', 'failed')),
  request uuid,
  session uuid,
  subject uuid,
  team uuid,
  detail jsonb not null default '{}'::jsonb
);
create index audit_event_at on audit_event (at);

create table audit_pending (
  event_id uuid primary key references audit_event
);

create table audit_leaf (
  position bigint primary key check (position >= 0),
  event_id uuid not null unique references audit_event,
  leaf bytea not null,
  leaf_hash bytea not null check (octet_length(leaf_hash) = 32)
);

create table audit_checkpoint (
  size bigint primary key,
  root bytea not null check (octet_length(root) = 32),
  note text not null,
  at timestamptz not null default now(),
  exported boolean not null default false
);

create table erasure_journal (
  id uuid primary key,
  contact_id uuid not null,
  subject_ids uuid[] not null,
  reason_code text not null,
  requested_by uuid,
  at timestamptz not null default now()
);

-- Partitions ---------------------------------------------------------------------------------------------------

-- The smallest UUIDv7 of an instant (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then the version.
create function uuid_v7_floor(instant timestamptz) returns uuid
language sql immutable strict parallel safe as $$
  select (lpad(to_hex(floor(extract(epoch from instant) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- Makes the partitions of `message` up to `months_ahead` months from now; there is no default partition, so a
-- missing one is an error that doctor announces long before it happens.
create function ensure_message_partitions(months_ahead integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  month_start timestamptz;
  partition_name text;
  made integer := 0;
begin
  for step in -1 .. months_ahead loop
    month_start := date_trunc('month', now() at time zone 'utc') at time zone 'utc' + make_interval(months => step);
    month_start := date_trunc('month', month_start at time zone 'utc') at time zone 'utc';
    partition_name := 'message_' || to_char(month_start at time zone 'utc', 'YYYYMM');
    if to_regclass('public.' || partition_name) is null then
      execute format(
        'create table %I partition of message for values from (%L) to (%L)',
        partition_name,
        uuid_v7_floor(month_start),
        uuid_v7_floor((date_trunc('month', month_start at time zone 'utc') + interval '1 month') at time zone 'utc')
      );
      execute format('grant select, insert, update, delete on %I to balcao_app', partition_name);
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;

-- Roles --------------------------------------------------------------------------------------------------------
-- Group roles; the log-ins that belong to them are made by the operator or by the private server of the demo.
-- Roles are shared by all databases of a server, hence the checks.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['balcao_app', 'balcao_sequencer', 'balcao_reports'] loop
    begin
      execute format('create role %I nologin', role_name);
    exception
      when duplicate_object or unique_violation then null;
      -- An owner without CREATEROLE is fine when the operator made the role beforehand.
      when insufficient_privilege then
        if not exists (select from pg_roles where rolname = role_name) then raise; end if;
    end;
  end loop;
end $$;

grant usage on schema public, keystore to balcao_app;
grant select, insert, update, delete on all tables in schema public, keystore to balcao_app;
grant usage, select on all sequences in schema public to balcao_app;
grant execute on function ensure_message_partitions(integer) to balcao_app;
-- The application adds events and never touches them again; positions are the sequencer's alone.
revoke update, delete, truncate on audit_event, audit_pending, audit_leaf, audit_checkpoint from balcao_app;
revoke insert on audit_leaf, audit_checkpoint from balcao_app;
revoke insert, update, delete on store_identity, erasure_journal from balcao_app;
grant insert on erasure_journal to balcao_app;
grant update (exported) on audit_checkpoint to balcao_app;

grant usage on schema public to balcao_sequencer;
grant select on audit_event, audit_pending, audit_leaf, audit_checkpoint to balcao_sequencer;
grant delete on audit_pending to balcao_sequencer;
grant insert on audit_leaf, audit_checkpoint to balcao_sequencer;
grant select, insert, update on lease to balcao_sequencer;
grant usage on sequence lease_token to balcao_sequencer;

grant usage on schema public to balcao_reports;
grant select on all tables in schema public to balcao_reports;
revoke select on refresh_token, ws_ticket, agent from balcao_reports;
grant insert on audit_event, audit_pending to balcao_reports;

select ensure_message_partitions(3);
