//! What the fuzz targets of `fuzz/` call: the doors behind which bytes from outside are read.
//!
//! Promises: built only with the feature `fuzz`, which the product never has.
//! Does not: find anything itself; it panics when a promise of these doors is broken.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use crate::payload::{self, Item};
use crate::{identity, signature};

/// Reads a body.
///
/// # Panics
/// When an item breaks a promise: a time in the future, an address that is none, bytes that are not the body's.
pub fn payload(body: &[u8], now: DateTime<Utc>) {
    let body = Bytes::copy_from_slice(body);
    for item in payload::parse(&body, now, TimeDelta::days(8)) {
        let (at, raw, sender) = match item {
            Item::Message(item) => (item.at, item.raw, Some(item.sender)),
            Item::Change(item) => (item.at, item.raw, Some(item.sender)),
            Item::Rotation(item) => (item.at, item.raw, Some(item.sender)),
            Item::Preference(item) => (item.at, item.raw, Some(item.sender)),
            Item::Status(item) => (item.at, item.raw, item.recipient),
            Item::Notice(item) => (item.at, item.raw, None),
            Item::Odd(item) => (now, item.raw, None),
        };
        assert!(
            at <= now && at >= DateTime::UNIX_EPOCH,
            "a time out of range"
        );
        assert!(
            raw.is_empty() || body.as_ptr_range().contains(&raw.as_ptr()),
            "raw is a part of the body"
        );
        assert!(
            sender.is_none_or(|sender| sender.address.is_sound() && !sender.identities.is_empty()),
            "an address that is none"
        );
    }
}

/// Whether these headers sign this body with a secret that nobody knows.
#[must_use]
pub fn signature(headers: &[Vec<u8>], body: &[u8]) -> bool {
    let mut all = HeaderMap::new();
    for value in headers {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            all.append(HeaderName::from_static("x-hub-signature-256"), value);
        }
    }
    let secret = SecretString::from("a secret that no input holds");
    signature::claimed(&all).is_some_and(|claimed| signature::is_ours([&secret], body, claimed))
}

/// Judges a text as a number and as a user id.
///
/// # Panics
/// When it passes as both, or a spelling of a number is none.
pub fn identity(text: &str) {
    let (phone, bsuid) = (identity::is_phone(text), identity::is_bsuid(text));
    assert!(!(phone && bsuid), "one thing or the other");
    let others = identity::variants(text);
    let others = others
        .iter()
        .chain(identity::stripped(text).iter())
        .chain(identity::last_resort(text).iter())
        .cloned()
        .collect::<Vec<_>>();
    if phone {
        assert!(
            others.iter().all(|other| identity::is_phone(other)),
            "a spelling that is no number"
        );
        assert!(identity::same_subscriber(text, text));
    }
}
