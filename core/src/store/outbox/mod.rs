//! The queue of sends: leases with fencing tokens, one conversation in order, and an honest end for each send.
//!
//! Promises: at most one call per (conversation, seq, attempt) is under way; a call whose outcome is not known is never
//! made again by itself: it waits for a status that carries our key, then shows as unknown. Time is the database's.
//! A reaction of ours is a send without an item: its seq is [`REACTION_SEQ`] plus a rev, its `target_seq` the item.
//! Does not: pace (limits do) or know Meta's error codes (the sender does).

mod again;
mod consequence;
mod ending;
mod letter;
mod reaction;

use chrono::{DateTime, Utc};
use compliance::Mutant;
use sqlx::PgConnection;

use super::{Error, conversation};
use crate::bell::Wake;
use crate::model::{ChannelId, ContactId, ConversationId, FeedKind, SendSource};

pub use again::{cancel, send_again};
pub use consequence::{of_reports, of_send};
pub use ending::{Taken, end, sent};
pub use letter::{Letter, Matter, letter};
pub use reaction::{Wish, own_reaction, react};

/// Seqs of sends without an item begin here; items never come so far.
pub const REACTION_SEQ: i64 = 1 << 40;

/// A send that this node holds until its lease ends.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its item; of a reaction, a number that no item has.
    pub seq: i64,
    /// The item that a reaction is about.
    pub target_seq: Option<i64>,
    /// 1, or more after "send again".
    pub attempt: i16,
    /// Through which number.
    pub channel_id: ChannelId,
    /// To whom.
    pub contact_id: ContactId,
    /// Who asked for it.
    pub source: SendSource,
    /// Calls made before this one, all of them known to have been refused, and uploads that did not succeed.
    pub tries: i16,
    /// Fencing token: every later write names it.
    pub lease_token: i64,
    /// Free text may be sent until then.
    pub window_until: Option<DateTime<Utc>>,
}

impl Leased {
    /// Which item shows what becomes of this send, and as what.
    #[must_use]
    pub fn shown(&self) -> (i64, FeedKind) {
        shown(self.seq, self.target_seq)
    }
}

fn shown(seq: i64, target_seq: Option<i64>) -> (i64, FeedKind) {
    target_seq.map_or((seq, FeedKind::Status), |target| {
        (target, FeedKind::Reaction)
    })
}

