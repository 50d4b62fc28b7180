//! A file on its way from the channel to us: fetched, kept or given up, each step fenced by the job's lease.

use compliance::{Keys, Mutant, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Announced, DELETE, FETCH, Facts, delete_objects};
use crate::bell::Wake;
use crate::files::thumbnail_of;
use crate::model::{ChannelId, ConversationId, FeedKind, MediaId, MediaReason, MediaState};
use crate::store::job::{self, Back, Claimed, NewJob};
use crate::store::{Error, Refusal, Store, conversation};

/// The address that a message gives works for five minutes; a fetch of it begins within these.
const FRESH_MIN: i32 = 4;
/// In the payload of a fetch that somebody asked for.
const AGAIN: &str = "again";

/// A file to fetch.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Which.
    pub id: MediaId,
    /// Where it is shown.
    pub conversation_id: ConversationId,
    /// Beside which item.
    pub seq: i64,
    /// Through which number it came.
    pub channel_id: ChannelId,
    /// Downloads so far whose bytes were not those that were announced.
    pub discarded: i16,
    /// The message is so young that the address it gave still works.
    pub is_fresh: bool,
    /// What the message said about it.
    pub announced: Announced,
}

/// Bytes that lie in the object store, and what they are.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where.
    pub object_key: String,
    /// How many, before sealing.
    pub size_bytes: i64,
    /// Where the small picture lies.
    pub thumbnail_key: Option<String>,
    /// What they are; sealed where it is written, with the key that holds the file then.
    pub facts: Facts,
}

/// How a fetch ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It can be opened.
    Ready(Kept),
    /// It is not shown; kept for a supervisor or not at all.
    Quarantined(MediaReason, Option<Kept>),
    /// It is not here.
    Failed(MediaReason),
}

