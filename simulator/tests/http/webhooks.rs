use crate::harness::{ANA, SECRET, World};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Meta repeats a delivery until it sees exactly 200; 202 and 503 are both "no".
#[tokio::test]
async fn a_message_is_posted_until_somebody_says_200() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.answer(&[503, 202, 500]);
    let id = world.says(ANA, "Olá 👋 http://x.test/").await?;

    let first = world.post().await?;
    for _ in 0..3 {
        let again = world.post().await?;
        assert_eq!(again.bytes, first.bytes);
        assert!(again.is_signed());
    }
    world
        .ledger_line("attempt", |line| {
            line["attempt"] == 4 && line["http"] == 200
        })
        .await?;
    assert!(first.is_signed() && first.text().is_ascii());
    assert!(
        first
            .text()
            .contains(r"Ol\u00e1 \ud83d\udc4b http:\/\/x.test\/"),
        "{}",
        first.text()
    );
    assert_eq!(first.value()["messages"][0]["id"], json!(id));
    assert!(
        world.posts.try_recv().is_err(),
        "nothing is posted after a 200"
    );
    world.stop().await
}

#[tokio::test]
async fn an_inbound_message_has_the_current_shape() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let message = json!({"type": "text", "text": {"body": "oi"}, "from": "1"});
    world
        .json(
            "POST",
            &format!("/sim/contacts/{ANA}/messages?name=Ana"),
            &message,
        )
        .await?;

    let value = world.post().await?.value();
    assert_eq!(value["metadata"]["phone_number_id"], crate::harness::NUMBER);
    assert_eq!(value["contacts"][0]["profile"]["name"], "Ana");
    assert_eq!(value["contacts"][0]["wa_id"], ANA);
    let user_id = value["contacts"][0]["user_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(user_id.starts_with("BR."), "{user_id}");
    let message = &value["messages"][0];
    assert_eq!(
        (&message["from"], &message["from_user_id"]),
        (&json!(ANA), &json!(user_id))
    );
    assert!(
        message["timestamp"]
            .as_str()
            .is_some_and(|unix| unix.parse::<i64>().is_ok())
    );
    world.stop().await
}

#[tokio::test]
async fn first_attempts_of_a_contact_keep_their_order() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let mut sent = Vec::new();
    for n in 0..50 {
        sent.push(world.says(ANA, &n.to_string()).await?);
    }
    let mut seen = Vec::new();
    while seen.len() < sent.len() {
        seen.push(
            world.post().await?.value()["messages"][0]["id"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    assert_eq!(seen, sent);
    world.stop().await
}

#[tokio::test]
async fn ticks_follow_each_other_and_carry_the_callback_data() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    let (status, answer) = world.sends(ANA, "Olá!", "v1.c.2.1").await?;
    assert_eq!(
        (status, &answer["contacts"][0]),
        (200, &json!({"input": ANA, "wa_id": ANA}))
    );
    let wamid = &answer["messages"][0]["id"];

    for expected in ["sent", "delivered", "read"] {
        let value = world.status().await?;
        let item = &value["statuses"][0];
        assert_eq!(item["status"], expected);
        assert_eq!(&item["id"], wamid);
        assert_eq!(item["biz_opaque_callback_data"], "v1.c.2.1");
        assert_eq!(item["recipient_id"], ANA);
        assert_eq!(item["recipient_user_id"], value["contacts"][0]["user_id"]);
        assert_eq!(item["pricing"].is_object(), expected != "read");
    }
    let thread = world.thread(ANA, 1).await?;
    assert_eq!(
        (
            &thread[1]["direction"],
            &thread[1]["ticks"],
            &thread[1]["text"]
        ),
        (&json!("out"), &json!("read"), &json!("Olá!"))
    );
    world.stop().await
}

#[tokio::test]
async fn a_batch_carries_many_customers_in_one_value() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world
        .faults(json!({"batch_size": 3, "batch_wait_ms": 60_000}))
        .await?;
    for n in 0..3 {
        world.says(&format!("551191234567{n}"), "oi").await?;
    }
    let mut ids = HashSet::new();
    while ids.len() < 3 {
        let value = world.post().await?.value();
        let messages = value["messages"].as_array().cloned().unwrap_or_default();
        assert_eq!(
            value["contacts"].as_array().map(Vec::len),
            Some(messages.len())
        );
        ids.extend(messages.iter().map(|message| message["id"].to_string()));
    }
    world.stop().await
}

#[tokio::test]
async fn duplicates_are_delivered_on_their_own() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.faults(json!({"duplicate": 2})).await?;
    let id = world.says(ANA, "oi").await?;
    for _ in 0..3 {
        assert_eq!(world.post().await?.value()["messages"][0]["id"], json!(id));
    }
    let event = world
        .ledger_line("event", |line| line["identity"] == format!("message:{id}"))
        .await?;
    assert_eq!(event["phone"], ANA);
    world.stop().await
}

