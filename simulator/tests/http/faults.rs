use crate::harness::{ANA, NUMBER, TOKEN, World};
use anyhow::Result;
use serde_json::{Value, json};

#[tokio::test]
async fn an_ordered_error_is_answered_as_often_as_ordered() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world.faults(json!({"graph_error": {"code": 131_056, "http": 400, "times": 1}, "graph_502_times": 1})).await?;
    let (status, answer) = world.sends(ANA, "oi", "x").await?;
    assert_eq!(status, 502);
    assert!(answer.is_string(), "a proxy does not speak JSON");
    let (status, answer) = world.sends(ANA, "oi", "x").await?;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(131_056)));
    assert_eq!(world.sends(ANA, "oi", "x").await?.0, 200);
    assert_eq!(world.thread(ANA, 0).await?.len(), 2);
    world.stop().await
}

/// The answer is lost, the message is not: only a status with the callback data can tell.
#[tokio::test]
async fn a_cut_connection_leaves_a_message_that_went_out() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world.faults(json!({"graph_reset": 1})).await?;
    assert!(world.sends(ANA, "Olá", "v1.c.2.1").await.is_err());
    let status = world.status().await?;
    assert_eq!(
        status["statuses"][0]["biz_opaque_callback_data"],
        "v1.c.2.1"
    );
    assert_eq!(
        world
            .ledger_line("graph", |line| line["fate"] == "cut")
            .await?["callback_data"],
        "v1.c.2.1"
    );
    assert_eq!(world.sends(ANA, "Olá", "v1.c.3.1").await?.0, 200);
    world.stop().await
}

#[tokio::test]
async fn a_held_answer_comes_after_the_message_went_out() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world.faults(json!({"graph_hang_ms": 60_000})).await?;
    let url = world.url(&format!("/v26.0/{NUMBER}/messages"));
    let body = json!({"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "Olá"}});
    let pending = tokio::spawn(world.http.post(url).bearer_auth(TOKEN).json(&body).send());
    assert_eq!(world.status().await?["statuses"][0]["status"], "sent");
    assert!(!pending.is_finished());
    pending.abort();
    world.stop().await
}

#[tokio::test]
async fn a_status_can_overtake_the_answer() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world
        .faults(json!({"status_before_response": true}))
        .await?;
    let (_, answer) = world.sends(ANA, "Olá", "x").await?;
    let overtaken = world.posts.try_recv()?.value();
    assert_eq!(overtaken["statuses"][0]["id"], answer["messages"][0]["id"]);
    world.stop().await
}

#[tokio::test]
async fn sends_can_fail_later_without_contacts() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world
        .faults(json!({"fail_later": {"code": 131_026}}))
        .await?;
    world.sends(ANA, "Olá", "x").await?;
    let value = world.status().await?;
    let item = &value["statuses"][0];
    assert_eq!(
        (&item["status"], &item["errors"][0]["code"]),
        (&json!("failed"), &json!(131_026))
    );
    assert!(
        value.get("contacts").is_none() && item.get("recipient_user_id").is_none(),
        "{value}"
    );
    assert_eq!(world.thread(ANA, 1).await?[1]["error_code"], 131_026);
    world.stop().await
}

#[tokio::test]
async fn delivered_can_be_skipped() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world.faults(json!({"drop_delivered": true})).await?;
    world.sends(ANA, "Olá", "x").await?;
    assert_eq!(world.status().await?["statuses"][0]["status"], "sent");
    assert_eq!(world.status().await?["statuses"][0]["status"], "read");
    world.stop().await
}

#[tokio::test]
async fn somebody_looking_at_the_phone_reads() -> Result<()> {
    let mut world = World::start(&["--read-after-ms", "off"]).await?;
    world.writes(ANA, "oi").await?;
    world.sends(ANA, "Olá", "x").await?;
    assert_eq!(world.status().await?["statuses"][0]["status"], "sent");
    assert_eq!(world.status().await?["statuses"][0]["status"], "delivered");
    let (_, answer) = world
        .json("POST", &format!("/sim/contacts/{ANA}/read"), &json!({}))
        .await?;
    assert_eq!(answer["read"], 1);
    assert_eq!(world.status().await?["statuses"][0]["status"], "read");
    world.stop().await
}

#[tokio::test]
async fn misspelled_faults_and_bad_phones_are_refused_with_the_remedy() -> Result<()> {
    let world = World::start(&[]).await?;
    let (status, answer) = world
        .json("PUT", "/sim/faults", &json!({"dupplicate": 1}))
        .await?;
    assert_eq!(status, 400);
    assert!(
        answer["error"]
            .as_str()
            .is_some_and(|text| text.contains("duplicate")),
        "{answer}"
    );
    let (status, answer) = world
        .json(
            "POST",
            "/sim/contacts/abc/messages",
            &json!({"type": "text"}),
        )
        .await?;
    assert_eq!(status, 400);
    assert!(
        answer["error"]
            .as_str()
            .is_some_and(|text| text.contains("digits")),
        "{answer}"
    );
    let (_, faults) = world.json("GET", "/sim/faults", &Value::Null).await?;
    assert_eq!(faults["duplicate"], 0);
    world.stop().await
}

#[tokio::test]
async fn the_page_and_its_stream_are_served() -> Result<()> {
    let world = World::start(&[]).await?;
    for path in [
        "/",
        "/page.css",
        "/page.js",
        "/bubbles.js",
        "/content.js",
        "/deeds.js",
        "/sheets.js",
        "/tools.js",
        "/faults.js",
        "/words.js",
        "/icon.svg",
    ] {
        let response = world.http.get(world.url(path)).send().await?;
        assert_eq!(response.status(), 200, "{path}");
        assert!(
            response.headers()["content-security-policy"]
                .to_str()?
                .contains("script-src 'self'")
        );
        assert!(!response.text().await?.is_empty(), "{path}");
    }
    let mut stream = world.http.get(world.url("/sim/stream")).send().await?;
    let hello = stream.chunk().await?.unwrap_or_default();
    assert!(hello.starts_with(b"event: hello"), "{hello:?}");
    world.says(ANA, "oi").await?;
    let message = stream.chunk().await?.unwrap_or_default();
    assert!(message.starts_with(b"event: message"), "{message:?}");
    world.stop().await
}
