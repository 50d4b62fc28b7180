//! Our words as Meta's send call wants them; WhatsApp's names for what goes out stop here.
//!
//! Promises: what Meta would refuse for its size is refused here, before a call, with the code Meta would give.
//! Does not: send files or templates with media; they come later and are refused as unsupported.

use std::collections::HashSet;

use balcao_core::model::{Button, CallbackData, Content, ListSection};
use serde_json::{Value, json};

use crate::identity::Address;

/// Meta: parameter missing or invalid.
pub(super) const INVALID: i32 = 131_009;
/// Meta: message type unsupported.
pub(super) const UNSUPPORTED: i32 = 131_051;

const MAX_TEXT_CHARS: usize = 4_096;
const MAX_BUTTONS: usize = 3;
const MAX_BUTTON_TEXT_CHARS: usize = 1_024;
const MAX_BUTTON_ID_CHARS: usize = 256;
const MAX_BUTTON_TITLE_CHARS: usize = 20;
const MAX_OPEN_LABEL_CHARS: usize = 20;
const MAX_SECTIONS: usize = 10;
const MAX_ROWS: usize = 10;
const MAX_ROW_ID_CHARS: usize = 200;
const MAX_ROW_TITLE_CHARS: usize = 24;
const MAX_ROW_DESCRIPTION_CHARS: usize = 72;

/// What rides on a send beside the words.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    /// To whom.
    pub(super) address: &'a Address,
    /// The message id that it quotes.
    pub(super) quotes: Option<&'a str>,
    /// Our key, echoed in statuses.
    pub(super) callback: CallbackData,
}

/// The body of the call.
///
/// # Errors
/// The code that Meta would give.
pub(super) fn message(content: &Content, envelope: Envelope<'_>) -> Result<Value, i32> {
    let (kind, part) = part(content)?;
    let mut message = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "type": kind,
        "biz_opaque_callback_data": envelope.callback.to_string(),
    });
    message[kind] = part;
    match envelope.address {
        Address::To(number) => message["to"] = json!(number),
        Address::Recipient(id) => message["recipient"] = json!(id),
    }
    if let Some(wamid) = envelope.quotes {
        message["context"] = json!({"message_id": wamid});
    }
    Ok(message)
}

/// Whether Meta sends it outside the 24-hour window too.
pub(super) fn is_template(content: &Content) -> bool {
    matches!(content, Content::Template { .. })
}

fn part(content: &Content) -> Result<(&'static str, Value), i32> {
    match content {
        Content::Text { text } => {
            within(text, 1, MAX_TEXT_CHARS)?;
            Ok(("text", json!({"body": text})))
        }
        Content::Buttons { text, buttons, .. } => {
            Ok(("interactive", self::buttons(text, buttons)?))
        }
        Content::List {
            text,
            open_label,
            sections,
            ..
        } => Ok(("interactive", list(text, open_label, sections)?)),
        Content::Location {
            latitude,
            longitude,
            name,
            address,
        } => {
            let mut place = json!({"latitude": latitude, "longitude": longitude});
            for (key, text) in [("name", name), ("address", address)] {
                if let Some(text) = text {
                    place[key] = json!(text);
                }
            }
            Ok(("location", place))
        }
        Content::Template {
            name,
            language,
            parameters,
            ..
        } => {
            let parameters: Vec<Value> = parameters
                .iter()
                .map(|text| json!({"type": "text", "text": text}))
                .collect();
            let mut template = json!({"name": name, "language": {"code": language}});
            if !parameters.is_empty() {
                template["components"] = json!([{"type": "body", "parameters": parameters}]);
            }
            Ok(("template", template))
        }
        _ => Err(UNSUPPORTED),
    }
}

fn buttons(text: &str, buttons: &[Button]) -> Result<Value, i32> {
    within(text, 1, MAX_BUTTON_TEXT_CHARS)?;
    let titles: HashSet<&str> = buttons.iter().map(|button| button.title.as_str()).collect();
    if !(1..=MAX_BUTTONS).contains(&buttons.len()) || titles.len() != buttons.len() {
        return Err(INVALID);
    }
    for button in buttons {
        within(&button.id, 1, MAX_BUTTON_ID_CHARS)?;
        within(&button.title, 1, MAX_BUTTON_TITLE_CHARS)?;
    }
    let buttons: Vec<Value> = buttons
        .iter()
        .map(|button| json!({"type": "reply", "reply": {"id": button.id, "title": button.title}}))
        .collect();
    Ok(json!({"type": "button", "body": {"text": text}, "action": {"buttons": buttons}}))
}

fn list(text: &str, open_label: &str, sections: &[ListSection]) -> Result<Value, i32> {
    within(text, 1, MAX_TEXT_CHARS)?;
    within(open_label, 1, MAX_OPEN_LABEL_CHARS)?;
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    let is_headed = sections.len() == 1 || sections.iter().all(|section| !section.title.is_empty());
    if !(1..=MAX_SECTIONS).contains(&sections.len())
        || !(1..=MAX_ROWS).contains(&rows)
        || !is_headed
    {
        return Err(INVALID);
    }
    let sections: Vec<Value> = sections.iter().map(section).collect::<Result<_, i32>>()?;
    Ok(
        json!({"type": "list", "body": {"text": text}, "action": {"button": open_label, "sections": sections}}),
    )
}

