//! Each content on the customer's phone, and the limits of each.

use std::collections::BTreeMap;

use e2e::Stack;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{GONE, plan, shows, waiting};

/// A content as an agent sends it, and what the phone is given: its type, and what is found where.
#[derive(Deserialize)]
struct Kind {
    client_ref: String,
    content: Value,
    #[serde(rename = "type")]
    type_name: String,
    phone: BTreeMap<String, Value>,
}

fn kinds() -> Vec<Kind> {
    serde_json::from_str(include_str!("kinds.json")).expect("the list of contents")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_arrives_as_what_was_meant() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000301").await;
    for Kind {
        client_ref,
        content,
        type_name,
        phone,
    } in kinds()
    {
        let before = customer.received().await.len();
        let answer = ana.sends(row.id, &client_ref, &content).await;
        assert_eq!(answer.status, 202, "{client_ref}: {}", answer.body);
        let bubble = customer.shows(&client_ref, before, |_| true).await;
        assert_eq!(bubble.kind, type_name, "{client_ref}");
        for (pointer, value) in phone {
            assert_eq!(
                bubble.payload.pointer(&pointer),
                Some(&value),
                "{client_ref}{pointer} in {}",
                bubble.payload
            );
        }
        shows(&ana, row.id, &client_ref, &GONE).await;
        let item = ana.item(row.id, &client_ref).await;
        let shown = serde_json::to_value(item.content.expect("a content")).expect("JSON");
        assert_eq!(
            shown["kind"], content["kind"],
            "{client_ref} in the console"
        );
        // A repeat is the same item and no second message.
        let again = ana.sends(row.id, &client_ref, &content).await;
        assert_eq!(again.body, answer.body, "{client_ref}");
        assert_eq!(customer.received().await.len(), before + 1, "{client_ref}");
    }
    stack.database.assert_dense().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_quotes_what_it_answers() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000302").await;
    let asked = customer.says("e a fatura?").await;
    stack.database.is_quiet(&stack.simulator).await;
    let items = ana.items(row.id).await;
    let question = items.iter().rfind(|item| item.client_ref.is_none());
    let body = json!({"client_ref": "quote", "text": "já vejo", "reply_to_seq": question.expect("it").seq});
    let answer = ana.does(row.id, "messages", body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let bubble = customer.shows_text("já vejo").await;
    assert_eq!(bubble.quotes, Some(asked));
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
async fn what_whatsapp_would_not_take_is_refused_with_the_field() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000303").await;
    let before = customer.received().await.len();
    let buttons = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({"id": n.to_string(), "title": n.to_string()}))
            .collect()
    };
    let rows = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({"id": n.to_string(), "title": "x"}))
            .collect()
    };
    for (content, field) in [
        (
            json!({"kind": "buttons", "text": "?", "buttons": buttons(4)}),
            "content.buttons",
        ),
        (
            json!({"kind": "buttons", "text": "?", "buttons": [{"id": "a", "title": "á".repeat(21)}]}),
            "content.buttons[0].title",
        ),
        (
            json!({"kind": "list", "text": "?", "open_label": "Ver", "sections": [{"title": "", "rows": rows(11)}]}),
            "content.sections",
        ),
        (
            json!({"kind": "media", "media": {"kind": "audio", "url": "https://example.com/a.ogg", "caption": "x"}}),
            "content.media.caption",
        ),
        (
            json!({"kind": "media", "media": {"kind": "image"}}),
            "content.media.file",
        ),
        (
            json!({"kind": "media", "media": {"kind": "image", "file": "01900000-0000-7000-8000-000000000000"}}),
            "content.media.file",
        ),
        (
            json!({"kind": "location", "latitude": 91.0, "longitude": 0.0}),
            "content.latitude",
        ),
        (
            json!({"kind": "link", "text": "x", "label": "x", "url": "javascript:alert(1)"}),
            "content.url",
        ),
        (json!({"kind": "note", "text": "x"}), "content.kind"),
        (
            json!({"kind": "commerce", "text": "x", "interactive": {"type": "button"}}),
            "content.interactive.type",
        ),
        (
            json!({"kind": "template", "name": "nada", "language": "pt_BR", "preview": ""}),
            "content.name",
        ),
    ] {
        let answer = ana.sends(row.id, "bad", &content).await;
        assert_eq!(answer.status, 422, "{field}: {}", answer.body);
        assert_eq!(answer.body["field"], field, "{}", answer.body);
        assert!(answer.body["detail"].is_string(), "{}", answer.body);
    }
    let text = json!({"client_ref": "bad", "text": "á".repeat(4_097)});
    assert_eq!(ana.does(row.id, "messages", text).await.code(), "too_long");
    let both = json!({"client_ref": "bad", "text": "x", "content": {"kind": "text", "text": "x"}});
    assert_eq!(ana.does(row.id, "messages", both).await.status, 422);
    let last = json!({"kind": "text", "text": "á".repeat(4_096)});
    assert_eq!(ana.sends(row.id, "good", &last).await.status, 202);
    customer.shows("the longest text", before, |_| true).await;
    assert_eq!(
        customer.received().await.len(),
        before + 1,
        "nothing that was refused left"
    );
}
