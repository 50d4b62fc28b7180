use crate::harness::{ANA, NUMBER, TOKEN, World};
use anyhow::Result;
use serde_json::{Value, json};

const SECOND: &str = "206540352242999";
const SECOND_TOKEN: &str = "second_token";
const SECOND_SECRET: &str = "second_secret";

fn second() -> Value {
    json!({
        "phone_number_id": SECOND, "waba_id": "202290129340398", "display_phone_number": "551150000000",
        "app_secret": SECOND_SECRET, "access_token": SECOND_TOKEN,
    })
}

async fn graph(world: &World, token: &str, path: &str) -> Result<(u16, Value)> {
    let response = world
        .http
        .get(world.url(path))
        .bearer_auth(token)
        .send()
        .await?;
    Ok((response.status().as_u16(), response.json().await?))
}

#[tokio::test]
async fn a_second_number_has_its_own_secret_token_window_and_chat() -> Result<()> {
    let mut world = World::start(&[]).await?;
    assert_eq!(world.json("POST", "/sim/numbers", &second()).await?.0, 201);
    assert_eq!(world.json("POST", "/sim/numbers", &second()).await?.0, 200);
    let say = json!({"type": "text", "text": {"body": "oi, segundo"}});
    let path = format!("/sim/contacts/{ANA}/messages?phone_number_id={SECOND}");
    world.json("POST", &path, &say).await?;
    let post = world.post().await?;
    assert_eq!(
        post.signature,
        simulator::signature(SECOND_SECRET, &post.bytes)
    );
    assert_eq!(post.value()["metadata"]["phone_number_id"], SECOND);

    let send = json!({"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "Olá"}});
    assert_eq!(
        world.sends_body(&send).await?.1["error"]["code"],
        131_047,
        "no window with the first number"
    );
    let (status, answer) = world
        .json("POST", &format!("/v26.0/{SECOND}/messages"), &send)
        .await?;
    assert_eq!(
        (status, &answer["error"]["error_subcode"]),
        (400, &json!(33)),
        "another number's token"
    );
    let url = world.url(&format!("/v26.0/{SECOND}/messages"));
    let sent = world
        .http
        .post(url)
        .bearer_auth(SECOND_TOKEN)
        .json(&send)
        .send()
        .await?;
    assert_eq!(sent.status(), 200);
    let (_, chat) = world.json("GET", &path, &Value::Null).await?;
    assert_eq!(chat["messages"].as_array().map(Vec::len), Some(2));
    let (_, first) = world
        .json(
            "GET",
            &format!("/sim/contacts/{ANA}/messages"),
            &Value::Null,
        )
        .await?;
    assert_eq!(first["messages"], json!([]));
    world.stop().await
}

#[tokio::test]
async fn a_token_tells_what_it_is_and_dies() -> Result<()> {
    let world = World::start(&[]).await?;
    world.json("POST", "/sim/numbers", &second()).await?;
    let ask = format!("/v26.0/debug_token?input_token={SECOND_TOKEN}");
    let (_, answer) = graph(&world, TOKEN, &ask).await?;
    assert_eq!(answer["data"]["is_valid"], true);
    assert_eq!(
        answer["data"]["granular_scopes"][0]["target_ids"],
        json!(["202290129340398"])
    );
    world
        .faults(json!({"numbers": {SECOND: {"token": "dead"}}}))
        .await?;
    let (_, answer) = graph(&world, TOKEN, &ask).await?;
    assert_eq!(
        (
            &answer["data"]["is_valid"],
            &answer["data"]["error"]["subcode"]
        ),
        (&json!(false), &json!(463))
    );
    let (status, answer) = graph(&world, SECOND_TOKEN, &ask).await?;
    assert_eq!((status, &answer["error"]["code"]), (401, &json!(190)));
    world
        .faults(json!({"numbers": {NUMBER: {"scopes": ["whatsapp_business_messaging"]}}}))
        .await?;
    let (status, answer) = graph(&world, TOKEN, &format!("/v26.0/{NUMBER}")).await?;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!(200)));
    world.faults(json!({"management_limited": true})).await?;
    let response = world
        .http
        .get(world.url(&format!("/v26.0/{NUMBER}")))
        .bearer_auth(TOKEN)
        .send()
        .await?;
    assert!(response.headers().contains_key("x-business-use-case-usage"));
    assert_eq!(response.json::<Value>().await?["error"]["code"], 80_007);
    world.stop().await
}

