//! What was said before a number came to us (Meta's coexistence): imported into a closed case of its own.
//!
//! Promises: one such case per contact and number, closed with reason `history`, which nothing opens again; nobody is
//! woken, no window opens, no bot answers; a placeholder gives way to the file when that comes in a later chunk.
//! Does not: order by time across chunks: `seq` is the order of arrival here as everywhere, inside a chunk by Meta's
//! time; the times are shown.

use chrono::{DateTime, Utc};
use compliance::{Mac, Place, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Store, conversation, message};
use crate::bell::Wake;
use crate::model::{
    Body, ChannelId, ContactId, ConversationId, FeedKind, MessageId, MessageKind, Rank,
};

/// Why such a case is closed, as stored.
pub const REASON: &str = "history";

/// An item of the past, resolved and sealed.
#[derive(Clone, Debug)]
pub struct Past {
    /// Mac of the wamid.
    pub mac: Mac,
    /// Made before sealing.
    pub message_id: MessageId,
    /// Whose key sealed it.
    pub subject_id: SubjectId,
    /// Who wrote it, for what came from outside; `None`: our side did.
    pub author_id: Option<ContactId>,
    /// What kind of item.
    pub kind: MessageKind,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// The sealed [`Body`].
    pub sealed: Vec<u8>,
    /// How far it got, when our side wrote it.
    pub rank: Option<Rank>,
}

/// Appends items that are new (see [`super::dedupe`]) to the history of a contact with a number, in order of time.
/// Returns the conversation, the seqs in the order given, and the wake.
///
/// # Errors
/// [`Error::Database`].
pub async fn append(
    conn: &mut PgConnection,
    contact_id: ContactId,
    channel_id: ChannelId,
    items: &[Past],
) -> Result<(ConversationId, Vec<i64>, Option<Wake>), Error> {
    let id = case(&mut *conn, contact_id, channel_id).await?;
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|index| (items[*index].at, *index));
    let sorted: Vec<&Past> = order.iter().map(|index| &items[*index]).collect();
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return Ok((id, Vec::new(), None));
    };
    let (first, last) = (first.at, last.at);
    let bumped = sqlx::query!(
        r#"
        update conversation
        set
          last_seq = last_seq + $2,
          last_rev = last_rev + $2,
          opened_at = least(opened_at, $3),
          resolved_at = case when last_seq = 0 then $4 else greatest(resolved_at, $4) end
        where id = $1
        returning last_seq - $2 as "seq!", last_rev - $2 as "rev!", last_rev
        "#,
        id.0,
        i64::try_from(items.len()).unwrap_or(0),
        first,
        last,
    )
    .fetch_one(&mut *conn)
    .await?;
    write(conn, (id, channel_id), (bumped.seq, bumped.rev), &sorted).await?;
    let mut seqs = vec![0; items.len()];
    for (index, seq) in order.into_iter().zip(bumped.seq + 1..) {
        seqs[index] = seq;
    }
    let wake = Wake {
        conversation_id: id,
        rev: bumped.last_rev,
    };
    Ok((id, seqs, Some(wake)))
}

