//! Questions as Meta's interactive messages.

use balcao_core::model::{Button, Card, CardAction, Content, Heading, ListSection, limits};
use serde_json::{Value, json};

use super::{Files, file};

/// Version of Meta's forms that we speak.
const FORM_VERSION: &str = "3";

/// The `interactive` object of a question.
pub(super) fn interactive(content: &Content, files: &Files) -> Result<Value, i32> {
    match content {
        Content::Buttons {
            text,
            buttons,
            heading,
            footer,
        } => {
            let action = json!({"buttons": replies(buttons, "reply")});
            let around = (heading.as_ref(), footer.as_deref());
            framed("button", text, &action, around, files)
        }
        Content::List {
            text,
            open_label,
            sections,
            heading,
            footer,
        } => {
            let sections: Vec<Value> = sections.iter().map(section).collect();
            let action = json!({"button": open_label, "sections": sections});
            let heading = heading.clone().map(|text| Heading::Text { text });
            let around = (heading.as_ref(), footer.as_deref());
            framed("list", text, &action, around, files)
        }
        Content::Link {
            text,
            label,
            url,
            heading,
            footer,
        } => {
            let around = (heading.as_ref(), footer.as_deref());
            framed("cta_url", text, &page(label, url), around, files)
        }
        Content::Carousel { text, cards } => {
            let cards: Vec<Value> = cards
                .iter()
                .enumerate()
                .map(|(n, card)| self::card(n, card, files))
                .collect::<Result<_, i32>>()?;
            let action = json!({ "cards": cards });
            framed("carousel", text, &action, (None, None), files)
        }
        Content::Commerce { interactive, .. } => Ok(interactive.clone()),
        request => self::request(request, files),
    }
}

/// What asks the customer to give something.
fn request(content: &Content, files: &Files) -> Result<Value, i32> {
    let (kind, text, action) = match content {
        Content::FormRequest { text, .. } => ("flow", text, form(content)),
        Content::LocationRequest { text } => (
            "location_request_message",
            text,
            json!({"name": "send_location"}),
        ),
        Content::ContactRequest { text } => (
            "contact_request",
            text,
            json!({"name": "request_contact_info"}),
        ),
        _ => return Err(limits::UNSUPPORTED),
    };
    framed(kind, text, &action, (None, None), files)
}

fn form(content: &Content) -> Value {
    let Content::FormRequest {
        label,
        form_id,
        token,
        screen,
        data,
        ..
    } = content
    else {
        return Value::Null;
    };
    let mut parameters = json!({
        "flow_message_version": FORM_VERSION,
        "flow_token": token,
        "flow_id": form_id,
        "flow_cta": label,
        "flow_action": if screen.is_some() { "navigate" } else { "data_exchange" },
    });
    if let Some(screen) = screen {
        let mut payload = json!({ "screen": screen });
        if let Some(data) = data {
            payload["data"] = data.clone();
        }
        parameters["flow_action_payload"] = payload;
    }
    json!({"name": "flow", "parameters": parameters})
}

fn framed(
    kind: &str,
    text: &str,
    action: &Value,
    (heading, footer): (Option<&Heading>, Option<&str>),
    files: &Files,
) -> Result<Value, i32> {
    let mut interactive = json!({"type": kind, "body": {"text": text}, "action": action});
    match heading {
        Some(Heading::Text { text }) => {
            interactive["header"] = json!({"type": "text", "text": text});
        }
        Some(Heading::Media { media }) => {
            let kind = file::word(media.kind);
            let mut source = file::source(media, files)?;
            if let Some(name) = media.file_name.as_deref().filter(|_| kind == "document") {
                source["filename"] = json!(name);
            }
            interactive["header"] = json!({"type": kind, kind: source});
        }
        None => {}
    }
    if let Some(footer) = footer {
        interactive["footer"] = json!({ "text": footer });
    }
    Ok(interactive)
}

fn replies(buttons: &[Button], kind: &str) -> Vec<Value> {
    buttons
        .iter()
        .map(|button| json!({"type": kind, kind: {"id": button.id, "title": button.title}}))
        .collect()
}

fn page(label: &str, url: &str) -> Value {
    json!({"name": "cta_url", "parameters": {"display_text": label, "url": url}})
}

fn section(section: &ListSection) -> Value {
    let rows: Vec<Value> = section
        .rows
        .iter()
        .map(|row| {
            let mut wire = json!({"id": row.id, "title": row.title});
            if let Some(text) = row.description.as_deref().filter(|text| !text.is_empty()) {
                wire["description"] = json!(text);
            }
            wire
        })
        .collect();
    let mut wire = json!({ "rows": rows });
    if !section.title.is_empty() {
        wire["title"] = json!(section.title);
    }
    wire
}

fn card(index: usize, card: &Card, files: &Files) -> Result<Value, i32> {
    let kind = file::word(card.media.kind);
    let (shape, action) = match &card.action {
        CardAction::Link { label, url } => ("cta_url", page(label, url)),
        CardAction::Buttons { buttons } => (
            "button",
            json!({"buttons": replies(buttons, "quick_reply")}),
        ),
    };
    let mut wire = json!({
        "card_index": index,
        "type": shape,
        "header": {"type": kind, kind: file::source(&card.media, files)?},
        "action": action,
    });
    if let Some(text) = &card.text {
        wire["body"] = json!({ "text": text });
    }
    Ok(wire)
}
