//! Why something became a dead letter: it cannot be read, belongs nowhere, or is too old.
//!
//! Promises: stable words; metrics, doctor and operators' notes use them.
//! Does not: cover what is merely unknown. That is kept as a message of kind `unsupported` or as a notice.

/// Why something became a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not JSON, or not of the shape every item has.
    Malformed,
    /// An object gives a key twice.
    DuplicateKey,
    /// Nested deeper than 128 levels.
    TooDeep,
    /// Larger than an item may be.
    TooLarge,
    /// Not a webhook of WhatsApp.
    UnknownObject,
    /// No number of ours is named, so it cannot be told where it belongs.
    NoNumber,
    /// No message id, or one that cannot be Meta's.
    BadWamid,
    /// The time is not an integer.
    BadTimestamp,
    /// A telephone number or user id that is none.
    BadIdentity,
    /// Nobody is named as the author.
    NoSender,
    /// Older than may be replayed.
    Stale,
    /// For a number that is not ours, or not enabled.
    UnknownChannel,
    /// So many bad items that the body is kept as one.
    ManyBad,
    /// The database refuses exactly this item.
    RefusedByDatabase,
    /// The data key of the person, or a value that it must be joined with, does not open.
    KeyBroken,
}

impl Reason {
    /// As stored and counted.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::DuplicateKey => "duplicate_key",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::UnknownObject => "unknown_object",
            Self::NoNumber => "no_number",
            Self::BadWamid => "bad_wamid",
            Self::BadTimestamp => "bad_timestamp",
            Self::BadIdentity => "bad_identity",
            Self::NoSender => "no_sender",
            Self::Stale => "stale",
            Self::UnknownChannel => "unknown_channel",
            Self::ManyBad => "many_bad_items",
            Self::RefusedByDatabase => "refused_by_database",
            Self::KeyBroken => "key_broken",
        }
    }
}
