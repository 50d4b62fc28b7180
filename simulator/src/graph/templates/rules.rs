//! Meta's rules for a template that is created or edited.
//!
//! Promises: lengths, variables with their examples, buttons; the words say what to change.
//! Does not: judge the text; a review does, and here a fault decides its outcome.

use super::{component, variables};
use crate::graph::error::GraphError;
use serde_json::Value;

const NAME_MAX: usize = 512;
const BODY_MAX: usize = 1024;
const SHORT_MAX: usize = 60;
const BUTTONS_MAX: usize = 10;
const BUTTON_TEXT_MAX: usize = 25;
const URL_MAX: usize = 2000;

/// Subcode of anything wrong inside `components`.
const COMPONENTS: i64 = 2_388_043;

type Checked = Result<(), GraphError>;

fn wrong(words: impl Into<String>) -> GraphError {
    GraphError::form(
        COMPONENTS,
        "Message template \"components\" is not right",
        words,
    )
}

/// Name, language and category of a new template.
pub(super) fn head(template: &Value) -> Checked {
    for key in ["name", "language", "category"] {
        if !template[key].is_string() {
            return Err(GraphError::parameter(format!(
                "The parameter {key} is required."
            )));
        }
    }
    let name = template["name"].as_str().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(allowed) {
        return Err(GraphError::form(
            2_388_042,
            "Invalid name",
            "A template's name has 1 to 512 lowercase letters, digits and underscores.",
        ));
    }
    category(template)
}

pub(super) fn category(template: &Value) -> Checked {
    match template["category"].as_str() {
        Some("AUTHENTICATION" | "MARKETING" | "UTILITY") => Ok(()),
        _ => Err(GraphError::parameter(
            "Param category must be one of {AUTHENTICATION, MARKETING, UTILITY}.",
        )),
    }
}

/// The components of a template of this category.
pub(super) fn components(template: &Value) -> Checked {
    let components = &template["components"];
    let list = components
        .as_array()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| GraphError::parameter("The parameter components is required."))?;
    let body = component(components, "BODY").ok_or_else(|| wrong("A template needs a BODY."))?;
    let is_authentication = template["category"] == "AUTHENTICATION";
    if !is_authentication {
        let text = body["text"].as_str().unwrap_or_default();
        long_enough(text, "BODY", BODY_MAX)?;
        if text.trim_start().starts_with("{{")
            && text.trim_end().ends_with("}}")
            && variables(text).len() == 1
        {
            return Err(GraphError::form(
                2_388_299,
                "Variables at the start or end",
                "A text cannot be a variable alone.",
            ));
        }
        with_examples(template, text, &body["example"], "body_text")?;
    }
    for part in list {
        match part["type"]
            .as_str()
            .unwrap_or_default()
            .to_ascii_uppercase()
            .as_str()
        {
            "HEADER" => header(template, part)?,
            "FOOTER" if !is_authentication => footer(part)?,
            "BUTTONS" => buttons(part)?,
            "CAROUSEL" => carousel(part)?,
            "BODY" | "FOOTER" | "LIMITED_TIME_OFFER" | "CALL_PERMISSION_REQUEST" => {}
            other => return Err(wrong(format!("There is no component {other}."))),
        }
    }
    Ok(())
}

fn long_enough(text: &str, name: &str, max: usize) -> Checked {
    let length = text.chars().count();
    if length == 0 || length > max {
        return Err(wrong(format!(
            "{name} has 1 to {max} characters, not {length}."
        )));
    }
    Ok(())
}

fn with_examples(template: &Value, text: &str, example: &Value, key: &str) -> Checked {
    let names = variables(text);
    if names.is_empty() {
        return Ok(());
    }
    if template["parameter_format"] == "NAMED" {
        let given = example[format!("{key}_named_params")]
            .as_array()
            .map_or(0, Vec::len);
        return if given == names.len() {
            Ok(())
        } else {
            Err(no_example(key))
        };
    }
    let numbered = (1..=names.len()).all(|n| names.iter().any(|name| *name == n.to_string()));
    if !numbered {
        return Err(wrong(
            "Variables are {{1}}, {{2}}, ... without gaps, unless parameter_format is NAMED.",
        ));
    }
    let given = match &example[key] {
        Value::Array(list) if key == "body_text" => {
            list.first().and_then(Value::as_array).map_or(0, Vec::len)
        }
        Value::Array(list) => list.len(),
        _ => 0,
    };
    if given == names.len() {
        Ok(())
    } else {
        Err(no_example(key))
    }
}

