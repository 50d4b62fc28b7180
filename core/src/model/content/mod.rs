//! What an item says: the plaintext that is sealed into `message.sealed`, defined here once, free of WhatsApp's names.
//!
//! A reader must accept what an older version wrote: fields are added with a default, never renamed.

mod circumstance;
pub mod limits;
mod parts;
mod system;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use circumstance::{Circumstance, Forwarded, ProductRef, Referral};
pub use parts::{
    Button, Card, CardAction, ChannelFault, Heading, ListRow, ListSection, MediaKind, MediaRef,
};
pub use system::SystemLine;

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
    Form,
    Product,
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
    /// How it came, for what customers write.
    #[serde(default, skip_serializing_if = "Circumstance::is_plain")]
    pub circumstance: Circumstance,
}

impl Body {
    /// A body of the current version.
    #[must_use]
    pub fn new(wamid: Option<String>, content: Content) -> Self {
        Self {
            v: 1,
            wamid,
            content,
            circumstance: Circumstance::default(),
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
        /// What stands above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heading: Option<Heading>,
        /// What stands below; at most 60 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
    },
    /// We ask: text with a list to open, at most ten rows in all.
    List {
        /// The question; at most 4,096 characters.
        text: String,
        /// The label that opens the list; at most 20 characters.
        open_label: String,
        /// The rows by section.
        sections: Vec<ListSection>,
        /// Words above; at most 60 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heading: Option<String>,
        /// What stands below; at most 60 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
    },
    /// We show a button that opens a page.
    Link {
        /// The words; at most 1,024 characters.
        text: String,
        /// The label; at most 20 characters.
        label: String,
        /// The page, https.
        url: String,
        /// What stands above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heading: Option<Heading>,
        /// What stands below; at most 60 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        footer: Option<String>,
    },
    /// We ask to fill in a form (a WhatsApp Flow).
    FormRequest {
        /// The words; at most 1,024 characters.
        text: String,
        /// The label that opens the form; at most 30 characters.
        label: String,
        /// The channel's id of the form.
        form_id: String,
        /// Comes back with the answer.
        token: String,
        /// The screen to begin with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        screen: Option<String>,
        /// What that screen is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    /// We ask where the customer is.
    LocationRequest {
        /// The words; at most 1,024 characters.
        text: String,
    },
    /// We ask for the customer's telephone number.
    ContactRequest {
        /// The words; at most 1,024 characters.
        text: String,
    },
    /// We show two to ten cards side by side.
    Carousel {
        /// The words; at most 1,024 characters.
        text: String,
        /// The cards.
        cards: Vec<Card>,
    },
    /// We show goods, orders, or ask for a call or an address: `interactive` as the channel defines it.
    Commerce {
        /// What the agent reads in the timeline.
        text: String,
        /// The channel's own object; its `type` says which.
        interactive: Value,
    },
    /// The customer tapped a button or a row.
    Choice {
        /// The id that we gave it.
        id: String,
        /// Its label.
        title: String,
    },
    /// The customer filled in a form, gave an address, or answered whether we may call.
    Form {
        /// The channel's name of the form or question.
        name: String,
        /// What the customer reads of their own answer.
        #[serde(default)]
        text: String,
        /// The answers; any JSON, as the form's author defined it.
        answers: Value,
    },
    /// The customer asks about a product of a catalogue.
    Product {
        /// Which.
        product: ProductRef,
        /// Words with it.
        #[serde(default)]
        text: String,
    },
    /// A telephone call through the channel.
    Call {
        /// Whether the customer called.
        inbound: bool,
        /// What became of it.
        outcome: CallOutcome,
        /// How long it was talked, in seconds.
        #[serde(default)]
        duration_seconds: Option<u32>,
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
        /// Parameters of the body by position.
        #[serde(default)]
        parameters: Vec<String>,
        /// The channel's own `components`, when the body's parameters do not say it all (header, buttons, cards).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        components: Option<Value>,
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

/// What became of a call; the later one wins, in this order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It rings, or rang.
    Ringing,
    /// Nobody took it.
    Missed,
    /// It was refused.
    Rejected,
    /// It could not be made.
    Failed,
    /// It was talked.
    Completed,
}

impl Content {
    /// A question with buttons and nothing above or below.
    #[must_use]
    pub fn buttons(text: impl Into<String>, buttons: Vec<Button>) -> Self {
        Self::Buttons {
            text: text.into(),
            buttons,
            heading: None,
            footer: None,
        }
    }

    /// A question with a list and nothing above or below.
    #[must_use]
    pub fn list(
        text: impl Into<String>,
        open_label: impl Into<String>,
        sections: Vec<ListSection>,
    ) -> Self {
        Self::List {
            text: text.into(),
            open_label: open_label.into(),
            sections,
            heading: None,
            footer: None,
        }
    }

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
            Self::Buttons { .. }
            | Self::List { .. }
            | Self::Link { .. }
            | Self::FormRequest { .. }
            | Self::LocationRequest { .. }
            | Self::ContactRequest { .. }
            | Self::Carousel { .. }
            | Self::Commerce { .. } => MessageKind::Interactive,
            Self::Form { .. } => MessageKind::Form,
            Self::Product { .. } => MessageKind::Product,
            Self::Call { .. } => MessageKind::Call,
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
            | Self::List { text, .. }
            | Self::Link { text, .. }
            | Self::FormRequest { text, .. }
            | Self::LocationRequest { text }
            | Self::ContactRequest { text }
            | Self::Carousel { text, .. }
            | Self::Commerce { text, .. }
            | Self::Form { text, .. }
            | Self::Product { text, .. } => text,
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
