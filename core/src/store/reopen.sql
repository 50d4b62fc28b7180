-- Opens a case again whose customer writes within the reopen window, unless another case is open or the message is
-- an old one that is only delivered again. It goes back to where it was closed: its team's queue when a person had
-- it, when it is a group's or when the number's cases are people's first, else the bot. What was imported as history is
-- never opened. Returns the conversations that were opened.
with item as (
  select distinct contact_id, channel_id
  from unnest($1::bytea[], $2::uuid[], $3::uuid[]) as i (mac, contact_id, channel_id)
  where not exists (select from dedupe where dedupe.mac = i.mac)
), last_case as (
  select distinct on (c.contact_id, c.channel_id) c.id, c.contact_id, c.channel_id
  from item
  join conversation c using (contact_id, channel_id)
  where c.status = 'resolved'
    and c.resolved_at > now() - make_interval(mins => $4::integer)
    and c.closed_reason is distinct from 'history'
  order by c.contact_id, c.channel_id, c.resolved_at desc
), living as materialized (
  -- Contacts before conversations, as everywhere: an erasure holds them in that order.
  select contact.id, contact.kind
  from contact
  where contact.id in (select last_case.contact_id from last_case)
    and contact.erased_at is null
    and contact.merged_into is null
  order by contact.id
  for key share
), locked as materialized (
  select c.id, c.contact_id, c.channel_id
  from conversation c
  where c.id in (select last_case.id from last_case join living on living.id = last_case.contact_id)
    and c.status = 'resolved'
    and not exists (
      select
      from conversation other
      where other.contact_id = c.contact_id
        and other.channel_id = c.channel_id
        and other.status <> 'resolved'
    )
  order by c.id
  for no key update of c
)
update conversation c
set
  status = 'open',
  handler = case
    when c.resolved_by_kind = 'agent' or living.kind = 'group' then 'queue'::handler
    else channel.first_handler
  end,
  agent_id = null,
  epoch = c.epoch + 1,
  resolved_at = null,
  resolved_by_kind = null,
  resolved_by_id = null,
  closed_reason = null
from locked
join living on living.id = locked.contact_id
join channel on channel.id = locked.channel_id
where c.id = locked.id
returning c.id
