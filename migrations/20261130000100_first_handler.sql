-- Who has a new case of this number first: the bot, or the people of its team's queue.
alter table channel
  add column first_handler handler not null default 'bot' check (first_handler <> 'agent');
