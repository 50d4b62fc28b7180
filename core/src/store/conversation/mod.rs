//! Ownership and status of a case. Every change happens on a [`Locked`] row, raises `rev`, and leaves a feed row.
//!
//! Promises: of many claims at once exactly one wins; the epoch rises with each change of owner, so that whoever acts
//! on old knowledge is refused. Does not: check roles (the caller does), write system lines (`message::append`).

mod glance;

use chrono::{DateTime, Utc};
use compliance::Mutant;
use sqlx::PgConnection;

use super::{Error, Refusal};
use crate::bell::Wake;
use crate::model::{
    ActorKind, AgentId, Author, ChannelId, ContactId, ConversationId, ConversationStatus, FeedKind,
    Handler, HandoffReason, TeamId,
};

pub use glance::{Glance, glance};

/// A conversation whose row this transaction holds.
#[derive(Clone, Debug)]
pub struct Locked {
    /// Which.
    pub id: ConversationId,
    /// The customer.
    pub contact_id: ContactId,
    /// The number.
    pub channel_id: ChannelId,
    /// Its status.
    pub status: ConversationStatus,
    /// Who acts next.
    pub handler: Handler,
    /// Its team.
    pub team_id: Option<TeamId>,
    /// Its owner.
    pub agent_id: Option<AgentId>,
    /// Rises with each change of owner.
    pub epoch: i32,
    /// Newest item.
    pub last_seq: i64,
    /// Newest change.
    pub last_rev: i64,
    /// Newest item of the customer.
    pub last_inbound_seq: i64,
    /// Free text may be sent until then.
    pub window_until: Option<DateTime<Utc>>,
}

impl Locked {
    /// The hint to send after COMMIT.
    #[must_use]
    pub fn wake(&self) -> Wake {
        Wake {
            conversation_id: self.id,
            rev: self.last_rev,
        }
    }

    /// Refuses when the case is closed.
    ///
    /// # Errors
    /// [`Refusal::Resolved`].
    pub fn unresolved(&self) -> Result<(), Refusal> {
        if self.status == ConversationStatus::Resolved {
            Err(Refusal::Resolved)
        } else {
            Ok(())
        }
    }

    fn at_epoch(&self, epoch: i32) -> Result<(), Refusal> {
        if self.epoch == epoch {
            Ok(())
        } else {
            Err(Refusal::StaleEpoch)
        }
    }
}

/// Locks a conversation for this transaction.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Error::Database`].
pub async fn lock(conn: &mut PgConnection, id: ConversationId) -> Result<Locked, Error> {
    sqlx::query_as!(
        Locked,
        r#"
        select
          c.id as "id: ConversationId",
          c.contact_id as "contact_id: ContactId",
          c.channel_id as "channel_id: ChannelId",
          c.status as "status: ConversationStatus",
          c.handler as "handler: Handler",
          c.team_id as "team_id: TeamId",
          c.agent_id as "agent_id: AgentId",
          c.epoch,
          c.last_seq,
          c.last_rev,
          c.last_inbound_seq,
          (
            select w.window_until
            from contact_channel w
            where w.contact_id = c.contact_id and w.channel_id = c.channel_id
          ) as window_until
        from conversation c
        where c.id = $1
        for no key update of c
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::Refused(Refusal::NotFound))
}

/// Adds one revision about item `seq` (0 = the conversation itself) and its feed row.
///
/// # Errors
/// [`Error::Database`].
pub async fn bump(
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
    kind: FeedKind,
) -> Result<i64, Error> {
    locked.last_rev = sqlx::query_scalar!(
        r#"
        with bumped as (
          update conversation set last_rev = last_rev + 1 where id = $1 returning id, last_rev
        )
        insert into feed (conversation_id, rev, seq, kind)
        select id, last_rev, $2, $3
        from bumped
        returning rev
        "#,
        locked.id.0,
        seq,
        kind as FeedKind,
    )
    .fetch_one(conn)
    .await?;
    Ok(locked.last_rev)
}

/// How somebody takes a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Who takes it.
    pub agent_id: AgentId,
    /// The epoch they saw; `None` for a human send, which takes ownership whatever was seen.
    pub epoch: Option<i32>,
    /// Supervisors may take it from its owner.
    pub may_override: bool,
}