#[tokio::test]
async fn a_hidden_phone_appears_nowhere_in_the_body() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.faults(json!({"bsuid_only": [ANA]})).await?;
    world.says(ANA, "oi").await?;
    let value = world.post().await?.value();
    let (message, contact) = (&value["messages"][0], &value["contacts"][0]);
    assert!(
        message.get("from").is_none() && contact.get("wa_id").is_none(),
        "{value}"
    );

    let send = json!({"messaging_product": "whatsapp", "recipient": contact["user_id"], "type": "text", "text": {"body": "Olá"}});
    let (_, answer) = world.sends_body(&send).await?;
    assert_eq!(
        answer["contacts"][0],
        json!({"input": contact["user_id"], "user_id": contact["user_id"]})
    );
    let status = world.status().await?;
    assert!(
        status["statuses"][0].get("recipient_id").is_none(),
        "{status}"
    );
    world.stop().await
}

#[tokio::test]
async fn old_shape_and_raw_utf8_can_be_asked_for() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world
        .faults(json!({"legacy_shape": true, "utf8_raw": true}))
        .await?;
    world.says(ANA, "não").await?;
    let post = world.post().await?;
    assert!(post.text().contains("não") && post.is_signed());
    assert!(!post.text().contains("user_id"), "{}", post.text());
    world.sends(ANA, "Olá", "x").await?;
    let value = world.status().await?;
    assert!(
        value.get("contacts").is_none() && value["statuses"][0]["conversation"].is_object(),
        "{value}"
    );
    world.stop().await
}

#[tokio::test]
async fn raw_bodies_are_signed_as_they_are() -> Result<()> {
    let mut world = World::start(&[]).await?;
    for (query, signed) in [
        ("", true),
        ("?signature=wrong", false),
        ("?signature=missing", false),
    ] {
        let url = world.url(&format!("/sim/webhooks/raw{query}"));
        let answer: Value = world
            .http
            .post(url)
            .body("{ not json")
            .send()
            .await?
            .json()
            .await?;
        assert_eq!(answer["status"], 200);
        let post = world.post().await?;
        assert_eq!((post.text(), post.is_signed()), ("{ not json", signed));
    }
    assert_eq!(simulator::signature(SECRET, b"{ not json").len(), 71);
    world.stop().await
}

#[tokio::test]
async fn a_tap_answers_the_message_that_offered_the_button() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    let buttons = json!([{"type": "reply", "reply": {"id": "sim", "title": "Sim"}}]);
    let (_, answer) = world
        .sends_body(&json!({
            "messaging_product": "whatsapp", "to": ANA, "type": "interactive",
            "interactive": {"type": "button", "body": {"text": "Tudo certo?"}, "action": {"buttons": buttons}},
        }))
        .await?;
    let tap = json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "sim", "title": "Sim"}}});
    world
        .json("POST", &format!("/sim/contacts/{ANA}/messages"), &tap)
        .await?;
    let message = loop {
        let value = world.post().await?.value();
        if value["messages"].is_array() {
            break value["messages"][0].clone();
        }
    };
    assert_eq!(message["context"]["id"], answer["messages"][0]["id"]);
    assert_eq!(message["interactive"]["button_reply"]["id"], "sim");
    world.stop().await
}

#[tokio::test]
async fn the_webhook_is_verified_at_start() -> Result<()> {
    let world = World::start(&["--verify-token", "test_verify"]).await?;
    assert_eq!(world.ledger_line("verify", |_| true).await?["ok"], true);
    let override_uri =
        json!({"override_callback_uri": world.webhook_url(), "verify_token": "wrong"});
    let (status, answer) = world
        .json(
            "POST",
            "/v26.0/102290129340398/subscribed_apps",
            &override_uri,
        )
        .await?;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
    world.stop().await
}

#[tokio::test]
async fn a_changed_number_keeps_its_thread_and_names_the_old_user_id() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.says(ANA, "oi").await?;
    let old = world.post().await?.value()["contacts"][0]["user_id"].clone();
    let new_phone = "5511987654321";
    let rotate = json!({"phone": new_phone});
    world
        .json("POST", &format!("/sim/contacts/{ANA}/rotate"), &rotate)
        .await?;
    let value = world.post().await?.value();
    let system = &value["messages"][0]["system"];
    assert_eq!(system["type"], "user_changed_number");
    assert_eq!(
        (&system["previous_user_id"], &system["wa_id"]),
        (&old, &json!(new_phone))
    );
    assert!(value.get("contacts").is_none(), "{value}");

    world.says(new_phone, "ainda sou eu").await?;
    assert_eq!(
        world.post().await?.value()["contacts"][0]["user_id"],
        system["user_id"]
    );
    assert_eq!(world.thread(new_phone, 1).await?.len(), 2);

    world
        .json(
            "POST",
            &format!("/sim/contacts/{new_phone}/rotate"),
            &json!({}),
        )
        .await?;
    let message = world.post().await?.value()["messages"][0].clone();
    assert_eq!(message["system"]["previous_user_id"], system["user_id"]);
    assert!(message.get("from").is_none(), "{message}");
    world.stop().await
}
