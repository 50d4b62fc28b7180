//! Lists of conversations and their heads, as people see them.
//!
//! Promises: every list is bounded by its limit; visibility is part of the query, not of the caller's care.
//! Does not: audit (callers record the access in the same transaction).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use compliance::SubjectId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Store, contact, message};
use crate::model::{
    AgentId, ChannelId, ContactId, ConversationId, ConversationStatus, Direction, Handler, TeamId,
};

/// Totals are counted up to here; a list that has more says so by this number.
pub const MAX_COUNTED: i64 = 10_000;

/// Whose eyes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Visibility {
    /// Sees everything (administrators).
    pub all: bool,
    /// Sees these teams' conversations, those of no team, and their own.
    pub team_ids: Vec<TeamId>,
    /// Who they are.
    pub agent_id: AgentId,
}

impl Visibility {
    /// Whether a conversation of this team and owner may be seen.
    #[must_use]
    pub fn covers(&self, team_id: Option<TeamId>, agent_id: Option<AgentId>) -> bool {
        self.all
            || agent_id == Some(self.agent_id)
            || team_id.is_none_or(|team| self.team_ids.contains(&team))
    }
}

/// Which unresolved conversations; `None` does not narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Who acts next.
    pub handler: Option<Handler>,
    /// Only of this owner.
    pub agent_id: Option<AgentId>,
    /// Only of this team.
    pub team_id: Option<TeamId>,
}

/// Unresolved conversations, longest waiting first, and how many there are in all.
///
/// # Errors
/// [`Error::Database`].
pub async fn unresolved(
    conn: &mut PgConnection,
    eyes: &Visibility,
    filter: Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<ConversationId>, i64), Error> {
    let teams: Vec<Uuid> = eyes.team_ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        with visible as (
          select c.id, c.waiting_since, c.last_inbound_at
          from conversation c
          where c.status <> 'resolved'
            and ($1::handler is null or c.handler = $1)
            and ($2::uuid is null or c.agent_id = $2)
            and ($3::uuid is null or c.team_id = $3)
            and ($4 or c.team_id is null or c.team_id = any($5) or c.agent_id = $6)
          order by c.waiting_since asc nulls last, c.last_inbound_at desc nulls last, c.id
          limit $9
        )
        select id as "id!", (select count(*) from visible) as "total!"
        from visible
        order by waiting_since asc nulls last, last_inbound_at desc nulls last, id
        limit $7
        offset $8
        "#,
        filter.handler as Option<Handler>,
        filter.agent_id.map(|id| id.0),
        filter.team_id.map(|id| id.0),
        eyes.all,
        &teams,
        eyes.agent_id.0,
        limit,
        offset,
        MAX_COUNTED,
    )
    .fetch_all(conn)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok((
        rows.into_iter().map(|row| ConversationId(row.id)).collect(),
        total,
    ))
}

/// Closed conversations, newest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn closed(
    conn: &mut PgConnection,
    eyes: &Visibility,
    team_id: Option<TeamId>,
    limit: i64,
    offset: i64,
) -> Result<Vec<ConversationId>, Error> {
    let teams: Vec<Uuid> = eyes.team_ids.iter().map(|id| id.0).collect();
    let ids = sqlx::query_scalar!(
        r#"
        select c.id
        from conversation c
        where c.status = 'resolved'
          and ($1::uuid is null or c.team_id = $1)
          and ($2 or c.team_id is null or c.team_id = any($3) or c.agent_id = $4)
        order by c.resolved_at desc
        limit $5
        offset $6
        "#,
        team_id.map(|id| id.0),
        eyes.all,
        &teams,
        eyes.agent_id.0,
        limit,
        offset,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ConversationId).collect())
}

/// A contact's cases, newest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn of_contact(
    conn: &mut PgConnection,
    id: ContactId,
    limit: i64,
) -> Result<Vec<ConversationId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from conversation where contact_id = $1 order by opened_at desc limit $2",
        id.0,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ConversationId).collect())
}

/// What decides where a conversation is listed and who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub id: ConversationId,
    /// Its status.
    pub status: ConversationStatus,
    /// Who acts next.
    pub handler: Handler,
    /// Its team.
    pub team_id: Option<TeamId>,
    /// Its owner.
    pub agent_id: Option<AgentId>,
    /// Whose it is.
    pub contact_id: ContactId,
    /// Newest change.
    pub last_rev: i64,
}

/// Places of conversations; absent ones are left out.
///
/// # Errors
/// [`Error::Database`].
pub async fn places(conn: &mut PgConnection, ids: &[ConversationId]) -> Result<Vec<Place>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_as!(
        Place,
        r#"
        select
          id as "id: ConversationId",
          status as "status: ConversationStatus",
          handler as "handler: Handler",
          team_id as "team_id: TeamId",
          agent_id as "agent_id: AgentId",
          contact_id as "contact_id: ContactId",
          last_rev
        from conversation
        where id = any($1)
        "#,
        &ids,
    )
    .fetch_all(conn)
    .await?)
}

