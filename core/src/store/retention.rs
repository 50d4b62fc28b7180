//! What is deleted by age, in small batches: nothing here holds a lock for long.
//!
//! Promises: dedupe keys outlive Meta's redelivery by weeks; dead letters end with the key that sealed them.

use compliance::SubjectId;
use sqlx::PgConnection;

use super::Error;
use crate::config;

/// Rows deleted at once.
const BATCH: i64 = 5_000;
/// Feed rows are kept this long; a client that was away longer reads anew.
const FEED_DAYS: i32 = 7;

/// Deletes one batch of everything that is too old. Returns how many rows went; call again while it is not 0.
///
/// # Errors
/// [`Error::Database`].
pub async fn prune(conn: &mut PgConnection, keep: &config::Retention) -> Result<u64, Error> {
    let days = i32::try_from(keep.dedupe_days).unwrap_or(i32::MAX);
    let mut gone = 0;
    for statement in [
        sqlx::query!(
            r#"
            delete from dedupe
            where mac in (select mac from dedupe where received_at < now() - make_interval(days => $1) limit $2)
            "#,
            days,
            BATCH,
        ),
        sqlx::query!(
            r#"
            delete from feed
            where (conversation_id, rev) in (
              select conversation_id, rev from feed where at < now() - make_interval(days => $1) limit $2
            )
            "#,
            FEED_DAYS,
            BATCH,
        ),
        sqlx::query!(
            "delete from dead_letter where id in (select id from dead_letter where expires_at < now() limit $1)",
            BATCH
        ),
        // Kept a week past their end, so that doctor can list what never found its message.
        sqlx::query!(
            r#"
            delete from parked_event
            where id in (select id from parked_event where expires_at < now() - interval '7 days' limit $1)
            "#,
            BATCH
        ),
        sqlx::query!(
            "delete from channel_notice where id in (select id from channel_notice where expires_at < now() limit $1)",
            BATCH
        ),
        sqlx::query!(
            "delete from ws_ticket where hash in (select hash from ws_ticket where expires_at < now() limit $1)",
            BATCH
        ),
    ] {
        gone += statement.execute(&mut *conn).await?.rows_affected();
    }
    Ok(gone)
}

/// System subjects of days that are over: their keys are destroyed, and with them whatever copy of a letter remains.
///
/// # Errors
/// [`Error::Database`].
pub async fn shred_days(
    conn: &mut PgConnection,
    keep: &config::Retention,
) -> Result<Vec<SubjectId>, Error> {
    let days = i32::try_from(keep.dead_letter_days).unwrap_or(i32::MAX);
    let over: Vec<SubjectId> = sqlx::query_scalar!(
        r#"
        select s.id
        from subject s
        where s.kind = 'system'
          and s.shredded_at is null
          and s.created_at < now() - make_interval(days => $1 + 1)
          and not exists (select from dead_letter where dead_letter.subject_id = s.id)
          and not exists (select from parked_event where parked_event.subject_id = s.id)
        "#,
        days,
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(SubjectId)
    .collect();
    compliance::erasure::shred(conn, &over).await?;
    Ok(over)
}

/// Makes the partitions of the coming months; how many were missing.
///
/// # Errors
/// [`Error::Database`].
pub async fn make_partitions(conn: &mut PgConnection) -> Result<i32, Error> {
    Ok(sqlx::query_scalar!("select ensure_message_partitions(3)")
        .fetch_one(conn)
        .await?
        .unwrap_or_default())
}

/// Whole months that already have a partition, from now on; 0 means that messages are refused next month.
///
/// # Errors
/// [`Error::Database`].
pub async fn partition_horizon_months(conn: &mut PgConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "n!"
        from pg_inherits
        join pg_class on pg_class.oid = inhrelid
        where inhparent = 'message'::regclass
          and relname > 'message_' || to_char(now() at time zone 'utc', 'YYYYMM')
        "#
    )
    .fetch_one(conn)
    .await?)
}

/// Events that wait for the sequencer, and the age of the oldest in seconds.
///
/// # Errors
/// [`Error::Database`].
pub async fn audit_backlog(conn: &mut PgConnection) -> Result<(i64, f64), Error> {
    let row = sqlx::query!(
        r#"
        select
          count(*) as "n!",
          coalesce(extract(epoch from clock_timestamp() - min(e.at)), 0)::double precision as "age!"
        from audit_pending p
        join audit_event e on e.id = p.event_id
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok((row.n, row.age))
}

/// Age in seconds of the oldest transaction that holds back the feed's safety-net cursor.
///
/// # Errors
/// [`Error::Database`].
pub async fn feed_lag_seconds(conn: &mut PgConnection) -> Result<f64, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select coalesce(
          extract(epoch from clock_timestamp() - min(at)),
          0
        )::double precision as "age!"
        from feed
        where tx >= pg_snapshot_xmin(pg_current_snapshot())
        "#
    )
    .fetch_one(conn)
    .await?)
}

/// What the server promises about commits.
#[derive(Clone, Copy, Debug)]
pub struct Durability {
    /// `server_version_num`, e.g. 150004.
    pub version: i32,
    /// Commits reach the disk.
    pub fsync: bool,
    /// A commit is answered only after that.
    pub synchronous_commit: bool,
}

/// Whether PostgreSQL knows a time zone of this name.
///
/// # Errors
/// [`Error::Database`].
pub async fn knows_time_zone(conn: &mut PgConnection, name: &str) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from pg_timezone_names where name = $1) as "known!""#,
        name
    )
    .fetch_one(conn)
    .await?)
}

/// Reads the server's settings.
///
/// # Errors
/// [`Error::Database`].
pub async fn durability(conn: &mut PgConnection) -> Result<Durability, Error> {
    Ok(sqlx::query_as!(
        Durability,
        r#"
        select
          current_setting('server_version_num')::integer as "version!",
          current_setting('fsync') = 'on' as "fsync!",
          current_setting('synchronous_commit') <> 'off' as "synchronous_commit!"
        "#
    )
    .fetch_one(conn)
    .await?)
}
