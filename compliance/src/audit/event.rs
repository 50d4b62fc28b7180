//! One audit event, and how it enters the database.
//!
//! Promises: [`record`] writes the event and its place in the sequencer's queue with the caller's connection, so both
//! commit or vanish with the action. Values are ids, enum words and integers by type: free text cannot get in.
//! Does not: give a position; the sequencer does, after the commit.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Action, ObjectKind};
use crate::{Mutant, Result, SubjectId};

/// Who acted. Source: enum `actor_kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "actor_kind", rename_all = "snake_case")]
pub enum ActorKind {
    /// The customer.
    Contact,
    /// The bot.
    Bot,
    /// A member of staff.
    Agent,
    /// The product itself, or its operator at the command line.
    System,
    /// A campaign.
    Campaign,
    /// The WhatsApp Business app on the company's phone.
    ChannelApp,
    /// A program with an API key.
    ApiKey,
}

impl ActorKind {
    /// The word as it stands in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Bot => "bot",
            Self::Agent => "agent",
            Self::System => "system",
            Self::Campaign => "campaign",
            Self::ChannelApp => "channel_app",
            Self::ApiKey => "api_key",
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    #[default]
    Ok,
    /// It was not allowed.
    Refused,
    /// It was allowed and did not work.
    Failed,
}

impl Outcome {
    /// The word as it stands in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// A detail: an integer, or a word of the program's own vocabulary (lower case, digits, `_`, `.`, `-`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailValue {
    /// A count, a version, a rev.
    Integer(i64),
    /// A word that is in the source code, hence not personal.
    Word(&'static str),
}

impl From<i64> for DetailValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for DetailValue {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u32> for DetailValue {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&'static str> for DetailValue {
    fn from(value: &'static str) -> Self {
        Self::Word(value)
    }
}

/// An event to be recorded. Its time is the transaction's (`now()` of the database).
#[derive(Clone, Debug)]
#[must_use = "an event is only in the log once it was recorded"]
pub struct Event {
    pub(super) action: Action,
    actor_kind: ActorKind,
    actor: Option<Uuid>,
    object_kind: Option<ObjectKind>,
    object: Option<Uuid>,
    outcome: Outcome,
    request: Option<Uuid>,
    session: Option<Uuid>,
    subject: Option<SubjectId>,
    team: Option<Uuid>,
    detail: BTreeMap<&'static str, DetailValue>,
}

impl Event {
    /// An action by somebody; everything else is optional.
    pub fn new(action: Action, actor_kind: ActorKind, actor: Option<Uuid>) -> Self {
        Self {
            action,
            actor_kind,
            actor,
            object_kind: None,
            object: None,
            outcome: Outcome::Ok,
            request: None,
            session: None,
            subject: None,
            team: None,
            detail: BTreeMap::new(),
        }
    }

    /// An action by a member of staff.
    pub fn by_agent(action: Action, agent: Uuid) -> Self {
        Self::new(action, ActorKind::Agent, Some(agent))
    }

    /// What it was done to.
    pub fn object(mut self, kind: ObjectKind, id: Uuid) -> Self {
        self.object_kind = Some(kind);
        self.object = Some(id);
        self
    }

    /// What it was done to, when the object has no id (an inbox).
    pub fn object_kind(mut self, kind: ObjectKind) -> Self {
        self.object_kind = Some(kind);
        self
    }

    /// How it ended; `Ok` unless said.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The request it belongs to, as in the logs.
    pub fn request(mut self, id: Uuid) -> Self {
        self.request = Some(id);
        self
    }

    /// The log-in it was done under.
    pub fn session(mut self, id: Uuid) -> Self {
        self.session = Some(id);
        self
    }

    /// Whose data it touched.
    pub fn subject(mut self, subject: SubjectId) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The team it belongs to: who may export it.
    pub fn team(mut self, team: Uuid) -> Self {
        self.team = Some(team);
        self
    }

    /// One detail. Keys and words are constants of the program.
    pub fn detail(mut self, key: &'static str, value: impl Into<DetailValue>) -> Self {
        let value = value.into();
        debug_assert!(super::leaf::is_word(key));
        debug_assert!(!matches!(value, DetailValue::Word(word) if !super::leaf::is_word(word)));
        self.detail.insert(key, value);
        self
    }

    fn detail_json(&self) -> serde_json::Value {
        self.detail
            .iter()
            .map(|(key, value)| {
                let value = match *value {
                    DetailValue::Integer(number) => number.into(),
                    DetailValue::Word(word) => word.into(),
                };
                ((*key).to_owned(), value)
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Records an event in the caller's transaction and returns its id. No event, no data: call it before the answer
/// leaves, and let its error undo the action.
///
/// # Errors
/// [`crate::Error::Storage`].
pub async fn record(conn: &mut PgConnection, event: &Event) -> Result<Uuid> {
    let id = Uuid::now_v7();
    if Mutant::AccessUnrecorded.lives() && event.action == Action::ConversationOpened {
        return Ok(id);
    }
    sqlx::query!(
        r#"
        with
          event as (
            insert into audit_event (
              id, action, actor_kind, actor, object_kind, object, outcome, request, session, subject, team, detail
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            returning id
          )
        insert into audit_pending (event_id)
        select id from event
        "#,
        id,
        event.action.as_str(),
        event.actor_kind as ActorKind,
        event.actor,
        event.object_kind.map(ObjectKind::as_str),
        event.object,
        event.outcome.as_str(),
        event.request,
        event.session,
        event.subject.map(|subject| subject.0),
        event.team,
        event.detail_json(),
    )
    .execute(conn)
    .await?;
    Ok(id)
}