/// Gives the conversation to an agent. Claiming what one owns already is a repeat and succeeds without a change.
/// Returns whether anything changed.
///
/// # Errors
/// [`Refusal::Resolved`], [`Refusal::AlreadyClaimed`], [`Refusal::StaleEpoch`], [`Refusal::AtCapacity`].
pub async fn claim(
    conn: &mut PgConnection,
    locked: &mut Locked,
    claim: Claim,
) -> Result<bool, Error> {
    locked.unresolved()?;
    match locked.agent_id {
        _ if Mutant::ClaimBlind.lives() => {
            return own(conn, locked, claim.agent_id).await.map(|()| true);
        }
        Some(owner) if owner == claim.agent_id => return Ok(false),
        Some(_) if !claim.may_override => return Err(Refusal::AlreadyClaimed.into()),
        _ => {}
    }
    if let Some(epoch) = claim.epoch {
        locked.at_epoch(epoch)?;
    }
    own(conn, locked, claim.agent_id).await?;
    Ok(true)
}

/// Whether the agent may own one more. Locks their row, after the conversation's: of many claims at once each counts
/// what the one before left, in a statement of its own.
async fn has_room(
    conn: &mut PgConnection,
    id: ConversationId,
    agent_id: AgentId,
) -> Result<(), Error> {
    let capacity = sqlx::query_scalar!(
        r#"
        select capacity
        from agent
        where id = $1
          and deactivated_at is null
          and role in ('agent', 'supervisor', 'admin')
        for no key update
        "#,
        agent_id.0,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::BadTarget)?;
    let others = sqlx::query_scalar!(
        r#"
        select count(*) as "n!"
        from conversation
        where agent_id = $1
          and status <> 'resolved'
          and id <> $2
        "#,
        agent_id.0,
        id.0,
    )
    .fetch_one(&mut *conn)
    .await?;
    if others < i64::from(capacity) {
        Ok(())
    } else {
        Err(Refusal::AtCapacity.into())
    }
}

/// Makes `agent_id` the owner, if they answer customers and have room.
async fn own(conn: &mut PgConnection, locked: &mut Locked, agent_id: AgentId) -> Result<(), Error> {
    has_room(&mut *conn, locked.id, agent_id).await?;
    locked.epoch = sqlx::query_scalar!(
        r#"
        update conversation
        set handler = 'agent', agent_id = $2, status = 'open', snoozed_until = null, epoch = epoch + 1
        where id = $1
        returning epoch
        "#,
        locked.id.0,
        agent_id.0,
    )
    .fetch_one(&mut *conn)
    .await?;
    locked.handler = Handler::Agent;
    locked.agent_id = Some(agent_id);
    locked.status = ConversationStatus::Open;
    bump(conn, locked, 0, FeedKind::Conversation).await?;
    Ok(())
}

/// Puts the conversation into a team's queue. `since_now` starts the wait anew (a hand-off); otherwise it keeps its
/// place by how long the customer has waited.
async fn queue(
    conn: &mut PgConnection,
    locked: &mut Locked,
    team_id: Option<TeamId>,
    since_now: bool,
) -> Result<(), Error> {
    locked.epoch = sqlx::query_scalar!(
        r#"
        update conversation
        set
          handler = 'queue',
          agent_id = null,
          team_id = coalesce($2, team_id),
          status = 'open',
          snoozed_until = null,
          waiting_since = case when $3 then now() else coalesce(waiting_since, now()) end,
          epoch = epoch + 1
        where id = $1
        returning epoch
        "#,
        locked.id.0,
        team_id.map(|id| id.0),
        since_now,
    )
    .fetch_one(&mut *conn)
    .await?;
    locked.handler = Handler::Queue;
    locked.agent_id = None;
    locked.team_id = team_id.or(locked.team_id);
    locked.status = ConversationStatus::Open;
    bump(conn, locked, 0, FeedKind::Conversation).await?;
    Ok(())
}

/// The bot gives the conversation to people; `epoch` is the one its turn began with.
///
/// # Errors
/// [`Refusal::Resolved`]; [`Refusal::StaleEpoch`] when a person took over meanwhile.
pub async fn hand_off(
    conn: &mut PgConnection,
    locked: &mut Locked,
    epoch: i32,
    team_id: Option<TeamId>,
    reason: HandoffReason,
) -> Result<(), Error> {
    locked.unresolved()?;
    locked.at_epoch(epoch)?;
    sqlx::query!(
        "update conversation set handoff_reason = $2 where id = $1",
        locked.id.0,
        reason.as_str()
    )
    .execute(&mut *conn)
    .await?;
    queue(conn, locked, team_id, true).await
}

/// Where a transfer goes.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Into a team's queue.
    Team(TeamId),
    /// To one agent.
    Agent(AgentId),
}

