//! Meta's rules for interactive messages.
//!
//! Promises: one to three buttons, ten rows in all, titles, ids and descriptions within their lengths and unique.
//! Does not: know catalogues and flows; any id of one is taken.

mod cards;
mod commerce;

use super::error::GraphError;
use super::validate::{media, required, text, within};
use serde_json::Value;
use std::collections::HashSet;

const BUTTONS_MAX: usize = 3;
const BUTTON_TITLE_MAX: usize = 20;
const BUTTON_ID_MAX: usize = 256;
const SECTIONS_MAX: usize = 10;
const SECTION_TITLE_MAX: usize = 24;
const ROWS_MAX: usize = 10;
const ROW_ID_MAX: usize = 200;
const ROW_TITLE_MAX: usize = 24;
const ROW_DESCRIPTION_MAX: usize = 72;
const HEADER_MAX: usize = 60;
const FOOTER_MAX: usize = 60;
const BODY_MAX: usize = 1024;
const LIST_BODY_MAX: usize = 4096;
const OPENER_MAX: usize = 20;
const FLOW_CTA_MAX: usize = 30;

type Checked = Result<(), GraphError>;

pub(super) fn validate(payload: &Value) -> Checked {
    // Meta takes the type in either case.
    let kind = required(payload, "interactive", "type")?
        .as_str()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let kind = kind.as_str();
    let body_max = if kind == "list" {
        LIST_BODY_MAX
    } else {
        BODY_MAX
    };
    match payload.get("body") {
        Some(body) => text(
            required(body, "interactive.body", "text")?,
            "interactive.body['text']",
            body_max,
        )?,
        None if kind == "product" => {}
        None => return Err(GraphError::missing("interactive['body']")),
    }
    header(payload, kind)?;
    if let Some(footer) = payload.get("footer") {
        text(
            required(footer, "interactive.footer", "text")?,
            "interactive.footer['text']",
            FOOTER_MAX,
        )?;
    }
    let action = required(payload, "interactive", "action")?;
    match kind {
        "button" => buttons(action),
        "list" => list(action),
        "cta_url" => cta_url(action),
        "flow" => flow(action),
        "location_request_message" => named(action, "send_location"),
        "contact_request" => named(action, "request_contact_info"),
        "carousel" => cards::carousel(payload, action),
        "address_message" => {
            named(action, "address_message")?;
            let parameters = required(action, "interactive.action", "parameters")?;
            within(
                required(parameters, "parameters", "country")?,
                "parameters['country']",
                2,
                2,
            )
        }
        "product" => commerce::product(action),
        "product_list" => commerce::product_list(payload, action),
        "catalog_message" => named(action, "catalog_message"),
        "order_details" => commerce::order_details(action),
        "order_status" => commerce::order_status(action),
        "voice_call" => named(action, "voice_call"),
        "call_permission_request" => named(action, "call_permission_request"),
        _ => Err(GraphError::parameter(
            "Param interactive['type'] must be one of {button, list, cta_url, flow, location_request_message, \
             contact_request, carousel, address_message, product, product_list, catalog_message, order_details, \
             order_status, voice_call, call_permission_request}",
        )),
    }
}

/// `action.name` is this.
fn named(action: &Value, name: &str) -> Checked {
    match required(action, "interactive.action", "name")?.as_str() {
        Some(given) if given == name => Ok(()),
        _ => Err(GraphError::invalid(format!(
            "interactive.action['name'] must be {name}"
        ))),
    }
}

