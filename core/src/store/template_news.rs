//! What Meta tells about templates by webhook: status, quality, category, words.
//!
//! Promises: of two pieces of news the newest by Meta's time wins, whichever arrives first; a template that was never
//! read is noted, so that its pause is seen before the next reading.
//! Does not: read, make or send templates.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Error;

/// Which template, and when Meta said it.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// Meta's id of the account.
    pub waba_id: &'a str,
    /// Meta's id of the template.
    pub meta_id: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// Its language, with an underscore.
    pub language: &'a str,
    /// Meta's time.
    pub at: DateTime<Utc>,
}

/// A new status: `APPROVED`, `PAUSED`, `DISABLED` ...
///
/// # Errors
/// [`Error::Database`].
pub async fn status(
    conn: &mut PgConnection,
    which: Which<'_>,
    status: &str,
    (category, reason): (Option<&str>, Option<&str>),
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into template as t (
          id, waba_id, meta_id, name, language, category, status, rejected_reason, status_at, deleted_at
        )
        values (
          $1, $2, $3, $4, $5, coalesce($6, 'UTILITY'), $7, $8, $9::timestamptz,
          case when $7 = 'DELETED' then $9::timestamptz end
        )
        on conflict (waba_id, name, language) do update set
          meta_id = coalesce(excluded.meta_id, t.meta_id),
          category = coalesce($6, t.category),
          status = excluded.status,
          rejected_reason = excluded.rejected_reason,
          status_at = excluded.status_at,
          deleted_at = excluded.deleted_at,
          updated_at = now()
        where (coalesce(t.status_at, '-infinity'), t.status) < (excluded.status_at, excluded.status)
        "#,
        Uuid::now_v7(),
        which.waba_id,
        which.meta_id,
        which.name,
        which.language,
        category,
        status,
        reason,
        which.at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What changed besides the status.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    Quality(&'a str),
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    Category(&'a str),
    /// Its words: read it again.
    Components,
}

/// A change of a known template. News that is older than what was told, or read, since is left alone.
///
/// # Errors
/// [`Error::Database`].
pub async fn change(
    conn: &mut PgConnection,
    which: Which<'_>,
    field: &str,
    change: Change<'_>,
) -> Result<(), Error> {
    let (quality, category) = match change {
        Change::Quality(score) => (Some(score), None),
        Change::Category(new) => (None, Some(new)),
        Change::Components => (None, None),
    };
    sqlx::query!(
        r#"
        update template t
        set
          quality = coalesce($4, quality),
          category = coalesce($5, category),
          synced_at = case when $4::text is null and $5::text is null then null else synced_at end,
          updated_at = now()
        where waba_id = $1
          and name = $2
          and language = $3
          and coalesce(synced_at, '-infinity') <= $6
          and not exists (
            select
            from channel_notice n
            where n.waba_id = $1
              and n.field = $7
              and n.detail->>'template' = $2
              and n.detail->>'language' = $3
              and n.at > $6
          )
        "#,
        which.waba_id,
        which.name,
        which.language,
        quality,
        category,
        which.at,
        field,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A template that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Halted {
    /// Meta's id of its account.
    #[serde(skip)]
    pub waba_id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// `PAUSED`, `DISABLED`, `REJECTED`, `FLAGGED` ...
    pub status: String,
    /// Why, in Meta's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// Templates that Meta paused, disabled or flagged.
///
/// # Errors
/// [`Error::Database`].
pub async fn halted(conn: &mut PgConnection) -> Result<Vec<Halted>, Error> {
    Ok(sqlx::query_as!(
        Halted,
        r#"
        select waba_id, name, language, status, rejected_reason as reason, status_at as at
        from template
        where status in ('PAUSED', 'DISABLED', 'FLAGGED', 'LOCKED', 'LIMIT_EXCEEDED') and deleted_at is null
        order by waba_id, name, language
        limit 200
        "#
    )
    .fetch_all(conn)
    .await?)
}
