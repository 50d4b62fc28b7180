//! What Meta tells about accounts, numbers and templates, and whatever else is no message: the types.
//!
//! Promises: an effect holds only what was understood; what was not is still in `raw`.
//! Does not: act. The ingest applies effects.

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::Sender;

/// Anything that is no message, no change and no status: kept for operators.
#[derive(Clone)]
pub struct Notice {
    /// Meta's id of the account (for partner events: of the business portfolio). Empty when it is not said.
    pub waba_id: String,
    /// Meta's id of our number, when said.
    pub phone_number_id: Option<String>,
    /// Our number in digits, when only that is said (quality and name of a number). Spellings vary: Brazil's ninth digit.
    pub display_number: Option<String>,
    /// The subscription.
    pub field: String,
    /// What happened, in Meta's word when there is one.
    pub event: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What follows for us.
    pub effect: Effect,
    /// Meta's time, never in the future; the time of receipt when Meta says none.
    pub at: DateTime<Utc>,
    /// The time of the entry as Meta says it, in Unix seconds; 0 when it says none. A repetition says the same, so that
    /// `(waba_id, field, entry_time, raw)` tells one notice from another.
    pub entry_time: i64,
    /// The customer that it is about, when it is about one.
    pub who: Option<Sender>,
    /// As it came.
    pub raw: Bytes,
}

/// How much a notice matters. As in `channel_notice.severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For the record.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Somebody must act.
    Alert,
}

impl Severity {
    /// As stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Alert => "alert",
        }
    }
}

/// What follows from a notice. Meta's words stay as Meta writes them (mostly capitals).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A template was approved, rejected, paused ...
    TemplateStatus {
        /// Meta's id of the template.
        meta_id: Option<String>,
        /// Its name.
        name: String,
        /// Its language, with an underscore.
        language: String,
        /// `APPROVED`, `REJECTED`, `PAUSED` ...
        status: String,
        /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
        category: Option<String>,
        /// Why, when Meta says it.
        reason: Option<String>,
    },
    /// How customers take a template.
    TemplateQuality {
        /// Meta's id of the template.
        meta_id: Option<String>,
        /// Its name.
        name: String,
        /// Its language, with an underscore.
        language: String,
        /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
        score: String,
    },
    /// A template has, or will have, another category.
    TemplateCategory {
        /// Meta's id of the template.
        meta_id: Option<String>,
        /// Its name.
        name: String,
        /// Its language, with an underscore.
        language: String,
        /// The new category.
        new: String,
        /// Only announced: the old one still holds.
        is_impending: bool,
    },
    /// The words of a template were changed: read it again.
    TemplateComponents {
        /// Meta's id of the template.
        meta_id: Option<String>,
        /// Its name.
        name: String,
        /// Its language, with an underscore.
        language: String,
    },
    /// A number's quality or throughput.
    Quality {
        /// `FLAGGED`, `UNFLAGGED`, `UPGRADE`, `DOWNGRADE`, `THROUGHPUT_UPGRADE` ...
        event: Option<String>,
        /// `TIER_250` ... `TIER_UNLIMITED`.
        limit: Option<String>,
    },
    /// The name that customers see was judged.
    Name {
        /// `APPROVED`, `REJECTED`, `DEFERRED`, `PENDING`.
        decision: String,
        /// The name that was asked for.
        name: Option<String>,
    },
    /// Something happened to the account.
    Account {
        /// `ACCOUNT_VIOLATION`, `ACCOUNT_RESTRICTION`, `DISABLED_UPDATE`, `ACCOUNT_DELETED` ...
        event: String,
        /// What is forbidden, and until when.
        restrictions: Vec<Restriction>,
        /// Of `DISABLED_UPDATE`: `SCHEDULE_FOR_DISABLE`, `DISABLE`, `REINSTATE`.
        ban_state: Option<String>,
    },
    /// Meta warns.
    Alert {
        /// Its kind of alert.
        kind: Option<String>,
        /// Its severity: `CRITICAL`, `WARNING`, `INFORMATIONAL`.
        severity: Option<String>,
        /// Its status, such as `ACTIVE`.
        status: Option<String>,
        /// Its words.
        description: Option<String>,
    },
    /// The account was reviewed.
    Review {
        /// `APPROVED`, `REJECTED`, `PENDING`, `DEFERRED`.
        decision: String,
    },
    /// What the business may do.
    Capability {
        /// How many people may be written to first in a day: a number or a `TIER_*`.
        limit: Option<String>,
        /// How many numbers the account may have.
        numbers: Option<i64>,
    },
    /// Nothing for us: kept.
    Nothing,
}

/// Something that the account may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// Meta's word, such as `RESTRICTED_BIZ_INITIATED_MESSAGING`.
    pub kind: String,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}
