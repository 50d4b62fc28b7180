-- Heads of conversations in the order asked for, with the newest item that went between us and the customer.
select
  c.id as "id: ConversationId",
  c.status as "status: ConversationStatus",
  c.handler as "handler: Handler",
  c.team_id as "team_id: TeamId",
  c.agent_id as "agent_id: AgentId",
  c.contact_id as "contact_id: ContactId",
  c.last_rev,
  c.channel_id as "channel_id: ChannelId",
  channel.name as channel_name,
  c.priority,
  c.epoch,
  c.last_seq,
  c.unread,
  c.waiting_since,
  c.last_inbound_at,
  w.window_until as "window_until?",
  c.handoff_reason,
  c.protocol,
  c.opened_at,
  c.closed_reason,
  newest.seq as "newest_seq?"
from unnest($1::uuid[]) with ordinality as wanted (id, n)
join conversation c on c.id = wanted.id
join channel on channel.id = c.channel_id
left join contact_channel w on w.contact_id = c.contact_id and w.channel_id = c.channel_id
left join lateral (
  select m.seq
  from message m
  -- Whoever waits is known by their own words, not by the bot's "I have called somebody".
  where m.conversation_id = c.id
    and (m.direction = 'in' or (m.direction = 'out' and c.handler <> 'queue'))
  order by m.seq desc
  limit 1
) newest on true
order by wanted.n
