//! How a number does: what the last check found, what Meta told since, and whether anything is sent through it.
//!
//! Promises: of what is known from two sides the newest by Meta's time wins; a stop is a row, so that every node keeps
//! to it, and it names the token that was refused: a new token is not stopped by an old refusal.
//! Does not: ask Meta (the gateway does), or hold anything personal.

mod words;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

pub use words::{ChannelState, Facts, Finding, Grade, Health, Noticed};

use super::Error;
use super::channel::{Channel, Stop};
use crate::model::{ChannelId, TeamId};

/// What is kept of a check.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The worst of the findings.
    pub grade: Grade,
    /// Its lines.
    pub findings: Vec<Finding>,
    /// What Meta says of the number; what was known stays when it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// Checks in a row that could not be made.
    pub failures: u32,
    /// When the next one is due.
    pub next_at: DateTime<Utc>,
}

/// A number for lists: without secrets.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Our id.
    pub id: ChannelId,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// What people call it.
    pub name: String,
    /// As people dial it.
    pub display_phone_number: Option<String>,
    /// Whether it is used at all.
    pub enabled: bool,
    /// Team of new conversations.
    pub default_team_id: Option<TeamId>,
    /// Messages a second.
    pub throughput_per_second: i32,
    /// Whether it has app secrets of its own.
    pub has_app_secret: bool,
    /// Why nothing is sent through it.
    pub stopped: Option<Stop>,
    /// What is known.
    pub health: Health,
    /// When it was checked last.
    pub health_at: Option<DateTime<Utc>>,
    /// Sends that wait for it.
    pub waiting: i64,
}

impl Overview {
    /// In one word. A stop is shown until a check or a send finds the number well again.
    #[must_use]
    pub fn state(&self) -> ChannelState {
        match (self.enabled, &self.stopped, self.health.grade) {
            (false, ..) => ChannelState::Disabled,
            (true, Some(_), _) => ChannelState::Stopped,
            (true, None, Some(Grade::Fail)) => ChannelState::Failing,
            (true, None, Some(Grade::Warn)) => ChannelState::Warning,
            (true, None, None) => ChannelState::Unknown,
            (true, None, Some(Grade::Ok)) => ChannelState::Ok,
        }
    }
}

/// All numbers, the oldest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Overview>, Error> {
    let rows = sqlx::query!(
        r#"
        select
          c.id as "id: ChannelId",
          c.phone_number_id,
          c.waba_id,
          c.name,
          c.display_phone_number,
          c.enabled,
          c.default_team_id as "default_team_id: TeamId",
          c.throughput_per_second,
          c.sealed_app_secret is not null as "has_app_secret!",
          c.stopped_reason,
          c.stopped_until,
          c.health,
          c.health_at,
          (select count(*) from outbox o where o.channel_id = c.id and o.state = 'queued') as "waiting!"
        from channel c
        order by c.created_at
        "#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Overview {
            id: row.id,
            phone_number_id: row.phone_number_id,
            waba_id: row.waba_id,
            name: row.name,
            display_phone_number: row.display_phone_number,
            enabled: row.enabled,
            default_team_id: row.default_team_id,
            throughput_per_second: row.throughput_per_second,
            has_app_secret: row.has_app_secret,
            stopped: row.stopped_reason.map(|reason| Stop {
                reason,
                until: row.stopped_until,
            }),
            // What a newer version wrote and we cannot read is shown as unknown.
            health: serde_json::from_value(row.health).unwrap_or_default(),
            health_at: row.health_at,
            waiting: row.waiting,
        })
        .collect())
}

/// The enabled numbers whose check is due: never made, its time has come, or Meta told something since (a refused send
/// counts). None sooner than `at_least_seconds` after the last one.
///
/// # Errors
/// [`Error::Database`].
pub async fn due(
    conn: &mut PgConnection,
    at_least_seconds: f64,
    limit: i64,
) -> Result<Vec<ChannelId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: ChannelId"
        from channel
        where enabled
          and (health_at is null or health_at < now() - make_interval(secs => $1))
          and (
            health_at is null
            or coalesce((health->>'look_again')::boolean, false)
            or coalesce((health->>'next_at')::timestamptz, '-infinity') <= now()
          )
        order by health_at nulls first
        limit $2
        "#,
        at_least_seconds,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Keeps what a check found, beside what Meta told by itself.
