use crate::harness::{ANA, NUMBER, TOKEN, World};
use anyhow::Result;
use serde_json::{Value, json};

fn code(answer: &Value) -> Option<i64> {
    answer["error"]["code"].as_i64()
}

#[tokio::test]
async fn a_wrong_token_number_or_path_is_refused_like_meta_does() -> Result<()> {
    let world = World::start(&[]).await?;
    let url = world.url(&format!("/v26.0/{NUMBER}/messages"));
    let response = world
        .http
        .post(&url)
        .bearer_auth("wrong")
        .json(&json!({}))
        .send()
        .await?;
    assert_eq!(response.status(), 401);
    assert_eq!(code(&response.json().await?), Some(190));
    let (status, answer) = world
        .json("POST", "/v24.0/999/messages", &json!({}))
        .await?;
    assert_eq!(
        (status, code(&answer), &answer["error"]["error_subcode"]),
        (400, Some(100), &json!(33))
    );
    let (status, answer) = world
        .json("POST", &format!("/v26.0/{NUMBER}/nothing"), &json!({}))
        .await?;
    assert_eq!((status, code(&answer)), (404, Some(2500)));
    world.stop().await
}

#[tokio::test]
async fn free_form_messages_need_an_open_window() -> Result<()> {
    let mut world = World::start(&[]).await?;
    let (status, answer) = world.sends(ANA, "oi", "x").await?;
    assert_eq!((status, code(&answer)), (400, Some(131_047)));
    world.writes(ANA, "oi").await?;
    assert_eq!(world.sends(ANA, "oi", "x").await?.0, 200);
    world
        .json(
            "POST",
            "/sim/clock/advance",
            &json!({"ms": 24 * 3600 * 1000}),
        )
        .await?;
    assert_eq!(code(&world.sends(ANA, "oi", "x").await?.1), Some(131_047));

    let template = json!({
        "messaging_product": "whatsapp", "to": ANA, "type": "template",
        "template": {"name": "retomar_atendimento", "language": {"code": "pt_BR"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "42"}]}]},
    });
    let (status, answer) = world.sends_body(&template).await?;
    assert_eq!(
        (status, &answer["messages"][0]["message_status"]),
        (200, &json!("accepted"))
    );
    let thread = world.thread(ANA, 2).await?;
    let shown = thread[2]["text"].as_str().unwrap_or_default();
    assert!(
        shown.starts_with("Olá, Ana!") && shown.contains("42"),
        "{shown}"
    );
    world.stop().await
}

/// Meta takes the digits of a BSUID in `to` for a phone, says 200 and drops the message.
#[tokio::test]
async fn a_bsuid_in_to_is_accepted_and_dropped() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.says(ANA, "oi").await?;
    let user_id = world.post().await?.value()["contacts"][0]["user_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let (status, answer) = world.sends(&user_id, "perdida", "x").await?;
    assert_eq!(status, 200);
    assert!(
        answer["messages"][0]["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("wamid."))
    );
    let line = world
        .ledger_line("graph", |line| line["wamid"] == answer["messages"][0]["id"])
        .await?;
    assert_eq!(line["fate"], "dropped in silence");
    assert_eq!(world.thread(ANA, 0).await?.len(), 1);
    world.stop().await
}

#[tokio::test]
async fn rates_are_enforced_per_person_and_per_number() -> Result<()> {
    let mut world = World::start(&["--throughput", "60"]).await?;
    world.writes(ANA, "oi").await?;
    let mut accepted = 0;
    let refusal = loop {
        let (status, answer) = world.sends(ANA, "oi", "x").await?;
        if status != 200 {
            break code(&answer);
        }
        accepted += 1;
    };
    assert_eq!((accepted, refusal), (45, Some(131_056)));
    world.stop().await
}

#[tokio::test]
async fn a_read_mark_turns_the_customers_ticks() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world.writes(ANA, "um").await?;
    let second = world.writes(ANA, "dois").await?;
    let mark = json!({"messaging_product": "whatsapp", "status": "read", "message_id": second, "typing_indicator": {"type": "text"}});
    assert_eq!(
        world.sends_body(&mark).await?,
        (200, json!({"success": true}))
    );
    let thread = world.thread(ANA, 1).await?;
    assert!(
        thread.iter().all(|message| message["ticks"] == "read"),
        "{thread:?}"
    );
    let bad =
        json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.none"});
    assert_eq!(code(&world.sends_body(&bad).await?.1), Some(131_009));
    world.stop().await
}

