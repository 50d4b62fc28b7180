//! The nouns that every service shares. No I/O, no clock, no database: values and the rules between them.
//!
//! The words are those of docs/architecture.md; an enum here has the same spelling in Rust, SQL, JSON and metrics.

mod actor;
mod content;
mod conversation;
mod delivery;
mod graph_code;
mod id;
mod media;
mod problem;
pub mod template;

pub use actor::{ActorKind, Author, Locale, Role};
pub use content::limits::{self, Fault};
pub use content::{
    Body, Button, CallOutcome, Card, CardAction, ChannelFault, Circumstance, Content, Forwarded,
    Heading, ListRow, ListSection, MediaKind, MediaRef, MessageKind, ProductRef, Referral,
    SystemLine,
};
pub use conversation::{
    CaseState, ConversationStatus, Direction, FeedKind, Handler, HandoffReason, WINDOW_HOURS,
};
pub use delivery::{
    CallbackData, PRIORITY_BOT, PRIORITY_CAMPAIGN, PRIORITY_HUMAN, Rank, SendSource, SendState,
    Ticks,
};
pub use graph_code::{CodeClass, CodeEffect, GraphCode, GraphCodes, KEY_BROKEN, Sentence};
pub use id::{
    AgentId, ChannelId, ContactId, ConversationId, DeadLetterId, JobId, MediaId, MessageId,
    RequestId, SessionId, TeamId,
};
pub use media::{MediaReason, MediaState, MediaView};
pub use problem::Problem;
