//! Templates: what an approved one needs to be sent, and what a new one must be to be handed in.
//!
//! Promises: pure; what passes is not refused by Meta for the number, the names or the kinds of its parameters.
//! Does not: know whether Meta likes the words, or whose template it is.

mod draft;
mod fit;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

use super::Fault;

pub use draft::{CATEGORIES, Draft, check_draft};
pub use fit::{Fitted, fit};

/// Meta: the number of parameters differs.
pub const WRONG_COUNT: i32 = 132_000;
/// Meta: no such template in this language, or not approved.
pub const MISSING: i32 = 132_001;
/// Meta: the words are too long once filled in.
pub const TOO_LONG: i32 = 132_005;
/// Meta: a parameter is of another kind.
pub const WRONG_KIND: i32 = 132_012;
/// Meta: paused for its quality.
pub const PAUSED: i32 = 132_015;
/// Meta: disabled.
pub const DISABLED: i32 = 132_016;
/// Meta: the customer stopped marketing messages.
pub const MARKETING_STOPPED: i32 = 131_050;
/// Meta: needs a telephone number.
pub const NEEDS_PHONE: i32 = 131_062;

/// Statuses of a template that may be sent; Meta's words.
const SENDABLE: [&str; 4] = ["APPROVED", "REINSTATED", "FLAGGED", "UNARCHIVED"];

/// Whether a template of this status may be sent.
///
/// # Errors
/// A [`Fault`] with the code that Meta would give.
pub fn check_status(status: &str) -> Result<(), Fault> {
    let (code, problem) = match status {
        status if SENDABLE.contains(&status) => return Ok(()),
        "PAUSED" => (
            PAUSED,
            "WhatsApp paused this template because of complaints; choose another.",
        ),
        "DISABLED" => (DISABLED, "WhatsApp disabled this template; choose another."),
        "REJECTED" => (
            MISSING,
            "WhatsApp rejected this template; choose another, or mend it and hand it in again.",
        ),
        "PENDING" | "IN_APPEAL" => (
            MISSING,
            "WhatsApp has not approved this template yet; wait, or choose another.",
        ),
        _ => (MISSING, "this template may not be sent; choose another."),
    };
    Err(Fault {
        code,
        ..Fault::new("name", problem)
    })
}

/// What one must fill in to send a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Needs {
    /// Above the words.
    pub header: Option<HeaderNeed>,
    /// The body's slots, in order: `1`, `2`, or names.
    pub body: Vec<String>,
    /// Buttons that need something.
    pub buttons: Vec<ButtonNeed>,
    /// Cards side by side, each with needs of its own; 0 = no carousel.
    pub cards: usize,
}

/// What stands above the words and must be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HeaderNeed {
    /// Words with one slot.
    Text {
        /// The slot: `1` or a name.
        slot: String,
    },
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A document.
    Document,
    /// A place.
    Location,
}

impl HeaderNeed {
    /// Meta's name of the parameter's kind.
    fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Document => "document",
            Self::Location => "location",
        }
    }
}

/// A button that needs something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ButtonNeed {
    /// Its place, from 0.
    pub index: usize,
    /// `url` (the end of the address), `copy_code` (the code), `mpm` (the products).
    pub sub_type: &'static str,
}

impl Needs {
    /// What the components of an approved template need.
    #[must_use]
    pub fn of(components: &Value) -> Self {
        let header = part(components, "HEADER").and_then(header_need);
        let body = part(components, "BODY")
            .and_then(|body| body["text"].as_str())
            .map(slots)
            .unwrap_or_default();
        let buttons = buttons(components)
            .iter()
            .enumerate()
            .filter_map(|(index, button)| {
                let sub_type = sub_type(button)?;
                let needs = match sub_type {
                    "url" => {
                        button["type"]
                            .as_str()
                            .is_some_and(|kind| kind.eq_ignore_ascii_case("OTP"))
                            || button["url"].as_str().is_some_and(|url| url.contains("{{"))
                    }
                    "copy_code" | "mpm" => true,
                    _ => false,
                };
                needs.then_some(ButtonNeed { index, sub_type })
            })
            .collect();
        let cards = part(components, "CAROUSEL")
            .and_then(|carousel| carousel["cards"].as_array())
            .map_or(0, Vec::len);
        Self {
            header,
            body,
            buttons,
            cards,
        }
    }
}

/// The component of this type, in whatever case.
fn part<'v>(components: &'v Value, kind: &str) -> Option<&'v Value> {
    components.as_array()?.iter().find(|component| {
        component["type"]
            .as_str()
            .is_some_and(|given| given.eq_ignore_ascii_case(kind))
    })
}

fn buttons(components: &Value) -> &[Value] {
    part(components, "BUTTONS")
        .and_then(|buttons| buttons["buttons"].as_array())
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// How a send names a button of an approved template; `None`: nothing can be given to it.
fn sub_type(button: &Value) -> Option<&'static str> {
    let kind = button["type"].as_str()?.to_ascii_uppercase();
    Some(match kind.as_str() {
        "URL" | "OTP" => "url",
        "QUICK_REPLY" => "quick_reply",
        "COPY_CODE" => "copy_code",
        "FLOW" => "flow",
        "CATALOG" => "catalog",
        "MPM" => "mpm",
        _ => return None,
    })
}

fn header_need(header: &Value) -> Option<HeaderNeed> {
    let format = header["format"]
        .as_str()
        .unwrap_or("TEXT")
        .to_ascii_uppercase();
    match format.as_str() {
        "IMAGE" => Some(HeaderNeed::Image),
        "VIDEO" => Some(HeaderNeed::Video),
        "DOCUMENT" => Some(HeaderNeed::Document),
        "LOCATION" => Some(HeaderNeed::Location),
        "TEXT" => {
            let slot = header["text"].as_str().map(slots)?.into_iter().next()?;
            Some(HeaderNeed::Text { slot })
        }
        _ => None,
    }
}

/// The slots of a text, each once: numbers ascending, names in the order of the text.
fn slots(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for rest in text.split("{{").skip(1) {
        let Some((slot, _)) = rest.split_once("}}") else {
            continue;
        };
        let slot = slot.trim();
        if !slot.is_empty() && !found.iter().any(|known| known == slot) {
            found.push(slot.to_owned());
        }
    }
    // Names keep their order: the sort is stable and they all compare equal.
    found.sort_by_key(|slot| slot.parse::<usize>().unwrap_or(usize::MAX));
    found
}

/// The text with its slots filled.
fn filled(text: &str, values: &[(String, String)]) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        words.push_str(before);
        let Some((slot, behind)) = after.split_once("}}") else {
            words.push_str("{{");
            rest = after;
            continue;
        };
        match values.iter().find(|(name, _)| name == slot.trim()) {
            Some((_, value)) => words.push_str(value),
            None => {
                words.push_str("{{");
                words.push_str(slot);
                words.push_str("}}");
            }
        }
        rest = behind;
    }
    words.push_str(rest);
    words
}
