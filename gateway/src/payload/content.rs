//! What a message says, in our words.
//!
//! Promises: total: what is not understood is kept whole as `Content::Unsupported`, never dropped.
//! Does not: download files or judge lengths: what Meta accepted from a customer is stored as it is.

use std::borrow::Cow;

use balcao_core::model::{Content, MediaKind, MediaRef};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{circumstance, loose, strict};

/// A type's name longer than this is not one of Meta's.
const MAX_TYPE_NAME_BYTES: usize = 40;
/// So is one with more digits than this.
const MAX_TYPE_NAME_DIGITS: usize = 4;
/// Types that Meta has documented and that carry their words under their own name: what a message without `type` may be.
const SELF_NAMED: [&str; 17] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "button",
    "order",
    "reaction",
    "edit",
    "revoke",
    "system",
    "unsupported",
];

/// The type of a message: what it says, else the part that it carries.
pub(super) fn kind_of(message: &Value) -> Cow<'_, str> {
    loose::text(message, "type").unwrap_or_else(|| {
        let carried = SELF_NAMED
            .into_iter()
            .find(|kind| message.get(kind).is_some_and(|part| !part.is_null()));
        Cow::Borrowed(carried.unwrap_or("unknown"))
    })
}

/// Maps a message of type `kind`.
pub(super) fn of(kind: &str, message: &Value) -> Content {
    understood(kind, message).unwrap_or_else(|| Content::Unsupported {
        type_name: type_name(&announced(kind, message)),
        raw: message.clone(),
    })
}

fn understood(kind: &str, message: &Value) -> Option<Content> {
    let part = message.get(kind).filter(|part| !part.is_null())?;
    Some(match kind {
        "text" => Content::Text {
            text: loose::owned(part, "body")?,
        },
        "image" => media(part, MediaKind::Image)?,
        "video" => media(part, MediaKind::Video)?,
        "audio" => media(part, MediaKind::Audio)?,
        "voice" => voice(part)?,
        "document" => media(part, MediaKind::Document)?,
        "sticker" => media(part, MediaKind::Sticker)?,
        "location" => Content::Location {
            latitude: loose::decimal(part, "latitude")?,
            longitude: loose::decimal(part, "longitude")?,
            name: loose::owned(part, "name"),
            address: loose::owned(part, "address"),
        },
        "contacts" => {
            let cards = loose::list(message, kind).to_vec();
            if cards.is_empty() || !cards.iter().all(Value::is_object) {
                return None;
            }
            Content::Contacts { cards }
        }
        "interactive" => interactive(part)?,
        "button" => {
            let text = loose::first(part, &["text", "payload"])?;
            Content::Choice {
                id: loose::owned(part, "payload").unwrap_or_else(|| text.clone()),
                title: text,
            }
        }
        "order" => Content::Order {
            order: part.is_object().then(|| part.clone())?,
        },
        _ => return None,
    })
}

/// What the customer answered to a question of ours. The inner type may be missing: what it carries says it.
fn interactive(part: &Value) -> Option<Content> {
    let under = |key: &str| part.get(key).filter(|inner| inner.is_object());
    if let Some(reply) = under("button_reply").or_else(|| under("list_reply")) {
        let title = loose::first(reply, &["title", "id"])?;
        return Some(Content::Choice {
            id: loose::owned(reply, "id").unwrap_or_else(|| title.clone()),
            title,
        });
    }
    if let Some(form) = under("nfm_reply") {
        return Some(Content::Form {
            name: loose::owned(form, "name").unwrap_or_else(|| "flow".to_owned()),
            text: loose::owned(form, "body").unwrap_or_default(),
            answers: answers(form.get("response_json")),
        });
    }
    if let Some(answer) = under("call_permission_reply") {
        return Some(Content::Form {
            name: "call_permission".to_owned(),
            text: String::new(),
            answers: answer.clone(),
        });
    }
    let product = under("product").or_else(|| under("product_reply"))?;
    Some(Content::Product {
        product: circumstance::product(product)?,
        text: loose::first(product, &["text", "title", "name"]).unwrap_or_default(),
    })
}

