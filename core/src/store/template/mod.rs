//! Templates: what Meta has, read every hour, and what people want to change there, carried out by jobs.
//!
//! Promises: one row per account, name and language; what Meta told by webhook (`template_news`) is not undone by a
//! reading that began before. What failed says so in Meta's own words.
//! Does not: call Meta (the gateway does) or judge sends (`model::template` does). Nothing here is personal.

mod change;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::job::{self, NewJob};
use super::{Error, Refusal};
use crate::model::ChannelId;

pub use change::{NewTemplate, Outcome, create, newest_change, order, settle};

/// Reads an account's templates; key = Meta's id of the account.
pub const SYNC: &str = "template.sync";
/// Hands a template in; key = our id of it.
pub const CREATE: &str = "template.create";
/// Changes one; key = our id, payload = what changes.
pub const EDIT: &str = "template.edit";
/// Deletes one; key = our id.
pub const DELETE: &str = "template.delete";

/// The status of a template that Meta refused to take; all others are Meta's words.
pub const FAILED: &str = "FAILED";

/// A template as stored.
#[derive(Clone, Debug)]
pub struct Template {
    /// Our id.
    pub id: Uuid,
    /// Meta's id of the account.
    pub waba_id: String,
    /// Meta's id; absent until Meta took it.
    pub meta_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: String,
    /// Meta's word, or [`FAILED`].
    pub status: String,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality: String,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// As Meta defines them.
    pub components: Value,
    /// Why Meta rejected it.
    pub rejected_reason: Option<String>,
    /// What Meta said when it refused our last change.
    pub fault: Option<String>,
    /// When it was last read from Meta.
    pub synced_at: Option<DateTime<Utc>>,
    /// When it last changed here.
    pub updated_at: DateTime<Utc>,
}

impl Template {
    /// Whether its slots have names.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.parameter_format.eq_ignore_ascii_case("NAMED")
    }
}

macro_rules! templates {
    ($where:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Template,
            "select id, waba_id, meta_id, name, language, category, status, quality, parameter_format, components,
               rejected_reason, fault, synced_at, updated_at
             from template
             where deleted_at is null and " + $where,
            $($argument),*
        )
    };
}

/// The templates of an account, by name and language.
///
/// # Errors
/// [`Error::Database`].
pub async fn of_account(conn: &mut PgConnection, waba_id: &str) -> Result<Vec<Template>, Error> {
    Ok(
        templates!("waba_id = $1 order by name, language limit 1000", waba_id)
            .fetch_all(conn)
            .await?,
    )
}

/// One template.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn by_id(conn: &mut PgConnection, id: Uuid) -> Result<Template, Error> {
    Ok(templates!("id = $1", id)
        .fetch_optional(conn)
        .await?
        .ok_or(Refusal::NotFound)?)
}

/// The template that a send names.
///
/// # Errors
/// [`Error::Database`].
pub async fn find(
    conn: &mut PgConnection,
    channel: ChannelId,
    name: &str,
    language: &str,
) -> Result<Option<Template>, Error> {
    Ok(templates!(
        "waba_id = (select c.waba_id from channel c where c.id = $1) and name = $2 and language = $3",
        channel.0,
        name,
        language
    )
    .fetch_optional(conn)
    .await?)
}

/// Meta's id of a number's account.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn account_of(conn: &mut PgConnection, channel: ChannelId) -> Result<String, Error> {
    Ok(
        sqlx::query_scalar!("select waba_id from channel where id = $1", channel.0)
            .fetch_optional(conn)
            .await?
            .ok_or(Refusal::NotFound)?,
    )
}

/// A template as Meta lists it.
#[derive(Clone, Debug)]
pub struct Read {
    /// Meta's id.
    pub meta_id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its category.
    pub category: String,
    /// Its status.
    pub status: String,
    /// Its quality.
    pub quality: String,
    /// How its slots are named.
    pub parameter_format: String,
    /// Its components.
    pub components: Value,
    /// Why it was rejected.
    pub rejected_reason: Option<String>,
}

