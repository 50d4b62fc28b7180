-- Reactions by item, the oldest first, with how far those of ours got.
with felt as (
  select
    r.*,
    case
      when r.author_kind = 'contact' and person.kind <> 'group' then c.contact_id
      else r.author_id
    end as whose
  from unnest($1::uuid[], $2::bigint[]) as wanted (conversation_id, seq)
  join reaction r using (conversation_id, seq)
  join conversation c on c.id = r.conversation_id
  join contact person on person.id = c.contact_id
), newest as (
  select distinct on (conversation_id, seq, author_kind, whose) *
  from felt
  order by conversation_id, seq, author_kind, whose, at desc, mac desc nulls last
)
select
  conversation_id as "conversation_id!",
  seq as "seq!",
  author_kind as "author_kind!: ActorKind",
  author_id as "author_id!",
  whose as "whose!",
  subject_id as "subject_id!",
  sealed as "sealed!",
  at as "at!",
  o.state as "state?: SendState",
  d.rank as "rank?",
  coalesce(d.error_code, o.error_code) as "error_code?"
from newest
left join lateral (
  select outbox.state, outbox.attempt, outbox.error_code
  from outbox
  where outbox.conversation_id = newest.conversation_id and outbox.seq = newest.send_seq
  order by outbox.attempt desc
  limit 1
) o on true
left join lateral (
  select delivery.rank, delivery.error_code
  from delivery
  where delivery.conversation_id = newest.conversation_id
    and delivery.seq = newest.send_seq
    and delivery.attempt = o.attempt
    and delivery.participant = 0
) d on true
where sealed is not null
order by at, mac, author_id
