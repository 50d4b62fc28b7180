//! Carousels: two to ten cards with a picture each, all with the same kind of buttons.

use super::{BUTTON_ID_MAX, BUTTON_TITLE_MAX, Checked, array, cta_url};
use crate::graph::error::GraphError;
use crate::graph::validate::{media, required, text};
use serde_json::Value;

const CARDS_MIN: usize = 2;
const CARDS_MAX: usize = 10;
const CARD_BODY_MAX: usize = 160;
const CARD_BUTTONS_MAX: usize = 2;

pub(super) fn carousel(payload: &Value, action: &Value) -> Checked {
    for extra in ["header", "footer"] {
        if payload.get(extra).is_some() {
            return Err(GraphError::parameter(format!(
                "Unexpected key \"{extra}\" on param \"interactive\": a carousel has none."
            )));
        }
    }
    let cards = array(action, "interactive.action", "cards", CARDS_MIN, CARDS_MAX)?;
    let mut shapes = Vec::new();
    for (at, card) in cards.iter().enumerate() {
        let index = required(card, "card", "card_index")?;
        if index.as_u64() != Some(at as u64) {
            return Err(GraphError::invalid(format!(
                "card['card_index'] must be {at} here: cards are numbered from 0"
            )));
        }
        let header = required(card, "card", "header")?;
        match required(header, "card.header", "type")?.as_str() {
            Some(kind @ ("image" | "video")) => {
                media(kind, required(header, "card.header", kind)?, true)?
            }
            _ => {
                return Err(GraphError::invalid(
                    "card.header['type'] must be image or video",
                ));
            }
        }
        if let Some(body) = card.get("body") {
            text(
                required(body, "card.body", "text")?,
                "card.body['text']",
                CARD_BODY_MAX,
            )?;
        }
        shapes.push(buttons(required(card, "card", "action")?)?);
    }
    if shapes.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(GraphError::invalid(
            "All cards need the same number and type of buttons",
        ));
    }
    Ok(())
}

/// The kind and number of a card's buttons.
fn buttons(action: &Value) -> Result<(&'static str, usize), GraphError> {
    if action.get("name").is_some() {
        cta_url(action)?;
        return Ok(("cta_url", 1));
    }
    let buttons = array(action, "card.action", "buttons", 1, CARD_BUTTONS_MAX)?;
    for button in buttons {
        if button.get("type").and_then(Value::as_str) != Some("quick_reply") {
            return Err(GraphError::invalid(
                "Button type invalid: must be quick_reply",
            ));
        }
        let reply = required(button, "button", "quick_reply")?;
        text(
            required(reply, "quick_reply", "id")?,
            "quick_reply['id']",
            BUTTON_ID_MAX,
        )?;
        text(
            required(reply, "quick_reply", "title")?,
            "quick_reply['title']",
            BUTTON_TITLE_MAX,
        )?;
    }
    Ok(("quick_reply", buttons.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn card(at: usize, action: &Value) -> Value {
        json!({"card_index": at, "type": "cta_url", "header": {"type": "image", "image": {"link": "https://example.com/a.png"}},
               "body": {"text": "Plano"}, "action": action})
    }

    fn link() -> Value {
        json!({"name": "cta_url", "parameters": {"display_text": "Ver", "url": "https://example.com"}})
    }

    fn reply() -> Value {
        json!({"buttons": [{"type": "quick_reply", "quick_reply": {"id": "1", "title": "Quero"}}]})
    }

    fn code(cards: &[Value]) -> Option<i64> {
        carousel(&json!({}), &json!({"cards": cards}))
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn cards_are_numbered_and_alike() {
        assert_eq!(code(&[card(0, &link()), card(1, &link())]), None);
        assert_eq!(code(&[card(0, &reply()), card(1, &reply())]), None);
        assert_eq!(code(&[card(0, &link()), card(1, &reply())]), Some(131_009));
        assert_eq!(code(&[card(0, &link())]), Some(131_009));
        assert_eq!(code(&[card(0, &link()), card(2, &link())]), Some(131_009));
        let mut long = card(1, &link());
        long["body"]["text"] = json!("x".repeat(161));
        assert_eq!(code(&[card(0, &link()), long]), Some(131_009));
    }
}
