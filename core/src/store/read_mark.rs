//! How far each customer was shown that they were read: who may tell Meta next, and up to where.
//!
//! Promises: of all nodes one at a time calls for a conversation; a position is claimed once, whatever becomes of the call,
//! and positions only rise; what is wanted while somebody calls is not forgotten. Time is the database's.
//! Does not: make the call, or know whether it arrived: a read mark is a courtesy and is never repeated.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Error;
use crate::model::ConversationId;

/// A position that this node is to show, and until when nobody else may.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The item of the customer.
    pub seq: i64,
    /// The lease; it tells this claim from later ones.
    pub lease_until: DateTime<Utc>,
}

/// The newest item of the customer that somebody of ours has read; 0 when there is none.
///
/// # Errors
/// [`Error::Database`].
pub async fn position(conn: &mut PgConnection, id: ConversationId) -> Result<i64, Error> {
    let seq = sqlx::query_scalar!(
        r#"
        select
          case
            when c.read_seq >= c.last_inbound_seq then c.last_inbound_seq
            else (
              select max(m.seq)
              from message m
              where m.conversation_id = c.id and m.direction = 'in' and m.seq <= c.read_seq
            )
          end
        from conversation c
        where c.id = $1
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(seq.flatten().unwrap_or_default())
}

/// Notes that the customer may be shown that they were read up to here.
///
/// # Errors
/// [`Error::Database`].
pub async fn want(conn: &mut PgConnection, id: ConversationId, seq: i64) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into read_mark as r (conversation_id, wanted_seq)
        values ($1, $2)
        on conflict (conversation_id) do update set wanted_seq = excluded.wanted_seq
        where r.wanted_seq < excluded.wanted_seq
        "#,
        id.0,
        seq,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Claims what is wanted and was not shown yet; `None` when there is nothing, or somebody else calls at this moment.
///
/// # Errors
/// [`Error::Database`].
pub async fn claim(
    conn: &mut PgConnection,
    id: ConversationId,
    lease_seconds: f64,
) -> Result<Option<Claim>, Error> {
    Ok(sqlx::query_as!(
        Claim,
        r#"
        update read_mark
        set marked_seq = wanted_seq, lease_until = clock_timestamp() + make_interval(secs => $2)
        where conversation_id = $1
          and wanted_seq > marked_seq
          and (lease_until is null or lease_until < clock_timestamp())
        returning marked_seq as seq, lease_until as "lease_until!"
        "#,
        id.0,
        lease_seconds,
    )
    .fetch_optional(conn)
    .await?)
}

/// Claims a position that may have been shown before, for a call that says more than that ("is typing"). `None` when
/// somebody else calls at this moment, or a later one was shown.
///
/// # Errors
/// [`Error::Database`].
pub async fn claim_again(
    conn: &mut PgConnection,
    id: ConversationId,
    seq: i64,
    lease_seconds: f64,
) -> Result<Option<Claim>, Error> {
    Ok(sqlx::query_as!(
        Claim,
        r#"
        insert into read_mark as r (conversation_id, wanted_seq, marked_seq, lease_until)
        values ($1, $2, $2, clock_timestamp() + make_interval(secs => $3))
        on conflict (conversation_id) do update set
          wanted_seq = greatest(r.wanted_seq, excluded.wanted_seq),
          marked_seq = excluded.marked_seq,
          lease_until = excluded.lease_until
        where r.marked_seq <= excluded.marked_seq
          and (r.lease_until is null or r.lease_until < clock_timestamp())
        returning marked_seq as seq, lease_until as "lease_until!"
        "#,
        id.0,
        seq,
        lease_seconds,
    )
    .fetch_optional(conn)
    .await?)
}

/// Ends a claim: others may call. One that was overtaken ends nothing.
///
/// # Errors
/// [`Error::Database`].
pub async fn release(
    conn: &mut PgConnection,
    id: ConversationId,
    claim: Claim,
) -> Result<(), Error> {
    sqlx::query!(
        "update read_mark set lease_until = null where conversation_id = $1 and lease_until = $2",
        id.0,
        claim.lease_until,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Conversations in which something is wanted and nobody calls: whoever did has died.
///
/// # Errors
/// [`Error::Database`].
pub async fn stranded(conn: &mut PgConnection, limit: i64) -> Result<Vec<ConversationId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select conversation_id as "id: ConversationId"
        from read_mark
        where wanted_seq > marked_seq
          and (lease_until is null or lease_until < clock_timestamp())
        order by conversation_id
        limit $1
        "#,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
