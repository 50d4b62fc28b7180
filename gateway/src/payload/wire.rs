//! Meta's envelope as it comes over the wire; the only place that spells its outer names.
//!
//! Promises: unknown fields are ignored, every list may be absent or null, and each item stays raw text, so that one
//! bad item cannot take the others with it.

use std::borrow::Cow;

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
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) changes: Vec<&'a RawValue>,
}

/// One subscription's news.
#[derive(Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) field: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: &'a RawValue,
}

/// The value of a change of field `messages`.
#[derive(Deserialize)]
pub(super) struct News<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) contacts: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) messages: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) statuses: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) errors: Vec<&'a RawValue>,
}

/// To which number it came. The display number's spelling varies: only the id is used.
#[derive(Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) phone_number_id: Cow<'a, str>,
}

/// What Meta says of a person beside their messages.
#[derive(Deserialize)]
pub(super) struct Contact {
    #[serde(default)]
    pub(super) profile: Option<Profile>,
    #[serde(default)]
    pub(super) wa_id: Option<String>,
    #[serde(default)]
    pub(super) user_id: Option<String>,
    #[serde(default)]
    pub(super) parent_user_id: Option<String>,
}

/// The profile that the person wrote.
#[derive(Deserialize)]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) name: Option<String>,
}

fn list<'de: 'a, 'a, D: Deserializer<'de>>(json: D) -> Result<Vec<&'a RawValue>, D::Error> {
    Ok(Option::<Vec<&'a RawValue>>::deserialize(json)?.unwrap_or_default())
}
