-- Applies Meta's statuses: forward only, by rank. Deliveries are read unlocked to learn the conversations, those are
-- locked in order, then the deliveries are updated with the rank checked again: the lock order of the whole product.
-- Returns a row per input with its outcome: 'applied', 'too_low' (nothing to do) or 'unknown' (no such delivery yet).
with item as (
  select *
  from unnest(
    $1::bytea[],
    $2::smallint[],
    $3::timestamptz[],
    $4::integer[],
    $5::uuid[],
    $6::bigint[],
    $7::smallint[]
  ) with ordinality as i (mac, rank, at, error_code, conversation_id, seq, attempt, n)
), keyed as materialized (
  select
    item.n,
    item.mac,
    item.rank,
    item.at,
    item.error_code,
    d.conversation_id,
    d.seq,
    d.attempt,
    d.rank as old_rank
  from item
  join delivery d
    on d.conversation_id = item.conversation_id
    and d.seq = item.seq
    and d.attempt = item.attempt
    and d.participant = 0
    and (d.mac is null or d.mac = item.mac)
  where item.conversation_id is not null
), matched as materialized (
  select * from keyed
  union all
  select
    item.n,
    item.mac,
    item.rank,
    item.at,
    item.error_code,
    d.conversation_id,
    d.seq,
    d.attempt,
    d.rank
  from item
  join delivery d on d.mac = item.mac and d.participant = 0
  where not exists (select from keyed where keyed.n = item.n)
), best as (
  select
    conversation_id,
    seq,
    attempt,
    max(rank) as rank,
    (array_agg(mac order by rank desc))[1] as mac,
    max(at) filter (where rank = 10) as accepted_at,
    max(at) filter (where rank = 20) as sent_at,
    max(at) filter (where rank = 25) as failed_at,
    max(at) filter (where rank = 30) as delivered_at,
    max(at) filter (where rank = 40) as read_at,
    max(at) filter (where rank = 50) as played_at,
    max(error_code) filter (where rank = 25) as error_code
  from matched
  where rank > old_rank
  group by conversation_id, seq, attempt
), locked as materialized (
  select c.id
  from conversation c
  where c.id = any (array(select distinct best.conversation_id from best))
  order by c.id
  for no key update
), moved as (
  update delivery d
  set
    rank = best.rank,
    mac = coalesce(d.mac, best.mac),
    accepted_at = coalesce(d.accepted_at, best.accepted_at),
    sent_at = coalesce(d.sent_at, best.sent_at),
    failed_at = coalesce(d.failed_at, best.failed_at),
    delivered_at = coalesce(d.delivered_at, best.delivered_at),
    read_at = coalesce(d.read_at, best.read_at),
    played_at = coalesce(d.played_at, best.played_at),
    error_code = coalesce(best.error_code, d.error_code)
  from best
  join locked on locked.id = best.conversation_id
  where d.conversation_id = best.conversation_id
    and d.seq = best.seq
    and d.attempt = best.attempt
    and d.participant = 0
    and d.rank < best.rank
  returning d.conversation_id, d.seq, d.attempt, d.rank
), settled as (
  update outbox o
  set
    state = case when moved.rank = 25 then 'failed'::send_state else 'sent'::send_state end,
    lease_until = null,
    updated_at = now()
  from moved
  where o.conversation_id = moved.conversation_id
    and o.seq = moved.seq
    and o.attempt = moved.attempt
    and o.state in ('unknown', 'sending')
), touched as (
  select conversation_id, seq, row_number() over (partition by conversation_id order by seq) as k
  from (
    -- What becomes of a reaction of ours shows on the item that it is about.
    select distinct
      moved.conversation_id,
      coalesce(o.target_seq, moved.seq) as seq
    from moved
    left join outbox o
      on o.conversation_id = moved.conversation_id
      and o.seq = moved.seq
      and o.attempt = moved.attempt
  ) as m
), share as (
  select conversation_id, count(*) as n
  from touched
  group by conversation_id
), bumped as (
  update conversation c
  set last_rev = c.last_rev + share.n
  from share
  join locked on locked.id = share.conversation_id
  where c.id = share.conversation_id
  returning c.id, c.last_rev - share.n as base
), told as (
  insert into feed (conversation_id, rev, seq, kind)
  select touched.conversation_id, bumped.base + touched.k, touched.seq, 'status'
  from touched
  join bumped on bumped.id = touched.conversation_id
  returning conversation_id, rev
)
select
  item.n as "n!",
  case
    when matched.n is null then 'unknown'
    when moved.conversation_id is not null then 'applied'
    else 'too_low'
  end as "outcome!",
  matched.conversation_id as "conversation_id?",
  (select max(told.rev) from told where told.conversation_id = matched.conversation_id) as "rev?"
from item
left join matched on matched.n = item.n
left join moved
  on moved.conversation_id = matched.conversation_id
  and moved.seq = matched.seq
  and moved.attempt = matched.attempt
  and item.rank = moved.rank
