-- Meta's contract, complete: changes of items, groups, calls, media, templates, merging of contacts, health of numbers.
-- Expand only: nothing that an older node reads changes its meaning.

alter type message_kind add value 'form';
alter type message_kind add value 'product';
alter type identity_kind add value 'group';

-- Changes of items ---------------------------------------------------------------------------------------------
-- Reactions, edits and revocations arrive in any order and more than once: the newest by Meta's time wins, and of two
-- at the same second the larger mac, so that every order of arrival ends in the same state.

alter table message
  add column edited_at timestamptz,
  add column edit_mac bytea;

alter table message_version
  add column mac bytea,
  add column meta_at timestamptz;

-- A reaction that was taken back stays as a row without an emoji: an older one that comes late must not bring it back.
alter table reaction
  add column mac bytea;

-- Reactions of ours leave through the outbox too. Such a row has no item: its seq is 2^40 plus the rev that made it, so
-- that it never meets an item's, and `target_seq` is the item that it is about. `reaction.send_seq` leads to that row.
alter table reaction
  add column send_seq bigint;
alter table outbox
  add column target_seq bigint,
  add column message_status text;
comment on column outbox.message_status is 'what Meta said on taking a template: held_for_quality_assessment, paused; null when accepted';

-- What waits for an item that is not here yet: statuses, reactions, edits, revocations, quotes.
alter table parked_event
  add column channel_id uuid references channel,
  add column contact_id uuid references contact,
  add column error_code integer,
  add column at timestamptz;
create index parked_event_contact on parked_event (contact_id) where contact_id is not null;

-- A message id that comes again with other content: the first is kept, and it is counted. The first 8 bytes of a mac.
alter table dedupe
  add column fingerprint bytea;

-- People -------------------------------------------------------------------------------------------------------

alter table contact
  add column merged_into uuid references contact,
  add column merged_at timestamptz;
create index contact_merged_into on contact (merged_into) where merged_into is not null;

-- What a person was known by before the channel announced another: still theirs, no longer where they are reached.
alter table contact_identity
  add column superseded_at timestamptz;

-- One row per merge, so that it can be undone: what belonged to the record that was taken in.
create table contact_merge (
  id uuid primary key,
  from_contact_id uuid not null references contact,
  into_contact_id uuid not null references contact,
  subject_ids uuid[] not null,
  identity_ids uuid[] not null,
  conversation_ids uuid[] not null,
  by_agent_id uuid references agent,
  at timestamptz not null default now(),
  undone_at timestamptz,
  undone_by uuid references agent,
  reason text not null check (reason ~ '^[a-z_]{1,40}$'),
  undone_reason text check (undone_reason ~ '^[a-z_]{1,40}$')
);
create index contact_merge_into on contact_merge (into_contact_id) where undone_at is null;
create index contact_merge_from on contact_merge (from_contact_id) where undone_at is null;

-- Marketing messages: the newest wish of the customer by Meta's time.
alter table contact_channel
  add column marketing_at timestamptz,
  add column is_undeliverable boolean not null default false;

-- Files --------------------------------------------------------------------------------------------------------

-- `conversation_id` and `seq` are null between an agent's upload and the message that carries the file.
alter table media
  alter column conversation_id drop not null,
  alter column seq drop not null,
  add column direction message_direction not null default 'in',
  add column channel_id uuid references channel,
  add column reason text,
  add column attempts smallint not null default 0,
  add column thumbnail_key text,
  add column sealed_result bytea,
  add column uploaded_by uuid references agent,
  add column ready_at timestamptz;
comment on column media.sealed_result is 'personal: what the file turned out to be (type, name, size of the picture, hash, file key)';
create index media_waiting on media (created_at) where state = 'pending';
create index media_loose on media (created_at) where conversation_id is null;
create index media_subject on media (subject_id);

-- Numbers and templates ----------------------------------------------------------------------------------------

alter table channel
  add column sealed_app_secret bytea,
  add column display_phone_number text,
  add column health jsonb not null default '{}'::jsonb,
  add column health_at timestamptz,
  add column stopped_reason text,
  add column stopped_until timestamptz;
comment on column channel.sealed_app_secret is 'secret: app secret that signs this number''s webhooks, beside those of the configuration';

-- Templates are the company's own words, approved by Meta: not personal.
create table template (
  id uuid primary key,
  waba_id text not null,
  meta_id text,
  name text not null check (octet_length(name) between 1 and 512),
  language text not null check (octet_length(language) between 2 and 16),
  category text not null default 'UTILITY',
  status text not null default 'PENDING',
  quality text not null default 'UNKNOWN',
  parameter_format text not null default 'POSITIONAL',
  components jsonb not null default '[]'::jsonb,
  rejected_reason text,
  fault text,
  status_at timestamptz,
  synced_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (waba_id, name, language)
);
comment on column template.fault is 'what Meta said when it refused our last change';
create index template_meta on template (meta_id) where meta_id is not null;

-- What Meta tells about accounts, numbers, templates, and whatever else is no message: kept, counted, shown by doctor.
create table channel_notice (
  id uuid primary key,
  mac bytea not null unique check (octet_length(mac) = 32),
  waba_id text not null,
  channel_id uuid references channel,
  contact_id uuid references contact,
  field text not null,
  event text,
  severity text not null default 'info' check (severity in ('info', 'warning', 'alert')),
  at timestamptz not null,
  detail jsonb not null default '{}'::jsonb,
  subject_id uuid not null references subject,
  sealed bytea not null,
  received_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on column channel_notice.detail is 'what follows from it, in words of Meta''s vocabulary and names of templates: no people';
comment on column channel_notice.sealed is 'personal: the notice as Meta sent it; it may name people';
create index channel_notice_received on channel_notice (received_at desc);
create index channel_notice_expires on channel_notice (expires_at);
create index channel_notice_contact on channel_notice (contact_id) where contact_id is not null;

grant select, insert, update, delete on contact_merge, template, channel_notice to balcao_app;
grant select on contact_merge, template, channel_notice to balcao_reports;
