//! A template on its way to Meta: what can be checked before it is handed in.

use serde_json::Value;

use super::{buttons, part};
use crate::model::Fault;
use crate::model::limits::MAX_BODY_CHARS;

/// Categories; Meta's words.
pub const CATEGORIES: [&str; 3] = ["MARKETING", "UTILITY", "AUTHENTICATION"];

const MAX_NAME_CHARS: usize = 512;
const MAX_LINE_CHARS: usize = 60;
const MAX_BUTTONS: usize = 10;
const MAX_BUTTON_CHARS: usize = 25;
const MAX_BYTES: usize = 48 * 1024;

/// A template as somebody wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// a to z, 0 to 9 and _.
    pub name: &'a str,
    /// Such as `pt_BR`.
    pub language: &'a str,
    /// One of [`CATEGORIES`].
    pub category: &'a str,
    /// As Meta defines them.
    pub components: &'a Value,
}

/// Whether a template may be handed in.
///
/// # Errors
/// The first [`Fault`] found.
pub fn check_draft(draft: &Draft<'_>) -> Result<(), Fault> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=MAX_NAME_CHARS).contains(&draft.name.len()) || !draft.name.bytes().all(is_word) {
        return Err(Fault::new(
            "name",
            format!("1 to {MAX_NAME_CHARS} characters of a to z, 0 to 9 and _."),
        ));
    }
    let is_tag = (2..=16).contains(&draft.language.len())
        && draft
            .language
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_tag {
        return Err(Fault::new(
            "language",
            "must be a language code of 2 to 16 characters such as pt_BR.",
        ));
    }
    if !CATEGORIES.contains(&draft.category) {
        return Err(Fault::new(
            "category",
            format!("must be one of {}.", CATEGORIES.join(", ")),
        ));
    }
    components(draft)
}

fn components(draft: &Draft<'_>) -> Result<(), Fault> {
    let all = draft.components;
    if all.as_array().is_none_or(Vec::is_empty) {
        return Err(Fault::new("components", "must be a list with a BODY."));
    }
    let bytes = all.to_string().len();
    if bytes > MAX_BYTES {
        return Err(Fault::new(
            "components",
            format!("at most {MAX_BYTES} bytes, there are {bytes}; shorten them."),
        ));
    }
    let Some(body) = part(all, "BODY") else {
        return Err(Fault::new(
            "components",
            "a BODY is missing; it holds the words.",
        ));
    };
    // Meta itself writes the body of authentication templates.
    match body["text"].as_str() {
        Some(text) => within("components.BODY.text", text, MAX_BODY_CHARS)?,
        None if draft.category == "AUTHENTICATION" => {}
        None => {
            return Err(Fault::new(
                "components.BODY.text",
                "is missing; write the words.",
            ));
        }
    }
    for kind in ["HEADER", "FOOTER"] {
        if let Some(text) = part(all, kind).and_then(|line| line["text"].as_str()) {
            within(&format!("components.{kind}.text"), text, MAX_LINE_CHARS)?;
        }
    }
    let buttons = buttons(all);
    if buttons.len() > MAX_BUTTONS {
        return Err(Fault::new(
            "components.BUTTONS",
            format!("at most {MAX_BUTTONS} buttons; take some out."),
        ));
    }
    for (n, button) in buttons.iter().enumerate() {
        if let Some(text) = button["text"].as_str() {
            within(
                &format!("components.BUTTONS[{n}].text"),
                text,
                MAX_BUTTON_CHARS,
            )?;
        }
    }
    Ok(())
}

fn within(field: &str, text: &str, max_chars: usize) -> Result<(), Fault> {
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > max_chars {
        return Err(Fault::new(
            field,
            format!("1 to {max_chars} characters that are not all blank, it has {chars}."),
        ));
    }
    Ok(())
}