/// Stores a whole reading that began at `at`: new ones, changed ones, and those that Meta has no more.
///
/// # Errors
/// [`Error::Database`].
pub async fn store_reading(
    conn: &mut PgConnection,
    waba_id: &str,
    read: &[Read],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    for one in read {
        sqlx::query!(
            r#"
            insert into template as t (
              id, waba_id, meta_id, name, language, category, status, quality, parameter_format, components,
              rejected_reason, synced_at
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (waba_id, name, language) do update set
              meta_id = excluded.meta_id,
              category = excluded.category,
              status = case when t.status_at > excluded.synced_at then t.status else excluded.status end,
              rejected_reason = case
                when t.status_at > excluded.synced_at then t.rejected_reason
                else excluded.rejected_reason
              end,
              quality = excluded.quality,
              parameter_format = excluded.parameter_format,
              components = excluded.components,
              deleted_at = case when t.status_at > excluded.synced_at then t.deleted_at end,
              synced_at = excluded.synced_at,
              updated_at = case
                when (t.status, t.category, t.quality, t.components, t.meta_id)
                  is distinct from (excluded.status, excluded.category, excluded.quality, excluded.components, excluded.meta_id)
                then now()
                else t.updated_at
              end
            "#,
            Uuid::now_v7(),
            waba_id,
            one.meta_id,
            one.name,
            one.language,
            one.category,
            one.status,
            one.quality,
            one.parameter_format,
            one.components,
            one.rejected_reason.as_deref().filter(|reason| *reason != "NONE"),
            at,
        )
        .execute(&mut *conn)
        .await?;
    }
    // What Meta took before the reading began and did not list is gone there.
    sqlx::query!(
        r#"
        update template
        set deleted_at = now(), status = 'DELETED', updated_at = now()
        where waba_id = $1
          and meta_id is not null
          and deleted_at is null
          and coalesce(synced_at, '-infinity') < $2
          and updated_at < $2
        "#,
        waba_id,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes sure that each account of an enabled number is read, and soon when something is known to be old: a template
/// that was told of and never read, or whose words changed.
///
/// # Errors
/// [`Error::Database`].
pub async fn schedule(conn: &mut PgConnection) -> Result<(), Error> {
    let accounts = sqlx::query_scalar!(
        r#"
        select distinct waba_id
        from channel
        where enabled and not exists (
          select from job where job.kind = $1 and job.key = channel.waba_id and job.state in ('pending', 'running')
        )
        "#,
        SYNC,
    )
    .fetch_all(&mut *conn)
    .await?;
    let jobs: Vec<NewJob<'_>> = accounts
        .iter()
        .map(|waba_id| NewJob {
            kind: SYNC,
            key: waba_id,
            payload: json!({}),
            delay_seconds: 0.0,
        })
        .collect();
    job::add(&mut *conn, &jobs).await?;
    sqlx::query!(
        r#"
        update job
        set not_before = clock_timestamp()
        where kind = $1
          and state = 'pending'
          and not_before > clock_timestamp()
          and key in (
            select waba_id
            from template
            where synced_at is null
              and meta_id is not null
              and deleted_at is null
              and updated_at > now() - interval '10 minutes'
          )
        "#,
        SYNC,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has the account of a number read now, or all accounts.
///
/// # Errors
/// [`Error::Database`].
pub async fn hurry(conn: &mut PgConnection, channel: Option<ChannelId>) -> Result<(), Error> {
    schedule(&mut *conn).await?;
    sqlx::query!(
        r#"
        update job
        set not_before = clock_timestamp()
        where kind = $1
          and state = 'pending'
          and not_before > clock_timestamp()
          and ($2::uuid is null or key = (select waba_id from channel where id = $2))
        "#,
        SYNC,
        channel.map(|id| id.0),
    )
    .execute(conn)
    .await?;
    Ok(())
}
