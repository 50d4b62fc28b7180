//! What travels between Balcão and the people's programs: one JSON frame type per thing that can happen.
//!
//! Every type here is in the OpenAPI document and from there in TypeScript; REST answers reuse the same shapes.
//! Frames are `{"v":1,"type":...}`. A frame about a conversation carries the *current state* of what changed between
//! `rev_from` and `rev_to`: a client applies it when `rev_from <= its rev < rev_to`, drops it when `rev_to <= its rev`,
//! and otherwise asks for the changes after its rev.

pub mod close;

use balcao_core::model::{
    AgentId, Author, CaseState, ChannelId, Circumstance, ContactId, Content, ConversationId,
    ConversationStatus, Direction, Handler, Locale, MediaView, MessageId, Problem, Role, TeamId,
    Ticks,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The subprotocol that a client offers beside its ticket, and the one that the server answers.
pub const SUBPROTOCOL: &str = "balcao.v1";
/// Prefix of the subprotocol that carries the single-use ticket.
pub const TICKET_PREFIX: &str = "ticket.";
/// Largest frame a client may send.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Rows of one list subscription.
pub const MAX_LIST_ROWS: usize = 200;

/// A member of staff as colleagues see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// Who.
    pub id: AgentId,
    /// Name as colleagues know it.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Teams they work for.
    pub team_ids: Vec<TeamId>,
    /// Whether they take conversations now.
    pub presence: Presence,
}

/// Whether a member of staff takes conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Takes conversations.
    Online,
    /// In a pause.
    Away,
    /// Has no socket.
    #[default]
    Offline,
}

/// A team and its queue at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamView {
    /// Which team.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// Conversations waiting in its queue.
    pub waiting: i64,
    /// Since when the longest has waited.
    pub oldest_waiting_since: Option<DateTime<Utc>>,
}

/// A conversation as a row of a list and as the head of a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConversationView {
    /// Which conversation.
    pub id: ConversationId,
    /// The customer.
    pub contact: ContactView,
    /// The number the customer wrote to.
    pub channel_id: ChannelId,
    /// That number's name.
    pub channel_name: String,
    /// Whether it is being worked on.
    pub status: ConversationStatus,
    /// Who acts next.
    pub handler: Handler,
    /// Status and handler as people say it.
    pub state: CaseState,
    /// 0 (normal) to 3 (urgent).
    pub priority: i16,
    /// Team whose queue it is in or came from.
    pub team_id: Option<TeamId>,
    /// Its owner.
    pub agent_id: Option<AgentId>,
    /// Rises with each change of ownership; commands carry it.
    pub epoch: i32,
    /// Newest item.
    pub last_seq: i64,
    /// Newest change.
    pub last_rev: i64,
    /// Customer messages that nobody has read.
    pub unread: i32,
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<DateTime<Utc>>,
    /// When the customer last wrote.
    pub last_inbound_at: Option<DateTime<Utc>>,
    /// Free text may be sent until then (Meta's 24-hour window).
    pub window_until: Option<DateTime<Utc>>,
    /// Why the bot handed it over.
    pub handoff_reason: Option<String>,
    /// Protocol number, known to the customer too.
    pub protocol: Option<String>,
    /// When the case began.
    pub opened_at: DateTime<Utc>,
    /// Why it was closed.
    pub closed_reason: Option<String>,
    /// The newest words, shortened; empty when they have none.
    pub preview: String,
    /// Which way the newest item went.
    pub preview_direction: Option<Direction>,
}

/// A customer as an agent sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactView {
    /// Which contact.
    pub id: ContactId,
    /// Profile name; absent when unknown or erased.
    pub name: Option<String>,
    /// Phone, masked like `+55 •• •••••-1234`; revealing it is a request of its own and is audited.
    pub phone_masked: Option<String>,
    /// The customer's data was erased.
    pub erased: bool,
}

