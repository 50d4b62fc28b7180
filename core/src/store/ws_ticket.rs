//! Tickets that open one socket each: spent by deleting the row.
//!
//! Promises: only SHA-256 is stored; a ticket works once, in its time, while its session lives.

use sqlx::PgConnection;

use super::Error;
use crate::model::{AgentId, SessionId};

/// Stores a single-use ticket by its hash.
///
/// # Errors
/// [`Error::Database`].
pub async fn put(
    conn: &mut PgConnection,
    hash: &[u8],
    session_id: SessionId,
    agent_id: AgentId,
    seconds: f64,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into ws_ticket (hash, session_id, agent_id, expires_at)
        values ($1, $2, $3, now() + make_interval(secs => $4))
        "#,
        hash,
        session_id.0,
        agent_id.0,
        seconds,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Spends a ticket: of many who hold it, one gets the session; nobody when it ran out or the session has ended.
///
/// # Errors
/// [`Error::Database`].
pub async fn spend(
    conn: &mut PgConnection,
    hash: &[u8],
) -> Result<Option<(SessionId, AgentId)>, Error> {
    let row = sqlx::query!(
        r#"
        with spent as (
          delete from ws_ticket where hash = $1 returning session_id, agent_id, expires_at
        )
        select spent.session_id, spent.agent_id
        from spent
        join session s on s.id = spent.session_id and s.agent_id = spent.agent_id
        where spent.expires_at > now()
          and s.revoked_at is null
          and s.expires_at > now()
        "#,
        hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (SessionId(row.session_id), AgentId(row.agent_id))))
}
