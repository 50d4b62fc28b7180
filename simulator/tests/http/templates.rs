use crate::harness::{ANA, NUMBER, World};
use anyhow::Result;
use serde_json::{Value, json};

const ACCOUNT: &str = "/v26.0/102290129340398/message_templates";

fn news(name: &str) -> Value {
    json!({"name": name, "language": "pt_BR", "category": "UTILITY",
           "components": [{"type": "BODY", "text": "Olá, {{1}}!", "example": {"body_text": [["Ana"]]}}]})
}

async fn notice(world: &mut World) -> Result<Value> {
    loop {
        let value = world.post().await?.value();
        if value.get("message_template_id").is_some() {
            return Ok(value);
        }
    }
}

fn send(name: &str, to: &Value) -> Value {
    let mut body = json!({"messaging_product": "whatsapp", "type": "template", "template": {"name": name, "language": {"code": "pt_BR"},
           "components": [{"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
                          {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "123456"}]}]}});
    for (key, value) in to.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_template_is_reviewed_paused_and_deleted() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let (_, created) = world.json("POST", ACCOUNT, &news("aviso_novo")).await?;
    assert_eq!(created["status"], "PENDING");
    let approved = notice(&mut world).await?;
    assert_eq!(
        (&approved["event"], &approved["message_template_name"]),
        (&json!("APPROVED"), &json!("aviso_novo"))
    );
    assert_eq!(
        world.json("POST", ACCOUNT, &news("aviso_novo")).await?.1["error"]["error_subcode"],
        2_388_024
    );
    let id = created["id"].as_str().unwrap_or_default().to_owned();
    world
        .json(
            "POST",
            &format!("/sim/templates/{id}"),
            &json!({"status": "PAUSED", "quality": "RED"}),
        )
        .await?;
    assert_eq!(notice(&mut world).await?["event"], "PAUSED");
    assert_eq!(notice(&mut world).await?["new_quality_score"], "RED");
    let template = json!({"messaging_product": "whatsapp", "to": ANA, "type": "template",
                          "template": {"name": "aviso_novo", "language": {"code": "pt_BR"}}});
    assert_eq!(
        world.sends_body(&template).await?.1["error"]["code"],
        132_015
    );
    world.faults(json!({"template_review": "reject"})).await?;
    world
        .json(
            "POST",
            &format!("/v26.0/{id}"),
            &json!({"components": news("x")["components"]}),
        )
        .await?;
    assert_eq!(notice(&mut world).await?["event"], "REJECTED");
    let (_, gone) = world
        .json("DELETE", &format!("{ACCOUNT}?name=aviso_novo"), &json!({}))
        .await?;
    assert_eq!(gone["success"], true);
    assert_eq!(
        world.sends_body(&template).await?.1["error"]["code"],
        132_001
    );
    world.stop().await
}

#[tokio::test]
async fn templates_are_listed_page_by_page() -> Result<()> {
    let world = World::start(&[]).await?;
    let (mut names, mut path) = (
        Vec::new(),
        format!("{ACCOUNT}?limit=3&fields=name,status,quality_score"),
    );
    loop {
        let (_, page) = world.json("GET", &path, &Value::Null).await?;
        names.extend(
            page["data"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|template| template["name"].to_string()),
        );
        match page["paging"]["next"].as_str() {
            Some(next) => path = next.replace(&world.url(""), ""),
            None => break,
        }
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 7, "{names:?}");
    let bad =
        json!({"name": "Aviso", "language": "pt_BR", "category": "UTILITY", "components": []});
    assert_eq!(
        world.json("POST", ACCOUNT, &bad).await?.1["error"]["code"],
        100
    );
    world.stop().await
}

#[tokio::test]
async fn codes_need_a_phone_number() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.says(ANA, "oi").await?;
    let user_id = world.post().await?.value()["contacts"][0]["user_id"].clone();
    let by_id = send("codigo_acesso", &json!({"recipient": user_id}));
    assert_eq!(world.sends_body(&by_id).await?.1["error"]["code"], 131_062);
    assert_eq!(
        world
            .sends_body(&send("codigo_acesso", &json!({"to": ANA})))
            .await?
            .0,
        200
    );
    let edge = format!("/v26.0/{NUMBER}/marketing_messages");
    let (_, refused) = world
        .json("POST", &edge, &send("codigo_acesso", &json!({"to": ANA})))
        .await?;
    assert_eq!(refused["error"]["code"], 131_055);
    world.stop().await
}

#[tokio::test]
async fn paced_templates_wait_or_fail() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.faults(json!({"template_pacing": {"status": "held_for_quality_assessment", "release_after_ms": 1}})).await?;
    let (_, answer) = world
        .sends_body(&send("codigo_acesso", &json!({"to": ANA})))
        .await?;
    assert_eq!(
        answer["messages"][0]["message_status"],
        "held_for_quality_assessment"
    );
    assert_eq!(world.status().await?["statuses"][0]["status"], "sent");
    world
        .faults(json!({"template_pacing": {"status": "paused"}}))
        .await?;
    let (_, answer) = world
        .sends_body(&send("codigo_acesso", &json!({"to": ANA})))
        .await?;
    assert_eq!(answer["messages"][0]["message_status"], "paused");
    let failed = loop {
        let status = world.status().await?["statuses"][0].clone();
        if status["id"] == answer["messages"][0]["id"] {
            break status;
        }
    };
    assert_eq!(failed["errors"][0]["code"], 132_015);
    world.stop().await
}

#[tokio::test]
async fn files_go_wrong_when_asked_to() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.faults(json!({"no_media_url": true, "media_wrong_hash": true, "media_error": {"at": "download", "http": 500}})).await?;
    world
        .json(
            "POST",
            &format!("/sim/contacts/{ANA}/messages"),
            &json!({"type": "image", "image": {}}),
        )
        .await?;
    let image = world.post().await?.value()["messages"][0]["image"].clone();
    assert!(image.get("url").is_none(), "{image}");
    let (_, medium) = world
        .json(
            "GET",
            &format!("/v26.0/{}", image["id"].as_str().unwrap_or_default()),
            &Value::Null,
        )
        .await?;
    assert_eq!(medium["sha256"], "0".repeat(64));
    let url = medium["url"].as_str().unwrap_or_default().to_owned();
    let http = world.http.clone();
    let get = || http.get(&url).bearer_auth(crate::harness::TOKEN).send();
    assert_eq!(get().await?.status(), 500);
    assert_eq!(get().await?.status(), 200);
    let put = world
        .http
        .post(world.url("/sim/media"))
        .header("content-type", "image/png");
    let put: Value = put.body("no picture").send().await?.json().await?;
    let path = format!("/sim/contacts/{ANA}/messages");
    world
        .faults(json!({"media_url": "http://198.51.100.7"}))
        .await?;
    world
        .json(
            "POST",
            &path,
            &json!({"type": "image", "image": {"id": put["id"]}}),
        )
        .await?;
    let image = world.post().await?.value()["messages"][0]["image"].clone();
    assert_eq!(image["mime_type"], "image/png");
    assert!(
        image["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("http://198.51.100.7/media/")),
        "{image}"
    );
    world.faults(json!({"media_truncated": true})).await?;
    let cut = match get().await {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(cut, "the connection ends early");
    world.stop().await
}
