//! Changes of templates that people order: noted here, carried out by a job, and how that ended.

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{CREATE, DELETE, EDIT, FAILED};
use crate::store::job::{self, JobState, NewJob};
use crate::store::{Error, Refusal};

/// A template that somebody wrote.
#[derive(Clone, Copy, Debug)]
pub struct NewTemplate<'a> {
    /// Meta's id of the account.
    pub waba_id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its language.
    pub language: &'a str,
    /// Its category.
    pub category: &'a str,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: &'a str,
    /// Its components.
    pub components: &'a Value,
}

/// Notes a new template and has it handed in. One that was deleted, or that Meta refused, is written anew.
///
/// # Errors
/// [`Refusal::Exists`] when the account has it already.
pub async fn create(conn: &mut PgConnection, new: &NewTemplate<'_>) -> Result<Uuid, Error> {
    let id = sqlx::query_scalar!(
        r#"
        insert into template as t (id, waba_id, name, language, category, parameter_format, components)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (waba_id, name, language) do update set
          meta_id = null,
          category = excluded.category,
          status = 'PENDING',
          quality = 'UNKNOWN',
          parameter_format = excluded.parameter_format,
          components = excluded.components,
          rejected_reason = null,
          fault = null,
          status_at = null,
          synced_at = null,
          deleted_at = null,
          updated_at = now()
        where t.deleted_at is not null or t.status = $8
        returning id
        "#,
        Uuid::now_v7(),
        new.waba_id,
        new.name,
        new.language,
        new.category,
        new.parameter_format,
        new.components,
        FAILED,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::Exists)?;
    order(conn, CREATE, id, json!({})).await?;
    Ok(id)
}

/// Orders a change that a job carries out.
///
/// # Errors
/// [`Refusal::Busy`] while another change of it is under way.
pub async fn order(
    conn: &mut PgConnection,
    kind: &'static str,
    id: Uuid,
    payload: Value,
) -> Result<(), Error> {
    let key = id.to_string();
    let busy = sqlx::query_scalar!(
        r#"
        select exists (
          select from job where kind = any($1) and key = $2 and state in ('pending', 'running')
        ) as "busy!"
        "#,
        &[CREATE.to_owned(), EDIT.to_owned(), DELETE.to_owned()],
        key,
    )
    .fetch_one(&mut *conn)
    .await?;
    if busy {
        return Err(Refusal::Busy.into());
    }
    let job = NewJob {
        kind,
        key: &key,
        payload,
        delay_seconds: 0.0,
    };
    job::add(conn, &[job]).await
}

/// Where the newest change of a template is: its kind and state.
///
/// # Errors
/// [`Error::Database`].
pub async fn newest_change(
    conn: &mut PgConnection,
    id: Uuid,
) -> Result<Option<(String, JobState)>, Error> {
    let row = sqlx::query!(
        r#"
        select kind, state as "state: JobState"
        from job
        where kind = any($1) and key = $2
        order by state in ('pending', 'running') desc, finished_at desc
        limit 1
        "#,
        &[CREATE.to_owned(), EDIT.to_owned(), DELETE.to_owned()],
        id.to_string(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.kind, row.state)))
}

/// How a change at Meta ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// Meta took the new one.
    Created {
        /// Meta's id.
        meta_id: &'a str,
        /// Its status.
        status: &'a str,
        /// Its category, which Meta may choose.
        category: Option<&'a str>,
    },
    /// Meta took the change.
    Edited {
        /// The new components.
        components: Option<&'a Value>,
        /// The new category.
        category: Option<&'a str>,
    },
    /// It is gone.
    Deleted,
    /// Meta refused the new one.
    NotCreated(&'a str),
    /// Meta refused the change.
    NotChanged(&'a str),
}

/// Notes how a change ended.
///
/// # Errors
/// [`Error::Database`].
pub async fn settle(conn: &mut PgConnection, id: Uuid, outcome: Outcome<'_>) -> Result<(), Error> {
    let (meta_id, status, category, components, fault) = match outcome {
        Outcome::Created {
            meta_id,
            status,
            category,
        } => (Some(meta_id), Some(status), category, None, None),
        Outcome::Edited {
            components,
            category,
        } => (None, Some("PENDING"), category, components, None),
        Outcome::Deleted => (None, Some("DELETED"), None, None, None),
        Outcome::NotCreated(words) => (None, Some(FAILED), None, None, Some(words)),
        Outcome::NotChanged(words) => (None, None, None, None, Some(words)),
    };
    sqlx::query!(
        r#"
        update template
        set
          meta_id = coalesce($2, meta_id),
          status = coalesce($3, status),
          category = coalesce($4, category),
          components = coalesce($5, components),
          fault = $6,
          deleted_at = case when $3 = 'DELETED' then now() else deleted_at end,
          status_at = case when $3 is null then status_at else now() end,
          updated_at = now()
        where id = $1
        "#,
        id,
        meta_id,
        status,
        category,
        components,
        fault,
    )
    .execute(conn)
    .await?;
    Ok(())
}
