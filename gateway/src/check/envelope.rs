//! Finds webhooks in a file: as a body, in a list, under some key, or only a part of one.
//!
//! Promises: an answer or a request of the Graph API is never taken for a webhook.
//! Does not: judge what it found.

use serde_json::{Value, json};

const OBJECT: &str = "whatsapp_business_account";
/// Files do not nest payloads deeper.
const MAX_DEPTH: usize = 8;
/// The lists of a value whose elements are items.
const LISTS: [&str; 8] = [
    "messages",
    "statuses",
    "calls",
    "message_echoes",
    "user_preferences",
    "user_id_update",
    "errors",
    "user_actions",
];
/// The fields whose values are read list by list.
const LISTED: [&str; 7] = [
    "messages",
    "smb_message_echoes",
    "message_echoes",
    "history",
    "calls",
    "user_preferences",
    "user_id_update",
];

/// Whether this is the body of a webhook, of WhatsApp or another product of Meta's.
pub fn is_envelope(value: &Value) -> bool {
    value.get("object").is_some_and(Value::is_string) && value.get("entry").is_some()
}

/// All bodies in a value that is none itself; parts are put into a body.
pub fn within(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    search(value, MAX_DEPTH, &mut found);
    found
}

/// Bodies under other keys of a body.
pub fn beside(body: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        if key != "entry" {
            search(value, MAX_DEPTH, &mut found);
        }
    }
    found
}

/// A body with this entry alone.
pub fn around_entry(entry: &Value) -> Value {
    json!({"object": OBJECT, "entry": [entry]})
}

/// A body with this change alone.
pub fn around_change(change: &Value) -> Value {
    around_entry(&json!({"changes": [change]}))
}

/// How many items a body has, at least.
pub fn count(body: &Value) -> usize {
    if body.get("object").and_then(Value::as_str) != Some(OBJECT) {
        return 1;
    }
    let length = |value: &Value, key: &str| value.get(key).map_or(0, |list| elements(list).len());
    let entries = body.get("entry").map(elements).unwrap_or_default();
    entries
        .iter()
        .flat_map(|entry| entry.get("changes").map(elements).unwrap_or_default())
        .map(|change| {
            let field = change.get("field").and_then(Value::as_str);
            let value = change.get("value").unwrap_or(&Value::Null);
            if !field.is_none_or(|field| LISTED.contains(&field)) {
                return 1;
            }
            let past: usize = value
                .get("history")
                .map(elements)
                .unwrap_or_default()
                .iter()
                .flat_map(|chunk| chunk.get("threads").map(elements).unwrap_or_default())
                .map(|thread| length(thread, "messages"))
                .sum();
            let items: usize = LISTS.iter().map(|key| length(value, key)).sum();
            (past + items).max(1)
        })
        .sum()
}

/// What it looks like instead: for the reader's orientation only.
pub fn resembles(value: &Value) -> &'static str {
    let has = |key: &str| value.get(key).is_some();
    if has("error") {
        "an error of the Graph API"
    } else if has("messaging_product") && has("contacts") && has("messages") {
        "the answer to a send"
    } else if has("messaging_product") && (has("to") || has("recipient") || has("status")) {
        "a request to the Graph API"
    } else if has("data") || has("success") || has("id") {
        "an answer of the Graph API"
    } else {
        "other JSON"
    }
}

fn search(value: &Value, depth: usize, found: &mut Vec<Value>) {
    if depth == 0 {
        return;
    }
    if is_envelope(value) {
        found.push(value.clone());
        found.extend(beside(value));
        return;
    }
    if let Some(body) = wrapped(value) {
        found.push(body);
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| search(item, depth - 1, found)),
        Value::Object(members) => members
            .values()
            .for_each(|member| search(member, depth - 1, found)),
        _ => {}
    }
}

/// A part of a webhook, put into a body: an entry, a change, a value, a message or a status.
fn wrapped(part: &Value) -> Option<Value> {
    let has = |key: &str| part.get(key).is_some_and(|value| !value.is_null());
    let body = |entry: Value| json!({"object": OBJECT, "entry": [entry]});
    let change = |change: Value| body(json!({"id": "0", "changes": [change]}));
    let value =
        |value: Value| change(json!({"field": field_of(&value).to_owned(), "value": value}));
    if part.get("changes").is_some_and(Value::is_array) {
        return Some(body(part.clone()));
    }
    if part.get("field").is_some_and(Value::is_string)
        && part.get("value").is_some_and(Value::is_object)
    {
        return Some(change(part.clone()));
    }
    if part.pointer("/metadata/phone_number_id").is_some() {
        return Some(value(part.clone()));
    }
    let lone =
        |list: &str| value(json!({"metadata": {"phone_number_id": "0"}, list: [part.clone()]}));
    if !has("id") || !has("timestamp") {
        return None;
    }
    if has("status") && (has("recipient_id") || has("recipient_user_id")) {
        return Some(lone("statuses"));
    }
    (has("type") && (has("from") || has("from_user_id"))).then(|| lone("messages"))
}

fn field_of(value: &Value) -> &'static str {
    LISTED
        .into_iter()
        .find(|field| *field != "messages" && value.get(field.trim_start_matches("smb_")).is_some())
        .unwrap_or("messages")
}

fn elements(list: &Value) -> &[Value] {
    match list {
        Value::Array(items) => items,
        one @ Value::Object(_) => std::slice::from_ref(one),
        _ => &[],
    }
}
