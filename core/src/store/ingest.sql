-- Stores what customers wrote: dedupe in order, upsert of the conversation on the partial unique index, message,
-- feed, bot turn; one statement, so that a row lock is held for one round trip. Locks ascend: dedupe, contact,
-- conversation, contact_channel. Returns a row per item that was new; `conversation_id` is null when its contact was
-- erased in between, and then the caller rolls back and resolves again.
with item as (
  select distinct on (mac) *
  from unnest(
    $1::bytea[],
    $2::uuid[],
    $3::uuid[],
    $4::uuid[],
    $5::text[],
    $6::timestamptz[],
    $7::bytea[],
    $8::uuid[],
    $9::uuid[],
    $10::uuid[],
    $11::bigint[],
    $12::bytea[],
    $13::boolean[]
  ) with ordinality as i (
    mac,
    contact_id,
    channel_id,
    message_id,
    kind,
    meta_at,
    sealed,
    subject_id,
    new_conversation_id,
    reply_to_conversation_id,
    reply_to_seq,
    sealed_address,
    is_quiet,
    n
  )
  order by mac, n
), fresh as (
  insert into dedupe (mac, contact_id)
  select mac, contact_id
  from item
  order by mac
  on conflict do nothing
  returning mac
), living as materialized (
  select contact.id as contact_id
  from contact
  where contact.id in (select item.contact_id from item join fresh using (mac))
    and contact.erased_at is null
  order by contact.id
  for key share
), arrived as (
  select item.*
  from item
  join fresh using (mac)
  join living using (contact_id)
), share as (
  select
    contact_id,
    channel_id,
    count(*)::integer as n,
    (array_agg(new_conversation_id order by arrived.n))[1] as new_id,
    max(meta_at) filter (where not is_quiet) as last_meta_at,
    (array_agg(subject_id order by arrived.n desc))[1] as subject_id,
    (array_agg(sealed_address order by arrived.n desc))[1] as sealed_address
  from arrived
  group by contact_id, channel_id
), bumped as (
  insert into conversation as c (
    id, contact_id, channel_id, team_id, last_seq, last_rev, unread, waiting_since, last_inbound_at, last_inbound_seq
  )
  select
    new_id,
    contact_id,
    channel_id,
    (select default_team_id from channel where channel.id = share.channel_id),
    n,
    n,
    n,
    now(),
    now(),
    n
  from share
  order by contact_id, channel_id
  on conflict (contact_id, channel_id) where status <> 'resolved' do update set
    status = 'open',
    snoozed_until = null,
    last_seq = c.last_seq + excluded.last_seq,
    last_rev = c.last_rev + excluded.last_rev,
    unread = c.unread + excluded.unread,
    waiting_since = coalesce(c.waiting_since, excluded.waiting_since),
    last_inbound_at = excluded.last_inbound_at,
    last_inbound_seq = c.last_seq + excluded.last_seq
  returning c.id, c.contact_id, c.channel_id, c.last_seq, c.last_rev, c.handler, (xmax = 0) as created
), numbered as (
  select
    arrived.*,
    bumped.id as conversation_id,
    bumped.handler,
    bumped.created,
    bumped.last_seq - share.n + row_number() over w as seq,
    bumped.last_rev - share.n + row_number() over w as rev
  from arrived
  join share using (contact_id, channel_id)
  join bumped using (contact_id, channel_id)
  window w as (partition by contact_id, channel_id order by arrived.n)
), stored as (
  insert into message (
    conversation_id, seq, id, subject_id, direction, author_kind, author_id, kind, wamid_mac, meta_at,
    reply_to_conversation_id, reply_to_seq, sealed
  )
  select
    conversation_id,
    seq,
    message_id,
    subject_id,
    'in',
    'contact',
    contact_id,
    kind::message_kind,
    mac,
    meta_at,
    reply_to_conversation_id,
    reply_to_seq,
    sealed
  from numbered
), told as (
  insert into feed (conversation_id, rev, seq, kind)
  select conversation_id, rev, seq, 'item'
  from numbered
), windowed as (
  insert into contact_channel as w (
    contact_id, channel_id, last_inbound_meta_at, window_until, subject_id, sealed_address
  )
  select contact_id, channel_id, last_meta_at, last_meta_at + interval '24 hours', subject_id, sealed_address
  from share
  order by contact_id, channel_id
  on conflict (contact_id, channel_id) do update set
    last_inbound_meta_at = greatest(w.last_inbound_meta_at, excluded.last_inbound_meta_at),
    window_until = greatest(w.window_until, excluded.window_until),
    subject_id = excluded.subject_id,
    sealed_address = excluded.sealed_address
), turned as (
  insert into bot_turn (conversation_id, upto_seq, due_at)
  select conversation_id, max(seq), now() + make_interval(secs => $14::double precision)
  from numbered
  where handler = 'bot'
    and not is_quiet
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update set upto_seq = excluded.upto_seq
)
select
  item.n as "n!",
  numbered.conversation_id as "conversation_id?",
  numbered.seq as "seq?",
  numbered.rev as "rev?",
  numbered.created as "created?"
from item
join fresh using (mac)
left join numbered using (mac)
