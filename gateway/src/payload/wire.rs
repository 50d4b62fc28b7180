//! Meta's envelope as it comes over the wire; the only place that spells its outer names.
//!
//! Promises: unknown fields are ignored, every list may be absent, null or a single object, and each item stays raw
//! text, so that one bad item cannot take the others with it.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The body of a webhook.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) object: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) entry: Vec<&'a RawValue>,
}

/// What happened at one account.
#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) time: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) changes: Option<Vec<&'a RawValue>>,
}

/// One subscription's news.
#[derive(Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow, default)]
    pub(super) field: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}

/// The value of a change that is about messages, calls or people.
#[derive(Deserialize)]
pub(super) struct News<'a> {
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) contacts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) messages: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) statuses: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) errors: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) user_actions: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) message_echoes: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) calls: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) user_preferences: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) user_id_update: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) history: Vec<&'a RawValue>,
}

/// The value of a change that is only watched.
#[derive(Deserialize)]
pub(super) struct Watched<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) contacts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) messages: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) statuses: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) message_echoes: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) standby: Vec<&'a RawValue>,
}

/// A piece of what was written before a number came to us.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) threads: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) errors: Vec<&'a RawValue>,
}

/// What was written with one customer.
#[derive(Deserialize)]
pub(super) struct Thread<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) context: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) messages: Vec<&'a RawValue>,
}

fn list<'de: 'a, 'a, D: Deserializer<'de>>(json: D) -> Result<Vec<&'a RawValue>, D::Error> {
    Ok(present(json)?.unwrap_or_default())
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(
    json: D,
) -> Result<Option<Vec<&'a RawValue>>, D::Error> {
    let Some(raw) = Option::<&'a RawValue>::deserialize(json)? else {
        return Ok(None);
    };
    match raw.get().as_bytes().first() {
        Some(b'[') => serde_json::from_str(raw.get())
            .map(Some)
            .map_err(D::Error::custom),
        Some(b'{') => Ok(Some(vec![raw])),
        _ => Err(D::Error::custom("neither a list nor an object")),
    }
}
