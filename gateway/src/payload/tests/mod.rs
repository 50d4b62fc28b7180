//! Facts about whole bodies: what one bad item, key, time or identity does, and that nothing panics.

mod anything;
mod changes;
mod corpus;
mod fields;
mod people;
mod phone;

use chrono::TimeDelta;
use serde_json::{Value, json};

use balcao_core::model::{Content, Rank};

use super::*;
use crate::identity::Address;

const NUMBER: &str = "1122334455667";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn read(body: impl Into<Vec<u8>>) -> Vec<Item> {
    parse(&Bytes::from(body.into()), now(), TimeDelta::days(8))
}

fn envelope(value: &Value) -> String {
    json!({"object": OBJECT, "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}]}).to_string()
}

fn news(messages: &Value) -> String {
    envelope(&json!({"metadata": {"phone_number_id": NUMBER}, "messages": messages}))
}

fn text(id: &str) -> Value {
    json!({"id": id, "from": "5511987654321", "timestamp": "1799999999", "type": "text", "text": {"body": "oi"}})
}

fn with(key: &str, value: impl Into<Value>) -> Value {
    let mut message = text("wamid.a");
    message[key] = value.into();
    message
}

fn reasons(items: &[Item]) -> Vec<Reason> {
    items
        .iter()
        .filter_map(|item| {
            if let Item::Odd(odd) = item {
                Some(odd.reason)
            } else {
                None
            }
        })
        .collect()
}

fn messages(items: &[Item]) -> Vec<&Inbound> {
    items
        .iter()
        .filter_map(|item| {
            if let Item::Message(message) = item {
                Some(&**message)
            } else {
                None
            }
        })
        .collect()
}

fn only(body: impl Into<Vec<u8>>) -> Item {
    let mut items = read(body);
    assert_eq!(items.len(), 1);
    items.remove(0)
}

/// The only message of a body.
fn only_message(body: impl Into<Vec<u8>>) -> Box<Inbound> {
    match only(body) {
        Item::Message(message) => message,
        _ => panic!("not a message"),
    }
}

/// The only notice of a body.
fn only_notice(body: impl Into<Vec<u8>>) -> Notice {
    match only(body) {
        Item::Notice(notice) => notice,
        _ => panic!("not a notice"),
    }
}

/// An object with these members too.
fn extended(mut object: Value, members: Value) -> Value {
    if let (Value::Object(object), Value::Object(members)) = (&mut object, members) {
        object.extend(members);
    }
    object
}

/// A body with one change of any field.
fn change(field: &str, value: &Value) -> String {
    json!({"object": OBJECT, "entry": [{"id": "W1", "time": 1_799_999_000, "changes": [{"field": field, "value": value}]}]})
        .to_string()
}

fn only_reason(body: impl Into<Vec<u8>>) -> Reason {
    let items = read(body);
    assert_eq!(items.len(), 1);
    *reasons(&items).first().expect("a dead letter")
}

#[test]
fn a_text_comes_with_all_that_is_needed_to_store_it() {
    let items = read(news(&json!([with(
        "context",
        json!({"id": "wamid.quoted", "from": "1"})
    )])));
    let message = messages(&items)[0];
    assert_eq!(
        (message.phone_number_id.as_str(), message.wamid.as_str()),
        (NUMBER, "wamid.a")
    );
    assert_eq!(message.at.timestamp(), 1_799_999_999);
    assert_eq!(message.circumstance.quotes.as_deref(), Some("wamid.quoted"));
    assert!(message.content == Content::Text { text: "oi".into() });
    assert!(message.raw.starts_with(b"{"), "kept as it came");
}

#[test]
fn one_bad_item_leaves_the_others_alone() {
    let good = text("wamid.b");
    let items = read(news(&json!([
        5,
        text("wamid.a"),
        with("timestamp", "soon"),
        good
    ])));
    assert_eq!(messages(&items).len(), 2);
    assert_eq!(reasons(&items), [Reason::Malformed, Reason::BadTimestamp]);
}

#[test]
fn what_is_no_webhook_is_kept_whole() {
    for garbage in ["", "[]", "nul", "{\"object\":", "\u{0}", "{}", "{}{"] {
        assert_eq!(only_reason(garbage), Reason::Malformed, "{garbage:?}");
    }
    assert_eq!(only_reason(b"\xff\xfe{}".to_vec()), Reason::Malformed);
    assert_eq!(
        only_reason(r#"{"object":"page","entry":[]}"#),
        Reason::UnknownObject
    );
    assert_eq!(
        only_reason(r#"{"object":"a","object":"b"}"#),
        Reason::DuplicateKey
    );
    assert!(
        read(r#"{"object":"whatsapp_business_account","entry":[]}"#).is_empty(),
        "nothing happened"
    );
}

#[test]
fn nesting_ends_in_a_dead_letter_wherever_it_is() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(only_reason(deep.clone()), Reason::Malformed);
    let whole = format!(
        r#"{{"object":"{OBJECT}","entry":[{{"changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"1"}},"messages":[{deep}]}}}}]}}]}}"#
    );
    assert_eq!(only_reason(whole), Reason::TooDeep);
    let ignored = format!(r#"{{"object":"{OBJECT}","deep":{deep},"entry":[]}}"#);
    assert!(read(ignored).is_empty(), "what nobody reads does no harm");
}

#[test]
fn a_key_given_twice_is_refused_in_item_and_envelope() {
    let twice = news(&json!([text("wamid.a")])).replace(
        r#""from":"5511987654321""#,
        r#""from":"5511987654321","from":"1""#,
    );
    assert_eq!(only_reason(twice), Reason::DuplicateKey);
    let twice = news(&json!([text("wamid.a")])).replace(
        r#""metadata":"#,
        r#""metadata":{"phone_number_id":"1"},"metadata":"#,
    );
    assert_eq!(only_reason(twice), Reason::DuplicateKey);
}

#[test]
fn nul_is_replaced_and_a_lone_surrogate_is_refused() {
    let items = read(news(&json!([text("wamid.a")])).replace("oi", "o\\u0000i"));
    assert!(
        messages(&items)[0].content
            == Content::Text {
                text: "o\u{fffd}i".into()
            }
    );
    assert_eq!(
        only_reason(news(&json!([text("wamid.a")])).replace("oi", "\\ud800")),
        Reason::Malformed
    );
}

#[test]
fn time_is_an_integer_that_is_neither_ahead_nor_long_gone() {
    for ahead in [
        json!("32503680000"),
        json!(32_503_680_000_u64),
        json!(u64::MAX),
        json!(i64::MAX.to_string()),
    ] {
        let items = read(news(&json!([with("timestamp", ahead)])));
        assert_eq!(messages(&items)[0].at, now());
    }
    for bad in [
        json!("soon"),
        json!(1.5),
        json!(null),
        json!(""),
        json!("1e9"),
    ] {
        assert_eq!(
            only_reason(news(&json!([with("timestamp", bad)]))),
            Reason::BadTimestamp
        );
    }
    let nine_days = (now() - TimeDelta::days(9)).timestamp();
    for old in [json!(nine_days), json!(-5), json!(i64::MIN)] {
        assert_eq!(
            only_reason(news(&json!([with("timestamp", old)]))),
            Reason::Stale
        );
    }
    let seven_days = (now() - TimeDelta::days(7)).timestamp();
    assert_eq!(
        messages(&read(news(&json!([with("timestamp", seven_days)])))).len(),
        1
    );
}

#[test]
fn identities_and_ids_that_are_none_are_dead_letters() {
    assert_eq!(
        only_reason(news(&json!([with("from", "' OR 1=1--")]))),
        Reason::BadIdentity
    );
    assert_eq!(
        only_reason(news(&json!([with(
            "from_user_id",
            format!("BR.{}", "1".repeat(129))
        )]))),
        Reason::BadIdentity
    );
    assert_eq!(
        only_reason(news(&json!([with("from", json!(null))]))),
        Reason::NoSender
    );
    assert_eq!(
        only_reason(news(&json!([with("id", "")]))),
        Reason::BadWamid
    );
    assert_eq!(
        only_reason(news(&json!([with("id", "w".repeat(513))]))),
        Reason::BadWamid
    );
    assert_eq!(
        only_reason(news(&json!([with("text", "x".repeat(300_000))]))),
        Reason::TooLarge
    );
}

#[test]
fn carelessly_written_payloads_are_read_as_they_are_meant() {
    let careless = json!({
        "object": OBJECT,
        "entry": {"id": 1, "time": "1799999000", "changes": {"value": {
            "metadata": {"phone_number_id": 1_122_334_455_667_u64, "display_phone_number": 551_140_000_000_u64},
            "contacts": null, "statuses": null, "errors": null,
            "messages": {"id": "wamid.a", "from": 5_511_987_654_321_u64, "timestamp": 1_799_999_999, "text": {"body": 7}},
        }}},
    });
    let message = only_message(careless.to_string());
    assert_eq!(message.phone_number_id, NUMBER);
    assert!(message.content == Content::Text { text: "7".into() });
    assert!(message.sender.address == Address::To("+5511987654321".into()));
    let plus = only_message(news(&json!([with("from", "+5511987654321")])));
    assert!(plus.sender == message.sender);
}

#[test]
fn without_a_number_of_ours_nobody_knows_where_it_belongs() {
    let bare = envelope(&json!({"messages": [text("wamid.a")]}));
    assert_eq!(only_reason(bare), Reason::NoNumber);
    let null = envelope(&json!({"metadata": null, "messages": [text("wamid.a")]}));
    assert_eq!(only_reason(null), Reason::NoNumber);
}

#[test]
fn a_body_or_value_of_another_shape_is_kept() {
    let entry = json!({"object": OBJECT, "entry": [{"id": "1", "messaging": [{"text": "oi"}]}]});
    let notice = only_notice(entry.to_string());
    assert_eq!(
        (notice.field.as_str(), notice.waba_id.as_str()),
        ("unknown", "1")
    );
    for value in [
        json!({}),
        json!(null),
        json!("x"),
        json!({"metadata": {"phone_number_id": NUMBER}}),
    ] {
        let notice = only_notice(change("messages", &value));
        assert!(notice.effect == Effect::Nothing && notice.field == "messages");
    }
    assert_eq!(
        only_reason(envelope(
            &json!({"metadata": {"phone_number_id": NUMBER}, "messages": "x"})
        )),
        Reason::Malformed
    );
}

#[test]
fn ten_thousand_messages_are_ten_thousand_items() {
    let all: Vec<Value> = (0..10_000).map(|n| text(&format!("wamid.{n}"))).collect();
    assert_eq!(messages(&read(news(&json!(all)))).len(), 10_000);
}

#[test]
fn very_many_bad_items_are_one_dead_letter() {
    let mut all: Vec<Value> = vec![json!(1); 50_000];
    all.push(text("wamid.a"));
    let items = read(news(&json!(all)));
    assert_eq!(reasons(&items), [Reason::ManyBad]);
    assert_eq!(messages(&items).len(), 1, "the good one is stored");
}
