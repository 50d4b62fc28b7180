//! An error as a client sees it: RFC 9457 `application/problem+json`. Codes are stable; the console words them.

use serde::{Deserialize, Serialize};

/// A refusal that says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// HTTP status (also in frames, where there is no HTTP).
    pub status: u16,
    /// Stable word for programs, e.g. `already_claimed`.
    pub code: String,
    /// One English sentence: what is wrong.
    pub title: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Which field of the request, as a path: `content.buttons[2].title`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// A problem without further detail.
    #[must_use]
    pub fn new(status: u16, code: &str, title: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            title: title.to_owned(),
            detail: None,
            field: None,
        }
    }

    /// Adds which field it is about.
    #[must_use]
    pub fn with_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }
}
