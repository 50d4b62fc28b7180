//! Rightly signed and odd: what can be understood is stored as what it is, the rest is 200 and a dead letter with its
//! reason; a bad neighbour takes nobody with it.

use balcao_core::model::Content;
use e2e::desk::says;
use e2e::meta::{Meta, message, name, now, status, text, wamid};
use e2e::{Plan, Stack, Who};
use serde_json::{Value, json};

const PHONE: &str = "5511900000095";
const INJECTION: &str = "<script>alert(1)</script> '; drop table message; --";

/// Nobody answers: these tests are about what is stored.
fn plan() -> Plan {
    Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    }
}

/// Rows 8, 12 to 14, 19, 20, 23, 24: rightly signed and not understood is 200 and a dead letter with its reason.
#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_becomes_a_dead_letter_with_its_reason() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let other_number = meta
        .messages(&[text(PHONE, "oi")])
        .replace(&stack.number.phone_number_id, "999999999999999");
    let mut cases = vec![("another number", "unknown_channel", other_number.into())];
    cases.extend(not_json_of_meta(&meta));
    cases.extend(nobodys_words(&meta));
    for (n, (what, reason, body)) in (1..).zip(&cases) {
        assert_eq!(meta.post_bytes(body).await, 200, "{what}");
        assert_eq!(stack.database.count("dead_letter").await, n, "{what}");
        assert_eq!(newest_reason(&stack).await, *reason, "{what}");
    }
    assert_eq!(stack.database.count("message").await, 0);
}

/// What it is, the reason we give, the body.
type Case = (&'static str, &'static str, Vec<u8>);

fn not_json_of_meta(meta: &Meta) -> Vec<Case> {
    let around = meta.envelope(&json!({ "messages": ["HERE"] })).to_string();
    let raw = |raw: &str| around.replace("\"HERE\"", raw).into_bytes();
    let twice =
        format!(r#"{{"from":"1","from":"{PHONE}","id":"wamid.X","timestamp":"1","type":"text"}}"#);
    let surrogate = meta
        .messages(&[text(PHONE, "HERE")])
        .replace("HERE", "\\ud800");
    let (object, utf8) = (
        br#"{"object":"page","entry":[]}"#.to_vec(),
        b"{\"object\":\"\xff\xfe\"}".to_vec(),
    );
    vec![
        ("another object", "unknown_object", object),
        (
            "10,000 levels",
            "too_deep",
            raw(&("[".repeat(10_000) + &"]".repeat(10_000))),
        ),
        ("a key twice", "duplicate_key", raw(&twice)),
        ("invalid UTF-8", "malformed", utf8),
        ("a lone surrogate", "malformed", surrogate.into()),
    ]
}

fn nobodys_words(meta: &Meta) -> Vec<Case> {
    let long_bsuid = format!("BR.{}", "a".repeat(129));
    let nine_days_ago = (now() - 9 * 86_400).to_string();
    let cases = [
        ("a time in words", "bad_timestamp", said_at("ontem")),
        ("9 days old", "stale", said_at(&nine_days_ago)),
        ("no author", "no_sender", said_by(&json!({}))),
        (
            "a BSUID of 129 letters",
            "bad_identity",
            said_by(&json!({ "from_user_id": long_bsuid })),
        ),
        (
            "SQL as a phone",
            "bad_identity",
            said_by(&json!({"from": "' OR 1=1--"})),
        ),
        (
            "a path as a phone",
            "bad_identity",
            said_by(&json!({"from": "../../x"})),
        ),
        (
            "a phone of a megabyte",
            "too_large",
            said_by(&json!({"from": "1".repeat(1_000_000)})),
        ),
    ];
    let body = |item: Value| {
        meta.envelope(&json!({ "messages": [item] }))
            .to_string()
            .into_bytes()
    };
    cases
        .into_iter()
        .map(|(what, reason, item)| (what, reason, body(item)))
        .collect()
}

/// Rows 15, 20, 25: odd words, times and types.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_odd_is_stored_as_what_it_is() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let tap = json!({"type": "button_reply", "button_reply": {"id": "not-ours", "title": "Quero"}});
    let odd = [
        text(PHONE, "um\u{0}dois"),
        said_at("32472144000"),
        said_at("-5"),
        json!({"id": "neither author nor type"}),
        message(PHONE, json!({"type": "hologram", "hologram": {"x": 1}})),
        message(PHONE, json!({"type": "interactive", "interactive": tap})),
        text(PHONE, INJECTION),
    ];
    assert_eq!(meta.post(&meta.messages(&odd)).await, 200);

    let rita = stack.agent(Who::Rita, 0).await;
    let row = rita.conversation_with(&name(PHONE)).await;
    let items = rita.items(row.id).await;
    let said: Vec<&str> = items.iter().map(says).collect();
    assert_eq!(said, ["um\u{fffd}dois", "x", "", "Quero", INJECTION]);
    assert!(
        items[1].at <= items[1].received_at,
        "the year 2999 is clamped to the receipt"
    );
    let hologram = matches!(&items[2].content, Some(Content::Unsupported { type_name, .. }) if type_name == "hologram");
    assert!(hologram, "what is not understood is kept whole");
    assert_eq!(
        stack.database.count("dead_letter").await,
        2,
        "before 1970, and neither author nor type"
    );
    stack.database.assert_dense().await;
}

/// Rows 22, 23: somebody known by BSUID alone, and a status of nobody's message.
#[tokio::test(flavor = "multi_thread")]
async fn who_hides_their_phone_is_a_contact_and_a_strangers_status_waits() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    for words in ["sem telefone", "de novo"] {
        let hidden = json!({
            "from_user_id": "BR.77001", "id": wamid("77001"), "timestamp": now().to_string(),
            "type": "text", "text": {"body": words},
        });
        assert_eq!(
            meta.post(&meta.envelope(&json!({ "messages": [hidden] })).to_string())
                .await,
            200
        );
    }
    assert_eq!(stack.database.count("contact").await, 1);
    assert_eq!(
        stack
            .database
            .count("contact_identity where kind = 'bsuid'")
            .await,
        1
    );
    assert_eq!(stack.database.count("message").await, 2);

    assert_eq!(
        meta.post(&meta.statuses(&[status(&wamid(PHONE), PHONE, "read")]))
            .await,
        200
    );
    assert_eq!(
        stack
            .database
            .count("parked_event where expires_at > now() + interval '23 hours'")
            .await,
        1
    );
}

/// "x", at a time as Meta writes it.
fn said_at(timestamp: &str) -> Value {
    message(
        PHONE,
        json!({"type": "text", "text": {"body": "x"}, "timestamp": timestamp}),
    )
}

/// "x", by whom these fields say and nobody else.
fn said_by(author: &Value) -> Value {
    let mut said = said_at(&now().to_string());
    if let (Some(said), Some(author)) = (said.as_object_mut(), author.as_object()) {
        said.retain(|key, _| key != "from" && key != "from_user_id");
        said.extend(author.clone());
    }
    said
}

async fn newest_reason(stack: &Stack) -> String {
    sqlx::query_scalar("select reason from dead_letter order by received_at desc limit 1")
        .fetch_one(stack.database.pool())
        .await
        .expect("a dead letter")
}
