//! What WhatsApp takes from us: the limits of every outbound content, checked before anything is stored or called.
//! Source: Meta, "Messages" and "Interactive messages" (Cloud API), as collected up to 2026-10; lengths in characters.
//!
//! Promises: pure; a content that passes is not refused by Meta for its shape; a fault names the field, the limit with
//! its unit, and what to do, and repeats nothing of what was written.
//! Does not: look at files, templates, windows or recipients: their rules need what only the store knows.

mod commerce;
mod file;
mod question;
mod template;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use serde_json::Value;

use super::Content;

pub use file::check_size;
pub use template::check_components as check_template_components;

/// Meta: parameter missing or invalid.
pub const INVALID: i32 = 131_009;
/// Meta: message type unsupported.
pub const UNSUPPORTED: i32 = 131_051;
/// Meta: our file cannot be used.
pub const BAD_FILE: i32 = 131_053;

/// Longest text, in characters.
pub const MAX_TEXT_CHARS: usize = 4_096;
/// Longest words of a question and longest caption, in characters.
pub const MAX_BODY_CHARS: usize = 1_024;
/// Names and addresses, in characters: ours, far above what people write.
const MAX_NAME_CHARS: usize = 1_000;

/// Why WhatsApp would not take a content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Fault {
    /// Which field, as a path: `buttons[2].title`.
    pub field: String,
    /// The limit with its unit, and what to do.
    pub problem: String,
    /// The code that Meta would give.
    pub code: i32,
}

impl Fault {
    /// A parameter that Meta would call invalid.
    pub(crate) fn new(field: impl Display, problem: impl Into<String>) -> Self {
        Self {
            field: field.to_string(),
            problem: problem.into(),
            code: INVALID,
        }
    }

    /// A file of ours that cannot be sent.
    #[must_use]
    pub fn of_file(field: &str, problem: &str) -> Self {
        Self {
            code: BAD_FILE,
            ..Self::new(field, problem)
        }
    }

    /// A template that cannot be sent, with the code that Meta would give.
    #[must_use]
    pub fn of_template(code: i32, problem: &str) -> Self {
        Self {
            code,
            ..Self::new("name", problem)
        }
    }

    /// The same inside another field: `title` becomes `buttons[2].title`.
    #[must_use]
    pub fn within(mut self, outer: impl Display) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }
}

impl Content {
    /// Whether this may be sent to a customer at all, and within WhatsApp's limits.
    ///
    /// # Errors
    /// The first [`Fault`] found.
    pub fn check_outbound(&self) -> Result<(), Fault> {
        match self {
            Self::Text { text } => chars("text", text, MAX_TEXT_CHARS),
            Self::Media { media } => file::message(media).map_err(|fault| fault.within("media")),
            Self::Location {
                latitude,
                longitude,
                name,
                address,
            } => location(*latitude, *longitude, name.as_deref(), address.as_deref()),
            Self::Contacts { cards } => contacts(cards),
            Self::Buttons { .. }
            | Self::List { .. }
            | Self::Link { .. }
            | Self::FormRequest { .. }
            | Self::LocationRequest { .. }
            | Self::ContactRequest { .. }
            | Self::Carousel { .. } => question::check(self),
            Self::Commerce { interactive, .. } => {
                commerce::check(interactive).map_err(|fault| fault.within("interactive"))
            }
            Self::Template {
                name,
                language,
                parameters,
                components,
                ..
            } => template::check(name, language, parameters, components.as_ref()),
            Self::Choice { .. }
            | Self::Form { .. }
            | Self::Product { .. }
            | Self::Call { .. }
            | Self::Order { .. }
            | Self::Unsupported { .. }
            | Self::Note { .. }
            | Self::System { .. } => Err(Fault {
                code: UNSUPPORTED,
                ..Fault::new(
                    "kind",
                    "cannot be sent to a customer; choose text, media, location, contacts, buttons, list, link, \
                     form_request, location_request, contact_request, carousel, commerce or template.",
                )
            }),
        }
    }
}

