//! Work that outlives a request: one row per piece of work, for media, templates and exports alike.
//!
//! Promises: of many nodes one works on a job at a time; a lease that ended is handed out again; whoever lost the lease
//! can write nothing more (every write names the fencing token). Time is the database's.
//! Does not: know what the work is, decide how often to try (`Claimed::attempts` says how often it was), or hold
//! anything personal: payloads are ids, counters and words.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::Error;
use crate::model::JobId;

/// How long an ended job is kept for whoever asks what became of it.
pub const KEPT_DAYS: i32 = 7;
/// Rows deleted at once.
const PRUNED_AT_ONCE: i64 = 1_000;

/// What a job came to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "job_state", rename_all = "snake_case")]
pub enum JobState {
    /// It waits for its time or for a hand.
    Pending,
    /// A node works on it.
    Running,
    /// It is done.
    Done,
    /// It was given up.
    Failed,
    /// It is not wanted any more.
    Cancelled,
}

/// Work to be done.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// What kind, a constant of whoever does it, such as `media.fetch`.
    pub kind: &'static str,
    /// What it is about; unique in its kind. Never personal.
    pub key: &'a str,
    /// What the work needs to know. Never personal.
    pub payload: Value,
    /// Not before so long from now, in seconds.
    pub delay_seconds: f64,
}

/// A job that this node holds until its lease ends.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Which.
    pub id: JobId,
    /// What kind.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// What the work needs to know.
    pub payload: Value,
    /// How often it was claimed, this time included; a node that died in the middle counts.
    pub attempts: i32,
    /// Fencing token: every later write names it.
    pub lease_token: i64,
}

/// What became of a job.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where it is.
    pub state: JobState,
    /// From 0 to 1.
    pub progress: f32,
    /// What it made, as its kind says.
    pub artefact: Option<String>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Adds jobs. One that waits or runs already is left alone; one that ended begins anew with this payload.
