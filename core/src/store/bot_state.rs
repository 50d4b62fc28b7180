//! Where a conversation stands with the bot: ids and counters, no words of the customer.
//!
//! Promises: one row per conversation, written in the transaction that answers; without a row the bot has said nothing
//! in this case yet. Does not: decide anything (the bot's policy does) or open what was written (`message::items`).

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Error;
use crate::model::{ChannelId, ContactId, ConversationId, ConversationStatus, Handler, Locale};

/// Where the bot stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Name of the flow.
    pub flow: String,
    /// The question that was asked last, by the name of its node.
    pub node: String,
    /// The customer's language.
    pub locale: Locale,
    /// Answers of the bot since it got the case.
    pub turns: i32,
    /// Of those, the last ones that led nowhere.
    pub turns_without_progress: i32,
    /// Everything up to this item was answered.
    pub answered_seq: i64,
}

/// What a turn begins with, read without a lock; the transaction that answers checks handler and epoch again.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Who wrote.
    pub contact_id: ContactId,
    /// To which number.
    pub channel_id: ChannelId,
    /// Meta's id of that number.
    pub phone_number_id: String,
    /// Status of the case.
    pub status: ConversationStatus,
    /// Who acts next.
    pub handler: Handler,
    /// Rises with each change of owner.
    pub epoch: i32,
    /// The number that the customer may quote.
    pub protocol: Option<String>,
    /// When the customer wrote last, by the database's clock.
    pub last_inbound_at: Option<DateTime<Utc>>,
    /// Where the bot stands; `None` at its first turn.
    pub state: Option<State>,
}

/// Reads what a turn begins with; `None` when there is no such conversation.
///
/// # Errors
/// [`Error::Database`].
pub async fn begin(
    conn: &mut PgConnection,
    id: ConversationId,
) -> Result<Option<Beginning>, Error> {
    let row = sqlx::query!(
        r#"
        select
          c.contact_id,
          c.channel_id,
          channel.phone_number_id,
          c.status as "status: ConversationStatus",
          c.handler as "handler: Handler",
          c.epoch,
          c.protocol,
          c.last_inbound_at,
          s.flow as "flow?",
          s.node as "node?",
          s.locale as "locale?",
          s.turns as "turns?",
          s.turns_without_progress as "turns_without_progress?",
          s.answered_seq as "answered_seq?"
        from conversation c
        join channel on channel.id = c.channel_id
        left join bot_state s on s.conversation_id = c.id
        where c.id = $1
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Beginning {
        contact_id: ContactId(row.contact_id),
        channel_id: ChannelId(row.channel_id),
        phone_number_id: row.phone_number_id,
        status: row.status,
        handler: row.handler,
        epoch: row.epoch,
        protocol: row.protocol,
        last_inbound_at: row.last_inbound_at,
        state: row.flow.map(|flow| State {
            flow,
            node: row.node.unwrap_or_default(),
            locale: Locale::from_tag(row.locale.as_deref().unwrap_or_default()),
            turns: row.turns.unwrap_or_default(),
            turns_without_progress: row.turns_without_progress.unwrap_or_default(),
            answered_seq: row.answered_seq.unwrap_or_default(),
        }),
    }))
}

/// Writes where the bot stands now; the caller holds the conversation's lock.
///
/// # Errors
/// [`Error::Database`].
pub async fn put(conn: &mut PgConnection, id: ConversationId, state: &State) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into bot_state as s (
          conversation_id, flow, node, locale, turns, turns_without_progress, answered_seq
        )
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (conversation_id) do update set
          flow = excluded.flow,
          node = excluded.node,
          locale = excluded.locale,
          turns = excluded.turns,
          turns_without_progress = excluded.turns_without_progress,
          answered_seq = greatest(s.answered_seq, excluded.answered_seq),
          updated_at = now()
        "#,
        id.0,
        state.flow,
        state.node,
        state.locale.tag(),
        state.turns,
        state.turns_without_progress,
        state.answered_seq,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A case that only the bot has and whose customer fell silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Which.
    pub id: ConversationId,
    /// When the customer wrote last; who closes the case checks it again under the lock.
    pub last_inbound_at: DateTime<Utc>,
}

/// Cases with the bot whose customer has been silent for `minutes`, the longest silent first.
///
/// # Errors
/// [`Error::Database`].
pub async fn idle(conn: &mut PgConnection, minutes: i32, limit: i64) -> Result<Vec<Idle>, Error> {
    let idle = sqlx::query_as!(
        Idle,
        r#"
        select c.id as "id: ConversationId", c.last_inbound_at as "last_inbound_at!"
        from conversation c
        where c.status = 'open'
          and c.handler = 'bot'
          and c.last_inbound_at < now() - make_interval(mins => $1)
          and not exists (select from bot_turn where bot_turn.conversation_id = c.id)
        order by c.last_inbound_at
        limit $2
        "#,
        minutes,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(idle)
}
