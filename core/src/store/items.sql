-- Items in their current state: with the outcome of their newest send and how far it got.
select
  m.conversation_id,
  m.seq,
  m.id,
  m.subject_id,
  m.direction as "direction: Direction",
  m.author_kind as "author_kind: ActorKind",
  m.author_id,
  m.client_ref,
  m.kind as "kind: MessageKind",
  m.meta_at,
  m.received_at,
  m.reply_to_seq,
  m.edited_rev,
  m.revoked_at,
  m.sealed,
  o.state as "state?: SendState",
  coalesce(d.rank, 0::smallint) as "rank!",
  coalesce(d.error_code, o.error_code) as error_code
from unnest($1::uuid[], $2::bigint[]) as wanted (conversation_id, seq)
join message m using (conversation_id, seq)
left join lateral (
  select outbox.state, outbox.attempt, outbox.error_code
  from outbox
  where outbox.conversation_id = m.conversation_id and outbox.seq = m.seq and m.direction = 'out'
  order by outbox.attempt desc
  limit 1
) o on true
left join delivery d
  on d.conversation_id = m.conversation_id
  and d.seq = m.seq
  and d.attempt = o.attempt
  and d.participant = 0
order by m.conversation_id, m.seq
