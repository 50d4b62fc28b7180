//! What could not be stored as what it is: kept sealed for a while, listed by `balcao doctor`.
//!
//! Sealed with the key of one system subject a day, so that nothing outlives its shredding. Does not: keep what only
//! came too early (`parked`).

use chrono::{DateTime, Utc};
use compliance::{Mutant, Place, SubjectId, SubjectKey, SubjectKind};
use sqlx::PgConnection;

use super::{Error, Store};
use crate::model::{ChannelId, ContactId, DeadLetterId};

/// System subjects of one day that are tried; more than one means that nodes met, or that a key does not open.
const MAX_OF_DAY: i64 = 16;

/// Something that is kept instead of stored.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Stable word: why.
    pub reason: &'a str,
    /// Where and what, without personal data.
    pub detail: &'a str,
    /// To which number, when known.
    pub channel_id: Option<ChannelId>,
    /// Whose it is, when that is known: their erasure deletes it.
    pub contact_id: Option<ContactId>,
    /// What Meta sent.
    pub raw: &'a [u8],
}

/// The key of today's (UTC) system subject, made when the day begins; another one is made when today's does not open.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn key_of_day(
    store: &Store,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<SubjectKey, Error> {
    let found = sqlx::query_scalar!(
        r#"
        select id as "id: SubjectId"
        from subject
        where kind = 'system'
          and shredded_at is null
          and created_at >= date_trunc('day', $1::timestamptz at time zone 'utc') at time zone 'utc'
        order by created_at
        limit $2
        "#,
        now,
        MAX_OF_DAY,
    )
    .fetch_all(&mut *conn)
    .await?;
    let keys = store.vault.load(&mut *conn, &found).await?;
    if let Some(key) = found.iter().find_map(|subject| keys.get(*subject)) {
        return Ok(key.clone());
    }
    // Two nodes at midnight may make two; both are shredded the same day.
    let new = compliance::create(&mut *conn, &store.vault, SubjectKind::System, None).await?;
    let keys = store.vault.load(conn, &[new]).await?;
    Ok(keys.require(new)?.clone())
}

/// Keeps a letter for `days`.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn keep(
    store: &Store,
    conn: &mut PgConnection,
    letter: &Letter<'_>,
    now: DateTime<Utc>,
    days: i32,
) -> Result<DeadLetterId, Error> {
    let id = DeadLetterId::new();
    if Mutant::DeadLettersLost.lives() {
        return Ok(id);
    }
    let key = key_of_day(store, &mut *conn, now).await?;
    let sealed = key.seal(Place::dead_letter(id.0), letter.raw)?;
    sqlx::query!(
        r#"
        insert into dead_letter (
          id, reason, detail, channel_id, contact_id, subject_id, sealed, size_bytes, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(days => $9))
        "#,
        id.0,
        letter.reason,
        letter.detail,
        letter.channel_id.map(|id| id.0),
        letter.contact_id.map(|id| id.0),
        key.subject().0,
        sealed,
        i32::try_from(letter.raw.len()).unwrap_or(i32::MAX),
        days,
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// A line of doctor's list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub id: DeadLetterId,
    /// Why.
    pub reason: String,
    /// Where and what.
    pub detail: Option<String>,
    /// How large.
    pub size_bytes: i32,
    /// Since when.
    pub received_at: DateTime<Utc>,
}

/// The newest letters, without their contents.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(conn: &mut PgConnection, limit: i64) -> Result<Vec<Listed>, Error> {
    Ok(sqlx::query_as!(
        Listed,
        r#"
        select id as "id: DeadLetterId", reason, detail, size_bytes, received_at
        from dead_letter
        order by received_at desc
        limit $1
        "#,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Parked events whose time is over and whose item never came.
///
/// # Errors
/// [`Error::Database`].
pub async fn expired_parked(conn: &mut PgConnection) -> Result<i64, Error> {
    Ok(
        sqlx::query_scalar!(
            r#"select count(*) as "n!" from parked_event where expires_at < now()"#
        )
        .fetch_one(conn)
        .await?,
    )
}

/// A line of doctor's list of events that waited in vain.
#[derive(Clone, Debug)]
pub struct ExpiredEvent {
    /// What it is: a status, a reaction, an edit ...
    pub kind: String,
    /// Through which number, when that is known.
    pub channel_id: Option<ChannelId>,
    /// Since when it waited.
    pub parked_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// The newest parked events whose time is over and whose item never came, without their contents.
///
/// # Errors
/// [`Error::Database`].
pub async fn list_expired_parked(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<ExpiredEvent>, Error> {
    Ok(sqlx::query_as!(
        ExpiredEvent,
        r#"
        select kind, channel_id as "channel_id: ChannelId", parked_at, expires_at
        from parked_event
        where expires_at < now()
        order by expires_at desc
        limit $1
        "#,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
