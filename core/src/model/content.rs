//! What an item says: the plaintext that is sealed into `message.sealed`, defined here once, free of WhatsApp's names.
//!
//! A reader must accept what an older version wrote: fields are added with a default, never renamed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of an item, stored in clear next to the ciphertext (it is not personal).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "message_kind", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names say it; Content documents the shapes"
)]
pub enum MessageKind {
    Text,
    Image,
    Video,
    Audio,
    Document,
    Sticker,
    Location,
    Contacts,
    Interactive,
    Choice,
    Button,
    Order,
    Template,
    Referral,
    Call,
    Unsupported,
    Note,
    System,
}

/// The sealed plaintext of a row of `message`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Body {
    /// Version of this shape: 1.
    pub v: u8,
    /// Meta's message id; for our sends it is known only after the Graph answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wamid: Option<String>,
    /// What it says.
    pub content: Content,
}

impl Body {
    /// A body of the current version.
    #[must_use]
    pub fn new(wamid: Option<String>, content: Content) -> Self {
        Self {
            v: 1,
            wamid,
            content,
        }
    }
}

/// What an item says, whatever channel it came through.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Plain text; at most 4,096 characters to and from WhatsApp.
    Text {
        /// The text.
        text: String,
    },
    /// A file; the caption is part of it.
    Media {
        /// Image, video, audio, document or sticker.
        media: MediaRef,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// Name of the place.
        #[serde(default)]
        name: Option<String>,
        /// Street address.
        #[serde(default)]
        address: Option<String>,
    },
    /// Address book cards, as the channel gave them.
    Contacts {
        /// One object a card.
        cards: Vec<Value>,
    },
    /// We ask: text with up to three buttons.
    Buttons {
        /// The question; at most 1,024 characters.
        text: String,
        /// One to three answers.
        buttons: Vec<Button>,
    },
    /// We ask: text with a list to open, at most ten rows in all.
    List {
        /// The question; at most 4,096 characters.
        text: String,
        /// The label that opens the list; at most 20 characters.
        open_label: String,
        /// The rows by section.
        sections: Vec<ListSection>,
    },
    /// The customer tapped a button or a row.
    Choice {
        /// The id that we gave it.
        id: String,
        /// Its label.
        title: String,
    },
    /// An order from a catalogue, as the channel gave it.
    Order {
        /// The order.
        order: Value,
    },
    /// A template approved by Meta.
    Template {
        /// Its name.
        name: String,
        /// Its language tag.
        language: String,
        /// What the customer reads, filled in.
        preview: String,
        /// Parameters by position.
        #[serde(default)]
        parameters: Vec<String>,
    },
    /// Anything we do not understand: kept whole, shown as "unsupported".
    Unsupported {
        /// The channel's name of the type.
        type_name: String,
        /// The item as it came.
        raw: Value,
    },
    /// Written by staff for staff.
    Note {
        /// The text.
        text: String,
    },
    /// Something happened: the console words it in the reader's language.
    System {
        /// What happened.
        line: SystemLine,
    },
}

/// A button that we offer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Button {
    /// Comes back with the tap; at most 256 characters.
    pub id: String,
    /// The label; at most 20 characters.
    pub title: String,
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ListSection {
    /// Heading; at most 24 characters.
    pub title: String,
    /// The rows.
    pub rows: Vec<ListRow>,
}

/// A row of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ListRow {
    /// Comes back with the tap; at most 200 characters.
    pub id: String,
    /// The label; at most 24 characters.
    pub title: String,
    /// A second line; at most 72 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What sort of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

/// A file that the channel holds for us.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaRef {
    /// What sort of file.
    pub kind: MediaKind,
    /// The channel's id of the file.
    #[serde(default)]
    pub id: Option<String>,
    /// MIME type as the channel says.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// SHA-256 as the channel says, base64.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Words below the file.
    #[serde(default)]
    pub caption: Option<String>,
    /// Name of a document.
    #[serde(default)]
    pub file_name: Option<String>,
    /// Recorded with the microphone.
    #[serde(default)]
    pub voice: bool,
}

/// What a system line tells. Ids only; names are looked up when it is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SystemLine {
    /// The bot gave the conversation to people.
    HandedOff {
        /// Why.
        reason: super::HandoffReason,
        /// What was said and tried, for whoever takes it.
        summary: String,
        /// Place in the queue at that moment, from 1.
        position: i64,
    },
    /// Somebody took it.
    Claimed {
        /// Who.
        agent_id: super::AgentId,
    },
    /// It went to another team or agent.
    Transferred {
        /// By whom.
        by: super::AgentId,
        /// To which team.
        team_id: Option<super::TeamId>,
        /// To which agent.
        agent_id: Option<super::AgentId>,
        /// Words for the next one.
        note: Option<String>,
    },
    /// Its owner gave it back to the queue.
    Released {
        /// Who gave it back.
        by: super::AgentId,
    },
    /// It was closed.
    Resolved {
        /// By whom; absent when Balcão itself closed it.
        by: Option<super::AgentId>,
        /// The closing reason.
        reason: Option<String>,
    },
    /// The customer wrote again within the reopen window.
    Reopened,
}

impl Content {
    /// The kind stored in clear.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Text { .. } => MessageKind::Text,
            Self::Media { media } => match media.kind {
                MediaKind::Image => MessageKind::Image,
                MediaKind::Video => MessageKind::Video,
                MediaKind::Audio => MessageKind::Audio,
                MediaKind::Document => MessageKind::Document,
                MediaKind::Sticker => MessageKind::Sticker,
            },
            Self::Location { .. } => MessageKind::Location,
            Self::Contacts { .. } => MessageKind::Contacts,
            Self::Buttons { .. } | Self::List { .. } => MessageKind::Interactive,
            Self::Choice { .. } => MessageKind::Choice,
            Self::Order { .. } => MessageKind::Order,
            Self::Template { .. } => MessageKind::Template,
            Self::Unsupported { .. } => MessageKind::Unsupported,
            Self::Note { .. } => MessageKind::Note,
            Self::System { .. } => MessageKind::System,
        }
    }

    /// One line for a list, at most `max_chars` characters; empty for what has no words.
    #[must_use]
    pub fn preview(&self, max_chars: usize) -> String {
        let text = match self {
            Self::Text { text }
            | Self::Note { text }
            | Self::Buttons { text, .. }
            | Self::List { text, .. } => text,
            Self::Choice { title, .. } => title,
            Self::Media { media } => media.caption.as_deref().unwrap_or_default(),
            Self::Template { preview, .. } => preview,
            Self::Location { name, .. } => name.as_deref().unwrap_or_default(),
            _ => "",
        };
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() <= max_chars {
            return words;
        }
        let mut cut: String = words.chars().take(max_chars.saturating_sub(1)).collect();
        cut.push('…');
        cut
    }
}

/// Never the words themselves: bodies reach logs by accident.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({:?})", self.kind())
    }
}

/// Never the words themselves.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({:?})", self.content.kind())
    }
}
