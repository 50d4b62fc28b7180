-- Read marks towards Meta: each position once over all nodes, and never a lower one after a higher. Whoever holds the
-- lease calls; what others want meanwhile is written down and done by the holder, or after its death by a sweep.

create table read_mark (
  conversation_id uuid primary key references conversation,
  wanted_seq bigint not null,
  marked_seq bigint not null default 0,
  lease_until timestamptz
);
create index read_mark_waiting on read_mark (conversation_id) where wanted_seq > marked_seq;

grant select, insert, update, delete on read_mark to balcao_app;
grant select on read_mark to balcao_reports;
