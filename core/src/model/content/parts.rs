//! The pieces that contents are made of: buttons, rows, files, headings.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// What stands above a question of ours: words or a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Heading {
    /// At most 60 characters.
    Text {
        /// The words.
        text: String,
    },
    /// An image, a video or a document.
    Media {
        /// The file.
        media: MediaRef,
    },
}

/// A card of a carousel.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Card {
    /// Its picture or film.
    pub media: MediaRef,
    /// Its words; at most 160 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// One link, or up to three answers: the same shape on all cards.
    pub action: CardAction,
}

/// What a card offers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CardAction {
    /// A page to open.
    Link {
        /// The label; at most 20 characters.
        label: String,
        /// The page.
        url: String,
    },
    /// Answers to tap.
    Buttons {
        /// The answers.
        buttons: Vec<Button>,
    },
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

/// A file. What a customer sent is held by the channel under `id` until it is fetched; what we send is ours (`file`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaRef {
    /// What sort of file.
    pub kind: MediaKind,
    /// Our own file, uploaded beforehand: `media.id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Uuid>,
    /// The channel's id of the file.
    #[serde(default)]
    pub id: Option<String>,
    /// Where the channel says it can be fetched for some minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// MIME type as the channel says.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// SHA-256 as the channel says, base64.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Words below the file; at most 1,024 characters, never with audio and stickers.
    #[serde(default)]
    pub caption: Option<String>,
    /// Name of a document.
    #[serde(default)]
    pub file_name: Option<String>,
    /// Recorded with the microphone.
    #[serde(default)]
    pub voice: bool,
    /// A sticker that moves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub animated: bool,
}

impl MediaRef {
    /// A file of this sort about which nothing else is known.
    #[must_use]
    pub fn of(kind: MediaKind) -> Self {
        Self {
            kind,
            file: None,
            id: None,
            url: None,
            mime_type: None,
            sha256: None,
            caption: None,
            file_name: None,
            voice: false,
            animated: false,
        }
    }
}

/// What the channel says is wrong with something.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChannelFault {
    /// The channel's code.
    pub code: i32,
    /// Its words for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More of its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}
