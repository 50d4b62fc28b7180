//! How a send ends: Meta took it, or it certainly did not reach the customer.

use compliance::Mac;
use sqlx::PgConnection;

use super::Leased;
use crate::bell::Wake;
use crate::model::SendState;
use crate::store::{Error, conversation};

/// What Meta answered.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// Mac of the number and the wamid.
    pub mac: Mac,
    /// The item's body with the wamid, sealed; `None` for what has no item.
    pub resealed: Option<&'a [u8]>,
    /// Meta's word when it holds the message back for now.
    pub message_status: Option<&'a str>,
}

/// Meta took it: the wamid's mac goes to the delivery, the wamid itself into the sealed body. A status may have
/// arrived before this answer; ranks only rise. Returns the hint for after COMMIT.
///
/// # Errors
/// [`Error::Database`].
pub async fn sent(conn: &mut PgConnection, send: &Leased, taken: Taken<'_>) -> Result<Wake, Error> {
    let mut locked = conversation::lock(&mut *conn, send.conversation_id).await?;
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
        taken.resealed,
        taken.message_status,
    )
    .execute(&mut *conn)
    .await?;
    let (seq, kind) = send.shown();
    conversation::bump(conn, &mut locked, seq, kind).await?;
    Ok(locked.wake())
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
