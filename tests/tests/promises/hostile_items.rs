//! Rightly signed and odd (rows 12 to 25): what can be understood is stored as what it is, the rest is 200 and a dead
//! letter with its reason; a bad neighbour takes nobody with it.

use std::sync::atomic::{AtomicBool, Ordering};

use balcao_core::model::{Content, Ticks};
use e2e::desk::says;
use e2e::meta::{Meta, message, name, now, status, text, wamid};
use e2e::{Stack, Table, Who};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::hostile_webhooks::metric;

const PHONE: &str = "5511900000095";
const CONFLICTS: &str = "balcao_dedupe_conflict_total";
const INJECTION: &str = "<script>alert(1)</script> '; drop table message; --";

/// The rows that are about what is stored. Wants a stack in which nobody answers.
pub async fn rows(stack: &Stack, table: &mut Table) {
    let meta = stack.meta(0);
    unreadable(stack, &meta, table).await;
    nobodys_words(stack, &meta, table).await;
    odd_and_stored(stack, &meta, table).await;
    hidden_and_unknown(stack, &meta, table).await;
    other_words(stack, &meta, table).await;
    ten_thousand(stack, &meta, table).await;
    stack.database.assert_dense().await;
}

/// The rows that want the bot: one answer to a hundred copies, and statuses of it.
pub async fn answered(stack: &Stack, table: &mut Table) {
    let meta = stack.meta(0);
    let customer = stack.phone("5511900000098");
    // The simulator must know the customer, or it refuses our answer; its own posts go nowhere for now.
    stack.simulator.posts_to("http://127.0.0.1:9/").await;
    let id = customer.says("oi").await;
    let oi = message(
        &customer.digits,
        json!({"id": id, "type": "text", "text": {"body": "oi"}}),
    );
    let body = meta.messages(&[oi]);
    let answers = join_all((0..100).map(|_| meta.post(&body))).await;
    let answer = customer
        .shows("the menu", 0, |bubble| !bubble.offers.is_empty())
        .await;
    stack.simulator.posts_to(&stack.node(0).webhook).await;
    stack.database.is_quiet(&stack.simulator).await;
    let row = table.row(
        17,
        "the same wamid 100 times at once",
        "all 200, one row, one answer",
    );
    row.is(
        "answers that are not 200",
        answers.iter().filter(|status| **status != 200).count(),
        0,
    );
    row.is(
        "rows",
        stack.database.count("message where direction = 'in'").await,
        1,
    );
    row.is("answers of the bot", customer.received().await.len(), 1);

    let row = table.row(
        21,
        "read before sent; failed after read",
        "read, and nothing lowers it",
    );
    for word in ["read", "sent", "delivered", "failed"] {
        let body = meta.statuses(&[status(&answer.wamid, &customer.digits, word)]);
        row.is(word, meta.post(&body).await, 200);
    }
    let rita = stack.agent(Who::Rita, 0).await;
    let case = rita.conversation_with(&name(&customer.digits)).await;
    let items = rita.items(case.id).await;
    let ticks = items.iter().find_map(|item| item.ticks);
    row.is("ticks", ticks, Some(Ticks::Read));
}

/// Posts a body that must become one dead letter; the answer, how many letters it made and the reason of the newest.
async fn letter(stack: &Stack, meta: &Meta, body: &[u8]) -> (u16, i64, String) {
    let before = stack.database.count("dead_letter").await;
    let status = meta.post_bytes(body).await;
    let made = stack.database.count("dead_letter").await - before;
    let reason: Option<String> =
        sqlx::query_scalar("select reason from dead_letter order by received_at desc limit 1")
            .fetch_optional(stack.database.pool())
            .await
            .expect("the letters");
    (status, made, reason.unwrap_or_default())
}

fn one_letter(reason: &str) -> (u16, i64, String) {
    (200, 1, reason.to_owned())
}

