//! What becomes of a file, and how people are told.

use serde::{Deserialize, Serialize};

use super::{MediaId, MediaKind};

/// Where a file is on its way.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "media_state", rename_all = "snake_case")]
pub enum MediaState {
    /// It is being fetched, or will be.
    Pending,
    /// It can be opened.
    Ready,
    /// It could not be fetched; it can be tried again.
    Failed,
    /// It is here, or was, and is not shown: it is not what it says, or not safe.
    Quarantined,
}

/// Why a file failed or is in quarantine. Stored in clear: it says nothing of what the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaReason {
    /// The channel no longer has it, or never offered it.
    Absent,
    /// The channel refuses to give it to us: token, permission.
    Refused,
    /// The address it is offered at may not be called.
    MediaBlocked,
    /// Its bytes are not those that were announced, three times over.
    HashMismatch,
    /// It has more bytes than allowed.
    TooLarge,
    /// It has no bytes.
    Empty,
    /// It could not be fetched for hours.
    Unavailable,
    /// Its content is not of the announced kind.
    WrongType,
    /// Its content is a program or a page that runs in a browser.
    ActiveContent,
    /// The virus scanner found something.
    Infected,
    /// The virus scanner cannot look inside: it is locked with a password.
    Encrypted,
    /// The virus scanner cannot look at all of it: packed too deep or too large.
    Limits,
}

impl MediaReason {
    /// The word as stored and shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::MediaBlocked => "media_blocked",
            Self::HashMismatch => "hash_mismatch",
            Self::TooLarge => "too_large",
            Self::Empty => "empty",
            Self::Unavailable => "unavailable",
            Self::WrongType => "wrong_type",
            Self::ActiveContent => "active_content",
            Self::Infected => "infected",
            Self::Encrypted => "encrypted",
            Self::Limits => "limits",
        }
    }

    /// Every reason there is.
    pub const ALL: [Self; 12] = [
        Self::Absent,
        Self::Refused,
        Self::MediaBlocked,
        Self::HashMismatch,
        Self::TooLarge,
        Self::Empty,
        Self::Unavailable,
        Self::WrongType,
        Self::ActiveContent,
        Self::Infected,
        Self::Encrypted,
        Self::Limits,
    ];

    /// The reason of a stored word; `None` for one of another version.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// Whether a supervisor may take the file out of quarantine to look at it elsewhere, as a download.
    #[must_use]
    pub const fn is_releasable(self) -> bool {
        matches!(
            self,
            Self::Encrypted | Self::WrongType | Self::ActiveContent
        )
    }
}

/// A file as people see it beside the item that carries it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaView {
    /// For `GET /media/{id}`.
    pub id: MediaId,
    /// Which of the item's files, from 0.
    pub part: i16,
    /// What sort of file.
    pub kind: MediaKind,
    /// Where it is on its way.
    pub state: MediaState,
    /// What it is, judged by its content; as announced while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// How large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// The sender's name for it: personal, never a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Whether `GET /media/{id}/thumbnail` answers.
    pub has_thumbnail: bool,
    /// Whether a browser may show it; else it is a download.
    pub is_inline: bool,
    /// Why it failed or is in quarantine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<MediaReason>,
}

/// Never the name of the file.
impl std::fmt::Debug for MediaView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MediaView({}, {:?})", self.id, self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_word_is_the_reason_again_and_the_word_of_json() {
        for reason in MediaReason::ALL {
            assert_eq!(MediaReason::of(reason.word()), Some(reason));
            assert_eq!(
                serde_json::to_value(reason).unwrap(),
                serde_json::Value::from(reason.word())
            );
        }
    }

    #[test]
    fn nothing_infected_or_unseen_leaves_quarantine() {
        assert!(!MediaReason::Infected.is_releasable());
        assert!(!MediaReason::Limits.is_releasable());
        assert!(MediaReason::Encrypted.is_releasable());
    }
}
