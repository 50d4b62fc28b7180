//! Templates: offered when the window is closed, filled in on the server, kept in step with Meta.

use e2e::{Agent, Answer, PATIENCE, Stack, Who, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::{GONE, close_window, plan, shows, waiting};

/// The templates of the number, once they were read.
async fn known(agent: &Agent, channel: &str) -> Vec<Value> {
    eventually("templates were read", PATIENCE, async || {
        let list: Value = agent
            .get(&format!("/templates?channel_id={channel}"))
            .await
            .ok();
        let all = list["templates"].as_array().cloned().unwrap_or_default();
        (!all.is_empty()).then_some(all)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_window_is_closed_a_template_is_offered_and_only_that_leaves() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000311").await;
    let offered = known(&ana, &row.channel_id.to_string()).await;
    assert!(
        offered
            .iter()
            .any(|one| one["name"] == "retomar_atendimento")
    );
    let before = customer.received().await.len();
    close_window(&stack).await;

    let refused = ana
        .does(
            row.id,
            "messages",
            json!({"client_ref": "late", "text": "oi?"}),
        )
        .await;
    assert_eq!((refused.status, refused.code()), (409, "window_closed"));
    let detail = refused.body["detail"].as_str().expect("what to do");
    assert!(detail.contains("aviso_manutencao (pt_BR)"), "{detail}");
    let buttons = json!({"kind": "buttons", "text": "?", "buttons": [{"id": "a", "title": "a"}]});
    assert_eq!(
        ana.sends(row.id, "late", &buttons).await.code(),
        "window_closed"
    );

    let template = |parameters: Value| {
        json!({"kind": "template", "name": "retomar_atendimento", "language": "pt_BR", "preview": "mentira",
               "parameters": parameters})
    };
    for wrong in [json!([]), json!(["Ana"]), json!(["Ana", "7", "8"])] {
        let answer = ana.sends(row.id, "t", &template(wrong)).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
    }
    let answer = ana
        .sends(row.id, "t", &template(json!(["Maria", "42"])))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let bubble = customer.shows("the template", before, |_| true).await;
    assert!(bubble.text.contains("Olá, Maria!") && bubble.text.contains("42"));
    shows(&ana, row.id, "t", &GONE).await;
    let item = serde_json::to_value(ana.item(row.id, "t").await).expect("JSON");
    assert_eq!(
        item["content"]["preview"], bubble.text,
        "the server fills it in, not the client"
    );
    assert_eq!(customer.received().await.len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn named_slots_headers_and_buttons_of_a_template_are_filled() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000312").await;
    known(&ana, &row.channel_id.to_string()).await;
    let named = json!({"kind": "template", "name": "visita_tecnica", "language": "pt_BR", "preview": "",
                       "parameters": ["Ana", "20/11", "8h", "10h"]});
    let answer = ana.sends(row.id, "named", &named).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let bubble = customer.shows_text("Olá, Ana!").await;
    assert!(bubble.text.contains("entre 8h e 10h"), "{}", bubble.text);
    let invoice = |components: Value| {
        json!({"kind": "template", "name": "fatura_em_pdf", "language": "pt_BR", "preview": "",
               "parameters": ["novembro", "10/12"], "components": components})
    };
    let file = json!({"type": "header", "parameters": [{"type": "document", "document": {"link": "https://example.com/f.pdf"}}]});
    let button = json!({"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "42"}]});
    for (missing, field) in [
        (json!([button]), "content.components.header"),
        (json!([file]), "content.components.button[0]"),
    ] {
        let answer = ana.sends(row.id, "invoice", &invoice(missing)).await;
        assert_eq!(
            (answer.status, answer.body["field"].as_str()),
            (422, Some(field))
        );
    }
    let answer = ana
        .sends(row.id, "invoice", &invoice(json!([file, button])))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    shows(&ana, row.id, "invoice", &GONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_template_is_refused_before_the_call() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000313").await;
    known(&ana, &row.channel_id.to_string()).await;
    let before = customer.received().await.len();
    sqlx::raw_sql("update template set status = 'PAUSED', status_at = now() + interval '1 hour' where name = 'lembrete_fatura'")
        .execute(stack.database.pool())
        .await
        .expect("the pause");
    let content = json!({"kind": "template", "name": "lembrete_fatura", "language": "pt_BR", "preview": "",
                         "parameters": ["R$ 1", "10/12"]});
    let answer = ana.sends(row.id, "paused", &content).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(
        answer.body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("paused"))
    );
    // Wishes are kept as well.
    sqlx::raw_sql("update contact_channel set marketing = 'stopped'")
        .execute(stack.database.pool())
        .await
        .expect("the wish");
    let offer = json!({"kind": "template", "name": "promocao_fibra", "language": "pt_BR", "preview": "",
        "parameters": ["Ana", "R$ 20"],
        "components": [{"type": "header", "parameters": [{"type": "text", "text": "você"}]}]});
    let answer = ana.sends(row.id, "offer", &offer).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(customer.received().await.len(), before);
}

async fn ended(agent: &Agent, id: &str) -> Value {
    eventually("the change ended", PATIENCE, async || {
        let answer = agent.get(&format!("/templates/{id}")).await;
        if answer.status == 404 {
            return Some(Value::Null);
        }
        let detail: Value = answer.ok();
        let state = detail["job"]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        ["done", "failed"]
            .contains(&state.as_str())
            .then_some(detail)
    })
    .await
}

fn ordered(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body["template"]["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
async fn supervisors_write_change_and_delete_templates() {
    let stack = Stack::of(plan()).await;
    let (_, ana, row) = waiting(&stack, "5511900000314").await;
    let boss = stack.agent(Who::Carla, 0).await;
    let channel = row.channel_id.to_string();
    let before = known(&ana, &channel).await.len();
    let new = json!({"channel_id": channel, "name": "aviso_teste", "language": "pt_BR", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Olá, {{1}}!", "example": {"body_text": [["Ana"]]}}]});
    assert_eq!(
        ana.post("/templates", new.clone()).await.status,
        403,
        "an agent may not"
    );
    let mut long = new.clone();
    long["components"][0]["text"] = json!("á".repeat(1_025));
    let refused = boss.post("/templates", long).await;
    assert_eq!(
        refused.body["field"], "components.BODY.text",
        "{}",
        refused.body
    );

    let id = ordered(&boss.post("/templates", new.clone()).await);
    let detail = ended(&boss, &id).await;
    assert_eq!(detail["job"]["state"], "done", "{detail}");
    assert_eq!(boss.post("/templates", new.clone()).await.code(), "exists");
    eventually("Meta approved it", PATIENCE, async || {
        let detail: Value = boss.get(&format!("/templates/{id}")).await.ok();
        (detail["template"]["status"] == "APPROVED").then_some(())
    })
    .await;

    let change = json!({"components": [{"type": "BODY", "text": "Oi, {{1}}!", "example": {"body_text": [["Ana"]]}}]});
    ordered(
        &boss
            .call(Method::PUT, &format!("/templates/{id}"), Some(change))
            .await,
    );
    let detail = ended(&boss, &id).await;
    assert_eq!(detail["job"]["kind"], "template.edit");
    assert_eq!(
        detail["template"]["components"][0]["text"], "Oi, {{1}}!",
        "{detail}"
    );

    // What Meta says no to is told in Meta's words.
    let mut taken = new;
    taken["name"] = json!("lembrete_fatura");
    sqlx::raw_sql("update template set deleted_at = now() where name = 'lembrete_fatura'")
        .execute(stack.database.pool())
        .await
        .expect("forgotten here, there at Meta");
    let refused = ordered(&boss.post("/templates", taken).await);
    let detail = ended(&boss, &refused).await;
    assert_eq!(detail["job"]["state"], "failed", "{detail}");
    assert!(
        detail["template"]["fault"]
            .as_str()
            .is_some_and(|words| !words.is_empty()),
        "{detail}"
    );

    ordered(
        &boss
            .call(Method::DELETE, &format!("/templates/{id}"), None)
            .await,
    );
    assert_eq!(ended(&boss, &id).await, Value::Null, "it is gone");
    assert_eq!(
        boss.post("/templates/sync", json!({"channel_id": channel}))
            .await
            .status,
        202
    );
    eventually("what Meta has is back", PATIENCE, async || {
        (known(&ana, &channel).await.len() == before).then_some(())
    })
    .await;
    let audited = "audit_event where action = 'template.changed'";
    assert_eq!(stack.database.count(audited).await, 5);
}
