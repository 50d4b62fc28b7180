//! Refresh tokens: each works once, then its successor.
//!
//! Promises: no token is stored, only SHA-256 of 256 random bits; a token is spent under its session's row lock, so
//! that of two racing clients one rotates and the other learns of it.
//! Does not: judge (agent-hub does).

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Error;
use super::session::{self, Session};
use crate::model::SessionId;

/// A refresh token as it was found, its session locked by this transaction.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Its session.
    pub session: Session,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was spent.
    pub used_at: Option<DateTime<Utc>>,
    /// Its successor, sealed under the agent's subject; only for a moment after it was spent.
    pub successor_sealed: Option<Vec<u8>>,
}

/// Stores a refresh token by its hash.
///
/// # Errors
/// [`Error::Database`].
pub async fn put(
    conn: &mut PgConnection,
    hash: &[u8],
    id: SessionId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into refresh_token (hash, session_id, created_at) values ($1, $2, $3)",
        hash,
        id.0,
        at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Finds a refresh token and locks its session, so that rotations of one family happen one after the other.
///
/// # Errors
/// [`Error::Database`].
pub async fn present(conn: &mut PgConnection, hash: &[u8]) -> Result<Option<Presented>, Error> {
    let session_id = sqlx::query_scalar!(
        r#"
        select s.id
        from refresh_token t
        join session s on s.id = t.session_id
        where t.hash = $1
        for update of s
        "#,
        hash,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(session_id) = session_id else {
        return Ok(None);
    };
    // Read after the lock: the row as the previous rotation left it.
    let Some(session) = session::get(&mut *conn, SessionId(session_id)).await? else {
        return Ok(None);
    };
    let row = sqlx::query!(
        "select created_at, used_at, successor_sealed from refresh_token where hash = $1",
        hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Presented {
        session,
        created_at: row.created_at,
        used_at: row.used_at,
        successor_sealed: row.successor_sealed,
    }))
}

/// Spends a refresh token and keeps its successor, sealed, for the grace.
///
/// # Errors
/// [`Error::Database`].
pub async fn spend(
    conn: &mut PgConnection,
    hash: &[u8],
    at: DateTime<Utc>,
    successor_sealed: &[u8],
) -> Result<(), Error> {
    sqlx::query!(
        "update refresh_token set used_at = $2, successor_sealed = $3 where hash = $1 and used_at is null",
        hash,
        at,
        successor_sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether this is the unspent refresh token of its session: only then is the one before it "the immediately
/// preceding".
///
/// # Errors
/// [`Error::Database`].
pub async fn is_unspent(
    conn: &mut PgConnection,
    id: SessionId,
    hash: &[u8],
) -> Result<bool, Error> {
    let unspent = sqlx::query_scalar!(
        r#"
        select exists (
          select
          from refresh_token
          where hash = $2 and session_id = $1 and used_at is null
        ) as "unspent!"
        "#,
        id.0,
        hash,
    )
    .fetch_one(conn)
    .await?;
    Ok(unspent)
}
