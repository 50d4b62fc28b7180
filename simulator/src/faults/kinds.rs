//! The shapes of faults that are more than a switch or a number.

use serde::{Deserialize, Deserializer, Serialize};

/// An error the Graph API is told to answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraphFault {
    pub(crate) code: i64,
    #[serde(default = "bad_request")]
    pub(crate) http: u16,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// An error the person's side reports after the send was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailLater {
    pub(crate) code: i64,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// An error of the back office.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErpFault {
    #[serde(default = "unavailable")]
    pub(crate) http: u16,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// An error around files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaFault {
    pub(crate) at: MediaStep,
    #[serde(default = "unavailable")]
    pub(crate) http: u16,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// Where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaStep {
    Upload,
    Resolve,
    Download,
}

/// Template pacing: the answer's `message_status`, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pacing {
    pub(crate) status: PacingState,
    /// Held messages go out after this; `null` drops them with 132015.
    #[serde(default)]
    pub(crate) release_after_ms: Option<u64>,
}

/// The words of Meta's `message_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PacingState {
    HeldForQualityAssessment,
    Paused,
}

/// The outcome of a template review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Review {
    Approve,
    Reject,
    /// Stays in review until `POST /sim/templates/{id}`.
    Pending,
}

const fn bad_request() -> u16 {
    400
}

const fn unavailable() -> u16 {
    503
}

const fn once() -> u32 {
    1
}

/// A count, or `true` for until switched off.
pub(super) fn count_or_switch<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Count(u32),
        Switch(bool),
    }
    Ok(match Either::deserialize(input)? {
        Either::Count(count) => count,
        Either::Switch(true) => u32::MAX,
        Either::Switch(false) => 0,
    })
}
