//! What a message says, in our words.
//!
//! Promises: total: what is not understood is kept whole as `Content::Unsupported`, never dropped.
//! Does not: download files or judge lengths: what Meta accepted from a customer is stored as it is.

use balcao_core::model::{Content, MediaKind, MediaRef};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A type's name longer than this is not one of Meta's.
const MAX_TYPE_NAME_BYTES: usize = 40;

/// Maps a message of type `kind`.
pub(super) fn of(kind: &str, message: &Value) -> Content {
    understood(kind, message).unwrap_or_else(|| Content::Unsupported {
        type_name: type_name(kind),
        raw: message.clone(),
    })
}

fn understood(kind: &str, message: &Value) -> Option<Content> {
    Some(match kind {
        "text" => Content::Text {
            text: part::<Text>(message, kind)?.body,
        },
        "image" => media(message, kind, MediaKind::Image)?,
        "video" => media(message, kind, MediaKind::Video)?,
        "audio" | "voice" => media(message, kind, MediaKind::Audio)?,
        "document" => media(message, kind, MediaKind::Document)?,
        "sticker" => media(message, kind, MediaKind::Sticker)?,
        "location" => {
            let place = part::<Location>(message, kind)?;
            let Location {
                latitude,
                longitude,
                name,
                address,
            } = place;
            Content::Location {
                latitude,
                longitude,
                name,
                address,
            }
        }
        "contacts" => {
            let cards = part::<Vec<Value>>(message, kind)?;
            if cards.is_empty() || !cards.iter().all(Value::is_object) {
                return None;
            }
            Content::Contacts { cards }
        }
        "interactive" => {
            let answer = part::<Interactive>(message, kind)?;
            let Reply { id, title } = answer.button_reply.or(answer.list_reply)?;
            Content::Choice { id, title }
        }
        "button" => {
            let Button { payload, text } = part::<Button>(message, kind)?;
            Content::Choice {
                id: payload.unwrap_or_else(|| text.clone()),
                title: text,
            }
        }
        "order" => Content::Order {
            order: message.get(kind).filter(|order| order.is_object())?.clone(),
        },
        _ => return None,
    })
}

#[derive(Deserialize)]
struct Text {
    body: String,
}

#[derive(Deserialize)]
struct File {
    id: String,
    #[serde(default)]
    mime_type: Option<String>,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    caption: Option<String>,
    #[serde(default)]
    filename: Option<String>,
    #[serde(default)]
    voice: bool,
}

#[derive(Deserialize)]
struct Location {
    latitude: f64,
    longitude: f64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    address: Option<String>,
}

#[derive(Deserialize)]
struct Interactive {
    #[serde(default)]
    button_reply: Option<Reply>,
    #[serde(default)]
    list_reply: Option<Reply>,
}

#[derive(Deserialize)]
struct Reply {
    id: String,
    title: String,
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    payload: Option<String>,
    text: String,
}

fn part<T: DeserializeOwned>(message: &Value, name: &str) -> Option<T> {
    T::deserialize(message.get(name)?).ok()
}

fn media(message: &Value, name: &str, kind: MediaKind) -> Option<Content> {
    let File {
        id,
        mime_type,
        sha256,
        caption,
        filename,
        voice,
    } = part(message, name)?;
    let voice = voice || name == "voice";
    let media = MediaRef {
        id: Some(id),
        mime_type,
        sha256,
        caption,
        file_name: filename,
        voice,
        ..MediaRef::of(kind)
    };
    Some(Content::Media { media })
}

/// Meta's name of the type if it looks like one: it is shown to agents.
fn type_name(kind: &str) -> String {
    let fits = (1..=MAX_TYPE_NAME_BYTES).contains(&kind.len())
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
    fn what_is_not_understood_is_kept_whole() {
        for (kind, message) in [
            ("poll_creation", json!({"poll_creation": {"name": "?"}})),
            ("text", json!({"text": {"body": 5}})),
            ("image", json!({"errors": [{"code": 131_052}]})),
            (
                "interactive",
                json!({"interactive": {"type": "nfm_reply", "nfm_reply": {}}}),
            ),
            ("reaction", json!({"reaction": {"message_id": "wamid.x"}})),
        ] {
            let Content::Unsupported { type_name, raw } = of(kind, &message) else {
                panic!("{kind} was understood")
            };
            assert_eq!((type_name.as_str(), raw), (kind, message));
        }
    }

    #[test]
    fn a_type_that_is_no_name_is_not_repeated() {
        let Content::Unsupported { type_name, .. } = of("<script>", &json!({})) else {
            panic!("understood")
        };
        assert_eq!(type_name, "unknown");
    }
}