fn no_example(key: &str) -> GraphError {
    wrong(format!("Every variable needs an example: example.{key}."))
}

fn header(template: &Value, header: &Value) -> Checked {
    match header["format"].as_str().unwrap_or_default() {
        "TEXT" => {
            let text = header["text"].as_str().unwrap_or_default();
            long_enough(text, "HEADER", SHORT_MAX)?;
            if variables(text).len() > 1 {
                return Err(wrong("A HEADER takes one variable."));
            }
            with_examples(template, text, &header["example"], "header_text")
        }
        "IMAGE" | "VIDEO" | "DOCUMENT" | "GIF" => {
            if header["example"]["header_handle"]
                .as_array()
                .is_none_or(Vec::is_empty)
            {
                return Err(wrong(
                    "A HEADER with a file needs example.header_handle, from a resumable upload.",
                ));
            }
            Ok(())
        }
        "LOCATION" | "PRODUCT" => Ok(()),
        _ => Err(wrong(
            "HEADER.format is TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION.",
        )),
    }
}

fn footer(footer: &Value) -> Checked {
    let text = footer["text"].as_str().unwrap_or_default();
    long_enough(text, "FOOTER", SHORT_MAX)?;
    if variables(text).is_empty() {
        Ok(())
    } else {
        Err(wrong("A FOOTER takes no variables."))
    }
}

fn buttons(part: &Value) -> Checked {
    let buttons = part["buttons"]
        .as_array()
        .filter(|list| (1..=BUTTONS_MAX).contains(&list.len()));
    for button in
        buttons.ok_or_else(|| wrong(format!("BUTTONS has 1 to {BUTTONS_MAX} buttons.")))?
    {
        let kind = button["type"].as_str().unwrap_or_default();
        if !matches!(kind, "COPY_CODE" | "OTP" | "VOICE_CALL") {
            long_enough(
                button["text"].as_str().unwrap_or_default(),
                "A button's text",
                BUTTON_TEXT_MAX,
            )?;
        }
        match kind {
            "URL" => {
                let url = button["url"].as_str().unwrap_or_default();
                if !url.starts_with("http") || url.len() > URL_MAX {
                    return Err(wrong(format!(
                        "A URL button needs a URL of at most {URL_MAX} characters."
                    )));
                }
                if !variables(url).is_empty()
                    && button["example"].as_array().is_none_or(Vec::is_empty)
                {
                    return Err(no_example("url"));
                }
            }
            "PHONE_NUMBER" if !button["phone_number"].is_string() => {
                return Err(wrong("A PHONE_NUMBER button needs a phone_number."));
            }
            "QUICK_REPLY"
            | "PHONE_NUMBER"
            | "COPY_CODE"
            | "OTP"
            | "FLOW"
            | "CATALOG"
            | "MPM"
            | "SPM"
            | "VOICE_CALL"
            | "REQUEST_CONTACT_INFO" => {}
            other => return Err(wrong(format!("There is no button {other}."))),
        }
    }
    Ok(())
}

fn carousel(part: &Value) -> Checked {
    let cards = part["cards"]
        .as_array()
        .filter(|cards| (2..=10).contains(&cards.len()));
    for card in cards.ok_or_else(|| wrong("A CAROUSEL has 2 to 10 cards."))? {
        if component(&card["components"], "HEADER").is_none() {
            return Err(wrong("Every card needs a HEADER."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ok(components_: &Value) -> bool {
        components(&json!({"category": "UTILITY", "components": components_})).is_ok()
    }

    #[test]
    fn variables_are_numbered_and_have_examples() {
        assert!(ok(
            &json!([{"type": "BODY", "text": "Oi, {{1}}!", "example": {"body_text": [["Ana"]]}}])
        ));
        assert!(!ok(&json!([{"type": "BODY", "text": "Oi, {{1}}!"}])));
        assert!(!ok(
            &json!([{"type": "BODY", "text": "Oi, {{2}}!", "example": {"body_text": [["Ana"]]}}])
        ));
        assert!(!ok(
            &json!([{"type": "HEADER", "format": "TEXT", "text": "Oi"}])
        ));
    }

    #[test]
    fn names_are_plain() {
        let of = |name: &str| {
            head(&json!({"name": name, "language": "pt_BR", "category": "UTILITY"})).is_ok()
        };
        assert!(of("aviso_1") && !of("Aviso") && !of("aviso 1") && !of(""));
    }

    #[test]
    fn the_templates_of_the_first_day_obey() {
        for template in super::super::seeds::all("1") {
            head(&template).unwrap();
            components(&template).unwrap();
        }
    }
}
