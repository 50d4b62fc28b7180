//! A telephone call is one item however many events tell of it: it rings, and then something becomes of it.
//!
//! Promises: the later outcome wins whatever comes first, and Meta's window counts from the last event; the item stands
//! at the first. Does not: store the item (`ingest` does, with whichever event comes first).

use chrono::{DateTime, Utc};
use compliance::{Mac, Place, SubjectId};
use sqlx::PgConnection;

use super::{Error, Store, conversation, message};
use crate::bell::Wake;
use crate::model::{Body, CallOutcome, Content, ConversationId, FeedKind};

/// What another event of a call says that is stored already. Returns the wake when the item changed.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn advance(
    store: &Store,
    conn: &mut PgConnection,
    mac: Mac,
    news: &Content,
    at: DateTime<Utc>,
) -> Result<Option<Wake>, Error> {
    let place = message::locate(&mut *conn, &[mac]).await?;
    let Some((id, seq)) = place.get(mac.as_bytes()).copied() else {
        return Ok(None);
    };
    let mut locked = conversation::lock(&mut *conn, id).await?;
    let row = sqlx::query!(
        r#"
        update message
        set meta_at = least(meta_at, $3)
        where conversation_id = $1 and seq = $2 and kind = 'call'
        returning id, subject_id, sealed
        "#,
        id.0,
        seq,
        at,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some((row, blob)) = row.and_then(|mut row| row.sealed.take().map(|blob| (row, blob)))
    else {
        return Ok(None);
    };
    if matches!(news, Content::Call { inbound: true, .. }) {
        open_window(&mut *conn, id, at).await?;
    }
    let subject = SubjectId(row.subject_id);
    let keys = store.vault.load(&mut *conn, &[subject]).await?;
    let Some(key) = keys.of_living(subject)? else {
        return Ok(None);
    };
    let plain = key.open(Place::message(row.id), &blob)?;
    let body: Body = serde_json::from_slice(&plain).map_err(|_| Error::Damaged("message body"))?;
    if progress(&body.content) >= progress(news) {
        return Ok(None);
    }
    let body = Body {
        content: news.clone(),
        ..body
    };
    let plain = serde_json::to_vec(&body).map_err(|_| Error::Damaged("content"))?;
    sqlx::query!(
        "update message set sealed = $3 where conversation_id = $1 and seq = $2",
        id.0,
        seq,
        key.seal(Place::message(row.id), &plain)?,
    )
    .execute(&mut *conn)
    .await?;
    conversation::bump(conn, &mut locked, seq, FeedKind::Edit).await?;
    Ok(Some(locked.wake()))
}

/// How far a call got: its outcome, and of two that say the same the one that says how long.
fn progress(content: &Content) -> Option<(CallOutcome, Option<u32>)> {
    match content {
        Content::Call {
            outcome,
            duration_seconds,
            ..
        } => Some((*outcome, *duration_seconds)),
        _ => None,
    }
}

async fn open_window(
    conn: &mut PgConnection,
    id: ConversationId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update contact_channel w
        set
          last_inbound_meta_at = greatest(w.last_inbound_meta_at, $2),
          window_until = greatest(w.window_until, $2 + interval '24 hours')
        from conversation c
        where c.id = $1
          and w.contact_id = c.contact_id
          and w.channel_id = c.channel_id
        "#,
        id.0,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}
