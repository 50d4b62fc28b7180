//! Meta's rules for the body of a send, by type.
//!
//! Promises: limits are those of the Cloud API, counted in characters; the details name the parameter.
//! Does not: look at the recipient (`recipient`) or at rates (`buckets`).

use super::error::GraphError;
use super::interactive;
use serde_json::{Map, Value};

const TEXT_MAX: usize = 4096;
const CAPTION_MAX: usize = 1024;
const CALLBACK_DATA_MAX: usize = 512;

/// The types a send may have.
const KINDS: [&str; 11] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "template",
];

type Checked = Result<(), GraphError>;

/// Type and payload of a send that obeys the rules.
pub(crate) fn validate(body: &Map<String, Value>) -> Result<(&str, &Value), GraphError> {
    if body.get("messaging_product").and_then(Value::as_str) != Some("whatsapp") {
        return Err(GraphError::parameter(
            "The parameter messaging_product is required and must be whatsapp.",
        ));
    }
    let kind = match body.get("type") {
        None => "text",
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(GraphError::parameter("Param type must be a string")),
    };
    if !KINDS.contains(&kind) {
        return Err(GraphError::parameter(format!(
            "Param type must be one of {{{}}}",
            KINDS.join(", ")
        )));
    }
    if let Some(data) = body.get("biz_opaque_callback_data") {
        within(data, "biz_opaque_callback_data", 0, CALLBACK_DATA_MAX)?;
    }
    if let Some(context) = body.get("context") {
        required(context, "context", "message_id")?;
    }
    let payload = body.get(kind).ok_or_else(|| GraphError::missing(kind))?;
    payload_of(kind, payload)?;
    Ok((kind, payload))
}

fn payload_of(kind: &str, payload: &Value) -> Checked {
    match kind {
        "text" => text(required(payload, "text", "body")?, "text['body']", TEXT_MAX),
        "image" | "video" | "document" => media(kind, payload, true),
        "audio" | "sticker" => media(kind, payload, false),
        "location" => location(payload),
        "contacts" => contacts(payload),
        "reaction" => reaction(payload),
        "interactive" => interactive::validate(payload),
        _ => template(payload),
    }
}

/// A non-blank string of at most `max` characters.
pub(super) fn text(value: &Value, name: &str, max: usize) -> Checked {
    within(value, name, 1, max)?;
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err(GraphError::invalid(format!(
            "Param {name} must not be blank."
        )));
    }
    Ok(())
}

/// A string of `min` to `max` characters.
pub(super) fn within(value: &Value, name: &str, min: usize, max: usize) -> Checked {
    let Some(text) = value.as_str() else {
        return Err(GraphError::parameter(format!(
            "Param {name} must be a string."
        )));
    };
    let length = text.chars().count();
    if length < min || length > max {
        return Err(GraphError::invalid(format!(
            "Param {name} length invalid. Min length: {min}, Max length: {max}"
        )));
    }
    Ok(())
}

/// The member `key` of the object `name`.
pub(super) fn required<'v>(
    object: &'v Value,
    name: &str,
    key: &str,
) -> Result<&'v Value, GraphError> {
    object
        .get(key)
        .filter(|value| !value.is_null())
        .ok_or_else(|| GraphError::missing(&format!("{name}['{key}']")))
}

/// Exactly one of `id` and `link`; captions only where a phone shows them.
pub(super) fn media(kind: &str, payload: &Value, captioned: bool) -> Checked {
    match (payload.get("id"), payload.get("link")) {
        (Some(id), None) => within(id, &format!("{kind}['id']"), 1, 256)?,
        (None, Some(link)) => {
            let link = link.as_str().unwrap_or_default();
            if !link.starts_with("https://") && !link.starts_with("http://") {
                return Err(GraphError::invalid(format!(
                    "{kind}['link'] must be an http or https URL."
                )));
            }
        }
        (None, None) => {
            return Err(GraphError::missing(&format!(
                "{kind}['id'] or {kind}['link']"
            )));
        }
        (Some(_), Some(_)) => {
            return Err(GraphError::parameter(format!(
                "Give either {kind}['id'] or {kind}['link']."
            )));
        }
    }
    match payload.get("caption") {
        Some(_) if !captioned => Err(GraphError::parameter(format!(
            "Unexpected key \"caption\" on param \"{kind}\"."
        ))),
        Some(caption) => within(caption, &format!("{kind}['caption']"), 0, CAPTION_MAX),
        None => Ok(()),
    }
}

fn location(payload: &Value) -> Checked {
    for (key, limit) in [("latitude", 90.0), ("longitude", 180.0)] {
        let value = required(payload, "location", key)?;
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        if !number.is_some_and(|degrees| degrees.abs() <= limit) {
            return Err(GraphError::invalid(format!(
                "location['{key}'] must be a number within {limit} degrees."
            )));
        }
    }
    Ok(())
}

