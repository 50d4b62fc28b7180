//! How a send ends: Meta took it, or it certainly did not reach the customer.

use compliance::{Mac, Place, SubjectId};
use sqlx::PgConnection;

use super::Leased;
use crate::bell::Wake;
use crate::model::{Body, SendState};
use crate::store::{Error, Store, conversation};

/// What Meta answered.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Mac of the number and the wamid.
    pub mac: Mac,
    /// The wamid itself, for the item's body.
    pub wamid: &'a str,
    /// Meta's word when it holds the message back for now.
    pub message_status: Option<&'a str>,
}

/// Meta took it: the wamid's mac goes to the delivery, the wamid itself into the sealed body. A status may have
/// arrived before this answer; ranks only rise. Returns the hint for after COMMIT.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when the key is away.
pub async fn sent(
    store: &Store,
    conn: &mut PgConnection,
    send: &Leased,
    taken: Taken<'_>,
) -> Result<Wake, Error> {
    let mut locked = conversation::lock(&mut *conn, send.conversation_id).await?;
    let worded = match send.target_seq {
        None => worded(store, &mut *conn, send, taken.wamid).await?,
        // A reaction has no item.
        Some(_) => None,
    };
    sqlx::query!(
        r#"
        with sent as (
          update outbox
          set state = 'sent', lease_until = null, error_code = null, message_status = $6, updated_at = now()
          where conversation_id = $1 and seq = $2 and attempt = $3
            and state in ('sending', 'unknown')
        ), worded as (
          update message
          set sealed = $5
          where conversation_id = $1 and seq = $2 and sealed is not null and $5::bytea is not null
        )
        update delivery
        set mac = $4, rank = greatest(rank, 10::smallint), accepted_at = coalesce(accepted_at, now())
        where conversation_id = $1 and seq = $2 and attempt = $3 and participant = 0
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        taken.mac.as_bytes(),
        worded,
        taken.message_status,
    )
    .execute(&mut *conn)
    .await?;
    let (seq, kind) = send.shown();
    conversation::bump(conn, &mut locked, seq, kind).await?;
    Ok(locked.wake())
}

/// The item's body with the wamid in it, sealed with the key that holds it now: the call took a while, and whoever the
/// case belongs to may be another since. `None`: erased meanwhile, or damaged; what is there stays as it is.
async fn worded(
    store: &Store,
    conn: &mut PgConnection,
    send: &Leased,
    wamid: &str,
) -> Result<Option<Vec<u8>>, Error> {
    let row = sqlx::query!(
        r#"
        select id, subject_id, sealed as "sealed!"
        from message
        where conversation_id = $1 and seq = $2 and sealed is not null
        "#,
        send.conversation_id.0,
        send.seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let subject_id = SubjectId(row.subject_id);
    let keys = store.vault.load(conn, &[subject_id]).await?;
    let Some(key) = keys.get(subject_id) else {
        return Ok(None);
    };
    let place = Place::message(row.id);
    let opened = key.open(place, &row.sealed).ok();
    let body: Option<Body> = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
    let Some(body) = body else {
        tracing::error!(conversation_id = %send.conversation_id, seq = send.seq, "an item that was sent does not open");
        return Ok(None);
    };
    let body = Body {
        wamid: Some(wamid.to_owned()),
        ..body
    };
    let plain = serde_json::to_vec(&body).map_err(|_| Error::Damaged("content"))?;
    Ok(Some(key.seal(place, &plain)?))
}

/// Ends a send that did not reach the customer: failed, expired or cancelled. `None`: the lease was lost, nothing
/// changed.
///
/// # Errors
/// [`Error::Database`].
pub async fn end(
    conn: &mut PgConnection,
    send: &Leased,
    state: SendState,
    error_code: Option<i32>,
) -> Result<Option<Wake>, Error> {
    let mut locked = conversation::lock(&mut *conn, send.conversation_id).await?;
    let ended = sqlx::query_scalar!(
        r#"
        update outbox
        set state = $5, lease_until = null, error_code = $6, updated_at = now()
        where conversation_id = $1 and seq = $2 and attempt = $3
          and lease_token = $4
          and state = 'sending'
        returning seq
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        send.lease_token,
        state as SendState,
        error_code,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if ended.is_none() {
        return Ok(None);
    }
    let (seq, kind) = send.shown();
    conversation::bump(conn, &mut locked, seq, kind).await?;
    Ok(Some(locked.wake()))
}