fn flow(action: &Value) -> Checked {
    named(action, "flow")?;
    let parameters = required(action, "interactive.action", "parameters")?;
    if required(parameters, "parameters", "flow_message_version")?.as_str() != Some("3") {
        return Err(GraphError::invalid(
            "parameters['flow_message_version'] must be \"3\"",
        ));
    }
    if parameters.get("flow_id").is_none() && parameters.get("flow_name").is_none() {
        return Err(GraphError::missing(
            "parameters['flow_id'] or parameters['flow_name']",
        ));
    }
    text(
        required(parameters, "parameters", "flow_cta")?,
        "parameters['flow_cta']",
        FLOW_CTA_MAX,
    )?;
    match parameters.get("flow_action").and_then(Value::as_str) {
        None | Some("data_exchange") => Ok(()),
        Some("navigate") => match parameters.get("flow_action_payload") {
            None => Ok(()),
            Some(payload) => text(
                required(payload, "flow_action_payload", "screen")?,
                "flow_action_payload['screen']",
                256,
            ),
        },
        Some(_) => Err(GraphError::invalid(
            "parameters['flow_action'] must be navigate or data_exchange",
        )),
    }
}

fn header(payload: &Value, kind: &str) -> Checked {
    let Some(header) = payload.get("header") else {
        return Ok(());
    };
    let header_kind = required(header, "interactive.header", "type")?
        .as_str()
        .unwrap_or_default();
    match header_kind {
        "text" => text(
            required(header, "interactive.header", "text")?,
            "interactive.header['text']",
            HEADER_MAX,
        ),
        "image" | "video" | "document" if kind != "list" => media(
            header_kind,
            required(header, "interactive.header", header_kind)?,
            true,
        ),
        _ => Err(GraphError::invalid(
            "Header type invalid for this interactive message",
        )),
    }
}

fn buttons(action: &Value) -> Checked {
    let buttons = array(action, "interactive.action", "buttons", 1, BUTTONS_MAX)?;
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for button in buttons {
        if button.get("type").and_then(Value::as_str) != Some("reply") {
            return Err(GraphError::invalid("Button type invalid: must be reply"));
        }
        let reply = required(button, "interactive.action.buttons", "reply")?;
        let (id, title) = (
            required(reply, "reply", "id")?,
            required(reply, "reply", "title")?,
        );
        text(id, "reply['id']", BUTTON_ID_MAX)?;
        text(title, "reply['title']", BUTTON_TITLE_MAX)?;
        if !ids.insert(id.as_str()) || !titles.insert(title.as_str()) {
            return Err(GraphError::invalid(
                "Duplicated reply id or title: each button needs its own",
            ));
        }
    }
    Ok(())
}

fn list(action: &Value) -> Checked {
    text(
        required(action, "interactive.action", "button")?,
        "interactive.action['button']",
        OPENER_MAX,
    )?;
    let sections = array(action, "interactive.action", "sections", 1, SECTIONS_MAX)?;
    let mut ids = HashSet::new();
    for section in sections {
        match section.get("title") {
            Some(title) => within(title, "section['title']", 0, SECTION_TITLE_MAX)?,
            None if sections.len() > 1 => return Err(GraphError::missing("section['title']")),
            None => {}
        }
        for row in array(section, "section", "rows", 1, ROWS_MAX)? {
            let id = required(row, "row", "id")?;
            text(id, "row['id']", ROW_ID_MAX)?;
            text(
                required(row, "row", "title")?,
                "row['title']",
                ROW_TITLE_MAX,
            )?;
            if let Some(description) = row.get("description") {
                within(description, "row['description']", 0, ROW_DESCRIPTION_MAX)?;
            }
            if !ids.insert(id.as_str()) {
                return Err(GraphError::invalid("Duplicated row id"));
            }
        }
    }
    if ids.len() > ROWS_MAX {
        return Err(GraphError::invalid(format!(
            "Total row count exceed max allowed count: {ROWS_MAX}"
        )));
    }
    Ok(())
}

fn cta_url(action: &Value) -> Checked {
    named(action, "cta_url")?;
    let parameters = required(action, "interactive.action", "parameters")?;
    text(
        required(parameters, "parameters", "display_text")?,
        "parameters['display_text']",
        OPENER_MAX,
    )?;
    let url = required(parameters, "parameters", "url")?
        .as_str()
        .unwrap_or_default();
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(())
    } else {
        Err(GraphError::invalid(
            "parameters['url'] must be an http or https URL",
        ))
    }
}