/// Leases sends that are due, the most urgent first and never past an earlier one of the same conversation. Those of a
/// number that is disabled or stopped wait where they are: they must not take the places of other numbers' sends.
///
/// # Errors
/// [`Error::Database`].
pub async fn lease(
    conn: &mut PgConnection,
    limit: i64,
    lease_seconds: f64,
) -> Result<Vec<Leased>, Error> {
    let lease_seconds = if Mutant::LeaseForever.lives() {
        1e6
    } else {
        lease_seconds
    };
    let rows = sqlx::query_as!(
        Leased,
        r#"
        with due as (
          select o.conversation_id, o.seq, o.attempt
          from outbox o
          where o.state = 'queued'
            and o.not_before <= clock_timestamp()
            and not exists (
              select
              from channel
              where channel.id = o.channel_id
                and (
                  not channel.enabled
                  or (channel.stopped_reason is not null and coalesce(channel.stopped_until, 'infinity') > clock_timestamp())
                )
            )
            and not exists (
              select
              from outbox earlier
              where earlier.conversation_id = o.conversation_id
                and earlier.state in ('queued', 'sending')
                and (earlier.seq, earlier.attempt) < (o.seq, o.attempt)
            )
          order by o.priority, o.not_before
          limit $1
          for update of o skip locked
        ), leased as (
          update outbox o
          set
            state = 'sending',
            lease_token = nextval('lease_token'),
            lease_until = clock_timestamp() + make_interval(secs => $2),
            called_at = null,
            updated_at = now()
          from due
          where o.conversation_id = due.conversation_id
            and o.seq = due.seq
            and o.attempt = due.attempt
          returning o.*
        )
        select
          leased.conversation_id as "conversation_id!: ConversationId",
          leased.seq as "seq!",
          leased.attempt as "attempt!",
          leased.target_seq,
          leased.channel_id as "channel_id!: ChannelId",
          leased.contact_id as "contact_id!: ContactId",
          leased.source as "source!: SendSource",
          leased.tries as "tries!",
          leased.lease_token as "lease_token!",
          w.window_until as "window_until?"
        from leased
        left join contact_channel w using (contact_id, channel_id)
        order by leased.priority, leased.not_before
        "#,
        limit,
        lease_seconds,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Notes that the call to Meta begins now. `false`: the lease is another's, or the case has moved to another contact
/// since; do not call.
///
/// # Errors
/// [`Error::Database`].
pub async fn begin_call(conn: &mut PgConnection, send: &Leased) -> Result<bool, Error> {
    let held = sqlx::query_scalar!(
        r#"
        update outbox
        set called_at = clock_timestamp(), tries = tries + 1
        where conversation_id = $1 and seq = $2 and attempt = $3
          and lease_token = $4
          and contact_id = $5
          and state = 'sending'
          and lease_until > clock_timestamp()
        returning seq
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        send.lease_token,
        send.contact_id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// Counts a try that ended before a call, e.g. with an upload that did not succeed.
///
/// # Errors
/// [`Error::Database`].
pub async fn count_try(conn: &mut PgConnection, send: &Leased) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update outbox
        set tries = tries + 1
        where conversation_id = $1 and seq = $2 and attempt = $3
          and lease_token = $4
          and state = 'sending'
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        send.lease_token,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts a send back, to be tried after `delay_seconds`: it certainly did not reach the customer.
///
/// # Errors
/// [`Error::Database`].
pub async fn put_back(
    conn: &mut PgConnection,
    send: &Leased,
    delay_seconds: f64,
    error_code: Option<i32>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update outbox
        set
          state = 'queued',
          lease_until = null,
          called_at = null,
          not_before = clock_timestamp() + make_interval(secs => $5),
          error_code = coalesce($6, error_code),
          updated_at = now()
        where conversation_id = $1 and seq = $2 and attempt = $3
          and lease_token = $4
          and state = 'sending'
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        send.lease_token,
        delay_seconds,
        error_code,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Settles leases that ended without an answer: never called -> queued again; called longer ago than
/// `unknown_after_seconds` -> unknown, and the agent sees it.
///
/// # Errors
/// [`Error::Database`].
pub async fn settle_lost_leases(
    conn: &mut PgConnection,
    unknown_after_seconds: f64,
) -> Result<Vec<(ConversationId, i64)>, Error> {
    if Mutant::BlindResend.lives() {
        let forget = "update outbox set called_at = null where state = 'sending' and lease_until < clock_timestamp()";
        sqlx::query(forget).execute(&mut *conn).await?;
    }
    sqlx::query!(
        r#"
        update outbox
        set state = 'queued', lease_until = null, updated_at = now()
        where state = 'sending' and lease_until < clock_timestamp() and called_at is null
        "#
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        r#"
        select conversation_id, seq
        from outbox
        where state = 'sending'
          and lease_until < clock_timestamp()
          and called_at < clock_timestamp() - make_interval(secs => $1)
        limit 500
        "#,
        unknown_after_seconds,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (ConversationId(row.conversation_id), row.seq))
        .collect())
}

/// Shows one lost send as unknown. In a transaction of its own, conversation first.
///
/// # Errors
/// [`Error::Database`].
pub async fn mark_unknown(
    conn: &mut PgConnection,
    id: ConversationId,
    seq: i64,
) -> Result<Option<Wake>, Error> {
    let mut locked = conversation::lock(&mut *conn, id).await?;
    let changed = sqlx::query_scalar!(
        r#"
        update outbox
        set state = 'unknown', lease_until = null, updated_at = now()
        where conversation_id = $1 and seq = $2
          and state = 'sending'
          and lease_until < clock_timestamp()
          and called_at is not null
        returning target_seq
        "#,
        id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(target_seq) = changed else {
        return Ok(None);
    };
    let (seq, kind) = shown(seq, target_seq);
    conversation::bump(conn, &mut locked, seq, kind).await?;
    Ok(Some(locked.wake()))
}

/// Numbers for metrics and readiness: sends waiting, age of the oldest due one in seconds, unknown ones.
///
/// # Errors
/// [`Error::Database`].
pub async fn gauge(conn: &mut PgConnection) -> Result<(i64, f64, i64), Error> {
    let row = sqlx::query!(
        r#"
        select
          count(*) filter (where state = 'queued') as "queued!",
          coalesce(
            extract(epoch from clock_timestamp() - min(not_before) filter (where state = 'queued' and not_before <= clock_timestamp())),
            0
          )::double precision as "age!",
          count(*) filter (where state = 'unknown') as "unknown!"
        from outbox
        where state in ('queued', 'unknown')
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok((row.queued, row.age, row.unknown))
}