/// The emoji of a reaction: one, which may be made of several code points.
///
/// # Errors
/// A [`Fault`] when it is empty, text, or longer than 16 characters.
pub fn check_emoji(emoji: &str) -> Result<(), Fault> {
    const MAX_EMOJI_CHARS: usize = 16;
    chars("emoji", emoji, MAX_EMOJI_CHARS)?;
    // Key caps begin with a digit, `#` or `*`; everything else of ASCII is words. So are letters, but for those that are
    // drawn as pictures: letterlike signs, enclosed letters.
    let is_keycap = emoji.ends_with('\u{20e3}');
    let is_picture = |sign: char| matches!(sign, '\u{2100}'..='\u{214f}' | '\u{2460}'..='\u{24ff}' | '\u{1f100}'..='\u{1f1ff}');
    let has_words = emoji.chars().any(|sign| {
        sign.is_whitespace() || sign.is_ascii() || (sign.is_alphabetic() && !is_picture(sign))
    });
    if has_words && !is_keycap {
        return Err(Fault::new(
            "emoji",
            "must be one emoji; leave words out, or send null to take the reaction back.",
        ));
    }
    Ok(())
}

fn location(
    latitude: f64,
    longitude: f64,
    name: Option<&str>,
    address: Option<&str>,
) -> Result<(), Fault> {
    for (field, degrees, limit) in [
        ("latitude", latitude, 90.0),
        ("longitude", longitude, 180.0),
    ] {
        if !degrees.is_finite() || degrees.abs() > limit {
            return Err(Fault::new(
                field,
                format!("must be -{limit} to {limit} degrees; check both numbers."),
            ));
        }
    }
    for (field, text) in [("name", name), ("address", address)] {
        if let Some(text) = text {
            chars_or_none(field, text, MAX_NAME_CHARS)?;
        }
    }
    Ok(())
}

fn contacts(cards: &[Value]) -> Result<(), Fault> {
    const PARTS: [&str; 5] = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
    count("cards", cards.len(), 1, 257, "cards")?;
    for (n, card) in cards.iter().enumerate() {
        let name = &card["name"];
        let field = format!("cards[{n}].name.formatted_name");
        let Some(formatted) = name["formatted_name"].as_str() else {
            return Err(Fault::new(
                field,
                "is missing; give the whole name as text.",
            ));
        };
        chars(field, formatted, MAX_NAME_CHARS)?;
        let is_part = |part: &str| {
            name[part]
                .as_str()
                .is_some_and(|text| !text.trim().is_empty())
        };
        if !PARTS.iter().any(|part| is_part(part)) {
            return Err(Fault::new(
                format!("cards[{n}].name.first_name"),
                "is missing; one part of the name is needed beside formatted_name: first_name, last_name, \
                 middle_name, prefix or suffix.",
            ));
        }
    }
    Ok(())
}

/// Words of 1 to `max_chars` characters that are not all blank.
fn chars(field: impl Display, text: &str, max_chars: usize) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new(
            field,
            format!("is blank; write 1 to {max_chars} characters."),
        ));
    }
    chars_or_none(field, text, max_chars)
}

/// At most `max_chars` characters.
fn chars_or_none(field: impl Display, text: &str, max_chars: usize) -> Result<(), Fault> {
    let long = text.chars().count();
    if long > max_chars {
        return Err(Fault::new(
            field,
            format!("at most {max_chars} characters, it has {long}; shorten it."),
        ));
    }
    if text.contains('\0') {
        return Err(Fault::new(field, "remove the NUL character."));
    }
    Ok(())
}

/// `min` to `max` things.
fn count(
    field: impl Display,
    found: usize,
    min: usize,
    max: usize,
    unit: &str,
) -> Result<(), Fault> {
    if (min..=max).contains(&found) {
        return Ok(());
    }
    let advice = if found < min {
        "add some"
    } else {
        "take some out"
    };
    Err(Fault::new(
        field,
        format!("{min} to {max} {unit}, there are {found}; {advice}."),
    ))
}

/// An address that a phone or Meta can open.
fn url(field: impl Display, url: &str, schemes: &[&str]) -> Result<(), Fault> {
    const MAX_URL_CHARS: usize = 2_000;
    chars_or_none(&field, url, MAX_URL_CHARS)?;
    let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
    let is_sound = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url.contains(|sign: char| sign.is_whitespace() || sign.is_control());
    if is_sound {
        return Ok(());
    }
    Err(Fault::new(
        field,
        format!(
            "must be an address that begins with {}.",
            schemes.join(" or ")
        ),
    ))
}
