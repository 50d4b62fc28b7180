//! Our words as Meta's send call wants them; WhatsApp's names for what goes out stop here.
//!
//! Promises: what Meta would refuse for its shape is refused here, before a call, with the code Meta would give (the
//! limits are `Content::check_outbound`'s); exactly one of `to` and `recipient`, and never a user id in `to`.
//! Does not: upload files (whoever calls has Meta's ids of them), or know windows and templates' approval.

mod file;
mod question;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use balcao_core::model::{CallbackData, Content, limits};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::identity::Address;

pub(super) use file::carried;

/// Meta's ids of our files, by our id.
pub(super) type Files = HashMap<Uuid, String>;

/// Meta: undeliverable.
pub(super) const UNDELIVERABLE: i32 = 131_026;

/// What rides on a send beside the words.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    /// To whom.
    pub(super) address: &'a Address,
    /// The message id that it quotes.
    pub(super) quotes: Option<&'a str>,
    /// Our key, echoed in statuses.
    pub(super) callback: CallbackData,
    /// Meta's ids of the files that it carries.
    pub(super) files: &'a Files,
}

/// The body of the call.
///
/// # Errors
/// The code that Meta would give.
pub(super) fn message(content: &Content, envelope: Envelope<'_>) -> Result<Value, i32> {
    content.check_outbound().map_err(|fault| fault.code)?;
    let (kind, part) = part(content, envelope.files)?;
    addressed(kind, part, envelope)
}

/// The body of the call that puts an emoji on a message, or takes it off.
///
/// # Errors
/// The code that Meta would give.
pub(super) fn reaction(
    target: &str,
    emoji: Option<&str>,
    envelope: Envelope<'_>,
) -> Result<Value, i32> {
    let part = json!({"message_id": target, "emoji": emoji.unwrap_or_default()});
    addressed("reaction", part, envelope)
}

fn addressed(kind: &str, part: Value, envelope: Envelope<'_>) -> Result<Value, i32> {
    // In `to` a user id would be taken for digits: 200, and nobody gets it.
    if !envelope.address.is_sound() {
        return Err(UNDELIVERABLE);
    }
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
        Address::Group(id) => {
            message["to"] = json!(id);
            message["recipient_type"] = json!("group");
        }
    }
    if let Some(wamid) = envelope.quotes {
        message["context"] = json!({"message_id": wamid});
    }
    Ok(message)
}

fn part(content: &Content, files: &Files) -> Result<(&'static str, Value), i32> {
    Ok(match content {
        Content::Text { text } => {
            let mut part = json!({"body": text});
            if text.contains("https://") || text.contains("http://") {
                part["preview_url"] = json!(true);
            }
            ("text", part)
        }
        Content::Media { media } => file::message(media, files)?,
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
            ("location", place)
        }
        Content::Contacts { cards } => ("contacts", json!(cards)),
        Content::Template {
            name,
            language,
            parameters,
            components,
            ..
        } => {
            let mut part = json!({"name": name, "language": {"code": language}});
            if let Some(components) = self::components(parameters, components.as_ref(), files)? {
                part["components"] = components;
            }
            ("template", part)
        }
        question => ("interactive", question::interactive(question, files)?),
    })
}

/// The components as they were fitted, with files placed; else the body's parameters by position.
fn components(
    parameters: &[String],
    components: Option<&Value>,
    files: &Files,
) -> Result<Option<Value>, i32> {
    if let Some(components) = components {
        let mut components = components.clone();
        file::place(&mut components, files)?;
        return Ok(Some(components).filter(|all| all.as_array().is_some_and(|all| !all.is_empty())));
    }
    if parameters.is_empty() {
        return Ok(None);
    }
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|text| json!({"type": "text", "text": text}))
        .collect();
    Ok(Some(json!([{"type": "body", "parameters": parameters}])))
}

/// What a send without its file fails with.
const NO_FILE: i32 = limits::BAD_FILE;
