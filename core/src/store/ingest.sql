-- Stores what customers wrote: dedupe in order, upsert of the conversation on the partial unique index, message,
-- feed, bot turn; one statement, so that a row lock is held for one round trip. Locks ascend: dedupe, contact,
-- conversation, contact_channel. Returns a row per item that was new; `conversation_id` is null when its contact (or,
-- in a group, its author) was erased or merged in between, and then the caller rolls back and resolves again.
-- `is_awaited` says that something is parked for it: the caller releases that after COMMIT. `may_reopen` says that a case
-- was opened where one that was closed a moment ago should go on: the caller rolls back, reopens, and comes again.
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
    $13::uuid[],
    $14::uuid[],
    $15::boolean[],
    $16::boolean[],
    $17::boolean[],
    $19::bytea[]
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
    address_subject_id,
    author_id,
    opens_window,
    asks,
    in_group,
    fingerprint,
    n
  )
  order by mac, n
), fresh as (
  insert into dedupe (mac, contact_id, fingerprint)
  select mac, contact_id, fingerprint
  from item
  order by mac
  on conflict do nothing
  returning mac
), living as materialized (
  select contact.id as contact_id, contact.subject_id
  from contact
  where contact.id in (
      select item.contact_id from item join fresh using (mac)
      union
      select item.author_id from item join fresh using (mac)
    )
    and contact.erased_at is null
    and contact.merged_into is null
  order by contact.id
  for key share
), arrived as (
  select item.*
  from item
  join fresh using (mac)
  join living using (contact_id)
  -- A record that was parted, or whose number is another's now, has a new key holder: who guessed before guesses again.
  join living as author on author.contact_id = item.author_id and author.subject_id = item.subject_id
), share as (
  select
    contact_id,
    channel_id,
    count(*)::integer as n,
    -- What a customer said or did, as opposed to what is only told about them.
    count(*) filter (where opens_window or asks)::integer as turns,
    bool_or(in_group) as in_group,
    (array_agg(new_conversation_id order by arrived.n))[1] as new_id,
    max(meta_at) filter (where opens_window) as last_meta_at,
    -- Replies go where the newest message by Meta's time came from, whatever came last.
    (array_agg(address_subject_id order by opens_window desc, meta_at desc, arrived.n desc))[1] as address_subject_id,
    (array_agg(sealed_address order by opens_window desc, meta_at desc, arrived.n desc))[1] as sealed_address
  from arrived
  group by contact_id, channel_id
), bumped as (
  insert into conversation as c (
    id, contact_id, channel_id, team_id, handler, last_seq, last_rev, unread, waiting_since, last_inbound_at,
    last_inbound_seq
  )
  select
    new_id,
    contact_id,
    channel_id,
    (select default_team_id from channel where channel.id = share.channel_id),
    -- In a group the bot is silent.
    case
      when in_group then 'queue'::handler
      else (select first_handler from channel where channel.id = share.channel_id)
    end,
    n,
    n,
    turns,
    case when turns > 0 then now() end,
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
    author_id,
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
  select
    contact_id,
    channel_id,
    last_meta_at,
    last_meta_at + interval '24 hours',
    address_subject_id,
    sealed_address
  from share
  order by contact_id, channel_id
  on conflict (contact_id, channel_id) do update set
    last_inbound_meta_at = greatest(w.last_inbound_meta_at, excluded.last_inbound_meta_at),
    window_until = greatest(w.window_until, excluded.window_until),
    subject_id = case
      when w.sealed_address is null or w.last_inbound_meta_at is null
        or excluded.last_inbound_meta_at >= w.last_inbound_meta_at
      then excluded.subject_id
      else w.subject_id
    end,
    sealed_address = case
      when w.sealed_address is null or w.last_inbound_meta_at is null
        or excluded.last_inbound_meta_at >= w.last_inbound_meta_at
      then excluded.sealed_address
      else w.sealed_address
    end
), turned as (
  insert into bot_turn (conversation_id, upto_seq, due_at)
  select conversation_id, max(seq), now() + make_interval(secs => $18::double precision)
  from numbered
  where handler = 'bot'
    and asks
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update set upto_seq = excluded.upto_seq
)
select
  item.n as "n!",
  numbered.conversation_id as "conversation_id?",
  numbered.seq as "seq?",
  numbered.rev as "rev?",
  numbered.created as "created?",
  exists (select from parked_event where parked_event.mac = item.mac) as "is_awaited!",
  coalesce(numbered.created, false)
    and exists (
      select
      from conversation closed
      where closed.contact_id = item.contact_id
        and closed.channel_id = item.channel_id
        and closed.status = 'resolved'
        and closed.resolved_at > now() - make_interval(mins => $20::integer)
        and closed.closed_reason is distinct from 'history'
    ) as "may_reopen!"
from item
join fresh using (mac)
left join numbered using (mac)