/// The case of the past, made when there is none. Its contact is held, so that two nodes make one.
async fn case(
    conn: &mut PgConnection,
    contact_id: ContactId,
    channel_id: ChannelId,
) -> Result<ConversationId, Error> {
    sqlx::query!(
        "select id from contact where id = $1 for no key update",
        contact_id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let found = sqlx::query_scalar!(
        r#"
        select id
        from conversation
        where contact_id = $1
          and channel_id = $2
          and status = 'resolved'
          and closed_reason = $3
        order by id
        limit 1
        for no key update
        "#,
        contact_id.0,
        channel_id.0,
        REASON,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(id) = found {
        return Ok(ConversationId(id));
    }
    let id = ConversationId::new();
    sqlx::query!(
        r#"
        insert into conversation (
          id, contact_id, channel_id, team_id, status, handler, resolved_at, resolved_by_kind, closed_reason
        )
        values (
          $1, $2, $3, (select default_team_id from channel where channel.id = $3), 'resolved', 'queue', now(), 'system', $4
        )
        "#,
        id.0,
        contact_id.0,
        channel_id.0,
        REASON,
    )
    .execute(conn)
    .await?;
    Ok(id)
}

async fn write(
    conn: &mut PgConnection,
    (id, channel_id): (ConversationId, ChannelId),
    (seq, rev): (i64, i64),
    items: &[&Past],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.message_id.0).collect();
    let subjects: Vec<Uuid> = items.iter().map(|item| item.subject_id.0).collect();
    let authors: Vec<Option<Uuid>> = items
        .iter()
        .map(|item| item.author_id.map(|id| id.0))
        .collect();
    let kinds: Vec<MessageKind> = items.iter().map(|item| item.kind).collect();
    let macs: Vec<Vec<u8>> = items
        .iter()
        .map(|item| item.mac.as_bytes().to_vec())
        .collect();
    let times: Vec<DateTime<Utc>> = items.iter().map(|item| item.at).collect();
    let sealed: Vec<Vec<u8>> = items.iter().map(|item| item.sealed.clone()).collect();
    let ranks: Vec<i16> = items
        .iter()
        .map(|item| item.rank.unwrap_or(Rank::Sent).stored())
        .collect();
    sqlx::query!(
        r#"
        with item as (
          select *, $2 + n as seq
          from unnest(
            $5::uuid[], $6::uuid[], $7::uuid[], $8::message_kind[], $9::bytea[], $10::timestamptz[], $11::bytea[],
            $12::smallint[]
          ) with ordinality as i (id, subject_id, author_id, kind, mac, at, sealed, rank, n)
        ), stored as (
          insert into message (
            conversation_id, seq, id, subject_id, direction, author_kind, author_id, kind, wamid_mac, meta_at, sealed
          )
          select
            $1,
            seq,
            id,
            subject_id,
            case when author_id is null then 'out' else 'in' end::message_direction,
            case when author_id is null then 'channel_app' else 'contact' end::actor_kind,
            coalesce(author_id, $4),
            kind,
            mac,
            at,
            sealed
          from item
        ), delivered as (
          insert into delivery (conversation_id, seq, mac, rank)
          select $1, seq, mac, rank
          from item
          where author_id is null
        )
        insert into feed (conversation_id, rev, seq, kind)
        select $1, $3 + n, seq, 'item'
        from item
        "#,
        id.0,
        seq,
        rev,
        channel_id.0,
        &ids,
        &subjects,
        &authors as &[Option<Uuid>],
        &kinds as &[MessageKind],
        &macs,
        &times,
        &sealed,
        &ranks,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A placeholder that gave way.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place.
    pub seq: i64,
    /// Whose key sealed it.
    pub subject_id: SubjectId,
    /// The hint for after COMMIT.
    pub wake: Wake,
}

/// Puts what is known now in the place of a placeholder with the same wamid. `None` when there is none.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn fill(
    store: &Store,
    conn: &mut PgConnection,
    mac: Mac,
    body: &Body,
) -> Result<Option<Filled>, Error> {
    let place = message::locate(&mut *conn, &[mac]).await?;
    let Some((id, seq)) = place.get(mac.as_bytes()).copied() else {
        return Ok(None);
    };
    let mut locked = conversation::lock(&mut *conn, id).await?;
    let row = sqlx::query!(
        r#"
        select id, subject_id
        from message
        where conversation_id = $1 and seq = $2 and kind = 'unsupported' and sealed is not null
        "#,
        id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    // Not the key of whoever told: the case may be somebody else's since.
    let subject_id = SubjectId(row.subject_id);
    let keys = store.vault.load(&mut *conn, &[subject_id]).await?;
    let Some(key) = keys.get(subject_id) else {
        return Ok(None);
    };
    let plain = serde_json::to_vec(body).map_err(|_| Error::Damaged("content"))?;
    sqlx::query!(
        "update message set kind = $3, sealed = $4 where conversation_id = $1 and seq = $2",
        id.0,
        seq,
        body.content.kind() as MessageKind,
        key.seal(Place::message(row.id), &plain)?,
    )
    .execute(&mut *conn)
    .await?;
    conversation::bump(conn, &mut locked, seq, FeedKind::Edit).await?;
    Ok(Some(Filled {
        conversation_id: id,
        seq,
        subject_id,
        wake: locked.wake(),
    }))
}
