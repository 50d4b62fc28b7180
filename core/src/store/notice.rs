//! What Meta tells that is no message: kept as it came, sealed, and in a few words that name nobody.
//!
//! Promises: one row for one notice, however often it arrives; the text is sealed with the key of whom it is about, and
//! goes with their erasure, else with the key of the day's system subject, like dead letters, and is gone with that
//! key; the words (`field`, `event`, `detail`) last longer.
//! Does not: act. The gateway applies what follows.

use chrono::{DateTime, Utc};
use compliance::{Mac, Place, SubjectId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::contact::Resolved;
use super::{Error, Refusal, Store, dead_letter};
use crate::model::ChannelId;

/// A notice on its way in.
#[derive(Clone, Debug)]
pub struct NewNotice<'a> {
    /// Tells it from every other one.
    pub mac: Mac,
    /// Meta's id of the account.
    pub waba_id: &'a str,
    /// Which number, when it is about one.
    pub channel_id: Option<ChannelId>,
    /// Whom it is about, when it is about a customer: sealed with their key, deleted by their erasure.
    pub who: Option<Resolved>,
    /// The subscription.
    pub field: &'a str,
    /// Meta's word for what happened.
    pub event: Option<&'a str>,
    /// `info`, `warning`, `alert`.
    pub severity: &'a str,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// What follows, in words of Meta's vocabulary and names of templates.
    pub detail: Value,
    /// As it came.
    pub raw: &'a [u8],
    /// How long it is kept.
    pub days: u32,
}

/// Keeps a notice; `None` when it was kept before.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn keep(
    store: &Store,
    conn: &mut PgConnection,
    notice: &NewNotice<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, Error> {
    let known = sqlx::query_scalar!(
        r#"select id from channel_notice where mac = $1"#,
        notice.mac.as_bytes()
    )
    .fetch_optional(&mut *conn)
    .await?;
    if known.is_some() {
        return Ok(None);
    }
    let id = Uuid::now_v7();
    let key = match notice.who {
        Some(who) => {
            let keys = store.vault.load(&mut *conn, &[who.subject_id]).await?;
            keys.require(who.subject_id)?.clone()
        }
        None => dead_letter::key_of_day(store, &mut *conn, now).await?,
    };
    let sealed = key.seal(Place::channel_notice(id), notice.raw)?;
    Ok(sqlx::query_scalar!(
        r#"
        insert into channel_notice (
          id, mac, waba_id, channel_id, contact_id, field, event, severity, at, detail, subject_id, sealed, expires_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now() + make_interval(days => $13))
        on conflict (mac) do nothing
        returning id
        "#,
        id,
        notice.mac.as_bytes(),
        notice.waba_id,
        notice.channel_id.map(|id| id.0),
        notice.who.map(|who| who.contact_id.0),
        notice.field,
        notice.event,
        notice.severity,
        notice.at,
        notice.detail,
        key.subject().0,
        sealed,
        i32::try_from(notice.days).unwrap_or(i32::MAX),
    )
    .fetch_optional(conn)
    .await?)
}

/// A notice in lists: without its text.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub id: Uuid,
    /// Meta's id of the account.
    pub waba_id: String,
    /// Which number.
    pub channel_id: Option<ChannelId>,
    /// The subscription.
    pub field: String,
    /// What happened.
    pub event: Option<String>,
    /// `info`, `warning`, `alert`.
    pub severity: String,
    /// What follows.
    pub detail: Value,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// Ours.
    pub received_at: DateTime<Utc>,
}

/// Which notices.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only this severity and worse; all when absent.
    pub at_least: Option<String>,
    /// Only those before this one.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// The newest notices that have not expired.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(conn: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Listed>, Error> {
    let severities: &[&str] = match wanted.at_least.as_deref() {
        Some("alert") => &["alert"],
        Some("warning") => &["warning", "alert"],
        _ => &["info", "warning", "alert"],
    };
    let severities: Vec<String> = severities.iter().map(|&word| word.to_owned()).collect();
    Ok(sqlx::query_as!(
        Listed,
        r#"
        select
          id,
          waba_id,
          channel_id as "channel_id: ChannelId",
          field,
          event,
          severity,
          detail,
          at,
          received_at
        from channel_notice
        where expires_at > now()
          and severity = any($1)
          and ($2::uuid is null or id < $2)
        order by id desc
        limit $3
        "#,
        &severities,
        wanted.before,
        wanted.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Alerts of the last `days`, for gauges.
///
/// # Errors
/// [`Error::Database`].
pub async fn alerts(conn: &mut PgConnection, days: i32) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "n!"
        from channel_notice
        where severity = 'alert' and received_at > now() - make_interval(days => $1) and expires_at > now()
        "#,
        days,
    )
    .fetch_one(conn)
    .await?)
}

/// The text of a notice as Meta sent it, and whose key opened it; `None` when that key is gone: a few days after the
/// notice came, or with the erasure of whom it is about. The caller records the access.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Error::Vault`] when the keys are away.
pub async fn open(
    store: &Store,
    conn: &mut PgConnection,
    id: Uuid,
) -> Result<(SubjectId, Option<Vec<u8>>), Error> {
    let row = sqlx::query!(
        r#"
        select subject_id as "subject_id: SubjectId", sealed
        from channel_notice
        where id = $1 and expires_at > now()
        "#,
        id,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::Refused(Refusal::NotFound))?;
    let keys = store.vault.load(conn, &[row.subject_id]).await?;
    let Some(key) = keys.get(row.subject_id) else {
        return Ok((row.subject_id, None));
    };
    let text = key.open(Place::channel_notice(id), &row.sealed)?;
    Ok((row.subject_id, Some(text.to_vec())))
}
