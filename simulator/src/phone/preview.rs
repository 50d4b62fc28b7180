//! One line of text for any message: contact list, `text` of the control API, screen readers.
//!
//! Does not: translate; labels in brackets are the wire's own type names.

use serde_json::Value;

/// The words of a message, or its type in brackets.
pub(crate) fn text(kind: &str, payload: &Value) -> String {
    let at = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    let labelled = |text: Option<&str>| match text {
        Some(text) => format!("[{kind}] {text}"),
        None => format!("[{kind}]"),
    };
    match kind {
        "text" => at("/body").unwrap_or_default().to_owned(),
        "interactive" => interactive(payload),
        "button" => at("/text").unwrap_or_default().to_owned(),
        "template" => template(payload),
        "reaction" => at("/emoji").unwrap_or_default().to_owned(),
        "location" => labelled(at("/name").or(at("/address"))),
        "contacts" => labelled(at("/0/name/formatted_name")),
        "document" => labelled(at("/caption").or(at("/filename"))),
        _ => labelled(at("/caption")),
    }
}

fn interactive(payload: &Value) -> String {
    [
        "/button_reply/title",
        "/list_reply/title",
        "/body/text",
        "/nfm_reply/body",
    ]
    .iter()
    .find_map(|pointer| payload.pointer(pointer).and_then(Value::as_str))
    .unwrap_or("[interactive]")
    .to_owned()
}

fn template(payload: &Value) -> String {
    if let Some(rendered) = payload.pointer("/rendered").and_then(Value::as_str) {
        return rendered.to_owned();
    }
    let name = payload
        .pointer("/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let words = payload
        .pointer("/components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|component| component.pointer("/parameters")?.as_array())
        .flatten()
        .filter_map(|parameter| parameter.pointer("/text")?.as_str());
    std::iter::once(format!("[{name}]"))
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_has_words() {
        assert_eq!(text("text", &json!({"body": "oi"})), "oi");
        assert_eq!(
            text(
                "interactive",
                &json!({"type": "list", "body": {"text": "Escolha"}})
            ),
            "Escolha"
        );
        assert_eq!(
            text(
                "interactive",
                &json!({"type": "button_reply", "button_reply": {"id": "1", "title": "Sim"}})
            ),
            "Sim"
        );
        assert_eq!(text("image", &json!({"id": "1"})), "[image]");
        assert_eq!(
            text(
                "template",
                &json!({"name": "retomada", "components": [{"parameters": [{"type": "text", "text": "Ana"}]}]})
            ),
            "[retomada] Ana"
        );
        assert_eq!(text("poll", &json!(null)), "[poll]");
    }
}