///
/// # Errors
/// [`Error::Database`].
pub async fn add(conn: &mut PgConnection, jobs: &[NewJob<'_>]) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<uuid::Uuid> = jobs.iter().map(|_| JobId::new().0).collect();
    let kinds: Vec<String> = jobs.iter().map(|job| job.kind.to_owned()).collect();
    let keys: Vec<String> = jobs.iter().map(|job| job.key.to_owned()).collect();
    let payloads: Vec<Value> = jobs.iter().map(|job| job.payload.clone()).collect();
    let delays: Vec<f64> = jobs.iter().map(|job| job.delay_seconds).collect();
    sqlx::query!(
        r#"
        insert into job as j (id, kind, key, payload, not_before)
        select id, kind, key, payload, clock_timestamp() + make_interval(secs => delay)
        from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::float8[])
          as new (id, kind, key, payload, delay)
        on conflict (kind, key) do update set
          state = 'pending',
          progress = 0,
          attempts = 0,
          artefact = null,
          payload = excluded.payload,
          lease_token = null,
          lease_until = null,
          not_before = excluded.not_before,
          finished_at = null
        where j.state in ('done', 'failed', 'cancelled')
        "#,
        &ids,
        &kinds,
        &keys,
        &payloads,
        &delays,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Claims jobs of these kinds that are due, the longest due first; those of a node that died are due when its lease
/// ends. Commits on its own when `conn` is no transaction.
///
/// # Errors
/// [`Error::Database`].
pub async fn claim(
    conn: &mut PgConnection,
    kinds: &[&str],
    limit: i64,
    lease_seconds: f64,
) -> Result<Vec<Claimed>, Error> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Ok(sqlx::query_as!(
        Claimed,
        r#"
        with due as (
          select id
          from job
          where kind = any($1)
            and state in ('pending', 'running')
            and not_before <= clock_timestamp()
            and (state = 'pending' or lease_until < clock_timestamp())
          order by not_before
          limit $2
          for update skip locked
        )
        update job
        set
          state = 'running',
          attempts = attempts + 1,
          lease_token = nextval('lease_token'),
          lease_until = clock_timestamp() + make_interval(secs => $3)
        from due
        where job.id = due.id
        returning
          job.id as "id: JobId",
          job.kind,
          job.key,
          job.payload,
          job.attempts,
          job.lease_token as "lease_token!"
        "#,
        &kinds,
        limit,
        lease_seconds,
    )
    .fetch_all(conn)
    .await?)
}

/// Keeps a job for longer and tells how far it is (0 to 1). `false`: it is another's now, stop.
///
/// # Errors
/// [`Error::Database`].
pub async fn renew(
    conn: &mut PgConnection,
    job: &Claimed,
    lease_seconds: f64,
    progress: f32,
) -> Result<bool, Error> {
    let held = sqlx::query!(
        r#"
        update job
        set lease_until = clock_timestamp() + make_interval(secs => $3), progress = $4
        where id = $1 and lease_token = $2 and state = 'running'
        "#,
        job.id.0,
        job.lease_token,
        lease_seconds,
        progress,
    )
    .execute(conn)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Ends a job well. `false`: it is another's now; roll back what belongs to it.
///
/// # Errors
/// [`Error::Database`].
pub async fn finish(
    conn: &mut PgConnection,
    job: &Claimed,
    artefact: Option<&str>,
) -> Result<bool, Error> {
    end(conn, job, JobState::Done, artefact).await
}

/// Gives a job up. `false`: it is another's now; roll back what belongs to it.
///
/// # Errors
/// [`Error::Database`].
pub async fn fail(conn: &mut PgConnection, job: &Claimed) -> Result<bool, Error> {
    end(conn, job, JobState::Failed, None).await
}

async fn end(
    conn: &mut PgConnection,
    job: &Claimed,
    state: JobState,
    artefact: Option<&str>,
) -> Result<bool, Error> {
    let held = sqlx::query!(
        r#"
        update job
        set
          state = $3,
          artefact = $4,
          progress = case when $3 = 'done'::job_state then 1 else progress end,
          lease_token = null,
          lease_until = null,
          finished_at = now()
        where id = $1 and lease_token = $2 and state = 'running'
        "#,
        job.id.0,
        job.lease_token,
        state as JobState,
        artefact,
    )
    .execute(conn)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// How a job goes back to those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// It was tried.
    Tried,
    /// It could not be tried: what it needs is away. The attempt does not count.
    Untried,
}

/// Puts a job back, due again in `delay_seconds`. `false`: it is another's now.
///
/// # Errors
/// [`Error::Database`].
pub async fn put_back(
    conn: &mut PgConnection,
    job: &Claimed,
    delay_seconds: f64,
    back: Back,
) -> Result<bool, Error> {
    let held = sqlx::query!(
        r#"
        update job
        set
          state = 'pending',
          attempts = attempts - $4,
          lease_token = null,
          lease_until = null,
          not_before = clock_timestamp() + make_interval(secs => $3)
        where id = $1 and lease_token = $2 and state = 'running'
        "#,
        job.id.0,
        job.lease_token,
        delay_seconds,
        i32::from(back == Back::Untried),
    )
    .execute(conn)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Cancels a job that is not wanted any more; whoever holds it can write nothing more.
///
/// # Errors
/// [`Error::Database`].
pub async fn cancel(conn: &mut PgConnection, kind: &str, keys: &[String]) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update job
        set state = 'cancelled', lease_token = null, lease_until = null, finished_at = now()
        where kind = $1 and key = any($2) and state in ('pending', 'running')
        "#,
        kind,
        keys,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What became of a job; `None` when there is none, or it ended over [`KEPT_DAYS`] ago.
///
/// # Errors
/// [`Error::Database`].
pub async fn report(
    conn: &mut PgConnection,
    kind: &str,
    key: &str,
) -> Result<Option<Report>, Error> {
    Ok(sqlx::query_as!(
        Report,
        r#"
        select state as "state: JobState", progress, artefact, finished_at
        from job
        where kind = $1 and key = $2
        "#,
        kind,
        key,
    )
    .fetch_optional(conn)
    .await?)
}

/// Jobs of a kind that wait or run, and for how many seconds the oldest of those that are due has waited.
///
/// # Errors
/// [`Error::Database`].
pub async fn backlog(conn: &mut PgConnection, kind: &str) -> Result<(i64, f64), Error> {
    let row = sqlx::query!(
        r#"
        select
          count(*) as "waiting!",
          coalesce(
            extract(epoch from clock_timestamp() - min(not_before) filter (where not_before < clock_timestamp())),
            0
          )::float8 as "age_seconds!"
        from job
        where kind = $1 and state in ('pending', 'running')
        "#,
        kind,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.waiting, row.age_seconds))
}

/// Deletes jobs that ended over [`KEPT_DAYS`] ago, at most a thousand; how many.
///
/// # Errors
/// [`Error::Database`].
pub async fn prune(conn: &mut PgConnection) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        r#"
        delete from job
        where id in (
          select id
          from job
          where state in ('done', 'failed', 'cancelled')
            and finished_at < now() - make_interval(days => $1)
          limit $2
        )
        "#,
        KEPT_DAYS,
        PRUNED_AT_ONCE,
    )
    .execute(conn)
    .await?;
    Ok(pruned.rows_affected())
}
