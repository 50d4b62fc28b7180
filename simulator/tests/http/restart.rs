use crate::harness::{ANA, World};
use anyhow::Result;
use serde_json::{Value, json};

#[tokio::test]
async fn threads_and_unacknowledged_webhooks_survive_a_restart() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let first = world.writes(ANA, "um").await?;
    world.sends(ANA, "Olá", "v1.c.2.1").await?;
    for expected in ["sent", "delivered", "read"] {
        assert_eq!(world.status().await?["statuses"][0]["status"], expected);
    }
    world
        .ledger_line("attempt", |line| {
            line["events"][0]
                .as_str()
                .is_some_and(|id| id.ends_with(":read"))
        })
        .await?;
    // A gateway that is away for as long as this simulator runs.
    world.answer(&[503; 100_000]);
    let second = world.says(ANA, "dois").await?;
    world.post().await?;

    let mut world = world.restart().await?;
    world.posts.close();
    let thread = world.thread(ANA, 2).await?;
    assert_eq!(
        [&thread[0]["id"], &thread[2]["id"]],
        [&json!(first), &json!(second)]
    );
    assert_eq!(
        (&thread[1]["ticks"], &thread[1]["callback_data"]),
        (&json!("read"), &json!("v1.c.2.1"))
    );
    let again = world
        .ledger_line("attempt", |line| {
            line["events"] == json!([format!("message:{second}")])
        })
        .await?;
    assert_eq!(again["http"], 503);
    assert_eq!(
        world.sends(ANA, "a janela ainda está aberta", "x").await?.0,
        200
    );
    world.stop().await
}

async fn put(world: &World, method: &str, path: &str, body: Value) -> Result<Value> {
    let (status, answer) = world.json(method, path, &body).await?;
    anyhow::ensure!(status < 300, "{method} {path}: {status} {answer}");
    Ok(answer)
}

#[tokio::test]
async fn edits_echoes_and_files_survive_a_restart() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let first = world.writes(ANA, "herrado").await?;
    let path = format!("/sim/contacts/{ANA}/messages");
    let right = json!({"type": "text", "text": {"body": "certo"}});
    let edit = json!({"original_message_id": first, "message": right});
    put(&world, "POST", &path, json!({"type": "edit", "edit": edit})).await?;
    put(&world, "POST", &path, json!({"type": "image", "image": {}})).await?;
    let echoes = format!("/sim/contacts/{ANA}/echoes");
    let typed = json!({"type": "text", "text": {"body": "do celular"}});
    put(&world, "POST", &echoes, typed).await?;

    let world = world.restart().await?;
    let thread = world.thread(ANA, 2).await?;
    let told = |at: usize, key: &str| thread[at][key].clone();
    assert_eq!(
        [told(0, "text"), told(0, "edited")],
        [json!("certo"), json!(true)]
    );
    assert_eq!(
        [told(2, "text"), told(2, "from_app")],
        [json!("do celular"), json!(true)]
    );
    let medium = thread[1]["payload"]["id"].as_str().unwrap_or_default();
    let url = world.url(&format!("/sim/media/{medium}"));
    assert_eq!(world.http.get(url).send().await?.status(), 200);
    world.stop().await
}

#[tokio::test]
async fn profiles_groups_and_templates_survive_a_restart() -> Result<()> {
    let world = World::start(&[]).await?;
    let ana = format!("/sim/contacts/{ANA}");
    put(
        &world,
        "PUT",
        &ana,
        json!({"name": "Ana Exemplo", "identity": "username"}),
    )
    .await?;
    let new = json!({"subject": "Rua", "participants": [ANA, "5511912340002"]});
    let group = put(&world, "POST", "/sim/groups", new).await?["id"].clone();
    let listed = put(&world, "GET", "/sim/templates", Value::Null).await?;
    let id = listed["templates"][0]["id"].clone();
    let template = format!("/sim/templates/{}", id.as_str().unwrap_or_default());
    put(&world, "POST", &template, json!({"status": "PAUSED"})).await?;

    let world = world.restart().await?;
    let contact = put(&world, "GET", &ana, Value::Null).await?;
    assert_eq!(
        [&contact["name"], &contact["identity"]],
        [&json!("Ana Exemplo"), &json!("username")]
    );
    let path = format!("/sim/contacts/{}", group.as_str().unwrap_or_default());
    let known = put(&world, "GET", &path, Value::Null).await?;
    assert_eq!(
        [&known["name"], &known["members"][1]],
        [&json!("Rua"), &json!("5511912340002")]
    );
    let first = put(&world, "GET", "/sim/templates", Value::Null).await?["templates"][0].clone();
    assert_eq!([&first["id"], &first["status"]], [&id, &json!("PAUSED")]);
    world.stop().await
}
