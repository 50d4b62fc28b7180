//! The disclosed events of an export: each line must be the exact bytes of the leaf at its position.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use serde_json::{Map, Value};

use super::{Failure, manifest::Manifest};
use crate::Mutant;
use crate::audit::{
    filter::Facts,
    tree::{self, Hash},
};

const NAME: &str = "events.jsonl";
/// Longest line, in bytes, its line feed included.
const MAX_LINE_BYTES: u64 = 64 * 1024;
const KEYS: [&str; 14] = [
    "action",
    "actor",
    "actor_kind",
    "at",
    "detail",
    "object",
    "object_kind",
    "outcome",
    "request",
    "seq",
    "session",
    "subject",
    "team",
    "v",
];

/// Checks every line and returns how many there are.
pub(super) fn check_all(dir: &Path, manifest: &Manifest, leaves: &[Hash]) -> Result<u64, Failure> {
    let unread = |error: std::io::Error| Failure::new(NAME, format!("cannot be read ({error})"));
    let mut file = BufReader::new(File::open(dir.join(NAME)).map_err(unread)?);
    let (mut count, mut next_seq) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        file.by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(unread)?;
        if line.is_empty() {
            break;
        }
        count += 1;
        let wrong = |why: String| Failure::new(NAME, format!("line {count}: {why}"));
        let Some((b'\n', bytes)) = line.split_last() else {
            return Err(wrong("has no line feed at its end, or is too long".into()));
        };
        let seq = check_line(bytes, manifest, leaves).map_err(wrong)?;
        if seq < next_seq {
            return Err(wrong(format!(
                "leaf {seq}: comes after leaf {}; positions must ascend",
                next_seq - 1
            )));
        }
        next_seq = seq + 1;
    }
    if count != manifest.events {
        return Err(Failure::new(
            NAME,
            format!("has {count} lines, the manifest says {}", manifest.events),
        ));
    }
    Ok(count)
}

/// Checks one line and returns its position.
fn check_line(line: &[u8], manifest: &Manifest, leaves: &[Hash]) -> Result<u64, String> {
    if let Some(at) = line.iter().position(|byte| !(b' '..=b'~').contains(byte)) {
        return Err(format!("byte {} is not printable ASCII (CRLF?)", at + 1));
    }
    let Ok(Value::Object(event)) = serde_json::from_slice(line) else {
        return Err("is not a JSON object".into());
    };
    let seq = event
        .get("seq")
        .and_then(Value::as_u64)
        .ok_or("seq is not a position")?;
    let leaf = usize::try_from(seq).ok().and_then(|seq| leaves.get(seq));
    let leaf =
        leaf.ok_or_else(|| format!("leaf {seq}: the tree has only {} leaves", leaves.len()))?;
    if tree::leaf_hash(line) != *leaf && !Mutant::VerifierBelieves.lives() {
        return Err(format!(
            "leaf {seq}: is not what the log says there (edited, or re-serialised)"
        ));
    }
    check_form(&event, line).map_err(|why| format!("leaf {seq}: {why}"))?;
    let facts: Facts =
        serde_json::from_slice(line).map_err(|_| format!("leaf {seq}: is not an event"))?;
    if facts.at < manifest.first || facts.at >= manifest.end {
        return Err(format!("leaf {seq}: is not of the manifest's period"));
    }
    if !manifest.filter.has(&facts) {
        return Err(format!("leaf {seq}: does not pass the manifest's filter"));
    }
    Ok(seq)
}

fn check_form(event: &Map<String, Value>, line: &[u8]) -> Result<(), String> {
    if event.len() != KEYS.len() || KEYS.iter().any(|key| !event.contains_key(*key)) {
        return Err("does not have exactly the keys of an event".into());
    }
    if event["v"].as_u64() != Some(1) {
        return Err("is of another version than 1".into());
    }
    for (key, value) in event {
        let sound = match key.as_str() {
            "action" | "actor_kind" | "outcome" => value.is_string(),
            "at" => value.as_str().is_some_and(is_instant),
            "detail" => value.as_object().is_some_and(is_detail),
            "seq" | "v" => value.is_u64(),
            _ => value.is_null() || value.is_string(),
        };
        if !sound {
            return Err(format!("{key} has another form than it must"));
        }
    }
    if canonical(event).as_bytes() != line {
        return Err("is not in the one form an event has (order, spaces, escapes)".into());
    }
    Ok(())
}

fn is_detail(detail: &Map<String, Value>) -> bool {
    detail
        .values()
        .all(|value| value.is_string() || value.as_i64().is_some())
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
fn is_instant(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00.000000Z";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| {
            if *form == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == *form
            }
        })
}

/// The one form: keys sorted, no spaces, ASCII. Only strings, integers, null and one level of objects get here.
fn canonical(map: &Map<String, Value>) -> String {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    let entries: Vec<String> = entries
        .into_iter()
        .map(|(key, value)| {
            let value = match value {
                Value::Object(inner) => canonical(inner),
                other => ascii(other),
            };
            format!("{}:{value}", ascii(&Value::String(key.clone())))
        })
        .collect();
    format!("{{{}}}", entries.join(","))
}

fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for unit in value.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ b' '..=b'~') => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\u{unit:04x}")),
        }
    }
    text
}
