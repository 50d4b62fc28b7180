//! Templates as they are sent: name, language, and the shape of the components. Whether they fit what Meta approved is
//! [`crate::model::template`]'s to say.

use serde_json::Value;

use super::{Fault, MAX_BODY_CHARS, chars, count};

const MAX_NAME_CHARS: usize = 512;
const MAX_PARAMETERS: usize = 100;
/// Header, body, ten buttons, carousel, offer: with room to spare.
const MAX_COMPONENTS: usize = 20;
const MAX_BUTTON_INDEX: u64 = 9;

/// What a parameter may be, which is also the name of the member that holds it.
const TYPES: [&str; 13] = [
    "text",
    "currency",
    "date_time",
    "image",
    "video",
    "document",
    "location",
    "payload",
    "coupon_code",
    "action",
    "limited_time_offer",
    "product",
    "gif",
];

pub(super) fn check(
    name: &str,
    language: &str,
    parameters: &[String],
    components: Option<&Value>,
) -> Result<(), Fault> {
    chars("name", name, MAX_NAME_CHARS)?;
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.bytes().all(is_word) {
        return Err(Fault::new(
            "name",
            "consists of a to z, 0 to 9 and _; copy it from the list of templates.",
        ));
    }
    let is_tag = (2..=16).contains(&language.len())
        && language
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !is_tag {
        return Err(Fault::new(
            "language",
            "must be a language code of 2 to 16 characters such as pt_BR.",
        ));
    }
    count(
        "parameters",
        parameters.len(),
        0,
        MAX_PARAMETERS,
        "parameters",
    )?;
    for (n, text) in parameters.iter().enumerate() {
        chars(format_args!("parameters[{n}]"), text, MAX_BODY_CHARS)?;
    }
    components.map_or(Ok(()), check_components)
}

/// The shape of the components of a send.
///
/// # Errors
/// The first [`Fault`] found.
pub fn check_components(components: &Value) -> Result<(), Fault> {
    let Some(components) = components.as_array() else {
        return Err(Fault::new("components", "must be a list."));
    };
    count(
        "components",
        components.len(),
        0,
        MAX_COMPONENTS,
        "components",
    )?;
    for (n, component) in components.iter().enumerate() {
        self::component(component)
            .map_err(|fault| fault.within(format_args!("components[{n}]")))?;
    }
    Ok(())
}

fn component(component: &Value) -> Result<(), Fault> {
    let kind = component["type"].as_str().unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "header" | "body" | "limited_time_offer" | "order_status" => {}
        "button" => button(component)?,
        "carousel" => return cards(&component["cards"]),
        _ => {
            return Err(Fault::new(
                "type",
                "must be header, body, button, carousel, limited_time_offer or order_status.",
            ));
        }
    }
    let empty = Vec::new();
    let parameters = match &component["parameters"] {
        Value::Null => &empty,
        Value::Array(parameters) => parameters,
        _ => return Err(Fault::new("parameters", "must be a list.")),
    };
    count(
        "parameters",
        parameters.len(),
        0,
        MAX_PARAMETERS,
        "parameters",
    )?;
    for (n, parameter) in parameters.iter().enumerate() {
        self::parameter(parameter)
            .map_err(|fault| fault.within(format_args!("parameters[{n}]")))?;
    }
    Ok(())
}

fn button(button: &Value) -> Result<(), Fault> {
    if !button["sub_type"].is_string() {
        return Err(Fault::new(
            "sub_type",
            "is missing; say which sort of button, e.g. quick_reply or url.",
        ));
    }
    let index = match &button["index"] {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_u64(),
    };
    if index.is_some_and(|index| index <= MAX_BUTTON_INDEX) {
        return Ok(());
    }
    Err(Fault::new(
        "index",
        format!("must be 0 to {MAX_BUTTON_INDEX}: the button's place in the template."),
    ))
}

fn cards(cards: &Value) -> Result<(), Fault> {
    let cards = cards.as_array().map(Vec::as_slice).unwrap_or_default();
    count("cards", cards.len(), 2, 10, "cards")?;
    for (n, card) in cards.iter().enumerate() {
        check_components(&card["components"])
            .map_err(|fault| fault.within(format_args!("cards[{n}]")))?;
    }
    Ok(())
}

fn parameter(parameter: &Value) -> Result<(), Fault> {
    let kind = parameter["type"].as_str().unwrap_or_default();
    if !TYPES.contains(&kind) {
        return Err(Fault::new(
            "type",
            format!("must be one of {}.", TYPES.join(", ")),
        ));
    }
    match (kind, &parameter[kind]) {
        ("text", Value::String(text)) => chars("text", text, MAX_BODY_CHARS),
        // Meta's own examples send `true` and `false` here.
        ("text", Value::Bool(_)) => Ok(()),
        ("payload" | "coupon_code", Value::String(text)) => chars(kind, text, MAX_BODY_CHARS),
        ("image" | "video" | "document" | "gif", Value::Object(file)) => {
            let sources = ["id", "link", "file"]
                .iter()
                .filter(|key| file.get(**key).is_some_and(Value::is_string))
                .count();
            if sources == 1 {
                return Ok(());
            }
            Err(Fault::new(
                kind,
                "give exactly one of file (our upload), link and id.",
            ))
        }
        (_, Value::Object(_)) if kind != "text" => Ok(()),
        _ => Err(Fault::new(
            kind,
            "is missing; the parameter's value belongs there.",
        )),
    }
}
