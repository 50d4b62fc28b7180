//! What another app of the company answers is only watched: kept as the customer's whom it is about, gone with them; no case
//! opens and no bot starts (promises 7 and 9).

use e2e::meta::{Meta, text};
use e2e::{Stack, Who};
use serde_json::{Value, json};

const RENATA: &str = "5511900000310";
const SILVIO: &str = "5511900000311";
const OURS: &str = "551140000000";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_watched_is_of_whom_it_is_about_and_goes_with_them() {
    let stack = Stack::start().await;
    let meta = stack.meta(0);
    let copies = told(&stack, &meta);
    for copy in &copies {
        assert_eq!(meta.post(copy).await, 200);
        assert_eq!(meta.post(copy).await, 200, "and again");
    }

    // Two of one copy, one each of the others: Renata's are the copy, the answer, the status and the handover.
    assert_eq!(kept(&stack, RENATA).await, 4);
    assert_eq!(kept(&stack, SILVIO).await, 1);
    let of_nobody = "channel_notice n join subject s on s.id = n.subject_id
        where n.contact_id is null or s.kind <> 'contact' or s.contact_id <> n.contact_id";
    assert_eq!(stack.database.count(of_nobody).await, 0, "sealed as theirs");
    for silent in [
        "conversation",
        "message",
        "bot_turn",
        "outbox",
        "dead_letter",
    ] {
        assert_eq!(stack.database.count(silent).await, 0, "no {silent}");
    }

    // Whoever writes later is the same person.
    let hello = meta.messages(&[text(RENATA, "oi"), text(SILVIO, "oi")]);
    assert_eq!(meta.post(&hello).await, 200);
    assert_eq!(stack.database.count("contact").await, 2);
    let rita = stack.agent(Who::Rita, 0).await;
    assert_eq!(rita.conversations().await.len(), 2);

    let renata = found(&stack, RENATA).await;
    let erased = ["contact", "erase", &renata, "--reason", "request", "--json"];
    assert_eq!(stack.balcao(&erased, "").await.json()["already"], false);
    let of_renata = format!("channel_notice where contact_id = '{renata}'");
    assert_eq!(stack.database.count(&of_renata).await, 0);
    assert_eq!(kept(&stack, SILVIO).await, 1, "others' stay");
    for copy in &copies {
        assert_eq!(meta.post(copy).await, 200);
    }
    assert_eq!(
        stack.database.count("channel_notice").await,
        1,
        "a redelivery brings nothing back"
    );
}

/// What Meta tells of two customers whom another app answers.
fn told(stack: &Stack, meta: &Meta) -> Vec<String> {
    let number =
        json!({"display_phone_number": OURS, "phone_number_id": stack.number.phone_number_id});
    let change = |field: &str, value: Value| {
        json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": stack.number.waba_id, "changes": [{"field": field, "value": value}]}],
        })
        .to_string()
    };
    let both: Value = serde_json::from_str(
        &meta.messages(&[text(RENATA, "quanto custa?"), text(SILVIO, "qual o prazo?")]),
    )
    .expect("a body");
    let both = both["entry"][0]["changes"][0]["value"].clone();
    let answer = json!({
        "from": OURS, "to": RENATA, "id": "wamid.watched-answer", "timestamp": "1790000000", "type": "text",
        "text": {"body": "custa dez"},
    });
    let read = json!({
        "id": "wamid.watched-answer", "status": "read", "timestamp": "1790000001", "recipient_id": RENATA,
    });
    vec![
        change("standby", both),
        change(
            "standby",
            json!({"messaging_product": "whatsapp", "metadata": number, "standby": {"message_echoes": [answer]}}),
        ),
        change(
            "standby",
            json!({"messaging_product": "whatsapp", "metadata": number, "statuses": [read]}),
        ),
        change(
            "messaging_handovers",
            json!({
                "messaging_product": "whatsapp", "type": "control_passed", "timestamp": "1790000002",
                "sender": {"phone_number": RENATA}, "recipient": number,
                "control_passed": {"previous_owner_app_role": "meta_business_agent"},
            }),
        ),
    ]
}

/// How many notices are kept of this customer.
async fn kept(stack: &Stack, phone: &str) -> i64 {
    let contact = found(stack, phone).await;
    let of_them = format!("channel_notice where contact_id = '{contact}'");
    stack.database.count(&of_them).await
}

async fn found(stack: &Stack, phone: &str) -> String {
    let found = stack
        .balcao(&["contact", "find"], &format!("{phone}\n"))
        .await;
    found.ok().to_owned()
}
