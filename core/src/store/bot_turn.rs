//! The bot's work list: at most one turn per conversation, due a moment after the customer's first message, so that
//! three short messages get one answer.

use sqlx::PgConnection;

use super::Error;
use crate::model::ConversationId;

/// A turn that this node may take until the lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose turn.
    pub conversation_id: ConversationId,
    /// It answers everything up to this item.
    pub upto_seq: i64,
    /// Fencing token.
    pub lease_token: i64,
}

/// Leases turns that are due, oldest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn lease(
    conn: &mut PgConnection,
    limit: i64,
    lease_seconds: f64,
) -> Result<Vec<Turn>, Error> {
    let rows = sqlx::query!(
        r#"
        update bot_turn
        set
          lease_token = nextval('lease_token'),
          lease_until = clock_timestamp() + make_interval(secs => $2)
        where conversation_id in (
          select conversation_id
          from bot_turn
          where due_at <= clock_timestamp()
            and (lease_until is null or lease_until < clock_timestamp())
          order by due_at
          limit $1
          for update skip locked
        )
        returning conversation_id, upto_seq, lease_token as "lease_token!"
        "#,
        limit,
        lease_seconds,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Turn {
            conversation_id: ConversationId(row.conversation_id),
            upto_seq: row.upto_seq,
            lease_token: row.lease_token,
        })
        .collect())
}

/// Ends a turn inside the transaction that did its work. When the customer wrote meanwhile, the row stays and is due
/// at once; when another node holds a newer lease, nothing is done and `false` says so: roll back.
///
/// # Errors
/// [`Error::Database`].
pub async fn finish(conn: &mut PgConnection, turn: Turn) -> Result<bool, Error> {
    let held = sqlx::query_scalar!(
        "select upto_seq from bot_turn where conversation_id = $1 and lease_token = $2 for update",
        turn.conversation_id.0,
        turn.lease_token,
    )
    .fetch_optional(&mut *conn)
    .await?;
    match held {
        None => Ok(false),
        Some(upto) if upto == turn.upto_seq => {
            sqlx::query!(
                "delete from bot_turn where conversation_id = $1",
                turn.conversation_id.0
            )
            .execute(conn)
            .await?;
            Ok(true)
        }
        Some(_) => {
            sqlx::query!(
                "update bot_turn set lease_until = null, due_at = now() where conversation_id = $1",
                turn.conversation_id.0
            )
            .execute(conn)
            .await?;
            Ok(true)
        }
    }
}

/// Gives a turn back to be tried again later (a dependency was away).
///
/// # Errors
/// [`Error::Database`].
pub async fn postpone(conn: &mut PgConnection, turn: Turn, seconds: f64) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update bot_turn
        set lease_until = null, due_at = now() + make_interval(secs => $3)
        where conversation_id = $1 and lease_token = $2
        "#,
        turn.conversation_id.0,
        turn.lease_token,
        seconds,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// When the next turn is due, in seconds from now (negative when overdue); `None` when there is none.
///
/// # Errors
/// [`Error::Database`].
pub async fn next_due_seconds(conn: &mut PgConnection) -> Result<Option<f64>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select extract(epoch from min(greatest(due_at, coalesce(lease_until, due_at))) - clock_timestamp())::double precision
        from bot_turn
        "#
    )
    .fetch_one(conn)
    .await?)
}