/// Gives the conversation to another team or agent. Only its owner may, or somebody who may override.
///
/// # Errors
/// [`Refusal::Resolved`], [`Refusal::NotOwner`], [`Refusal::StaleEpoch`], [`Refusal::BadTarget`], [`Refusal::AtCapacity`].
pub async fn transfer(
    conn: &mut PgConnection,
    locked: &mut Locked,
    by: Claim,
    target: Target,
) -> Result<(), Error> {
    owned_by(locked, by)?;
    match target {
        Target::Agent(agent_id) => own(conn, locked, agent_id).await,
        Target::Team(team_id) => {
            let exists = sqlx::query_scalar!("select id from team where id = $1", team_id.0)
                .fetch_optional(&mut *conn)
                .await?;
            exists.ok_or(Refusal::BadTarget)?;
            queue(conn, locked, Some(team_id), false).await
        }
    }
}

/// Gives the conversation back to its team's queue.
///
/// # Errors
/// [`Refusal::Resolved`], [`Refusal::NotOwner`], [`Refusal::StaleEpoch`].
pub async fn release(conn: &mut PgConnection, locked: &mut Locked, by: Claim) -> Result<(), Error> {
    owned_by(locked, by)?;
    queue(conn, locked, None, false).await
}

/// Closes the case.
///
/// # Errors
/// [`Refusal::Resolved`], [`Refusal::NotOwner`], [`Refusal::StaleEpoch`].
pub async fn resolve(
    conn: &mut PgConnection,
    locked: &mut Locked,
    by: Claim,
    reason: Option<&str>,
) -> Result<(), Error> {
    owned_by(locked, by)?;
    end(conn, locked, Author::agent(by.agent_id), reason).await
}

/// Balcão closes the case itself: the bot settled it, or the customer fell silent. `epoch` is the one that was seen.
///
/// # Errors
/// [`Refusal::Resolved`]; [`Refusal::StaleEpoch`] when a person took over meanwhile.
pub async fn close(
    conn: &mut PgConnection,
    locked: &mut Locked,
    epoch: i32,
    by: Author,
    reason: &str,
) -> Result<(), Error> {
    locked.unresolved()?;
    locked.at_epoch(epoch)?;
    end(conn, locked, by, Some(reason)).await
}

async fn end(
    conn: &mut PgConnection,
    locked: &mut Locked,
    by: Author,
    reason: Option<&str>,
) -> Result<(), Error> {
    locked.epoch = sqlx::query_scalar!(
        r#"
        update conversation
        set
          status = 'resolved',
          resolved_at = now(),
          resolved_by_kind = $2,
          resolved_by_id = $3,
          closed_reason = $4,
          waiting_since = null,
          unread = 0,
          epoch = epoch + 1
        where id = $1
        returning epoch
        "#,
        locked.id.0,
        by.kind as ActorKind,
        by.id,
        reason,
    )
    .fetch_one(&mut *conn)
    .await?;
    locked.status = ConversationStatus::Resolved;
    bump(conn, locked, 0, FeedKind::Conversation).await?;
    Ok(())
}

fn owned_by(locked: &Locked, by: Claim) -> Result<(), Refusal> {
    locked.unresolved()?;
    if locked.agent_id != Some(by.agent_id) && !by.may_override {
        return Err(Refusal::NotOwner);
    }
    by.epoch.map_or(Ok(()), |epoch| locked.at_epoch(epoch))
}

/// Moves the read marker forward. Returns the wake when it moved.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn read(
    conn: &mut PgConnection,
    id: ConversationId,
    seq: i64,
) -> Result<Option<Wake>, Error> {
    let mut locked = lock(conn, id).await?;
    let moved = sqlx::query_scalar!(
        r#"
        update conversation
        set
          read_seq = least($2, last_seq),
          unread = case when $2 >= last_inbound_seq then 0 else unread end
        where id = $1
          and (read_seq < least($2, last_seq) or unread > 0)
        returning id
        "#,
        id.0,
        seq,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if moved.is_none() {
        return Ok(None);
    }
    bump(conn, &mut locked, 0, FeedKind::Conversation).await?;
    Ok(Some(locked.wake()))
}

/// Place of a conversation in its team's queue, from 1, as if it joined now.
///
/// # Errors
/// [`Error::Database`].
pub async fn next_queue_position(
    conn: &mut PgConnection,
    team_id: Option<TeamId>,
) -> Result<i64, Error> {
    let waiting = sqlx::query_scalar!(
        r#"
        select count(*) as "n!"
        from conversation
        where team_id is not distinct from $1
          and handler = 'queue'
          and status = 'open'
        "#,
        team_id.map(|id| id.0),
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting + 1)
}