///
/// # Errors
/// [`Error::Database`].
pub async fn keep(
    conn: &mut PgConnection,
    id: ChannelId,
    checked: &Checked,
    display_phone_number: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update channel
        set
          health = (health - 'look_again') || $2,
          health_at = now(),
          display_phone_number = coalesce($3, display_phone_number)
        where id = $1
        "#,
        id.0,
        Json(checked) as _,
        display_phone_number,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How much Meta carries for a number, as it says now.
///
/// # Errors
/// [`Error::Database`].
pub async fn set_throughput(
    conn: &mut PgConnection,
    id: ChannelId,
    per_second: i32,
) -> Result<(), Error> {
    sqlx::query!(
        "update channel set throughput_per_second = $2 where id = $1 and throughput_per_second <> $2",
        id.0,
        per_second,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stops a number because Meta refused this token, until `seconds` from now or a check that finds it well. `false`: the
/// token was replaced meanwhile, nothing is stopped.
///
/// # Errors
/// [`Error::Database`].
pub async fn stop(
    conn: &mut PgConnection,
    channel: &Channel,
    reason: &str,
    seconds: f64,
) -> Result<bool, Error> {
    let stopped = sqlx::query_scalar!(
        r#"
        update channel
        set
          stopped_reason = $2,
          stopped_until = clock_timestamp() + make_interval(secs => $3),
          health = health || '{"look_again": true}'
        where id = $1 and encode(sha256(sealed_access_token), 'hex') = $4
        returning id
        "#,
        channel.id.0,
        reason,
        seconds,
        channel.token_fingerprint,
    )
    .fetch_optional(conn)
    .await?;
    Ok(stopped.is_some())
}

/// How long a stop that a status asks for lasts, unless a check finds the number well before; and how old such a status
/// may be: an older one tells of a number that may be repaired by now.
const REPORTED_S: f64 = 300.0;

/// A status says that a send failed because of its number: a check looks at it soon, and until then nothing is sent. A
/// number that is stopped keeps its stop.
///
/// # Errors
/// [`Error::Database`].
pub async fn stop_as_reported(
    conn: &mut PgConnection,
    id: ChannelId,
    code: i32,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update channel
        set
          stopped_reason = $2,
          stopped_until = clock_timestamp() + make_interval(secs => $3),
          health = health || '{"look_again": true}'
        where id = $1
          and $4 > clock_timestamp() - make_interval(secs => $3)
          and (stopped_reason is null or stopped_until <= clock_timestamp())
        "#,
        id.0,
        format!("code_{code}"),
        REPORTED_S,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lifts a stop that this token's good answer disproves.
///
/// # Errors
/// [`Error::Database`].
pub async fn resume(conn: &mut PgConnection, channel: &Channel) -> Result<bool, Error> {
    let resumed = sqlx::query_scalar!(
        r#"
        update channel
        set stopped_reason = null, stopped_until = null
        where id = $1 and stopped_reason is not null and encode(sha256(sealed_access_token), 'hex') = $2
        returning id
        "#,
        channel.id.0,
        channel.token_fingerprint,
    )
    .fetch_optional(conn)
    .await?;
    Ok(resumed.is_some())
}

/// Something that Meta told by itself about numbers or their account.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// Its kind: `quality`, `throughput`, `limit`, `name`, `account`, `review`.
    pub kind: &'static str,
    /// Meta's word.
    pub word: &'a str,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// How bad it is at least, until the next check.
    pub grade: Grade,
}

/// Notes news on these numbers and has them checked soon; returns those for which nothing newer of the kind was known.
///
/// # Errors
/// [`Error::Database`].
pub async fn note(
    conn: &mut PgConnection,
    ids: &[ChannelId],
    news: News<'_>,
) -> Result<Vec<ChannelId>, Error> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"
        update channel
        set health = health || jsonb_build_object(
          'noticed', coalesce(health->'noticed', '{}') || jsonb_build_object($2::text, $3::jsonb),
          'look_again', true,
          'grade', case
            when $5 = 'fail' or ($5 = 'warn' and coalesce(health->>'grade', 'ok') = 'ok') then to_jsonb($5::text)
            else coalesce(health->'grade', 'null')
          end
        )
        where id = any($1)
          and (
            coalesce((health #>> array['noticed', $2, 'at'])::timestamptz, '-infinity'),
            coalesce(health #>> array['noticed', $2, 'word'], '')
          ) <= ($4, $6)
        returning id as "id: ChannelId"
        "#,
        &ids,
        news.kind,
        Json(Noticed {
            word: news.word.to_owned(),
            at: news.at,
        }) as _,
        news.at,
        news.grade.word(),
        news.word,
    )
    .fetch_all(conn)
    .await?)
}

/// Stops numbers because Meta switched their account off; a check that finds them well lifts it.
///
/// # Errors
/// [`Error::Database`].
pub async fn stop_account(
    conn: &mut PgConnection,
    ids: &[ChannelId],
    reason: &str,
) -> Result<(), Error> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update channel set stopped_reason = $2, stopped_until = null where id = any($1)",
        &ids,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(())
}