fn section(section: &ListSection) -> Result<Value, i32> {
    within(&section.title, 0, MAX_ROW_TITLE_CHARS)?;
    let mut rows = Vec::with_capacity(section.rows.len());
    for row in &section.rows {
        within(&row.id, 1, MAX_ROW_ID_CHARS)?;
        within(&row.title, 1, MAX_ROW_TITLE_CHARS)?;
        let mut wire = json!({"id": row.id, "title": row.title});
        if let Some(description) = row.description.as_deref().filter(|text| !text.is_empty()) {
            within(description, 1, MAX_ROW_DESCRIPTION_CHARS)?;
            wire["description"] = json!(description);
        }
        rows.push(wire);
    }
    let mut wire = json!({"rows": rows});
    if !section.title.is_empty() {
        wire["title"] = json!(section.title);
    }
    Ok(wire)
}

fn within(text: &str, min_chars: usize, max_chars: usize) -> Result<(), i32> {
    if (min_chars..=max_chars).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(INVALID)
    }
}

#[cfg(test)]
mod tests {
    use balcao_core::model::{ConversationId, ListRow};

    use super::*;

    fn sent(content: &Content) -> Result<Value, i32> {
        let address = Address::of_phone("5511987654321");
        let callback = CallbackData {
            conversation_id: ConversationId::default(),
            seq: 3,
            attempt: 1,
        };
        message(
            content,
            Envelope {
                address: &address,
                quotes: None,
                callback,
            },
        )
    }

    fn button(id: &str, title: &str) -> Button {
        Button {
            id: id.into(),
            title: title.into(),
        }
    }

    fn row(id: &str) -> ListRow {
        ListRow {
            id: id.into(),
            title: id.into(),
            description: None,
        }
    }

    #[test]
    fn text_goes_with_address_quote_and_key() {
        let callback = CallbackData {
            conversation_id: ConversationId::new(),
            seq: 3,
            attempt: 2,
        };
        let address = Address::Recipient("BR.1".into());
        let envelope = Envelope {
            address: &address,
            quotes: Some("wamid.x"),
            callback,
        };
        let wire = message(
            &Content::Text {
                text: "olá".into()
            },
            envelope,
        )
        .unwrap();
        assert_eq!(
            wire,
            json!({
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "recipient": "BR.1",
                "type": "text",
                "text": {"body": "olá"},
                "context": {"message_id": "wamid.x"},
                "biz_opaque_callback_data": callback.to_string(),
            })
        );
    }

    #[test]
    fn a_phone_goes_with_its_plus_and_never_beside_a_bsuid() {
        let wire = sent(&Content::Text {
            text: "olá".into()
        })
        .unwrap();
        assert_eq!(wire["to"], "+5511987654321");
        assert!(wire.get("recipient").is_none());
    }

    #[test]
    fn questions_become_interactive_messages() {
        let buttons = Content::buttons("?", vec![button("a", "Sim"), button("b", "Não")]);
        let wire = sent(&buttons).unwrap();
        assert_eq!(
            wire["interactive"]["action"]["buttons"][1]["reply"],
            json!({"id": "b", "title": "Não"})
        );
        let sections = vec![ListSection {
            title: String::new(),
            rows: vec![row("x")],
        }];
        let wire = sent(&Content::list("?", "Ver", sections)).unwrap();
        assert_eq!(
            wire["interactive"]["action"],
            json!({"button": "Ver", "sections": [{"rows": [{"id": "x", "title": "x"}]}]})
        );
    }

    #[test]
    fn a_template_carries_its_parameters_by_position() {
        let template = Content::Template {
            name: "aviso".into(),
            language: "pt_BR".into(),
            preview: "Olá Maria".into(),
            parameters: vec!["Maria".into()],
            components: None,
        };
        let wire = sent(&template).unwrap();
        assert_eq!(
            wire["template"]["components"][0]["parameters"][0],
            json!({"type": "text", "text": "Maria"})
        );
        assert!(!wire.to_string().contains("preview"));
    }

    #[test]
    fn what_meta_would_refuse_for_its_size_is_not_called() {
        let two_alike = vec![button("a", "Sim"), button("b", "Sim")];
        let rows = |count: usize| (0..count).map(|n| row(&n.to_string())).collect::<Vec<_>>();
        let list = |sections| Content::list("?", "Ver", sections);
        for content in [
            Content::Text {
                text: String::new(),
            },
            Content::Text {
                text: "á".repeat(4_097),
            },
            Content::buttons("?", vec![]),
            Content::buttons("?", two_alike),
            Content::buttons("?", vec![button("a", "twenty-one characters")]),
            list(vec![]),
            list(vec![ListSection {
                title: String::new(),
                rows: rows(11),
            }]),
            list(vec![
                ListSection {
                    title: "a".into(),
                    rows: rows(1),
                },
                ListSection {
                    title: String::new(),
                    rows: rows(1),
                },
            ]),
        ] {
            assert_eq!(sent(&content), Err(INVALID), "{content:?}");
        }
        assert!(
            sent(&Content::Text {
                text: "á".repeat(4_096)
            })
            .is_ok()
        );
        assert_eq!(
            sent(&Content::Note { text: "x".into() }),
            Err(UNSUPPORTED),
            "notes never leave"
        );
    }
}