#[tokio::test]
async fn media_go_up_and_come_down_with_the_token() -> Result<()> {
    let mut world = World::start(&[]).await?;
    world
        .json(
            "POST",
            &format!("/sim/contacts/{ANA}/messages"),
            &json!({"type": "image", "image": {"caption": "foto"}}),
        )
        .await?;
    let image = world.post().await?.value()["messages"][0]["image"].clone();
    let (_, medium) = world
        .json(
            "GET",
            &format!("/v26.0/{}", image["id"].as_str().unwrap_or_default()),
            &Value::Null,
        )
        .await?;
    assert_eq!(medium["mime_type"], "image/png");
    let url = medium["url"].as_str().unwrap_or_default();
    assert_eq!(world.http.get(url).send().await?.status(), 401);
    let bytes = world
        .http
        .get(url)
        .bearer_auth(TOKEN)
        .send()
        .await?
        .bytes()
        .await?;
    assert_eq!(medium["file_size"], bytes.len().to_string());
    world
        .json("POST", "/sim/clock/advance", &json!({"ms": 301_000}))
        .await?;
    assert_eq!(
        world
            .http
            .get(url)
            .bearer_auth(TOKEN)
            .send()
            .await?
            .status(),
        404
    );

    let form = "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--b--\r\n";
    let url = world.url(&format!("/v26.0/{NUMBER}/media"));
    let upload = world
        .http
        .post(url)
        .bearer_auth(TOKEN)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form);
    let uploaded: Value = upload.send().await?.json().await?;
    let send = json!({"messaging_product": "whatsapp", "to": ANA, "type": "document", "document": {"id": uploaded["id"], "filename": "a.pdf"}});
    assert_eq!(world.sends_body(&send).await?.0, 200);
    let unknown =
        json!({"messaging_product": "whatsapp", "to": ANA, "type": "image", "image": {"id": "1"}});
    assert_eq!(code(&world.sends_body(&unknown).await?.1), Some(131_009));
    world.stop().await
}

#[tokio::test]
async fn the_number_tells_its_fields() -> Result<()> {
    let world = World::start(&[]).await?;
    let (_, number) = world
        .json(
            "GET",
            &format!("/v26.0/{NUMBER}?fields=display_phone_number,health_status"),
            &Value::Null,
        )
        .await?;
    assert_eq!(number["display_phone_number"], "551140000000");
    assert_eq!(number["health_status"]["can_send_message"], "AVAILABLE");
    assert!(
        number.get("verified_name").is_none() && number["id"] == NUMBER,
        "{number}"
    );
    world.stop().await
}

#[tokio::test]
async fn the_back_office_answers_by_phone_in_the_body() -> Result<()> {
    let world = World::start(&[]).await?;
    let ask = json!({"phone": "5511912345677"});
    let (_, first) = world.json("POST", "/erp/invoices/search", &ask).await?;
    let (_, again) = world.json("POST", "/erp/invoices/search", &ask).await?;
    assert_eq!(first, again);
    let invoice = &first["invoices"][0];
    assert_eq!(invoice["status"], "overdue");
    let page = world
        .http
        .get(invoice["second_copy_url"].as_str().unwrap_or_default())
        .send()
        .await?
        .text()
        .await?;
    assert!(
        page.contains(invoice["pix_code"].as_str().unwrap_or("none")),
        "{page}"
    );
    let (_, line) = world.json("POST", "/erp/lines/search", &ask).await?;
    assert_eq!(line["line"]["status"], "degraded");
    world.faults(json!({"erp_error": {"http": 503}})).await?;
    assert_eq!(world.json("POST", "/erp/lines/search", &ask).await?.0, 503);
    assert_eq!(world.json("POST", "/erp/lines/search", &ask).await?.0, 200);
    world.stop().await
}
