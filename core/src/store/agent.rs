//! The staff: name and e-mail sealed under each agent's own subject, found again by the MAC of the e-mail.
//!
//! Promises: one row per e-mail (capitals and blanks around it do not count); a changed password or a deactivation
//! ends every session in the same transaction; each change leaves an audit event.
//! Does not: hash passwords (whoever takes them does), ring the bell (`Hint::Sessions`, `Hint::Floor`: callers do).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};
use compliance::{Mac, Place, SubjectId, SubjectKind};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Store, session};
use crate::model::{AgentId, Locale, Role, SessionId, TeamId};

/// What the sealed column holds. Fields are added with a default, never renamed.
#[derive(Serialize, Deserialize)]
struct Profile {
    name: String,
    email: String,
}

/// A member of staff to be added or changed.
#[derive(Clone)]
pub struct NewAgent {
    /// Name as colleagues know it.
    pub name: String,
    /// What they log in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// Their language.
    pub locale: Locale,
    /// Conversations they may own at once.
    pub capacity: i32,
    /// Teams they work for.
    pub team_ids: Vec<TeamId>,
}

/// Never name, e-mail or hash.
impl std::fmt::Debug for NewAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "NewAgent({:?}, {} teams)",
            self.role,
            self.team_ids.len()
        )
    }
}

/// A member of staff, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// Name as colleagues know it.
    pub name: String,
    /// What they log in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Their language.
    pub locale: Locale,
    /// Conversations they may own at once.
    pub capacity: i32,
    /// Teams they work for, ascending.
    pub team_ids: Vec<TeamId>,
    /// Since when they may not log in.
    pub deactivated_at: Option<DateTime<Utc>>,
}

/// Never name or e-mail.
impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Agent({}, {:?})", self.id, self.role)
    }
}

/// What a log-in is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub id: AgentId,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// They may not log in any more.
    pub deactivated: bool,
    /// Their newest log-in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// The key under which an e-mail is found: capitals and blanks around it do not count.
#[must_use]
pub fn email_mac(store: &Store, email: &str) -> Mac {
    store
        .vault
        .mac_of("agent email", &[email.trim().to_lowercase().as_bytes()])
}