#[tokio::test]
async fn without_a_subscription_no_webhook_comes() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let path = "/v26.0/102290129340398/subscribed_apps";
    world.json("DELETE", path, &json!({})).await?;
    assert_eq!(graph(&world, TOKEN, path).await?.1["data"], json!([]));
    let lost = world.says(ANA, "ninguém ouve").await?;
    world.json("POST", path, &json!({})).await?;
    assert_eq!(
        graph(&world, TOKEN, path).await?.1["data"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let heard = world.says(ANA, "agora sim").await?;
    assert_eq!(
        world.post().await?.value()["messages"][0]["id"],
        json!(heard)
    );
    let line = world.ledger_line("given_up", |_| true).await?;
    assert_eq!(line["events"][0], format!("message:{lost}"));
    world.stop().await
}

#[tokio::test]
async fn notices_stand_in_an_entry_with_a_time() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let notice = json!({"field": "account_update", "value": {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}}});
    assert_eq!(world.json("POST", "/sim/notices", &notice).await?.0, 201);
    let body: Value = serde_json::from_slice(&world.post().await?.bytes)?;
    let entry = &body["entry"][0];
    assert!(
        entry["time"].is_i64() && entry["id"] == "102290129340398",
        "{body}"
    );
    assert_eq!(
        (&entry["changes"][0]["field"], &entry["changes"][0]["value"]),
        (&notice["field"], &notice["value"])
    );
    let about = json!({"phone_number_id": NUMBER, "field": "messages", "value": {"errors": [{"code": 130_429}]}});
    world.json("POST", "/sim/notices", &about).await?;
    let value = world.post().await?.value();
    assert_eq!(
        (
            &value["metadata"]["phone_number_id"],
            &value["errors"][0]["code"]
        ),
        (&json!(NUMBER), &json!(130_429))
    );
    world.stop().await
}

#[tokio::test]
async fn dead_versions_and_registration_limits_answer_like_meta() -> Result<()> {
    let world = World::start(&[]).await?;
    let (status, answer) = graph(&world, TOKEN, &format!("/v20.0/{NUMBER}")).await?;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(2635)));
    let register = json!({"messaging_product": "whatsapp", "pin": "123456"});
    let path = format!("/v26.0/{NUMBER}/register");
    for _ in 0..10 {
        assert_eq!(world.json("POST", &path, &register).await?.0, 200);
    }
    assert_eq!(
        world.json("POST", &path, &register).await?.1["error"]["code"],
        133_016
    );
    world
        .json("POST", &format!("/v26.0/{NUMBER}/deregister"), &json!({}))
        .await?;
    let send = json!({"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "Olá"}});
    assert_eq!(world.sends_body(&send).await?.1["error"]["code"], 133_010);
    world.stop().await
}

#[tokio::test]
async fn numbers_and_faults_come_from_files_at_start() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (numbers, faults) = (
        dir.path().join("numbers.json"),
        dir.path().join("faults.json"),
    );
    std::fs::write(&numbers, json!([second()]).to_string())?;
    std::fs::write(&faults, json!({"duplicate": 1}).to_string())?;
    let flags = [
        "--numbers",
        &numbers.to_string_lossy(),
        "--faults",
        &faults.to_string_lossy(),
    ];
    let world = World::start(&flags).await?;
    let (_, listed) = world.json("GET", "/sim/numbers", &Value::Null).await?;
    assert_eq!(listed["numbers"][1]["phone_number_id"], SECOND);
    assert!(!listed.to_string().contains(SECOND_SECRET));
    assert_eq!(
        world.json("GET", "/sim/faults", &Value::Null).await?.1["duplicate"],
        1
    );
    world.stop().await
}