/// What a fetch job is about; `None` when the file is not waited for any more (erased, or settled by another): end the
/// job.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn open_fetch(
    store: &Store,
    conn: &mut PgConnection,
    id: MediaId,
) -> Result<Option<Fetch>, Error> {
    let row = sqlx::query!(
        r#"
        select
          conversation_id as "conversation_id!",
          seq as "seq!",
          channel_id as "channel_id!",
          subject_id,
          attempts,
          exists (
            select
            from message
            where message.conversation_id = media.conversation_id
              and message.seq = media.seq
              and message.meta_at > now() - make_interval(mins => $2)
          ) as "is_fresh!",
          sealed as "sealed!"
        from media
        where id = $1
          and state = 'pending'
          and conversation_id is not null
          and channel_id is not null
          and sealed is not null
        "#,
        id.0,
        FRESH_MIN,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let subject_id = SubjectId(row.subject_id);
    let keys: Keys = store.vault.load(conn, &[subject_id]).await?;
    let Some(key) = keys.of_living(subject_id)? else {
        return Ok(None);
    };
    Ok(Some(Fetch {
        id,
        conversation_id: ConversationId(row.conversation_id),
        seq: row.seq,
        channel_id: ChannelId(row.channel_id),
        discarded: row.attempts,
        is_fresh: row.is_fresh,
        announced: Announced::open(key, id.0, &row.sealed)?,
    }))
}

/// Notes where the bytes are about to be put, so that an erasure at this moment, or the next attempt, deletes them too.
/// `false`: the file is not waited for any more, put nothing.
///
/// # Errors
/// [`Error::Database`].
pub async fn place(
    conn: &mut PgConnection,
    id: MediaId,
    job: &Claimed,
    object_key: &str,
) -> Result<bool, Error> {
    let held = sqlx::query!(
        r#"
        with before as (
          select id, object_key
          from media
          where id = $1
            and state = 'pending'
            and exists (select from job where id = $2 and lease_token = $3 and state = 'running')
          for update
        )
        update media
        set object_key = $4
        from before
        where media.id = before.id
        returning before.object_key as earlier
        "#,
        id.0,
        job.id.0,
        job.lease_token,
        object_key,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = held else { return Ok(false) };
    if let Some(earlier) = row.earlier.filter(|earlier| earlier != object_key) {
        let thumbnail = thumbnail_of(&earlier);
        delete_objects(conn, &[earlier, thumbnail], 0.0).await?;
    }
    Ok(true)
}

/// Ends a fetch: the file's state, the end of the job and the rev that shows it, in the caller's transaction. `None`:
/// erased meanwhile, or another's now; roll back and delete the objects.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when the key is away.
pub async fn settle(
    store: &Store,
    conn: &mut PgConnection,
    job: &Claimed,
    fetch: &Fetch,
    outcome: &Outcome,
) -> Result<Option<Wake>, Error> {
    let mut locked = match conversation::lock(&mut *conn, fetch.conversation_id).await {
        Ok(locked) => locked,
        Err(Error::Refused(Refusal::NotFound)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_held = match outcome {
        Outcome::Failed(_) => job::fail(&mut *conn, job).await?,
        Outcome::Ready(_) | Outcome::Quarantined(..) => job::finish(&mut *conn, job, None).await?,
    };
    if !is_held {
        return Ok(None);
    }
    // The fetch took a while: whose file it is, and so which key seals it, may have changed.
    let holder = sqlx::query_scalar!(
        "select subject_id from media where id = $1 and state = 'pending' for update",
        fetch.id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(holder) = holder.map(SubjectId) else {
        return Ok(None);
    };
    let (state, reason, kept) = match outcome {
        Outcome::Ready(kept) => (MediaState::Ready, None, Some(kept)),
        Outcome::Quarantined(reason, kept) => {
            (MediaState::Quarantined, Some(*reason), kept.as_ref())
        }
        Outcome::Failed(reason) => (MediaState::Failed, Some(*reason), None),
    };
    let keys = store.vault.load(&mut *conn, &[holder]).await?;
    let sealed_result = match (kept, keys.get(holder)) {
        (None, _) => None,
        (Some(_), None) => return Ok(None),
        (Some(kept), Some(key)) => Some(kept.facts.seal(key, fetch.id)?),
    };
    sqlx::query!(
        r#"
        update media
        set
          state = $2,
          reason = $3,
          object_key = $4,
          size_bytes = $5,
          thumbnail_key = $6,
          sealed_result = $7,
          ready_at = case when $2 = 'ready'::media_state then now() end
        where id = $1
        "#,
        fetch.id.0,
        state as MediaState,
        reason.map(MediaReason::word),
        kept.map(|kept| kept.object_key.as_str()),
        kept.map(|kept| kept.size_bytes),
        kept.and_then(|kept| kept.thumbnail_key.as_deref()),
        sealed_result,
    )
    .execute(&mut *conn)
    .await?;
    conversation::bump(conn, &mut locked, fetch.seq, FeedKind::Media).await?;
    Ok(Some(locked.wake()))
}

/// Gives a file up that cannot even be opened; the hint for after COMMIT. `None` when nobody waits for it.
///
/// # Errors
/// [`Error::Database`].
pub async fn fail(
    conn: &mut PgConnection,
    job: &Claimed,
    id: MediaId,
    reason: MediaReason,
) -> Result<Option<Wake>, Error> {
    let place = sqlx::query!("select conversation_id, seq from media where id = $1", id.0)
        .fetch_optional(&mut *conn)
        .await?;
    let place = place.and_then(|row| Some((ConversationId(row.conversation_id?), row.seq?)));
    let Some((conversation_id, seq)) = place else {
        job::fail(conn, job).await?;
        return Ok(None);
    };
    let mut locked = conversation::lock(&mut *conn, conversation_id).await?;
    if !job::fail(&mut *conn, job).await? {
        return Ok(None);
    }
    let failed = sqlx::query!(
        "update media set state = 'failed', reason = $2 where id = $1 and state = 'pending'",
        id.0,
        reason.word(),
    )
    .execute(&mut *conn)
    .await?;
    if failed.rows_affected() == 0 {
        return Ok(None);
    }
    conversation::bump(conn, &mut locked, seq, FeedKind::Media).await?;
    Ok(Some(locked.wake()))
}

/// Counts a download whose bytes were not the announced ones, and puts the job back for `delay_seconds`.
///
/// # Errors
/// [`Error::Database`].
pub async fn discard(
    conn: &mut PgConnection,
    job: &Claimed,
    id: MediaId,
    delay_seconds: f64,
) -> Result<(), Error> {
    if job::put_back(&mut *conn, job, delay_seconds, Back::Tried).await? {
        sqlx::query!(
            "update media set attempts = attempts + 1 where id = $1 and state = 'pending'",
            id.0
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Whether somebody asked for this fetch, after one that failed.
#[must_use]
pub fn is_again(job: &Claimed) -> bool {
    job.payload.get(AGAIN).is_some()
}

/// Tries a failed or quarantined file again, in the caller's transaction; the hint for after COMMIT.
///
/// # Errors
/// [`Refusal::NotFound`] when there is no such file; [`Refusal::BadTarget`] when it is on its way, ready, or our own.
pub async fn retry(conn: &mut PgConnection, id: MediaId) -> Result<Wake, Error> {
    let place = sqlx::query!("select conversation_id, seq from media where id = $1", id.0)
        .fetch_optional(&mut *conn)
        .await?;
    let (conversation_id, seq) = place
        .and_then(|row| Some((ConversationId(row.conversation_id?), row.seq?)))
        .ok_or(Refusal::NotFound)?;
    let mut locked = conversation::lock(&mut *conn, conversation_id).await?;
    let again = sqlx::query!(
        r#"
        with before as (
          select id, object_key, thumbnail_key
          from media
          where id = $1
            and state in ('failed', 'quarantined')
            and uploaded_by is null
            and sealed is not null
          for update
        )
        update media
        set
          state = 'pending',
          reason = null,
          attempts = 0,
          object_key = null,
          thumbnail_key = null,
          size_bytes = null,
          sealed_result = null
        from before
        where media.id = before.id
        returning before.object_key as object, before.thumbnail_key as thumbnail
        "#,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::BadTarget)?;
    let objects: Vec<String> = [again.object, again.thumbnail]
        .into_iter()
        .flatten()
        .collect();
    delete_objects(&mut *conn, &objects, 0.0).await?;
    let key = id.0.to_string();
    let fetch = NewJob {
        kind: FETCH,
        key: &key,
        payload: serde_json::json!({ AGAIN: true }),
        delay_seconds: 0.0,
    };
    if !Mutant::MediaGivenUp.lives() {
        job::add(&mut *conn, &[fetch]).await?;
    }
    conversation::bump(conn, &mut locked, seq, FeedKind::Media).await?;
    Ok(locked.wake())
}

/// Files that wait to be fetched and how long the oldest has waited, objects that wait to be deleted.
///
/// # Errors
/// [`Error::Database`].
pub async fn backlog(conn: &mut PgConnection) -> Result<(i64, f64, i64), Error> {
    let (fetches, age_seconds) = job::backlog(&mut *conn, FETCH).await?;
    let (deletions, _) = job::backlog(conn, DELETE).await?;
    Ok((fetches, age_seconds, deletions))
}

/// As jobs name files.
pub(super) fn keys(ids: &[Uuid]) -> Vec<String> {
    ids.iter().map(Uuid::to_string).collect()
}
