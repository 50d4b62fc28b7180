//! The queue of sends: leases with fencing tokens, one conversation in order, and an honest end for each send.
//!
//! Promises: at most one call per (conversation, seq, attempt) is under way; a call whose outcome is not known is never
//! made again by itself: it waits for a status that carries our key, then shows as unknown. Time is the database's.
//! Does not: pace (limits do) or know Meta's error codes (the sender does).

use chrono::{DateTime, Utc};
use compliance::Mac;
use sqlx::PgConnection;

use super::conversation::{self, Locked};
use super::{Error, message};
use crate::bell::Wake;
use crate::model::{ChannelId, ContactId, ConversationId, FeedKind, SendSource, SendState};

/// A send that this node holds until its lease ends.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its item.
    pub seq: i64,
    /// 1, or more after "send again".
    pub attempt: i16,
    /// Through which number.
    pub channel_id: ChannelId,
    /// To whom.
    pub contact_id: ContactId,
    /// Who asked for it.
    pub source: SendSource,
    /// Calls made before this one, all of them known to have been refused.
    pub tries: i16,
    /// Fencing token: every later write names it.
    pub lease_token: i64,
    /// Free text may be sent until then.
    pub window_until: Option<DateTime<Utc>>,
}

/// Leases sends that are due, the most urgent first and never past an earlier one of the same conversation.
///
/// # Errors
/// [`Error::Database`].
pub async fn lease(
    conn: &mut PgConnection,
    limit: i64,
    lease_seconds: f64,
) -> Result<Vec<Leased>, Error> {
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

/// Notes that the call to Meta begins now. `false`: the lease is another's, do not call.
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
          and state = 'sending'
          and lease_until > clock_timestamp()
        returning seq
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        send.lease_token,
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
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

/// Meta took it: the wamid's mac goes to the delivery, the wamid itself into the sealed body. A status may have
/// arrived before this answer; ranks only rise. Returns the hint for after COMMIT.
///
/// # Errors
/// [`Error::Database`].
pub async fn sent(
    conn: &mut PgConnection,
    send: &Leased,
    mac: Mac,
    resealed: &[u8],
) -> Result<Wake, Error> {
    let mut locked = conversation::lock(&mut *conn, send.conversation_id).await?;
    sqlx::query!(
        r#"
        with sent as (
          update outbox
          set state = 'sent', lease_until = null, error_code = null, updated_at = now()
          where conversation_id = $1 and seq = $2 and attempt = $3
            and state in ('sending', 'unknown')
        ), worded as (
          update message set sealed = $5 where conversation_id = $1 and seq = $2 and sealed is not null
        )
        update delivery
        set mac = $4, rank = greatest(rank, 10::smallint), accepted_at = coalesce(accepted_at, now())
        where conversation_id = $1 and seq = $2 and attempt = $3 and participant = 0
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        mac.as_bytes(),
        resealed,
    )
    .execute(&mut *conn)
    .await?;
    conversation::bump(conn, &mut locked, send.seq, FeedKind::Status).await?;
    Ok(locked.wake())
}

/// Ends a send that did not reach the customer: failed, expired or cancelled.
///
/// # Errors
/// [`Error::Database`].
pub async fn end(
    conn: &mut PgConnection,
    send: &Leased,
    state: SendState,
    error_code: Option<i32>,
) -> Result<Wake, Error> {
    let mut locked = conversation::lock(&mut *conn, send.conversation_id).await?;
    sqlx::query!(
        r#"
        update outbox
        set state = $5, lease_until = null, error_code = $6, updated_at = now()
        where conversation_id = $1 and seq = $2 and attempt = $3
          and lease_token = $4
          and state = 'sending'
        "#,
        send.conversation_id.0,
        send.seq,
        send.attempt,
        send.lease_token,
        state as SendState,
        error_code,
    )
    .execute(&mut *conn)
    .await?;
    conversation::bump(conn, &mut locked, send.seq, FeedKind::Status).await?;
    Ok(locked.wake())
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
        returning seq
        "#,
        id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if changed.is_none() {
        return Ok(None);
    }
    conversation::bump(conn, &mut locked, seq, FeedKind::Status).await?;
    Ok(Some(locked.wake()))
}

/// Sends a message again that failed or whose outcome is unknown: attempt + 1 of the same item. Returns the attempt.
///
/// # Errors
/// [`super::Refusal::NotFound`] when there is nothing to send again.
pub async fn send_again(
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
) -> Result<i16, Error> {
    let attempt = sqlx::query_scalar!(
        r#"
        with last as (
          select *
          from outbox
          where conversation_id = $1 and seq = $2
          order by attempt desc
          limit 1
        ), again as (
          insert into outbox (conversation_id, seq, attempt, channel_id, contact_id, source, priority, epoch)
          select conversation_id, seq, attempt + 1, channel_id, contact_id, source, priority, $3
          from last
          where state in ('failed', 'expired', 'unknown')
          returning conversation_id, seq, attempt
        )
        insert into delivery (conversation_id, seq, attempt)
        select conversation_id, seq, attempt
        from again
        returning attempt
        "#,
        locked.id.0,
        seq,
        locked.epoch,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::Refused(super::Refusal::NotFound))?;
    conversation::bump(conn, locked, seq, FeedKind::Status).await?;
    Ok(attempt)
}

/// What must be known to make the call: the words and where they go.
#[derive(Debug)]
pub struct Letter {
    /// The item, opened; its body is `None` after erasure.
    pub item: message::Item,
    /// The subject whose key sealed the item, and must seal it again.
    pub subject_id: compliance::SubjectId,
    /// The sealed address of the pair, with the subject that sealed it.
    pub address: Option<(compliance::SubjectId, Vec<u8>)>,
    /// Mac-free reference to the newest wamid of the customer, for the read mark: its seq.
    pub last_inbound_seq: i64,
}

/// Loads words and address of a leased send.
///
/// # Errors
/// [`Error::Vault`] when the key is away.
pub async fn letter(
    store: &super::Store,
    conn: &mut PgConnection,
    send: &Leased,
) -> Result<Option<Letter>, Error> {
    let Some(item) = message::items(store, &mut *conn, &[(send.conversation_id, send.seq)])
        .await?
        .pop()
    else {
        return Ok(None);
    };
    let row = sqlx::query!(
        r#"
        select m.subject_id as item_subject_id, w.subject_id, w.sealed_address, c.last_inbound_seq
        from conversation c
        join message m on m.conversation_id = c.id and m.seq = $2
        left join contact_channel w on w.contact_id = c.contact_id and w.channel_id = c.channel_id
        where c.id = $1
        "#,
        send.conversation_id.0,
        send.seq,
    )
    .fetch_one(conn)
    .await?;
    let address = row
        .subject_id
        .map(compliance::SubjectId)
        .zip(row.sealed_address);
    let subject_id = compliance::SubjectId(row.item_subject_id);
    Ok(Some(Letter {
        item,
        subject_id,
        address,
        last_inbound_seq: row.last_inbound_seq,
    }))
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
