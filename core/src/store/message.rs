//! Timeline items: sealed before the transaction, numbered under the conversation's lock, read back by seq.
//!
//! Promises: `seq` without gaps; a repeated `client_ref` finds the first item; nothing in clear reaches the table.
//! Does not: check who may write (callers do) or ring the bell.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use compliance::{Place, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::conversation::Locked;
use super::{Error, Store};
use crate::model::{
    ActorKind, Author, Body, Content, ConversationId, Direction, MessageId, MessageKind,
    SendSource, SendState, Ticks,
};

/// An item that is sealed but has no number yet.
#[derive(Clone, Debug)]
pub struct Draft {
    id: MessageId,
    subject_id: SubjectId,
    author: Author,
    direction: Direction,
    kind: MessageKind,
    client_ref: Option<String>,
    at: DateTime<Utc>,
    reply_to_seq: Option<i64>,
    sealed: Vec<u8>,
}

/// What a draft is made of.
#[derive(Clone, Debug)]
pub struct Words {
    /// Who writes.
    pub author: Author,
    /// To the customer or for staff.
    pub direction: Direction,
    /// What it says.
    pub content: Content,
    /// The author's own reference; a repeat finds the first item.
    pub client_ref: Option<String>,
    /// The item it quotes.
    pub reply_to_seq: Option<i64>,
}

/// Seals words with the key of the conversation's customer; outside the transaction that stores them.
///
/// # Errors
/// [`super::Refusal::NotFound`] when there is no such conversation; [`Error::Vault`] when the key is gone or away.
pub async fn draft(
    store: &Store,
    conn: &mut PgConnection,
    id: ConversationId,
    words: Words,
    at: DateTime<Utc>,
) -> Result<Draft, Error> {
    let subject = sqlx::query_scalar!(
        r#"
        select contact.subject_id
        from conversation
        join contact on contact.id = conversation.contact_id
        where conversation.id = $1 and contact.erased_at is null
        "#,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten()
    .map(SubjectId)
    .ok_or(Error::Refused(super::Refusal::NotFound))?;
    let keys = store.vault.load(conn, &[subject]).await?;
    let key = keys
        .get(subject)
        .ok_or(Error::Refused(super::Refusal::NotFound))?;
    let message_id = MessageId::new();
    let kind = words.content.kind();
    let plaintext = serde_json::to_vec(&Body::new(None, words.content))
        .map_err(|_| Error::Damaged("content"))?;
    Ok(Draft {
        id: message_id,
        subject_id: subject,
        author: words.author,
        direction: words.direction,
        kind,
        client_ref: words.client_ref,
        at,
        reply_to_seq: words.reply_to_seq,
        sealed: key.seal(Place::message(message_id.0), &plaintext)?,
    })
}

/// The seq of the item that this author wrote with this reference, if any.
///
/// # Errors
/// [`Error::Database`].
pub async fn find_client_ref(
    conn: &mut PgConnection,
    id: ConversationId,
    author: Author,
    client_ref: &str,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select seq
        from message
        where conversation_id = $1
          and author_kind = $2
          and author_id is not distinct from $3
          and client_ref = $4
        "#,
        id.0,
        author.kind as ActorKind,
        author.id,
        client_ref,
    )
    .fetch_optional(conn)
    .await?)
}

/// Appends an item to a locked conversation and returns its seq. What people write ends the customer's wait and the
/// unread mark; what the bot writes ends the wait while the bot owns the case.
///
/// # Errors
/// [`Error::Database`].
pub async fn append(
    conn: &mut PgConnection,
    locked: &mut Locked,
    draft: &Draft,
) -> Result<i64, Error> {
    let answers = draft.direction == Direction::Out;
    let by_person = answers && draft.author.kind == ActorKind::Agent;
    let row = sqlx::query!(
        r#"
        with bumped as (
          update conversation
          set
            last_seq = last_seq + 1,
            last_rev = last_rev + 1,
            unread = case when $12 then 0 else unread end,
            waiting_since = case when $12 or ($13 and handler = 'bot') then null else waiting_since end
          where id = $1
          returning id, last_seq, last_rev
        ), stored as (
          insert into message (
            conversation_id, seq, id, subject_id, direction, author_kind, author_id, client_ref, kind, meta_at,
            reply_to_conversation_id, reply_to_seq, sealed
          )
          select
            id,
            last_seq,
            $2,
            $3,
            $4,
            $5,
            $6,
            $7,
            $8,
            $9,
            case when $10::bigint is null then null else id end,
            $10,
            $11
          from bumped
        ), told as (
          insert into feed (conversation_id, rev, seq, kind)
          select id, last_rev, last_seq, 'item'
          from bumped
        )
        select last_seq, last_rev from bumped
        "#,
        locked.id.0,
        draft.id.0,
        draft.subject_id.0,
        draft.direction as Direction,
        draft.author.kind as ActorKind,
        draft.author.id,
        draft.client_ref,
        draft.kind as MessageKind,
        draft.at,
        draft.reply_to_seq,
        draft.sealed,
        by_person,
        answers,
    )
    .fetch_one(conn)
    .await?;
    locked.last_seq = row.last_seq;
    locked.last_rev = row.last_rev;
    Ok(row.last_seq)
}

/// Who asked for a send and how urgent it is.
#[derive(Clone, Copy, Debug)]
pub struct Dispatch {
    /// Agent, bot, campaign or API.
    pub source: SendSource,
    /// The smaller, the sooner.
    pub priority: i16,
}

