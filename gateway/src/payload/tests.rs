//! Facts about whole bodies, and the corpus of payloads that others wrote (when it lies beside the project).

use std::path::Path;

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

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
    assert_eq!(message.quotes.as_deref(), Some("wamid.quoted"));
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
    for garbage in ["", "[]", "nul", "{\"object\":", "\u{0}", "{}"] {
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
        only_reason(news(&json!([with("group_id", "g")]))),
        Reason::Group
    );
    assert_eq!(
        only_reason(news(&json!([with("text", "x".repeat(300_000))]))),
        Reason::TooLarge
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

#[test]
fn a_status_names_its_send_twice() {
    let ours = "v1.018f0000-0000-7000-8000-000000000000.7.1";
    let status = json!({
        "id": "wamid.s", "status": "failed", "timestamp": 1, "recipient_id": "5511987654321",
        "biz_opaque_callback_data": ours, "errors": [{"code": 131_026, "title": "x"}],
    });
    let items = read(envelope(
        &json!({"metadata": {"phone_number_id": NUMBER}, "statuses": [status]}),
    ));
    let [Item::Status(report)] = items.as_slice() else {
        panic!("not a status")
    };
    assert_eq!(
        (report.rank, report.error_code),
        (Rank::Failed, Some(131_026))
    );
    assert_eq!(
        report
            .callback
            .map(|callback| callback.to_string())
            .as_deref(),
        Some(ours)
    );
    let unknown = json!({"id": "wamid.s", "status": "warning", "timestamp": "1"});
    assert_eq!(
        only_reason(envelope(
            &json!({"metadata": {"phone_number_id": NUMBER}, "statuses": [unknown]})
        )),
        Reason::UnknownStatus
    );
}

#[test]
fn other_subscriptions_and_account_errors_are_kept() {
    let change = |field: &str, value: Value| {
        json!({"object": OBJECT, "entry": [{"changes": [{"field": field, "value": value}]}]})
            .to_string()
    };
    assert_eq!(
        only_reason(change("account_update", json!({"event": "X"}))),
        Reason::OtherField
    );
    let value = json!({"metadata": {"phone_number_id": NUMBER}, "errors": [{"code": 130_429}]});
    assert_eq!(only_reason(envelope(&value)), Reason::AccountError);
    assert_eq!(
        only_reason(envelope(&json!({"metadata": {"phone_number_id": NUMBER}}))),
        Reason::Nothing
    );
    assert_eq!(only_reason(envelope(&json!({}))), Reason::Malformed);
}

/// Payloads written by others: every one that carries news yields something, and none panics.
#[test]
fn every_payload_of_the_corpus_yields_items_or_dead_letters() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus at {}", corpus.display());
        assert!(!corpus.exists(), "a corpus must be a folder");
        return;
    }
    let (mut webhooks, mut stored) = (0, 0);
    for file in files(&corpus) {
        let bytes = std::fs::read(&file).unwrap();
        let items = read(bytes.clone());
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let has_news = value.pointer("/entry/0/changes/0").is_some();
        assert!(
            !has_news || !items.is_empty(),
            "{} yields nothing",
            file.display()
        );
        webhooks += usize::from(has_news);
        let young = parse(&bytes.into(), now(), TimeDelta::days(10_000));
        stored += usize::from(young.iter().any(|item| !matches!(item, Item::Odd(_))));
    }
    assert!(
        webhooks >= 100,
        "only {webhooks} webhooks found in the corpus"
    );
    assert!(
        stored >= 60,
        "only {stored} of {webhooks} webhooks hold a message or status"
    );
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
    found
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!read(body).is_empty());
    }

    #[test]
    fn a_body_cut_anywhere_is_kept(cut in 1_usize..200) {
        let whole = news(&json!([text("wamid.a")]));
        let kept = whole.len() - cut.min(whole.len());
        prop_assert_eq!(reasons(&read(whole.as_bytes()[..kept].to_vec())).len(), 1);
    }

    #[test]
    fn each_message_comes_out_once_and_in_order(ids in prop::collection::vec("[a-zA-Z0-9+/=]{1,40}", 0..20)) {
        let all: Vec<Value> = ids.iter().map(|id| text(&format!("wamid.{id}"))).collect();
        let items = read(news(&json!(all)));
        let read: Vec<String> = messages(&items).iter().map(|message| message.wamid.replace("wamid.", "")).collect();
        prop_assert_eq!(read, ids);
    }
}