/// The team and the customer's subject of a conversation, for the audit log.
///
/// # Errors
/// [`Error::Database`].
pub async fn audited_as(
    conn: &mut PgConnection,
    id: ConversationId,
) -> Result<(Option<TeamId>, Option<SubjectId>), Error> {
    let row = sqlx::query!(
        r#"
        select
          c.team_id as "team_id: TeamId",
          p.subject_id as "subject_id: SubjectId"
        from conversation c
        join contact p on p.id = c.contact_id
        where c.id = $1
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or((None, None), |row| (row.team_id, row.subject_id)))
}

/// A conversation's head with what belongs to it, opened.
#[derive(Clone)]
pub struct Head {
    /// Status, handler, team, owner.
    pub place: Place,
    /// The number.
    pub channel_id: ChannelId,
    /// The number's name.
    pub channel_name: String,
    /// 0 to 3.
    pub priority: i16,
    /// Ownership epoch.
    pub epoch: i32,
    /// Newest item.
    pub last_seq: i64,
    /// Unread customer messages.
    pub unread: i32,
    /// Since when the customer waits.
    pub waiting_since: Option<DateTime<Utc>>,
    /// When the customer last wrote.
    pub last_inbound_at: Option<DateTime<Utc>>,
    /// Free text until then.
    pub window_until: Option<DateTime<Utc>>,
    /// Why the bot handed it over.
    pub handoff_reason: Option<String>,
    /// Protocol number.
    pub protocol: Option<String>,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// Why it was closed.
    pub closed_reason: Option<String>,
    /// The customer; `None` when the row is gone.
    pub contact: Option<contact::Opened>,
    /// The newest item that went between us and the customer.
    pub newest: Option<(Direction, Option<crate::model::Content>)>,
}

/// Heads in the order of `ids`; absent ones are left out.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn heads(
    store: &Store,
    conn: &mut PgConnection,
    ids: &[ConversationId],
) -> Result<Vec<Head>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_file!("src/store/heads.sql", &wanted)
        .fetch_all(&mut *conn)
        .await?;

    let contact_ids: Vec<ContactId> = rows.iter().map(|row| row.contact_id).collect();
    let newest: Vec<(ConversationId, i64)> = rows
        .iter()
        .filter_map(|row| Some((row.id, row.newest_seq?)))
        .collect();
    let contacts: HashMap<ContactId, contact::Opened> =
        contact::open(store, &mut *conn, &contact_ids)
            .await?
            .into_iter()
            .map(|c| (c.id, c))
            .collect();
    let mut items: HashMap<ConversationId, message::Item> = message::items(store, conn, &newest)
        .await?
        .into_iter()
        .map(|item| (item.conversation_id, item))
        .collect();

    Ok(rows
        .into_iter()
        .map(|row| Head {
            place: Place {
                id: row.id,
                status: row.status,
                handler: row.handler,
                team_id: row.team_id,
                agent_id: row.agent_id,
                contact_id: row.contact_id,
                last_rev: row.last_rev,
            },
            channel_id: row.channel_id,
            channel_name: row.channel_name,
            priority: row.priority,
            epoch: row.epoch,
            last_seq: row.last_seq,
            unread: row.unread,
            waiting_since: row.waiting_since,
            last_inbound_at: row.last_inbound_at,
            window_until: row.window_until,
            handoff_reason: row.handoff_reason,
            protocol: row.protocol,
            opened_at: row.opened_at,
            closed_reason: row.closed_reason,
            contact: contacts.get(&row.contact_id).cloned(),
            newest: items.remove(&row.id).map(|item| {
                let shown = item.body.filter(|_| !item.revoked);
                (item.direction, shown.map(|body| body.content))
            }),
        })
        .collect())
}

/// A team's queue at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Which team.
    pub team_id: TeamId,
    /// How many wait.
    pub waiting: i64,
    /// Since when the longest has waited.
    pub oldest_waiting_since: Option<DateTime<Utc>>,
}

/// The queues of all teams.
///
/// # Errors
/// [`Error::Database`].
pub async fn queues(conn: &mut PgConnection) -> Result<Vec<Queue>, Error> {
    Ok(sqlx::query_as!(
        Queue,
        r#"
        select
          t.id as "team_id: TeamId",
          count(c.id) as "waiting!",
          min(c.waiting_since) as oldest_waiting_since
        from team t
        left join conversation c on c.team_id = t.id and c.handler = 'queue' and c.status = 'open'
        group by t.id
        "#
    )
    .fetch_all(conn)
    .await?)
}
