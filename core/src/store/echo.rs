//! What staff wrote or did on the telephone itself (Meta's coexistence): a human answer that did not go through us.
//!
//! Promises: stored once as an item to the customer, with a delivery of its own so that its ticks move; it ends the
//! customer's wait, and takes the case from the bot: its turn is dropped, its late reply is refused, and one line says
//! so. An agent who owns the case keeps it. Does not: open Meta's window, or send anything.

use chrono::{DateTime, Utc};
use compliance::{Mac, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::contact::Resolved;
use super::conversation::{self, Locked};
use super::message::{self, Words};
use super::{Error, Store, dedupe, ingest};
use crate::bell::Wake;
use crate::model::{
    Author, ChannelId, ContactId, Content, ConversationId, Direction, FeedKind, Handler, MessageId,
    MessageKind, Rank, SystemLine,
};

/// An item of our side's telephone, resolved and sealed.
#[derive(Clone, Debug)]
pub struct Echo {
    /// Mac of the wamid, or of the id of the call.
    pub mac: Mac,
    /// The customer, or the group, that it went to.
    pub contact_id: ContactId,
    /// Whose key sealed it.
    pub subject_id: SubjectId,
    /// From which number.
    pub channel_id: ChannelId,
    /// Made before sealing.
    pub message_id: MessageId,
    /// What kind of item.
    pub kind: MessageKind,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// The sealed [`crate::model::Body`].
    pub sealed: Vec<u8>,
    /// The item it quotes, when we have it.
    pub reply_to: Option<(ConversationId, i64)>,
}

/// How long a closed case is opened again, and where days begin for protocol numbers.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Minutes after closing.
    pub reopen_minutes: i32,
    /// IANA name.
    pub time_zone: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What became of an echo.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// Stored in this place.
    Stored {
        /// Its conversation.
        conversation_id: ConversationId,
        /// Its place.
        seq: i64,
        /// The hint for after COMMIT.
        wake: Wake,
    },
    /// It was here, or we sent it ourselves.
    Known,
    /// The contact was erased or merged since it was resolved: roll back, resolve again.
    Gone,
}

/// Stores one echo, in a transaction of its own.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn take(
    store: &Store,
    conn: &mut PgConnection,
    echo: &Echo,
    rules: Rules<'_>,
) -> Result<Outcome, Error> {
    let key = (echo.mac, echo.contact_id, echo.channel_id);
    ingest::reopen(&mut *conn, std::iter::once(key), rules.reopen_minutes).await?;
    let who = Resolved {
        contact_id: echo.contact_id,
        subject_id: echo.subject_id,
    };
    let mut fresh = dedupe::fresh(&mut *conn, &[(echo.mac, who)]).await?;
    if !fresh.gone.is_empty() {
        return Ok(Outcome::Gone);
    }
    if !fresh.first(echo.mac) || is_ours(&mut *conn, echo.mac).await? {
        return Ok(Outcome::Known);
    }
    let (id, is_new) = case(&mut *conn, echo).await?;
    let mut locked = conversation::lock(&mut *conn, id).await?;
    if is_new {
        ingest::give_protocols(&mut *conn, &[id], rules.time_zone).await?;
    }
    if is_new || locked.handler == Handler::Bot {
        silence_bot(store, &mut *conn, &mut locked, rules.now).await?;
    }
    let seq = append(conn, &mut locked, echo).await?;
    Ok(Outcome::Stored {
        conversation_id: id,
        seq,
        wake: locked.wake(),
    })
}

/// The open case of a contact with a number, if there is one.
///
/// # Errors
/// [`Error::Database`].
pub async fn open_case(
    conn: &mut PgConnection,
    contact_id: ContactId,
    channel_id: ChannelId,
) -> Result<Option<ConversationId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from conversation where contact_id = $1 and channel_id = $2 and status <> 'resolved'",
        contact_id.0,
        channel_id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ConversationId))
}

/// Whether it is a send of ours that Meta echoes.
async fn is_ours(conn: &mut PgConnection, mac: Mac) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from delivery where mac = $1) as "is_ours!""#,
        mac.as_bytes()
    )
    .fetch_one(conn)
    .await?)
}

/// The open case, or a new one that people have.
async fn case(conn: &mut PgConnection, echo: &Echo) -> Result<(ConversationId, bool), Error> {
    let row = sqlx::query!(
        r#"
        insert into conversation as c (id, contact_id, channel_id, team_id, handler)
        values ($1, $2, $3, (select default_team_id from channel where channel.id = $3), 'queue')
        on conflict (contact_id, channel_id) where status <> 'resolved' do update set
          status = 'open',
          snoozed_until = null
        returning id, (xmax = 0) as "is_new!"
        "#,
        ConversationId::new().0,
        echo.contact_id.0,
        echo.channel_id.0,
    )
    .fetch_one(conn)
    .await?;
    Ok((ConversationId(row.id), row.is_new))
}

async fn silence_bot(
    store: &Store,
    conn: &mut PgConnection,
    locked: &mut Locked,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let line = Words {
        author: Author::SYSTEM,
        direction: Direction::Internal,
        content: Content::System {
            line: SystemLine::AnsweredOnPhone,
        },
        client_ref: None,
        reply_to_seq: None,
    };
    let line = message::draft(store, &mut *conn, locked.id, line, now).await?;
    locked.epoch = sqlx::query_scalar!(
        r#"
        with dropped as (
          delete from bot_turn where conversation_id = $1
        )
        update conversation
        set handler = 'queue', epoch = epoch + 1
        where id = $1
        returning epoch
        "#,
        locked.id.0,
    )
    .fetch_one(&mut *conn)
    .await?;
    locked.handler = Handler::Queue;
    conversation::bump(&mut *conn, locked, 0, FeedKind::Conversation).await?;
    message::append(conn, locked, &line).await?;
    Ok(())
}

async fn append(conn: &mut PgConnection, locked: &mut Locked, echo: &Echo) -> Result<i64, Error> {
    let is_call = echo.kind == MessageKind::Call;
    let row = sqlx::query!(
        r#"
        with bumped as (
          update conversation
          set
            last_seq = last_seq + 1,
            last_rev = last_rev + 1,
            unread = 0,
            waiting_since = null
          where id = $1
          returning id, last_seq, last_rev
        ), stored as (
          insert into message (
            conversation_id, seq, id, subject_id, direction, author_kind, author_id, kind, wamid_mac, meta_at,
            reply_to_conversation_id, reply_to_seq, sealed
          )
          select id, last_seq, $2, $3, 'out', 'channel_app', $4, $5, $6, $7, $8, $9, $10
          from bumped
        ), delivered as (
          insert into delivery (conversation_id, seq, mac, rank, sent_at)
          select id, last_seq, $6, $11, $7
          from bumped
          where not $12
        ), told as (
          insert into feed (conversation_id, rev, seq, kind)
          select id, last_rev, last_seq, 'item'
          from bumped
        )
        select last_seq, last_rev from bumped
        "#,
        locked.id.0,
        echo.message_id.0,
        echo.subject_id.0,
        echo.channel_id.0,
        echo.kind as MessageKind,
        echo.mac.as_bytes(),
        echo.at,
        echo.reply_to.map(|(id, _)| id.0) as Option<Uuid>,
        echo.reply_to.map(|(_, seq)| seq),
        echo.sealed,
        Rank::Sent.stored(),
        is_call,
    )
    .fetch_one(conn)
    .await?;
    locked.last_seq = row.last_seq;
    locked.last_rev = row.last_rev;
    Ok(row.last_seq)
}