/// The answers are JSON within a string. What is none is kept as the text it is.
fn answers(response: Option<&Value>) -> Value {
    match response {
        Some(Value::String(text)) => RawValue::from_string(text.clone())
            .ok()
            .and_then(|raw| strict::read(&raw).ok())
            .unwrap_or_else(|| json!(text)),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

fn media(part: &Value, kind: MediaKind) -> Option<Content> {
    let url = loose::first(part, &["url", "link"]);
    let id = loose::owned(part, "id");
    if id.is_none() && url.is_none() {
        return None;
    }
    let media = MediaRef {
        id,
        url,
        mime_type: loose::owned(part, "mime_type"),
        sha256: loose::owned(part, "sha256"),
        caption: loose::owned(part, "caption"),
        file_name: loose::owned(part, "filename"),
        voice: loose::is_set(part, "voice"),
        animated: loose::is_set(part, "animated"),
        ..MediaRef::of(kind)
    };
    Some(Content::Media { media })
}

/// The old name of what was recorded with the microphone.
fn voice(part: &Value) -> Option<Content> {
    let Content::Media { mut media } = media(part, MediaKind::Audio)? else {
        return None;
    };
    media.voice = true;
    Some(Content::Media { media })
}

/// Meta may say what it could not pass on.
fn announced<'a>(kind: &'a str, message: &'a Value) -> Cow<'a, str> {
    let inner = message
        .get("unsupported")
        .filter(|_| kind == "unsupported")
        .and_then(|part| loose::text(part, "type"));
    inner.unwrap_or(Cow::Borrowed(kind))
}

/// Meta's name of the type if it looks like one: it is shown to agents and operators. Many digits could be a telephone
/// number.
fn type_name(kind: &str) -> String {
    let digits = kind.bytes().filter(u8::is_ascii_digit).count();
    let fits = (1..=MAX_TYPE_NAME_BYTES).contains(&kind.len())
        && digits <= MAX_TYPE_NAME_DIGITS
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if fits {
        kind.to_owned()
    } else {
        "unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_buttons_and_rows_become_words_and_choices() {
        let text = of("text", &json!({"text": {"body": "oi"}}));
        assert!(text == Content::Text { text: "oi".into() });
        let tapped = Content::Choice {
            id: "b1".into(),
            title: "Sim".into(),
        };
        let button = json!({"interactive": {"type": "button_reply", "button_reply": {"id": "b1", "title": "Sim"}}});
        assert!(of("interactive", &button) == tapped);
        let row = json!({"interactive": {"type": "list_reply", "list_reply": {"id": "b1", "title": "Sim", "description": "x"}}});
        assert!(of("interactive", &row) == tapped);
        assert!(
            of(
                "button",
                &json!({"button": {"payload": "b1", "text": "Sim"}})
            ) == tapped
        );
    }

    #[test]
    fn a_file_keeps_its_reference_and_caption() {
        let message = json!({"document": {"id": "9", "mime_type": "application/pdf", "sha256": "AA==", "filename": "a.pdf", "caption": "c", "url": "https://x"}});
        let Content::Media { media } = of("document", &message) else {
            panic!("not a file")
        };
        assert_eq!(
            (media.kind, media.id.as_deref(), media.file_name.as_deref()),
            (MediaKind::Document, Some("9"), Some("a.pdf"))
        );
        let Content::Media { media } = of("voice", &json!({"voice": {"id": "9"}})) else {
            panic!("not a file")
        };
        assert!(media.voice);
    }

    #[test]
    fn answers_to_forms_and_questions_keep_what_was_answered() {
        let form = |json: Value| {
            of(
                "interactive",
                &json!({"interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": json}}}),
            )
        };
        let Content::Form {
            name,
            text,
            answers,
        } = form(json!("{\"plan\":\"fibra\",\"n\":2}"))
        else {
            panic!("not a form")
        };
        assert_eq!((name.as_str(), text.as_str()), ("flow", "Sent"));
        assert_eq!(answers, json!({"plan": "fibra", "n": 2}));
        for (given, kept) in [
            (json!("not json"), json!("not json")),
            (json!("[1]"), json!([1])),
            (json!("{\"a\":1,\"a\":2}"), json!("{\"a\":1,\"a\":2}")),
            (json!({"a": 1}), json!({"a": 1})),
            (json!(null), json!(null)),
        ] {
            assert!(matches!(form(given), Content::Form { answers, .. } if answers == kept));
        }
        let permission = json!({"interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}});
        assert!(
            matches!(of("interactive", &permission), Content::Form { name, answers, .. } if name == "call_permission" && answers["response"] == "accept")
        );
        let product = json!({"interactive": {"type": "product", "product": {"catalog_id": "c", "product_retailer_id": "p"}}});
        assert!(
            matches!(of("interactive", &product), Content::Product { product, .. } if product.product_id == "p")
        );
    }

    #[test]
    fn places_cards_and_orders_are_what_they_say() {
        let place = of(
            "location",
            &json!({"location": {"latitude": "-23.5", "longitude": -46, "name": "Loja"}}),
        );
        assert!(
            matches!(place, Content::Location { latitude, longitude, name, address: None } if latitude == -23.5 && longitude == -46.0 && name.as_deref() == Some("Loja"))
        );
        let cards = of(
            "contacts",
            &json!({"contacts": [{"name": {"formatted_name": "A"}, "origin": "contact_request"}]}),
        );
        assert!(matches!(cards, Content::Contacts { cards } if cards.len() == 1));
        let order = of(
            "order",
            &json!({"order": {"catalog_id": "c", "product_items": []}}),
        );
        assert!(matches!(order, Content::Order { order } if order["catalog_id"] == "c"));
    }

    #[test]
    fn what_is_not_understood_is_kept_whole() {
        for (kind, message) in [
            ("poll_creation", json!({"poll_creation": {"name": "?"}})),
            ("text", json!({"text": {"body": null}})),
            ("image", json!({"errors": [{"code": 131_052}]})),
            ("interactive", json!({})),
            ("interactive", json!({"interactive": {"type": "new_reply"}})),
            ("ephemeral", json!({"errors": [{"code": 131_051}]})),
            ("request_welcome", json!({})),
            ("media_placeholder", json!({"media_placeholder": {}})),
        ] {
            let Content::Unsupported { type_name, raw } = of(kind, &message) else {
                panic!("{kind} was understood")
            };
            assert_eq!((type_name.as_str(), raw), (kind, message));
        }
        let poll = of(
            "unsupported",
            &json!({"unsupported": {"type": "poll_creation"}}),
        );
        assert!(
            matches!(poll, Content::Unsupported { type_name, .. } if type_name == "poll_creation")
        );
    }

    #[test]
    fn the_part_that_is_carried_names_the_type_when_nothing_else_does() {
        assert_eq!(kind_of(&json!({"text": {"body": "oi"}})), "text");
        assert_eq!(kind_of(&json!({"type": null, "image": {"id": 1}})), "image");
        assert_eq!(kind_of(&json!({"id": "wamid.a"})), "unknown");
    }

    #[test]
    fn a_type_that_is_no_name_is_not_repeated() {
        for kind in ["<script>", "5511987654321", "", "Maria"] {
            let Content::Unsupported { type_name, .. } = of(kind, &json!({})) else {
                panic!("understood")
            };
            assert_eq!(type_name, "unknown", "{kind}");
        }
    }
}