fn array<'v>(
    object: &'v Value,
    name: &str,
    key: &str,
    min: usize,
    max: usize,
) -> Result<&'v Vec<Value>, GraphError> {
    let list = required(object, name, key)?
        .as_array()
        .ok_or_else(|| GraphError::parameter(format!("Param {name}['{key}'] must be an array")))?;
    if (min..=max).contains(&list.len()) {
        Ok(list)
    } else {
        Err(GraphError::invalid(format!(
            "Invalid {key} count. Min allowed {key}: {min}, Max allowed {key}: {max}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_buttons(titles: &[&str]) -> Value {
        let buttons: Vec<_> = titles
            .iter()
            .enumerate()
            .map(|(n, title)| json!({"type": "reply", "reply": {"id": n.to_string(), "title": title}}))
            .collect();
        json!({"type": "button", "body": {"text": "Escolha"}, "action": {"buttons": buttons}})
    }

    fn with_rows(sections: usize, rows: usize) -> Value {
        let sections: Vec<_> = (0..sections)
            .map(|s| {
                let rows: Vec<_> = (0..rows)
                    .map(|r| json!({"id": format!("{s}.{r}"), "title": "Linha"}))
                    .collect();
                json!({"title": format!("Parte {s}"), "rows": rows})
            })
            .collect();
        json!({"type": "list", "body": {"text": "Escolha"}, "action": {"button": "Abrir", "sections": sections}})
    }

    fn code(payload: &Value) -> Option<i64> {
        validate(payload).err().map(|error| error.code)
    }

    #[test]
    fn one_to_three_distinct_short_buttons() {
        assert_eq!(code(&with_buttons(&["Sim", "Não", "Talvez"])), None);
        assert_eq!(code(&with_buttons(&["é".repeat(20).as_str()])), None);
        assert_eq!(code(&with_buttons(&[])), Some(131_009));
        assert_eq!(code(&with_buttons(&["a", "b", "c", "d"])), Some(131_009));
        assert_eq!(code(&with_buttons(&["Sim", "Sim"])), Some(131_009));
        assert_eq!(
            code(&with_buttons(&["x".repeat(21).as_str()])),
            Some(131_009)
        );
    }

    #[test]
    fn a_list_has_ten_rows_in_all() {
        assert_eq!(code(&with_rows(2, 5)), None);
        assert_eq!(code(&with_rows(2, 6)), Some(131_009));
        assert_eq!(code(&with_rows(11, 1)), Some(131_009));
        let mut untitled = with_rows(2, 1);
        untitled["action"]["sections"][0]
            .as_object_mut()
            .unwrap()
            .remove("title");
        assert_eq!(code(&untitled), Some(131_008));
        let mut opener = with_rows(1, 1);
        opener["action"]["button"] = json!("x".repeat(21));
        assert_eq!(code(&opener), Some(131_009));
    }

    #[test]
    fn bodies_headers_and_links_have_limits() {
        let mut long = with_rows(1, 1);
        long["body"]["text"] = json!("x".repeat(4096));
        assert_eq!(code(&long), None);
        let mut long = with_buttons(&["Sim"]);
        long["body"]["text"] = json!("x".repeat(1025));
        assert_eq!(code(&long), Some(131_009));
        let mut header = with_rows(1, 1);
        header["header"] = json!({"type": "image", "image": {"id": "1"}});
        assert_eq!(code(&header), Some(131_009));
        let cta = |url: &str| json!({"type": "cta_url", "body": {"text": "Veja"}, "action": {"name": "cta_url", "parameters": {"display_text": "Abrir", "url": url}}});
        assert_eq!(code(&cta("https://example.com")), None);
        assert_eq!(code(&cta("javascript:alert(1)")), Some(131_009));
    }
}