/// Appends an item and queues it for Meta, in one transaction with whatever else the caller does.
///
/// # Errors
/// [`Error::Database`].
pub async fn enqueue(
    conn: &mut PgConnection,
    locked: &mut Locked,
    draft: &Draft,
    dispatch: Dispatch,
) -> Result<i64, Error> {
    let seq = append(conn, locked, draft).await?;
    sqlx::query!(
        r#"
        with queued as (
          insert into outbox (conversation_id, seq, channel_id, contact_id, source, priority, epoch)
          values ($1, $2, $3, $4, $5, $6, $7)
        )
        insert into delivery (conversation_id, seq)
        values ($1, $2)
        "#,
        locked.id.0,
        seq,
        locked.channel_id.0,
        locked.contact_id.0,
        dispatch.source as SendSource,
        dispatch.priority,
        locked.epoch,
    )
    .execute(conn)
    .await?;
    Ok(seq)
}

/// An item in its current state, opened.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place.
    pub seq: i64,
    /// Its id.
    pub id: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// The author's own reference.
    pub client_ref: Option<String>,
    /// Kind, known even when the words are erased.
    pub kind: MessageKind,
    /// Meta's time for what came from Meta, else ours.
    pub at: DateTime<Utc>,
    /// When we stored it.
    pub received_at: DateTime<Utc>,
    /// What it says; `None` after erasure.
    pub body: Option<Body>,
    /// Ticks of a message to the customer.
    pub ticks: Option<Ticks>,
    /// Meta's error code of a send that failed, or that waits after a refusal.
    pub error_code: Option<i32>,
    /// The item it quotes, when in the same conversation.
    pub reply_to_seq: Option<i64>,
    /// It was changed by its author.
    pub edited: bool,
    /// It was taken back by its author.
    pub revoked: bool,
}

/// Items by conversation and seq, opened, in the order of conversation and seq; absent ones are left out.
///
/// # Errors
/// [`Error::Vault`] when a blob cannot be opened although its key exists.
pub async fn items(
    store: &Store,
    conn: &mut PgConnection,
    wanted: &[(ConversationId, i64)],
) -> Result<Vec<Item>, Error> {
    opened(store, conn, wanted).await?.into_iter().collect()
}

/// As [`items`], for lists: an item that does not open is logged and left out, so that one damaged row does not keep
/// everybody from their inbox.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when keys are away.
pub(super) async fn readable(
    store: &Store,
    conn: &mut PgConnection,
    wanted: &[(ConversationId, i64)],
) -> Result<Vec<Item>, Error> {
    let opened = opened(store, conn, wanted).await?;
    Ok(opened
        .into_iter()
        .filter_map(|item| {
            item.inspect_err(|error| tracing::error!(%error, "an item does not open"))
                .ok()
        })
        .collect())
}

async fn opened(
    store: &Store,
    conn: &mut PgConnection,
    wanted: &[(ConversationId, i64)],
) -> Result<Vec<Result<Item, Error>>, Error> {
    let (conversations, seqs): (Vec<Uuid>, Vec<i64>) =
        wanted.iter().map(|(id, seq)| (id.0, *seq)).unzip();
    let rows = sqlx::query_file!("src/store/items.sql", &conversations, &seqs)
        .fetch_all(&mut *conn)
        .await?;

    let subjects: Vec<SubjectId> = rows
        .iter()
        .filter(|row| row.sealed.is_some())
        .map(|row| SubjectId(row.subject_id))
        .collect();
    let keys = store.vault.load(conn, &subjects).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let body = match (&row.sealed, keys.get(SubjectId(row.subject_id))) {
                (Some(blob), Some(key)) => {
                    let plaintext = key.open(Place::message(row.id), blob)?;
                    Some(
                        serde_json::from_slice(&plaintext)
                            .map_err(|_| Error::Damaged("message body"))?,
                    )
                }
                _ => None,
            };
            let ticks = row.state.map(|state| Ticks::of(state, row.rank));
            let ended_badly = matches!(ticks, Some(Ticks::Failed | Ticks::Expired | Ticks::Queued));
            Ok(Item {
                conversation_id: ConversationId(row.conversation_id),
                seq: row.seq,
                id: MessageId(row.id),
                direction: row.direction,
                author: Author {
                    kind: row.author_kind,
                    id: row.author_id,
                },
                client_ref: row.client_ref,
                kind: row.kind,
                at: row.meta_at,
                received_at: row.received_at,
                body,
                ticks,
                error_code: row.error_code.filter(|_| ended_badly),
                reply_to_seq: row.reply_to_seq,
                edited: row.edited_rev.is_some(),
                revoked: row.revoked_at.is_some(),
            })
        })
        .collect())
}

/// Where the items with these wamids are (a quote, a reaction, an edit): mac to conversation and seq.
///
/// # Errors
/// [`Error::Database`].
pub async fn locate(
    conn: &mut PgConnection,
    macs: &[compliance::Mac],
) -> Result<HashMap<Vec<u8>, (ConversationId, i64)>, Error> {
    let macs: Vec<Vec<u8>> = macs.iter().map(|mac| mac.as_bytes().to_vec()).collect();
    let rows = sqlx::query!(
        r#"
        select wamid_mac as "mac!", conversation_id as "conversation_id!", seq as "seq!"
        from message
        where wamid_mac = any($1)
        union
        select mac, conversation_id, seq
        from delivery
        where mac = any($1)
        "#,
        &macs,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.mac, (ConversationId(row.conversation_id), row.seq)))
        .collect())
}
