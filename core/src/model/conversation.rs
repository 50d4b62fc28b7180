//! A case between a contact and a channel: its status, who acts next, and how both read as one state.

use serde::{Deserialize, Serialize};

/// Meta's customer service window: free text may be sent this long after the customer's last message.
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages>
pub const WINDOW_HOURS: i64 = 24;

/// Whether a case is being worked on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "conversation_status", rename_all = "snake_case")]
pub enum ConversationStatus {
    /// Somebody must act.
    Open,
    /// Put aside until a time or the next message.
    Snoozed,
    /// Closed; a message within the reopen window opens it again.
    Resolved,
}

/// Who acts next.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "handler", rename_all = "snake_case")]
pub enum Handler {
    /// The bot answers.
    Bot,
    /// Waiting for a person of the team.
    Queue,
    /// One member of staff owns it.
    Agent,
}

/// The four states people talk about, and ours for a case put aside: computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// pt-BR "automação": open, the bot answers.
    Automation,
    /// pt-BR "espera": open, waiting in a queue.
    Waiting,
    /// pt-BR "atendimento": open, an agent owns it.
    Attending,
    /// pt-BR "encerrado": resolved.
    Closed,
    /// Put aside.
    Snoozed,
}

impl CaseState {
    /// The state that a status and a handler mean together.
    #[must_use]
    pub fn of(status: ConversationStatus, handler: Handler) -> Self {
        match (status, handler) {
            (ConversationStatus::Resolved, _) => Self::Closed,
            (ConversationStatus::Snoozed, _) => Self::Snoozed,
            (ConversationStatus::Open, Handler::Bot) => Self::Automation,
            (ConversationStatus::Open, Handler::Queue) => Self::Waiting,
            (ConversationStatus::Open, Handler::Agent) => Self::Attending,
        }
    }
}

/// Which way an item went.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "message_direction", rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    In,
    /// To the customer.
    Out,
    /// Seen by staff only: notes and system lines.
    Internal,
}

/// What a revision of a conversation changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "feed_kind", rename_all = "snake_case")]
pub enum FeedKind {
    /// A new timeline item.
    Item,
    /// Ticks or the outcome of a send.
    Status,
    /// An edit or a revocation.
    Edit,
    /// A reaction.
    Reaction,
    /// A file became ready or failed.
    Media,
    /// The conversation itself: assignment, status, priority (seq 0).
    Conversation,
}

/// Why the bot gave a conversation to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The customer asked for a person.
    Requested,
    /// Three turns brought no progress.
    NoProgress,
    /// The flow says that people do this.
    Flow,
    /// A system that the bot needs did not answer.
    BotUnavailable,
    /// A person took over or handed over by hand.
    Manual,
}

impl HandoffReason {
    /// As stored in `conversation.handoff_reason`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::NoProgress => "no_progress",
            Self::Flow => "flow",
            Self::BotUnavailable => "bot_unavailable",
            Self::Manual => "manual",
        }
    }
}