/// A timeline item in its current state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemView {
    /// Place in the conversation, from 1 without gaps.
    pub seq: i64,
    /// Id of the item.
    pub id: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// The author's name when the head of the conversation does not say it: somebody in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// When: Meta's time for what came from Meta, ours otherwise.
    pub at: DateTime<Utc>,
    /// When we stored it.
    pub received_at: DateTime<Utc>,
    /// What it says; absent after erasure, when it was taken back, and when it cannot be read.
    pub content: Option<Content>,
    /// How it came: forwarded, from an advertisement, about a product, with faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circumstance: Option<Circumstance>,
    /// Its files, by part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaView>,
    /// The client's own reference, so that it recognises its optimistic copy.
    pub client_ref: Option<String>,
    /// Ticks of a message to the customer.
    pub ticks: Option<Ticks>,
    /// Meta's error code when `ticks` is `failed`.
    pub error_code: Option<i32>,
    /// The item that this one quotes, when in this conversation.
    pub reply_to_seq: Option<i64>,
    /// The item that this one quotes, when in another case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes_elsewhere: Option<ItemRef>,
    /// Its author changed it.
    pub edited: bool,
    /// When, by Meta's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
    /// Its author took it back.
    pub revoked: bool,
    /// Emoji reactions with who reacted.
    pub reactions: Vec<ReactionView>,
}

/// An item of another conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemRef {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub seq: i64,
}

/// A reaction to an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReactionView {
    /// Who reacted.
    pub author: Author,
    /// The emoji.
    pub emoji: String,
    /// How far ours got; absent for what customers reacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticks: Option<Ticks>,
    /// Meta's error code when ours failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i32>,
}

/// Which conversations a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListScope {
    /// Mine.
    Mine,
    /// Waiting in the queues of my teams (or of one team).
    Queue,
    /// All open ones of my teams that agents own.
    Attending,
    /// With the bot.
    Automation,
    /// All unresolved of my teams.
    All,
    /// Closed, newest first.
    Closed,
}

/// How a conversation is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WatchMode {
    /// To work in it: reading moves the read marker.
    Work,
    /// To listen: the read marker never moves.
    Listen,
}

