//! The cases of records that are joined or parted: which one of two goes on, what moves, who is told.
//!
//! Promises: one unresolved case a channel remains, and what waited in the other waits in it; every case that is touched
//! is a change for whoever looks at it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::merge::Side;
use crate::bell::Wake;
use crate::model::{
    ActorKind, AgentId, Author, ChannelId, ContactId, Content, ConversationId, ConversationStatus,
    Direction, Handler, SystemLine,
};
use crate::store::message::{self, Words};
use crate::store::{Error, Store, conversation};

/// A case that takes part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// Which.
    pub id: ConversationId,
    /// Whose.
    pub contact_id: ContactId,
    channel_id: ChannelId,
    status: ConversationStatus,
    handler: Handler,
    opened_at: DateTime<Utc>,
    /// The bot owes the customer an answer in it.
    is_owed: bool,
}

/// All cases of the one, the unresolved ones of the other; locked.
pub(super) async fn cases(
    conn: &mut PgConnection,
    from: ContactId,
    into: ContactId,
) -> Result<Vec<Case>, Error> {
    let mut cases = sqlx::query_as!(
        Case,
        r#"
        select
          id as "id: ConversationId",
          contact_id as "contact_id: ContactId",
          channel_id as "channel_id: ChannelId",
          status as "status: ConversationStatus",
          handler as "handler: Handler",
          opened_at,
          false as "is_owed!"
        from conversation
        where contact_id = $1
          or (contact_id = $2 and status <> 'resolved')
        order by id
        for no key update
        "#,
        from.0,
        into.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    // Asked when the cases are held: a turn that ended while we waited for them is owed no more.
    let ids: Vec<Uuid> = cases.iter().map(|case| case.id.0).collect();
    let owed = sqlx::query_scalar!(
        "select conversation_id from bot_turn where conversation_id = any($1)",
        &ids
    )
    .fetch_all(conn)
    .await?;
    for case in &mut cases {
        case.is_owed = owed.contains(&case.id.0);
    }
    Ok(cases)
}

/// Of two unresolved cases of one channel: which one goes on, and which one ends. A person's goes on before the
/// queue's, that before the bot's; of two of the bot's the one in which it owes an answer, for it reads no other; of two
/// alike the older.
pub(super) fn doubled(cases: &[Case]) -> Vec<(ConversationId, ConversationId)> {
    let rank = |case: &Case| {
        let by = match case.handler {
            Handler::Agent => 0,
            Handler::Queue => 1,
            Handler::Bot if case.is_owed => 2,
            Handler::Bot => 3,
        };
        (by, case.opened_at, case.id)
    };
    let mut open: Vec<&Case> = cases
        .iter()
        .filter(|case| case.status != ConversationStatus::Resolved)
        .collect();
    open.sort_by_key(|case| (case.channel_id, rank(case)));
    open.windows(2)
        .filter(|pair| pair[0].channel_id == pair[1].channel_id)
        .map(|pair| (pair[0].id, pair[1].id))
        .collect()
}

/// Ends the second case of each pair. What waited in it waits in the first.
pub(super) async fn end_doubled(
    conn: &mut PgConnection,
    doubled: &[(ConversationId, ConversationId)],
    by: Option<AgentId>,
) -> Result<(), Error> {
    if doubled.is_empty() {
        return Ok(());
    }
    let (kept, ended): (Vec<Uuid>, Vec<Uuid>) = doubled
        .iter()
        .map(|(kept, ended)| (kept.0, ended.0))
        .unzip();
    sqlx::query!(
        r#"
        update conversation kept
        set
          unread = kept.unread + ended.unread,
          waiting_since = least(kept.waiting_since, ended.waiting_since),
          priority = greatest(kept.priority, ended.priority),
          status = case when ended.status = 'open' then 'open' else kept.status end,
          snoozed_until = case when ended.status = 'open' then null else kept.snoozed_until end
        from unnest($1::uuid[], $2::uuid[]) as pair (kept_id, ended_id)
        join conversation ended on ended.id = pair.ended_id
        where kept.id = pair.kept_id
        "#,
        &kept,
        &ended,
    )
    .execute(&mut *conn)
    .await?;
    let author = by.map_or(Author::SYSTEM, Author::agent);
    sqlx::query!(
        r#"
        with silent as (
          delete from bot_turn where conversation_id = any($1)
        )
        update conversation
        set
          status = 'resolved',
          resolved_at = now(),
          resolved_by_kind = $2,
          resolved_by_id = $3,
          closed_reason = 'merged',
          snoozed_until = null,
          waiting_since = null,
          unread = 0,
          epoch = epoch + 1
        where id = any($1)
        "#,
        &ended,
        author.kind as ActorKind,
        author.id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves cases and what waits to be sent in them; every touched case is a change for whoever looks at it.
pub(super) async fn move_cases(
    conn: &mut PgConnection,
    touched: &[Uuid],
    moved: &[Uuid],
    to: ContactId,
) -> Result<Vec<Wake>, Error> {
    sqlx::query!(
        "update outbox set contact_id = $2 where conversation_id = any($1)",
        moved,
        to.0
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        r#"
        with moved as (
          update conversation
          set
            contact_id = case when id = any($2) then $3 else contact_id end,
            last_rev = last_rev + 1
          where id = any($1)
          returning id, last_rev
        )
        insert into feed (conversation_id, rev, seq, kind)
        select id, last_rev, 0, 'conversation'
        from moved
        returning conversation_id, rev
        "#,
        touched,
        moved,
        to.0,
    )
    .fetch_all(conn)
    .await?;
    let wake = |id, rev| Wake {
        conversation_id: ConversationId(id),
        rev,
    };
    Ok(rows
        .into_iter()
        .map(|row| wake(row.conversation_id, row.rev))
        .collect())
}

/// Writes a line into each open case of a record.
pub(super) async fn tell(
    store: &Store,
    conn: &mut PgConnection,
    to: &Side,
    line: SystemLine,
) -> Result<Vec<Wake>, Error> {
    let open = sqlx::query_scalar!(
        "select id from conversation where contact_id = $1 and status <> 'resolved' order by id",
        to.who.contact_id.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut wakes = Vec::with_capacity(open.len());
    for id in open.into_iter().map(ConversationId) {
        let words = Words {
            author: Author::SYSTEM,
            direction: Direction::Internal,
            content: Content::System { line: line.clone() },
            client_ref: None,
            reply_to_seq: None,
        };
        let draft = message::draft(store, &mut *conn, id, words, to.now).await?;
        let mut locked = conversation::lock(&mut *conn, id).await?;
        message::append(&mut *conn, &mut locked, &draft).await?;
        wakes.push(locked.wake());
    }
    Ok(wakes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(channel_id: ChannelId, handler: Handler, opened_s: i64) -> Case {
        Case {
            id: ConversationId::new(),
            contact_id: ContactId::new(),
            channel_id,
            status: ConversationStatus::Open,
            handler,
            opened_at: DateTime::from_timestamp(opened_s, 0).unwrap(),
            is_owed: false,
        }
    }

    #[test]
    fn of_two_of_the_bots_the_one_goes_on_in_which_it_owes_an_answer() {
        let channel = ChannelId::new();
        let (old, new) = (
            case(channel, Handler::Bot, 1),
            case(channel, Handler::Bot, 2),
        );
        let owed = |case| Case {
            is_owed: true,
            ..case
        };
        assert_eq!(doubled(&[old, owed(new)]), [(new.id, old.id)]);
        assert_eq!(doubled(&[owed(old), owed(new)]), [(old.id, new.id)]);
        let queue = case(channel, Handler::Queue, 3);
        assert_eq!(doubled(&[owed(old), queue]), [(queue.id, old.id)]);
    }

    #[test]
    fn a_persons_case_goes_on_before_the_queues_and_that_before_the_bots() {
        let channel = ChannelId::new();
        let (bot, queue, agent) = (
            case(channel, Handler::Bot, 1),
            case(channel, Handler::Queue, 2),
            case(channel, Handler::Agent, 3),
        );
        assert_eq!(doubled(&[bot, agent]), [(agent.id, bot.id)]);
        assert_eq!(doubled(&[queue, agent]), [(agent.id, queue.id)]);
        assert_eq!(doubled(&[bot, queue]), [(queue.id, bot.id)]);
    }

    #[test]
    fn of_two_alike_the_older_goes_on_and_closed_or_other_numbers_cases_are_left_alone() {
        let (one, other) = (ChannelId::new(), ChannelId::new());
        let (old, new) = (case(one, Handler::Queue, 1), case(one, Handler::Queue, 2));
        let elsewhere = case(other, Handler::Queue, 3);
        let closed = Case {
            status: ConversationStatus::Resolved,
            ..case(one, Handler::Agent, 0)
        };
        assert_eq!(doubled(&[new, closed, elsewhere, old]), [(old.id, new.id)]);
    }
}
