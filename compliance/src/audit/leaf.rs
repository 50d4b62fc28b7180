//! The exact bytes of a leaf: one line of ASCII JSON without spaces, keys sorted, all present, `v` = 1.
//!
//! Promises: ids, words and integers only, whoever inserted the row: anything else is written as the word `invalid`,
//! so a row that somebody put there by hand can neither stop the sequencer nor smuggle text into the log.
//! Leaf hash = SHA-256(0x00 | line without LF), as in RFC 6962.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{event::ActorKind, tree};

const MAX_WORD_BYTES: usize = 64;
const MAX_DETAILS: usize = 32;
const INVALID: &str = "invalid";

/// An event as the table holds it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) action: String,
    pub(super) actor_kind: ActorKind,
    pub(super) actor: Option<Uuid>,
    pub(super) object_kind: Option<String>,
    pub(super) object: Option<Uuid>,
    pub(super) outcome: String,
    pub(super) request: Option<Uuid>,
    pub(super) session: Option<Uuid>,
    pub(super) subject: Option<Uuid>,
    pub(super) team: Option<Uuid>,
    pub(super) detail: Value,
}

/// Whether a text is a word of the program: 1 to 64 of lower-case ASCII letters, digits, `_`, `.`, `-`.
pub(super) fn is_word(text: &str) -> bool {
    (1..=MAX_WORD_BYTES).contains(&text.len())
        && text.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-')
        })
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The line of an event at a position, without line feed.
pub(super) fn line(row: &Row, position: i64) -> Vec<u8> {
    let mut line = String::with_capacity(512);
    line.push('{');
    text(&mut line, "action", Some(word(&row.action)));
    id(&mut line, "actor", row.actor);
    text(&mut line, "actor_kind", Some(row.actor_kind.as_str()));
    text(&mut line, "at", Some(&instant(row.at)));
    detail(&mut line, &row.detail);
    id(&mut line, "object", row.object);
    text(
        &mut line,
        "object_kind",
        row.object_kind.as_deref().map(word),
    );
    text(&mut line, "outcome", Some(word(&row.outcome)));
    id(&mut line, "request", row.request);
    line.push_str(&format!("\"seq\":{position},"));
    id(&mut line, "session", row.session);
    id(&mut line, "subject", row.subject);
    id(&mut line, "team", row.team);
    line.push_str("\"v\":1}");
    line.into_bytes()
}

/// The hash of a line.
pub(super) fn hash(line: &[u8]) -> tree::Hash {
    tree::leaf_hash(line)
}

fn word(text: &str) -> &str {
    if is_word(text) { text } else { INVALID }
}

fn id(line: &mut String, key: &str, value: Option<Uuid>) {
    text(line, key, value.map(|id| id.to_string()).as_deref());
}

/// Keys and values here are words, ids and instants: nothing that JSON would escape.
fn text(line: &mut String, key: &str, value: Option<&str>) {
    match value {
        Some(value) => line.push_str(&format!("\"{key}\":\"{value}\",")),
        None => line.push_str(&format!("\"{key}\":null,")),
    }
}

fn detail(line: &mut String, value: &Value) {
    let mut entries: BTreeMap<&str, String> = BTreeMap::new();
    match value {
        Value::Object(map) if map.len() <= MAX_DETAILS => {
            for (key, value) in map {
                let value = match value {
                    Value::Number(number) if number.as_i64().is_some() => number.to_string(),
                    Value::String(text) => format!("\"{}\"", word(text)),
                    _ => format!("\"{INVALID}\""),
                };
                entries.insert(word(key), value);
            }
        }
        _ => _ = entries.insert(INVALID, format!("\"{INVALID}\"")),
    }
    let entries: Vec<String> = entries
        .into_iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    line.push_str(&format!("\"detail\":{{{}}},", entries.join(",")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            id: Uuid::nil(),
            at: DateTime::from_timestamp(1_796_000_000, 12_345_000).unwrap(),
            action: "conversation.opened".into(),
            actor_kind: ActorKind::Agent,
            actor: Some(Uuid::from_u128(7)),
            object_kind: Some("conversation".into()),
            object: Some(Uuid::from_u128(9)),
            outcome: "ok".into(),
            request: None,
            session: None,
            subject: Some(Uuid::from_u128(11)),
            team: None,
            detail: serde_json::json!({"rev": 12, "mode": "work"}),
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_published_form() {
        let expected = concat!(
            r#"{"action":"conversation.opened","actor":"00000000-0000-0000-0000-000000000007","actor_kind":"agent","#,
            r#""at":"2026-11-30T00:53:20.012345Z","detail":{"mode":"work","rev":12},"#,
            r#""object":"00000000-0000-0000-0000-000000000009","object_kind":"conversation","outcome":"ok","#,
            r#""request":null,"seq":41,"session":null,"subject":"00000000-0000-0000-0000-00000000000b","team":null,"v":1}"#,
        );
        assert_eq!(String::from_utf8(line(&row(), 41)).unwrap(), expected);
    }

    #[test]
    fn text_that_got_into_the_table_by_hand_does_not_get_into_the_log() {
        let mut bad = row();
        bad.action = "Zebra 7731 \"\u{e9}".into();
        bad.object_kind = Some(String::new());
        bad.detail = serde_json::json!({"phone number": "+55 11", "f": 1.5, "n": null, "ok": "fine", "deep": {"a": 1}});
        let line = String::from_utf8(line(&bad, 0)).unwrap();
        assert!(
            line.contains(r#""action":"invalid""#) && line.contains(r#""object_kind":"invalid""#)
        );
        assert!(line.contains(
            r#""detail":{"deep":"invalid","f":"invalid","invalid":"invalid","n":"invalid","ok":"fine"}"#
        ));
        assert!(line.is_ascii());
    }
}
