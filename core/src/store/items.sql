-- Items in their current state: with the outcome of their newest send and how far it got. What staff sent on the
-- telephone itself has no outbox row, and its delivery is the first attempt.
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
  m.reply_to_conversation_id,
  m.reply_to_seq,
  m.edited_at,
  m.revoked_at,
  m.sealed,
  o.state as "state?: SendState",
  -- An earlier attempt that turned out to have arrived counts too; one that failed is the reason for this attempt.
  greatest(d.rank, (
    select max(e.rank)
    from delivery e
    where e.conversation_id = m.conversation_id
      and e.seq = m.seq
      and e.attempt < o.attempt
      and e.participant = 0
      and e.rank <> 25
  )) as "rank?",
  coalesce(d.error_code, o.error_code) as error_code,
  exists (
    select from reaction r where r.conversation_id = m.conversation_id and r.seq = m.seq
  ) as "has_reactions!",
  exists (
    select from media f where f.conversation_id = m.conversation_id and f.seq = m.seq
  ) as "has_media!",
  -- Somebody of a group, or a contact whose record was taken in by another: their name is not the case's.
  (
    m.author_kind = 'contact'
    and m.author_id is distinct from (select c.contact_id from conversation c where c.id = m.conversation_id)
  ) as "is_by_another!"
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
  and d.attempt = coalesce(o.attempt, 1)
  and d.participant = 0
order by m.conversation_id, m.seq