/// A frame from a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// Watch a list; answered by `list` at once and whenever it changes (at most 4 a second).
    SubscribeList {
        /// Client's name for this subscription.
        list: String,
        /// Which conversations.
        scope: ListScope,
        /// Only this team.
        #[serde(default)]
        team_id: Option<TeamId>,
        /// Rows wanted, 1 to 200.
        limit: usize,
    },
    /// Stop watching a list.
    UnsubscribeList {
        /// Its name.
        list: String,
    },
    /// Watch a conversation; answered by `conversation` with what changed after `after_rev` (absent: the newest items).
    Subscribe {
        /// Which.
        conversation_id: ConversationId,
        /// Work or listen.
        mode: WatchMode,
        /// The rev the client already has.
        #[serde(default)]
        after_rev: Option<i64>,
    },
    /// Stop watching a conversation.
    Unsubscribe {
        /// Which.
        conversation_id: ConversationId,
    },
    /// Ask for the changes after a rev (a gap was seen).
    Changes {
        /// Which.
        conversation_id: ConversationId,
        /// The rev the client has.
        after_rev: i64,
    },
    /// Write to the customer; answered by `accepted` or `refused`.
    Send {
        /// Client's own reference, unique per author and conversation; a repeat answers the first `accepted`.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// The ownership epoch the client knows.
        epoch: i32,
        /// The words, 1 to 4,096 characters; or `content`.
        #[serde(default)]
        text: Option<String>,
        /// Anything else that WhatsApp takes, instead of `text`.
        #[serde(default)]
        content: Option<Box<Content>>,
        /// The item that this one quotes.
        #[serde(default)]
        reply_to_seq: Option<i64>,
    },
    /// Put an emoji on an item, or take ours off; answered by `accepted` or `refused`.
    React {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// Which item.
        seq: i64,
        /// The emoji; absent or null takes it off.
        #[serde(default)]
        emoji: Option<String>,
    },
    /// Send a failed or unknown message once more; answered by `accepted` or `refused`.
    SendAgain {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// Which item.
        seq: i64,
    },
    /// Take back a message that has not left; answered by `accepted` or `refused`.
    Cancel {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// Which item.
        seq: i64,
    },
    /// Show the customer that somebody writes; at most one in 20 s leaves, the rest does nothing.
    Typing {
        /// Which conversation.
        conversation_id: ConversationId,
    },
    /// Write for colleagues; answered by `accepted` or `refused`.
    Note {
        /// See `send`.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// The words, 1 to 4,096 characters.
        text: String,
    },
    /// Take it; answered by `done` or `refused`.
    Claim {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// The ownership epoch the client knows.
        epoch: i32,
    },
    /// Give it to another team or agent; answered by `done` or `refused`.
    Transfer {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// The ownership epoch the client knows.
        epoch: i32,
        /// To this team's queue.
        #[serde(default)]
        team_id: Option<TeamId>,
        /// To this agent.
        #[serde(default)]
        agent_id: Option<AgentId>,
        /// Words for the next one.
        #[serde(default)]
        note: Option<String>,
    },
    /// Give it back to its queue; answered by `done` or `refused`.
    Release {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// The ownership epoch the client knows.
        epoch: i32,
    },
    /// Close it; answered by `done` or `refused`.
    Resolve {
        /// Client's own reference for the answer.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// The ownership epoch the client knows.
        epoch: i32,
        /// The closing reason.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Move the read marker (mode work only).
    Read {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Read up to this item.
        seq: i64,
    },
    /// Say whether one takes conversations.
    SetPresence {
        /// Online or away.
        presence: Presence,
    },
}

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// First frame of a connection.
    Welcome {
        /// Identity of the store; when it differs from the one a client knew, the client starts over.
        store_epoch: Uuid,
        /// Who is logged in.
        agent: AgentView,
        /// Language of the account.
        locale: Locale,
        /// Largest frame the server takes, in bytes.
        max_frame_bytes: usize,
    },
    /// The rows of a list now, in order (replaces what the client had).
    List {
        /// The subscription.
        list: String,
        /// The rows.
        rows: Vec<ConversationView>,
        /// How many there are in all.
        total: i64,
    },
    /// What changed in a conversation.
    Conversation {
        /// Which.
        conversation_id: ConversationId,
        /// The rev that this builds on.
        rev_from: i64,
        /// The rev reached by applying it.
        rev_to: i64,
        /// The conversation's head now.
        conversation: ConversationView,
        /// The items touched, in their current state, by seq.
        items: Vec<ItemView>,
    },
    /// The client's rev is unknown here (pruned or from another store): forget it and read anew.
    Resync {
        /// Which conversation.
        conversation_id: ConversationId,
    },
    /// A message or note is stored.
    Accepted {
        /// The client's reference.
        client_ref: String,
        /// Which conversation.
        conversation_id: ConversationId,
        /// Its place.
        seq: i64,
    },
    /// A command took effect.
    Done {
        /// The client's reference.
        client_ref: String,
        /// The conversation afterwards.
        conversation: ConversationView,
    },
    /// A command was refused and changed nothing.
    Refused {
        /// The client's reference; absent when the frame had none or could not be read.
        client_ref: Option<String>,
        /// Which conversation.
        conversation_id: Option<ConversationId>,
        /// Why, and what to do.
        problem: Problem,
    },
    /// Queues and colleagues, whenever they change (at most once a second).
    Floor {
        /// My teams' queues.
        teams: Vec<TeamView>,
        /// Colleagues.
        agents: Vec<AgentView>,
    },
    /// Connect again after this time: the node is going down.
    Reconnect {
        /// Milliseconds to wait, already spread over clients.
        after_ms: u64,
    },
}

/// A frame as it travels: `v` beside the frame's own fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// Version: 1.
    pub v: u8,
    /// The frame.
    #[serde(flatten)]
    pub frame: T,
}

impl<T> Envelope<T> {
    /// Wraps a frame in the current version.
    pub fn new(frame: T) -> Self {
        Self { v: 1, frame }
    }
}