async fn unreadable(stack: &Stack, meta: &Meta, table: &mut Table) {
    let around = meta.envelope(&json!({ "messages": ["HERE"] })).to_string();
    let raw = |raw: &str| around.replace("\"HERE\"", raw).into_bytes();
    let twice =
        format!(r#"{{"from":"1","from":"{PHONE}","id":"wamid.X","timestamp":"1","type":"text"}}"#);
    let surrogate = meta
        .messages(&[text(PHONE, "HERE")])
        .replace("HERE", "\\ud800");
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let object = br#"{"object":"page","entry":[]}"#.to_vec();
    let utf8 = b"{\"object\":\"\xff\xfe\"}".to_vec();
    for (number, input, expected, what, reason, body) in [
        (
            12,
            "JSON 10,000 levels deep",
            "200 and a dead letter",
            "nesting",
            "too_deep",
            raw(&deep),
        ),
        (
            13,
            "the key `from` twice",
            "200 and a dead letter",
            "first wins is refused",
            "duplicate_key",
            raw(&twice),
        ),
        (
            14,
            "invalid UTF-8; a lone surrogate; another object",
            "200 and a dead letter",
            "UTF-8",
            "malformed",
            utf8,
        ),
        (14, "", "", "surrogate", "malformed", surrogate.into()),
        (14, "", "", "object", "unknown_object", object),
    ] {
        let row = table.row(number, input, expected);
        row.is(what, letter(stack, meta, &body).await, one_letter(reason));
    }
}

async fn nobodys_words(stack: &Stack, meta: &Meta, table: &mut Table) {
    let nine_days_ago = (now() - 9 * 86_400).to_string();
    let long_bsuid = format!("BR.{}", "a".repeat(129));
    let megabyte = "1".repeat(1_000_000);
    let before = stack.database.count("message").await;
    for (number, input, expected, what, reason, item) in [
        (
            19,
            "a body of nine days ago",
            "200, stale, nobody is told",
            "a letter",
            "stale",
            said_at(&nine_days_ago),
        ),
        (
            20,
            "the year 2999; before 1970; words for a time",
            "clamped; dead letters",
            "words",
            "bad_timestamp",
            said_at("ontem"),
        ),
        (20, "", "", "before 1970", "stale", said_at("-5")),
        (
            23,
            "no phone, only a BSUID; one of 129 letters",
            "a contact; a dead letter",
            "129 letters",
            "bad_identity",
            said_by(&json!({ "from_user_id": long_bsuid })),
        ),
        (
            24,
            "SQL, a path, a megabyte as a telephone number",
            "dead letters, no effect",
            "SQL",
            "bad_identity",
            said_by(&json!({"from": "' OR 1=1--"})),
        ),
        (
            24,
            "",
            "",
            "a path",
            "bad_identity",
            said_by(&json!({"from": "../../x"})),
        ),
        (
            24,
            "",
            "",
            "a megabyte",
            "too_large",
            said_by(&json!({ "from": megabyte })),
        ),
        (24, "", "", "nobody", "no_sender", said_by(&json!({}))),
    ] {
        let body = meta.envelope(&json!({ "messages": [item] })).to_string();
        let row = table.row(number, input, expected);
        row.is(
            what,
            letter(stack, meta, body.as_bytes()).await,
            one_letter(reason),
        );
    }
    let stored = stack.database.count("message").await - before;
    for number in [19, 24] {
        table.row(number, "", "").is("messages stored", stored, 0);
    }
}

async fn odd_and_stored(stack: &Stack, meta: &Meta, table: &mut Table) {
    let tap = json!({"type": "button_reply", "button_reply": {"id": "not-ours", "title": "Quero"}});
    let odd = [
        text(PHONE, "um\u{0}dois"),
        said_at("32472144000"),
        json!({"id": "neither author nor type"}),
        message(PHONE, json!({"type": "hologram", "hologram": {"x": 1}})),
        message(PHONE, json!({"type": "interactive", "interactive": tap})),
        text(PHONE, INJECTION),
    ];
    let answer = letter(stack, meta, meta.messages(&odd).as_bytes()).await;
    let row = table.row(
        25,
        "an unknown type; a button that is not ours",
        "shown as unsupported; kept as a choice",
    );
    row.is(
        "its neighbour without author, time and type",
        answer,
        one_letter("bad_timestamp"),
    );
    let rita = stack.agent(Who::Rita, 0).await;
    let case = rita.conversation_with(&name(PHONE)).await;
    let items = rita.items(case.id).await;
    let said: Vec<&str> = items.iter().map(says).collect();
    let hologram = matches!(&items[2].content, Some(Content::Unsupported { type_name, .. }) if type_name == "hologram");
    row.holds_that("unsupported", hologram);
    row.is("the choice", said[3], "Quero");
    row.is("markup and SQL are words", said[4], INJECTION);
    let row = table.row(15, "NUL in a text", "200, stored as U+FFFD");
    row.is("words", said[0], "um\u{fffd}dois");
    let row = table.row(20, "", "");
    row.holds_that(
        "the year 2999 is clamped to the receipt",
        items[1].at <= items[1].received_at,
    );
}

async fn hidden_and_unknown(stack: &Stack, meta: &Meta, table: &mut Table) {
    let (contacts, known) = (stack.database.count("contact").await, bsuids(stack).await);
    let row = table.row(23, "", "");
    for words in ["sem telefone", "de novo"] {
        let hidden = json!({
            "from_user_id": "BR.77001", "id": wamid("77001"), "timestamp": now().to_string(),
            "type": "text", "text": {"body": words},
        });
        let body = meta.envelope(&json!({ "messages": [hidden] })).to_string();
        row.is(words, meta.post(&body).await, 200);
    }
    row.is(
        "new contacts",
        stack.database.count("contact").await - contacts,
        1,
    );
    row.is("new BSUIDs", bsuids(stack).await - known, 1);
    let row = table.row(
        22,
        "a status of nobody's message",
        "200, parked for 24 hours",
    );
    let body = meta.statuses(&[status(&wamid(PHONE), PHONE, "read")]);
    row.is("status", meta.post(&body).await, 200);
    let parked = "parked_event where expires_at > now() + interval '23 hours'";
    row.is("parked", stack.database.count(parked).await, 1);
}

async fn bsuids(stack: &Stack) -> i64 {
    stack
        .database
        .count("contact_identity where kind = 'bsuid'")
        .await
}

/// Meta never changes a message under its id: whoever does is counted.
async fn other_words(stack: &Stack, meta: &Meta, table: &mut Table) {
    let phone = "5511900000096";
    let first = text(phone, "as primeiras palavras");
    let again = message(
        phone,
        json!({"id": first["id"], "type": "text", "text": {"body": "outras palavras"}}),
    );
    let row = table.row(
        18,
        "the same wamid with other words",
        "200, the first kept, counted",
    );
    let first = meta.messages(&[first]);
    for (what, body) in [("first", &first), ("the same again", &first)] {
        row.is(what, meta.post(body).await, 200);
    }
    let before = metric(stack, CONFLICTS).await;
    row.is(
        "other words",
        meta.post(&meta.messages(&[again])).await,
        200,
    );
    row.is("counted", metric(stack, CONFLICTS).await - before, 1.0);
    let rita = stack.agent(Who::Rita, 0).await;
    let case = rita.conversation_with(&name(phone)).await;
    let items = rita.items(case.id).await;
    let said: Vec<&str> = items.iter().map(says).collect();
    row.is("kept", said, vec!["as primeiras palavras"]);
}

/// A body with very much in it is taken in pieces; small ones go on beside it.
async fn ten_thousand(stack: &Stack, meta: &Meta, table: &mut Table) {
    let phones: Vec<String> = (0..50).map(|n| format!("55119100{n:05}")).collect();
    let all: Vec<Value> = (0..10_000_usize)
        .map(|n| text(&phones[n % phones.len()], &format!("{n}")))
        .collect();
    let large = meta.envelope(&json!({ "messages": all })).to_string();
    let before = stack.database.count("message").await;
    let is_done = AtomicBool::new(false);
    let large = async {
        let status = meta.post(&large).await;
        is_done.store(true, Ordering::Relaxed);
        status
    };
    let small = async {
        let mut answers = Vec::new();
        while !is_done.load(Ordering::Relaxed) {
            answers.push(
                meta.post(&meta.messages(&[text("5511900000097", "oi")]))
                    .await,
            );
        }
        answers
    };
    let (status, answers) = tokio::join!(large, small);
    let row = table.row(
        16,
        "one entry with 10,000 messages",
        "200, in batches; others go on",
    );
    row.is("status", status, 200);
    row.holds_that("small ones were posted meanwhile", !answers.is_empty());
    row.is(
        "of them not 200",
        answers.iter().filter(|status| **status != 200).count(),
        0,
    );
    let posted = i64::try_from(10_000 + answers.len()).unwrap_or_default();
    row.is(
        "not stored",
        before + posted - stack.database.count("message").await,
        0,
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
