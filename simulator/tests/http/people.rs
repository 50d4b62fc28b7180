use crate::harness::{ANA, NUMBER, World};
use anyhow::Result;
use serde_json::{Value, json};

const BIA: &str = "5511912340002";

async fn act(world: &World, path: &str, body: &Value) -> Result<Value> {
    let (status, answer) = world.json("POST", path, body).await?;
    anyhow::ensure!(status < 300, "POST {path}: {status} {answer}");
    Ok(answer)
}

async fn field(world: &mut World, field: &str) -> Result<Value> {
    loop {
        let body: Value = serde_json::from_slice(&world.post().await?.bytes)?;
        let change = &body["entry"][0]["changes"][0];
        if change["field"] == field {
            return Ok(change["value"].clone());
        }
    }
}

#[tokio::test]
async fn reactions_edits_and_deletions_change_the_bubble_they_are_about() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let first = world.writes(ANA, "ola").await?;
    let path = format!("/sim/contacts/{ANA}/messages");
    let edit = json!({"type": "edit", "edit": {"original_message_id": first, "message": {"type": "text", "text": {"body": "olá"}}}});
    act(&world, &path, &edit).await?;
    assert_eq!(
        world.post().await?.value()["messages"][0]["edit"]["message"]["text"]["body"],
        "olá"
    );
    let (_, sent) = world.sends(ANA, "Bom dia", "x").await?;
    let reply = sent["messages"][0]["id"].clone();
    act(
        &world,
        &path,
        &json!({"type": "reaction", "reaction": {"message_id": reply, "emoji": "👍"}}),
    )
    .await?;
    let thread = world.thread(ANA, 2).await?;
    assert_eq!(
        (&thread[0]["text"], &thread[0]["edited"]),
        (&json!("olá"), &json!(true))
    );
    assert_eq!(thread[1]["reactions"], json!([{"by": ANA, "emoji": "👍"}]));
    act(
        &world,
        &path,
        &json!({"type": "reaction", "reaction": {"message_id": reply}}),
    )
    .await?;
    act(
        &world,
        &path,
        &json!({"type": "revoke", "revoke": {"original_message_id": first}}),
    )
    .await?;
    let thread = world.thread(ANA, 2).await?;
    assert_eq!(
        (&thread[1]["reactions"], &thread[0]["deleted"]),
        (&json!([]), &json!(true))
    );

    world.faults(json!({"edits_unsupported": true})).await?;
    act(&world, &path, &edit).await?;
    let message = loop {
        let value = world.post().await?.value();
        if value["messages"][0]["type"] == "unsupported" {
            break value["messages"][0].clone();
        }
    };
    assert_eq!(
        (
            &message["unsupported"]["type"],
            &message["errors"][0]["code"]
        ),
        (&json!("edit"), &json!(131_051))
    );
    world.stop().await
}

#[tokio::test]
async fn what_staff_types_on_the_telephone_is_echoed() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let path = format!("/sim/contacts/{ANA}/echoes");
    let id = act(
        &world,
        &path,
        &json!({"type": "text", "text": {"body": "respondo daqui"}}),
    )
    .await?["id"]
        .clone();
    let value = field(&mut world, "smb_message_echoes").await?;
    let echo = &value["message_echoes"][0];
    assert_eq!(
        (&echo["id"], &echo["from"], &echo["to"]),
        (&id, &json!("551140000000"), &json!(ANA))
    );
    assert_eq!(echo["to_user_id"], value["contacts"][0]["user_id"]);
    act(
        &world,
        &path,
        &json!({"type": "revoke", "revoke": {"original_message_id": id}}),
    )
    .await?;
    field(&mut world, "smb_message_echoes").await?;
    let thread = world.thread(ANA, 0).await?;
    assert_eq!(
        (&thread[0]["from_app"], &thread[0]["deleted"]),
        (&json!(true), &json!(true))
    );
    world.stop().await
}

#[tokio::test]
async fn history_and_address_book_are_shared() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let past = |from: &str, text: &str| json!({"from": from, "minutes_ago": 600, "type": "text", "text": {"body": text}});
    let history = json!({"threads": [{"phone": ANA, "messages": [past("customer", "oi"), past("business", "olá")]}]});
    act(&world, "/sim/history", &history).await?;
    let value = field(&mut world, "history").await?;
    let thread = &value["history"][0]["threads"][0];
    assert_eq!(thread["context"]["wa_id"], ANA);
    assert_eq!(thread["messages"][1]["history_context"]["status"], "READ");
    act(&world, "/sim/history", &json!({"declined": true})).await?;
    assert_eq!(
        field(&mut world, "history").await?["history"][0]["errors"][0]["code"],
        2_593_109
    );
    act(&world, "/sim/state-sync", &json!({"contacts": [{"phone": ANA, "full_name": "Ana Exemplo"}, {"phone": BIA, "action": "remove"}]})).await?;
    let book = field(&mut world, "smb_app_state_sync").await?["state_sync"].clone();
    assert_eq!(
        (&book[0]["contact"]["full_name"], &book[1]["action"]),
        (&json!("Ana Exemplo"), &json!("remove"))
    );
    world.stop().await
}