/// Adds a member of staff, or changes the one with this e-mail: name, role, password, language, capacity and teams
/// become those given, and a deactivated one comes back. Old sessions end. Audited as a deed of the operator.
///
/// # Errors
/// [`Error::Database`], 23503 for an unknown team; [`Error::Vault`].
pub async fn create(
    store: &Store,
    conn: &mut PgConnection,
    new: &NewAgent,
) -> Result<AgentId, Error> {
    let mac = email_mac(store, &new.email);
    let known = sqlx::query!(
        "select id, subject_id from agent where email_mac = $1 for update",
        mac.as_bytes()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (id, subject, action) = match known {
        Some(row) => (
            AgentId(row.id),
            SubjectId(row.subject_id),
            Action::AgentUpdated,
        ),
        None => {
            let subject =
                compliance::create(&mut *conn, &store.vault, SubjectKind::Agent, None).await?;
            (AgentId::new(), subject, Action::AgentCreated)
        }
    };
    let sealed = seal(store, &mut *conn, id, subject, new).await?;
    sqlx::query!(
        r#"
        insert into agent (
          id, subject_id, email_mac, index_key_version, sealed, role, password_hash, locale, capacity
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (id) do update set
          sealed = excluded.sealed,
          role = excluded.role,
          password_hash = excluded.password_hash,
          locale = excluded.locale,
          capacity = excluded.capacity,
          deactivated_at = null
        "#,
        id.0,
        subject.0,
        mac.as_bytes(),
        store.vault.index_key_version(),
        sealed,
        new.role as Role,
        new.password_hash,
        new.locale.tag(),
        new.capacity,
    )
    .execute(&mut *conn)
    .await?;
    put_teams(&mut *conn, id, &new.team_ids).await?;
    session::revoke_all(&mut *conn, id, session::End::PasswordChanged).await?;
    let event = Event::new(action, ActorKind::System, None)
        .object(ObjectKind::Agent, id.0)
        .subject(subject);
    audit::record(conn, &event.detail("role", role_word(new.role))).await?;
    Ok(id)
}

async fn seal(
    store: &Store,
    conn: &mut PgConnection,
    id: AgentId,
    subject: SubjectId,
    new: &NewAgent,
) -> Result<Vec<u8>, Error> {
    let profile = Profile {
        name: new.name.trim().to_owned(),
        email: new.email.trim().to_owned(),
    };
    let plaintext = serde_json::to_vec(&profile).map_err(|_| Error::Damaged("agent profile"))?;
    let keys = store.vault.load(conn, &[subject]).await?;
    Ok(keys
        .require(subject)?
        .seal(Place::agent(id.0), &plaintext)?)
}

async fn put_teams(conn: &mut PgConnection, id: AgentId, team_ids: &[TeamId]) -> Result<(), Error> {
    let teams: Vec<Uuid> = team_ids.iter().map(|team| team.0).collect();
    sqlx::query!(
        "delete from agent_team where agent_id = $1 and team_id <> all($2)",
        id.0,
        &teams
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        insert into agent_team (agent_id, team_id)
        select $1, team_id
        from unnest($2::uuid[]) as wanted (team_id)
        on conflict do nothing
        "#,
        id.0,
        &teams,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All staff, opened; deactivated ones too, because what they wrote is still shown.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when keys are away. One row that does not open is logged and left out: a
/// damaged colleague must not keep everybody else from working.
pub async fn list(store: &Store, conn: &mut PgConnection) -> Result<Vec<Agent>, Error> {
    let rows = sqlx::query!(
        r#"
        select
          a.id,
          a.subject_id,
          a.sealed,
          a.role as "role: Role",
          a.locale,
          a.capacity,
          a.deactivated_at,
          coalesce(
            (select array_agg(t.team_id order by t.team_id) from agent_team t where t.agent_id = a.id),
            '{}'
          ) as "team_ids!: Vec<TeamId>"
        from agent a
        order by a.id
        "#,
    )
    .fetch_all(&mut *conn)
    .await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| SubjectId(row.subject_id)).collect();
    let keys = store.vault.load(conn, &subjects).await?;
    let mut agents = Vec::with_capacity(rows.len());
    for row in rows {
        let opened = keys
            .require(SubjectId(row.subject_id))
            .and_then(|key| key.open(Place::agent(row.id), &row.sealed))
            .map(|plaintext| serde_json::from_slice::<Profile>(&plaintext));
        let Ok(Ok(profile)) = opened else {
            tracing::error!(agent_id = %row.id, "the record of a member of staff does not open");
            continue;
        };
        agents.push(Agent {
            id: AgentId(row.id),
            name: profile.name,
            email: profile.email,
            role: row.role,
            locale: Locale::from_tag(&row.locale),
            capacity: row.capacity,
            team_ids: row.team_ids,
            deactivated_at: row.deactivated_at,
        });
    }
    Ok(agents)
}

/// What a log-in with this e-mail is checked against; `None` when nobody has it.
///
/// # Errors
/// [`Error::Database`].
pub async fn credentials(
    conn: &mut PgConnection,
    email: Mac,
) -> Result<Option<Credentials>, Error> {
    let row = sqlx::query!(
        r#"
        select
          id,
          password_hash,
          deactivated_at,
          (select max(s.created_at) from session s where s.agent_id = agent.id) as last_login_at
        from agent
        where email_mac = $1
        "#,
        email.as_bytes(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Credentials {
        id: AgentId(row.id),
        password_hash: row.password_hash,
        deactivated: row.deactivated_at.is_some(),
        last_login_at: row.last_login_at,
    }))
}

/// Who logs in with this e-mail, if anybody (for programs that seed or administer).
///
/// # Errors
/// [`Error::Database`].
pub async fn by_email(
    store: &Store,
    conn: &mut PgConnection,
    email: &str,
) -> Result<Option<AgentId>, Error> {
    Ok(credentials(conn, email_mac(store, email))
        .await?
        .map(|found| found.id))
}

/// The subject that seals what belongs to each of these agents.
///
/// # Errors
/// [`Error::Database`].
pub async fn subjects(
    conn: &mut PgConnection,
    ids: &[AgentId],
) -> Result<HashMap<AgentId, SubjectId>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("select id, subject_id from agent where id = any($1)", &ids)
        .fetch_all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (AgentId(row.id), SubjectId(row.subject_id)))
        .collect())
}

/// Stores the same password under today's cost parameters; sessions stay.
///
/// # Errors
/// [`Error::Database`].
pub async fn rehash(
    conn: &mut PgConnection,
    id: AgentId,
    password_hash: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "update agent set password_hash = $2 where id = $1",
        id.0,
        password_hash
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets the language of an account.
///
/// # Errors
/// [`Error::Database`].
pub async fn set_locale(conn: &mut PgConnection, id: AgentId, locale: Locale) -> Result<(), Error> {
    sqlx::query!(
        "update agent set locale = $2 where id = $1",
        id.0,
        locale.tag()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks a member of staff out and ends their sessions; returns those. Their conversations stay theirs until a
/// supervisor moves them. Audited as a deed of `by`, or of the operator.
///
/// # Errors
/// [`super::Refusal::NotFound`] when there is nobody to deactivate; [`Error::Database`].
pub async fn deactivate(
    conn: &mut PgConnection,
    id: AgentId,
    by: Option<AgentId>,
) -> Result<Vec<SessionId>, Error> {
    let row = sqlx::query!(
        "update agent set deactivated_at = now() where id = $1 and deactivated_at is null returning subject_id",
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(super::Refusal::NotFound)?;
    let ended = session::revoke_all(&mut *conn, id, session::End::Deactivated).await?;
    let actor = if by.is_some() {
        ActorKind::Agent
    } else {
        ActorKind::System
    };
    let event = Event::new(Action::AgentDeactivated, actor, by.map(|id| id.0))
        .object(ObjectKind::Agent, id.0)
        .subject(SubjectId(row.subject_id));
    audit::record(conn, &event).await?;
    Ok(ended)
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Admin => "admin",
        Role::Dpo => "dpo",
        Role::Auditor => "auditor",
    }
}
