//! Timeline items: sealed before the transaction, numbered under the conversation's lock, found by wamid.
//!
//! Promises: `seq` without gaps; a repeated `client_ref` finds the first item; nothing in clear reaches the table.
//! Does not: check who may write (callers do) or ring the bell; reading is `items`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use compliance::{Mutant, Place, SubjectId};
use sqlx::PgConnection;

use super::conversation::Locked;
pub use super::items::{Item, Reaction, items};
use super::{Error, Refusal, Store};
use crate::model::{
    ActorKind, Author, Body, Content, ConversationId, Direction, MessageId, MessageKind, SendSource,
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
/// [`Refusal::NotFound`] when there is no such conversation; [`Error::Vault`] when the key is gone or away.
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
    .ok_or(Error::Refused(Refusal::NotFound))?;
    let keys = store.vault.load(conn, &[subject]).await?;
    let key = keys.get(subject).ok_or(Error::Refused(Refusal::NotFound))?;
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
/// [`Refusal::StaleEpoch`] when the case moved to another contact after the draft was sealed: with the key of somebody
/// who it is not about any more; [`Error::Database`].
pub async fn append(
    conn: &mut PgConnection,
    locked: &mut Locked,
    draft: &Draft,
) -> Result<i64, Error> {
    let answers = draft.direction == Direction::Out;
    let by_person = answers && draft.author.kind == ActorKind::Agent;
    if Mutant::SeqWithGaps.lives() {
        let burn = sqlx::query("update conversation set last_seq = last_seq + 1 where id = $1");
        burn.bind(locked.id.0).execute(&mut *conn).await?;
    }
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
            and exists (select from subject where subject.id = $3 and subject.contact_id = conversation.contact_id)
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
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::StaleEpoch)?;
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