#[tokio::test]
async fn a_missed_call_rings_ends_and_opens_the_window() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let id = act(&world, &format!("/sim/contacts/{ANA}/calls"), &json!({})).await?["id"].clone();
    for event in ["connect", "terminate"] {
        let value = field(&mut world, "calls").await?;
        assert_eq!(
            (&value["calls"][0]["id"], &value["calls"][0]["event"]),
            (&id, &json!(event))
        );
    }
    assert_eq!(world.sends(ANA, "Ligou?", "x").await?.0, 200);
    world.stop().await
}

#[tokio::test]
async fn who_stopped_marketing_gets_none() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    let path = format!("/sim/contacts/{ANA}/preferences");
    act(&world, &path, &json!({"value": "stop"})).await?;
    let value = field(&mut world, "user_preferences").await?;
    assert_eq!(value["user_preferences"][0]["value"], "stop");
    let text = |words: &str| json!({"type": "text", "text": words});
    let offer = json!({
        "messaging_product": "whatsapp", "to": ANA, "type": "template",
        "template": {"name": "promocao_fibra", "language": {"code": "pt_BR"}, "components": [
            {"type": "header", "parameters": [text("você")]}, {"type": "body", "parameters": [text("Ana"), text("R$ 20")]}]},
    });
    assert_eq!(world.sends_body(&offer).await?.1["error"]["code"], 131_050);
    act(&world, &path, &json!({"value": "resume"})).await?;
    assert_eq!(world.sends_body(&offer).await?.0, 200);
    let thread = world.thread(ANA, 1).await?;
    assert_eq!(thread[1]["payload"]["shown"]["buttons"][1]["text"], "Parar");
    world.stop().await
}

#[tokio::test]
async fn a_group_writes_and_reads_as_many_people() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let group = act(
        &world,
        "/sim/groups",
        &json!({"subject": "Condomínio", "participants": [ANA, BIA]}),
    )
    .await?["id"]
        .clone();
    let group = group.as_str().unwrap_or_default();
    assert_eq!(
        field(&mut world, "group_lifecycle_update").await?["groups"][0]["group_id"],
        group
    );
    let says = json!({"type": "text", "text": {"body": "caiu tudo"}});
    act(
        &world,
        &format!("/sim/contacts/{group}/messages?from={BIA}"),
        &says,
    )
    .await?;
    let message = field(&mut world, "messages").await?["messages"][0].clone();
    assert_eq!(
        (&message["group_id"], &message["from"]),
        (&json!(group), &json!(BIA))
    );
    let send = json!({"messaging_product": "whatsapp", "recipient_type": "group", "to": group, "type": "text", "text": {"body": "Já vamos"}});
    assert_eq!(world.sends_body(&send).await?.0, 200);
    assert_eq!(
        world.status().await?["statuses"][0]["recipient_type"],
        "group"
    );
    let delivered = world.status().await?;
    let of: Vec<&Value> = delivered["statuses"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| &item["recipient_participant_id"])
        .collect();
    assert_eq!(of, [&json!(ANA), &json!(BIA)]);
    let mut nowhere = send;
    nowhere["to"] = json!("Y2FwaV9ncm91cDo0000");
    assert_eq!(
        world.sends_body(&nowhere).await?.1["error"]["code"],
        131_020
    );
    world.stop().await
}

#[tokio::test]
async fn time_passes_for_one_person_alone_and_names_can_be_all_there_is() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    world.writes(BIA, "oi").await?;
    act(
        &world,
        &format!("/sim/contacts/{ANA}/advance"),
        &json!({"ms": 24 * 3600 * 1000}),
    )
    .await?;
    assert_eq!(
        world.sends(ANA, "tarde demais", "x").await?.1["error"]["code"],
        131_047
    );
    assert_eq!(world.sends(BIA, "ainda não", "x").await?.0, 200);
    world
        .json(
            "PUT",
            &format!("/sim/contacts/{ANA}"),
            &json!({"identity": "username", "username": "ana.exemplo"}),
        )
        .await?;
    world.says(ANA, "sou eu").await?;
    let value = loop {
        let value = world.post().await?.value();
        if value["messages"][0]["text"]["body"] == "sou eu" {
            break value;
        }
    };
    assert_eq!(value["contacts"][0]["profile"]["username"], "ana.exemplo");
    assert!(
        value["contacts"][0].get("wa_id").is_none() && value["messages"][0].get("from").is_none(),
        "{value}"
    );
    world.stop().await
}

#[tokio::test]
async fn a_blocked_person_is_neither_heard_nor_written_to() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "oi").await?;
    let path = format!("/v26.0/{NUMBER}/block_users");
    let block =
        json!({"messaging_product": "whatsapp", "block_users": [{"user": format!("+{ANA}")}]});
    let (_, answer) = world.json("POST", &path, &block).await?;
    assert_eq!(answer["block_users"]["added_users"][0]["wa_id"], ANA);
    assert_eq!(
        world.sends(ANA, "Olá", "x").await?.1["error"]["code"],
        130_403
    );
    world.says(ANA, "alô?").await?;
    world.json("DELETE", &path, &block).await?;
    let heard = world.says(ANA, "e agora?").await?;
    assert_eq!(
        world.post().await?.value()["messages"][0]["id"],
        json!(heard)
    );
    let stranger = json!({"messaging_product": "whatsapp", "block_users": [{"user": BIA}]});
    assert_eq!(
        world.json("POST", &path, &stranger).await?.1["error"]["code"],
        139_100
    );
    world.stop().await
}
