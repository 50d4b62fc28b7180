//! Log-ins and their ends. A revocation is a row: every node reads the new ones once a second.
//!
//! Promises: a session ends once, with a reason; time that is over becomes a revocation like any other.
//! Does not: judge tokens (agent-hub does), nor ring the bell after a revocation (`Hint::Sessions`: callers do).

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::model::{AgentId, SessionId};

/// How a client keeps its refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "session_client", rename_all = "snake_case")]
pub enum Client {
    /// In a cookie that scripts cannot read.
    Browser,
    /// In its own hands.
    Api,
}

/// Why a session ended, as stored and as audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Logged out.
    LoggedOut,
    /// Its time was over.
    Expired,
    /// No sign of life.
    Idle,
    /// A spent refresh token came back.
    Replayed,
    /// The account's password or role was set anew.
    PasswordChanged,
    /// The account was deactivated.
    Deactivated,
}

impl End {
    /// The word in `session.revoked_reason` and in the audit log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Replayed => "replayed",
            Self::PasswordChanged => "password_changed",
            Self::Deactivated => "deactivated",
        }
    }
}

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub agent_id: AgentId,
    /// How the refresh token is kept.
    pub client: Client,
    /// When it ends whatever happens.
    pub expires_at: DateTime<Utc>,
    /// It was ended.
    pub revoked: bool,
}

/// Stores a new log-in.
///
/// # Errors
/// [`Error::Database`].
pub async fn open(
    conn: &mut PgConnection,
    session: &Session,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into session (id, agent_id, client, created_at, expires_at)
        values ($1, $2, $3, $4, $5)
        "#,
        session.id.0,
        session.agent_id.0,
        session.client as Client,
        at,
        session.expires_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One session, ended ones too.
///
/// # Errors
/// [`Error::Database`].
pub async fn get(conn: &mut PgConnection, id: SessionId) -> Result<Option<Session>, Error> {
    let session = sqlx::query_as!(
        Session,
        r#"
        select
          id as "id: SessionId",
          agent_id as "agent_id: AgentId",
          client as "client: Client",
          expires_at,
          revoked_at is not null as "revoked!"
        from session
        where id = $1
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(session)
}

/// Ends one session; `false` when it had ended before.
///
/// # Errors
/// [`Error::Database`].
pub async fn revoke(conn: &mut PgConnection, id: SessionId, why: End) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update session set revoked_at = now(), revoked_reason = $2 where id = $1 and revoked_at is null",
        id.0,
        why.word(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of a member of staff; returns them.
///
/// # Errors
/// [`Error::Database`].
pub async fn revoke_all(
    conn: &mut PgConnection,
    agent_id: AgentId,
    why: End,
) -> Result<Vec<SessionId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        update session
        set revoked_at = now(), revoked_reason = $2
        where agent_id = $1 and revoked_at is null
        returning id
        "#,
        agent_id.0,
        why.word(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}

/// Sessions that ended within the last `seconds` (database time). No cursor: a revocation may commit after a later
/// one was read, so the whole window is read each time; it is short and indexed.
///
/// # Errors
/// [`Error::Database`].
pub async fn revoked_within(
    conn: &mut PgConnection,
    seconds: f64,
) -> Result<Vec<SessionId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from session where revoked_at > now() - make_interval(secs => $1)",
        seconds
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}

/// Turns sessions whose time is over, or of whose browser nothing was heard for `idle_seconds`, into revocations.
///
/// # Errors
/// [`Error::Database`].
pub async fn end_overdue(
    conn: &mut PgConnection,
    idle_seconds: f64,
) -> Result<Vec<(SessionId, End)>, Error> {
    let rows = sqlx::query!(
        r#"
        update session s
        set
          revoked_at = now(),
          revoked_reason = case when s.expires_at <= now() then 'expired' else 'idle' end
        where s.revoked_at is null
          and (
            s.expires_at <= now()
            or s.client = 'browser'
              and not exists (
                select
                from refresh_token t
                where t.session_id = s.id
                  and t.created_at > now() - make_interval(secs => $1)
              )
          )
        returning s.id, s.expires_at <= now() as "expired!"
        "#,
        idle_seconds,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                SessionId(row.id),
                if row.expired { End::Expired } else { End::Idle },
            )
        })
        .collect())
}

/// Deletes what nobody can use any more: tickets that ran out, refresh tokens of sessions that ended a day ago, those
/// sessions themselves after a month, and the copies of successors whose grace is over. At most `limit` rows of each
/// but tickets. Returns how many.
///
/// # Errors
/// [`Error::Database`].
pub async fn prune(conn: &mut PgConnection, limit: i64) -> Result<u64, Error> {
    let tickets = sqlx::query!("delete from ws_ticket where expires_at < now()")
        .execute(&mut *conn)
        .await?;
    let tokens = sqlx::query!(
        r#"
        delete from refresh_token
        where hash in (
          select t.hash
          from session s
          join refresh_token t on t.session_id = s.id
          where s.revoked_at < now() - interval '1 day'
          limit $1
        )
        "#,
        limit,
    )
    .execute(&mut *conn)
    .await?;
    let sessions = sqlx::query!(
        r#"
        delete from session
        where id in (
          select s.id
          from session s
          where s.revoked_at < now() - interval '30 days'
            and not exists (select from refresh_token t where t.session_id = s.id)
          limit $1
        )
        "#,
        limit,
    )
    .execute(&mut *conn)
    .await?;
    let copies = sqlx::query!(
        r#"
        update refresh_token
        set successor_sealed = null
        where hash in (
          select hash
          from refresh_token
          where successor_sealed is not null and used_at < now() - interval '1 minute'
          limit $1
        )
        "#,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(tickets.rows_affected()
        + tokens.rows_affected()
        + sessions.rows_affected()
        + copies.rows_affected())
}

/// Ids of live sessions of an account, newest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn live(conn: &mut PgConnection, agent_id: AgentId) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        r#"
        select id
        from session
        where agent_id = $1 and revoked_at is null and expires_at > now()
        order by created_at desc
        "#,
        agent_id.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SessionId).collect())
}
