//! The words for how a number does: grades, findings, facts, what Meta told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a check ended.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    #[default]
    Ok,
    /// Works, and somebody should look.
    Warn,
    /// Does not work, or will not for long.
    Fail,
}

impl Grade {
    /// As printed and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of a check: what was looked at, how it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// What was looked at: a stable word such as `token`, `quality`, `webhook`.
    pub check: String,
    /// How it is.
    pub grade: Grade,
    /// In plain words, with what to do.
    pub says: String,
}

/// What Meta says of a number, in Meta's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// `GREEN`, `YELLOW`, `RED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// `STANDARD`, `HIGH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<String>,
    /// People who may be written to first in a day: `TIER_250` ... `TIER_UNLIMITED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_limit: Option<String>,
    /// `CONNECTED` when it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The name that customers see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_name: Option<String>,
    /// How Meta judged that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_status: Option<String>,
    /// `AVAILABLE`, `LIMITED`, `BLOCKED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_send: Option<String>,
    /// When the access token ends; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<DateTime<Utc>>,
}

/// A word of Meta's about a number or its account, and when it was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Noticed {
    /// What Meta said.
    pub word: String,
    /// Meta's time.
    pub at: DateTime<Utc>,
}

/// `channel.health`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// The worst of the findings; absent before the first check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// The last check's lines.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What is known of the number.
    #[serde(default)]
    pub facts: Facts,
    /// What Meta told by itself, the newest of each kind: `quality`, `throughput`, `limit`, `name`, `account`, `review`.
    #[serde(default)]
    pub noticed: BTreeMap<String, Noticed>,
    /// Checks in a row that could not be made.
    #[serde(default)]
    pub failures: u32,
    /// When the next check is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
}

/// How a number does, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// Switched off by us: neither sends nor takes messages.
    Disabled,
    /// Takes messages; nothing is sent until it is repaired.
    Stopped,
    /// The last check failed.
    Failing,
    /// Works, and somebody should look.
    Warning,
    /// Not checked yet.
    Unknown,
    /// Well.
    Ok,
}

impl ChannelState {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] = [
        Self::Disabled,
        Self::Stopped,
        Self::Failing,
        Self::Warning,
        Self::Unknown,
        Self::Ok,
    ];

    /// As printed and as a metric's label.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Stopped => "stopped",
            Self::Failing => "failing",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}
