//! What people do with a send of theirs: once more, or not at all.

use sqlx::PgConnection;

use crate::model::FeedKind;
use crate::store::conversation::{self, Locked};
use crate::store::{Error, Refusal};

/// Sends a message again that failed or whose outcome is unknown: attempt + 1 of the same item. Statuses of the attempts
/// before still count: should one turn out to have arrived before this one leaves, this one is dropped. Returns the
/// attempt.
///
/// # Errors
/// [`Refusal::NotFound`] when that item was never a send; [`Refusal::NotEnded`] when it is under way or arrived.
pub async fn send_again(
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
) -> Result<i16, Error> {
    let last = sqlx::query!(
        r#"
        select
          o.attempt,
          (
            o.state in ('failed', 'expired', 'unknown', 'cancelled')
            or (o.state = 'sent' and exists (
              select
              from delivery d
              where d.conversation_id = o.conversation_id
                and d.seq = o.seq
                and d.attempt = o.attempt
                and d.participant = 0
                and d.rank = 25
            ))
          ) and not exists (
            select
            from delivery d
            where d.conversation_id = o.conversation_id and d.seq = o.seq and d.rank not in (0, 25)
          ) as "has_ended!"
        from outbox o
        where o.conversation_id = $1 and o.seq = $2 and o.target_seq is null
        order by o.attempt desc
        limit 1
        "#,
        locked.id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    if !last.has_ended {
        return Err(Refusal::NotEnded.into());
    }
    let attempt = sqlx::query_scalar!(
        r#"
        with again as (
          insert into outbox (conversation_id, seq, attempt, channel_id, contact_id, source, priority, epoch)
          select conversation_id, seq, attempt + 1, channel_id, contact_id, source, priority, $4
          from outbox
          where conversation_id = $1 and seq = $2 and attempt = $3
          returning conversation_id, seq, attempt
        )
        insert into delivery (conversation_id, seq, attempt)
        select conversation_id, seq, attempt
        from again
        returning attempt
        "#,
        locked.id.0,
        seq,
        last.attempt,
        locked.epoch,
    )
    .fetch_one(&mut *conn)
    .await?;
    conversation::bump(conn, locked, seq, FeedKind::Status).await?;
    Ok(attempt)
}

/// Takes a message back that has not left yet. A repeat changes nothing and succeeds.
///
/// # Errors
/// [`Refusal::NotFound`] when that item was never a send; [`Refusal::TooLate`] when it is leaving or has left.
pub async fn cancel(conn: &mut PgConnection, locked: &mut Locked, seq: i64) -> Result<(), Error> {
    let cancelled = sqlx::query_scalar!(
        r#"
        update outbox
        set state = 'cancelled', error_code = null, updated_at = now()
        where conversation_id = $1 and seq = $2 and target_seq is null and state = 'queued'
        returning attempt
        "#,
        locked.id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if cancelled.is_some() {
        conversation::bump(conn, locked, seq, FeedKind::Status).await?;
        return Ok(());
    }
    let is_cancelled = sqlx::query_scalar!(
        r#"
        select state = 'cancelled' as "is_cancelled!"
        from outbox
        where conversation_id = $1 and seq = $2 and target_seq is null
        order by attempt desc
        limit 1
        "#,
        locked.id.0,
        seq,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    if is_cancelled {
        Ok(())
    } else {
        Err(Refusal::TooLate.into())
    }
}