fn contacts(payload: &Value) -> Checked {
    let Some(cards) = payload.as_array().filter(|cards| !cards.is_empty()) else {
        return Err(GraphError::parameter(
            "Param contacts must be a non-empty array.",
        ));
    };
    for card in cards {
        let name = required(card, "contacts", "name")?;
        text(
            required(name, "contacts.name", "formatted_name")?,
            "contacts.name['formatted_name']",
            1024,
        )?;
        let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !parts
            .iter()
            .any(|part| name.get(part).is_some_and(Value::is_string))
        {
            return Err(GraphError::missing(
                "contacts.name['first_name'] or another part of the name",
            ));
        }
    }
    Ok(())
}

fn reaction(payload: &Value) -> Checked {
    within(
        required(payload, "reaction", "message_id")?,
        "reaction['message_id']",
        1,
        256,
    )?;
    let emoji = required(payload, "reaction", "emoji")?;
    within(emoji, "reaction['emoji']", 0, 16)?;
    // Digits and keycaps count as emoji only in company; letters never do.
    if emoji.as_str().is_some_and(|text| {
        text.chars().any(char::is_alphabetic) || text.is_ascii() && !text.is_empty()
    }) {
        return Err(GraphError::invalid(
            "Param reaction['emoji'] must be one emoji, or empty to take it away.",
        ));
    }
    Ok(())
}

fn template(payload: &Value) -> Checked {
    let name = required(payload, "template", "name")?;
    within(name, "template['name']", 1, 512)?;
    let language = required(payload, "template", "language")?;
    within(
        required(language, "template.language", "code")?,
        "template.language['code']",
        2,
        20,
    )?;
    match payload.get("components") {
        None | Some(Value::Array(_)) => Ok(()),
        Some(_) => Err(GraphError::parameter(
            "Param template['components'] must be an array.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(body: &Value) -> Option<i64> {
        validate(body.as_object().unwrap())
            .err()
            .map(|error| error.code)
    }

    fn with(kind: &str, payload: &Value) -> Value {
        json!({"messaging_product": "whatsapp", "to": "5511912345678", "type": kind, kind: payload})
    }

    #[test]
    fn text_is_limited_to_4096_characters_not_bytes() {
        assert_eq!(
            code(&with("text", &json!({"body": "á".repeat(4096)}))),
            None
        );
        assert_eq!(
            code(&with("text", &json!({"body": "á".repeat(4097)}))),
            Some(131_009)
        );
        assert_eq!(code(&with("text", &json!({"body": " \n"}))), Some(131_009));
        assert_eq!(code(&with("text", &json!({}))), Some(131_008));
    }

    #[test]
    fn the_frame_is_checked_first() {
        assert_eq!(
            code(&json!({"type": "text", "text": {"body": "oi"}})),
            Some(100)
        );
        assert_eq!(code(&with("poll", &json!({}))), Some(100));
        assert_eq!(
            code(&json!({"messaging_product": "whatsapp", "type": "text"})),
            Some(131_008)
        );
        let mut long = with("text", &json!({"body": "oi"}));
        long["biz_opaque_callback_data"] = json!("x".repeat(513));
        assert_eq!(code(&long), Some(131_009));
    }

    #[test]
    fn media_takes_an_id_or_a_link() {
        assert_eq!(
            code(&with("image", &json!({"id": "1", "caption": "foto"}))),
            None
        );
        assert_eq!(
            code(&with("image", &json!({"link": "ftp://x"}))),
            Some(131_009)
        );
        assert_eq!(code(&with("image", &json!({}))), Some(131_008));
        assert_eq!(
            code(&with("audio", &json!({"id": "1", "caption": "no"}))),
            Some(100)
        );
        assert_eq!(
            code(&with("document", &json!({"id": "1", "link": "https://x"}))),
            Some(100)
        );
    }

    #[test]
    fn the_other_types_have_their_rules() {
        assert_eq!(
            code(&with(
                "location",
                &json!({"latitude": -23.5, "longitude": -46.6})
            )),
            None
        );
        assert_eq!(
            code(&with("location", &json!({"latitude": 91, "longitude": 0}))),
            Some(131_009)
        );
        assert_eq!(
            code(&with(
                "contacts",
                &json!([{"name": {"formatted_name": "Ana"}}])
            )),
            Some(131_008)
        );
        assert_eq!(
            code(&with(
                "contacts",
                &json!([{"name": {"formatted_name": "Ana", "first_name": "Ana"}}])
            )),
            None
        );
        assert_eq!(
            code(&with(
                "reaction",
                &json!({"message_id": "wamid.x", "emoji": ""})
            )),
            None
        );
        assert_eq!(
            code(&with(
                "template",
                &json!({"name": "x", "language": {"code": "pt_BR"}})
            )),
            None
        );
        assert_eq!(
            code(&with("template", &json!({"name": "x"}))),
            Some(131_008)
        );
    }
}
