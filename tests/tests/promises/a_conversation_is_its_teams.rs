//! What belongs to another team is, for everybody else, not there; whoever reaches for it is in the audit log.

use agent_hub::protocol::ListScope;
use e2e::{Socket, Stack, Who};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_another_team_has_is_not_found() {
    let stack = Stack::start().await;
    let customer = stack.phone("5511900000130");
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    // Support has it, where Ana works; Davi is of billing.
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;
    let davi = stack.agent(Who::Davi, 0).await;

    assert!(davi.conversations().await.is_empty(), "not in his lists");
    let paths = [
        format!("/conversations/{}", row.id),
        format!("/conversations/{}/messages", row.id),
        format!("/contacts/{}", row.contact.id),
    ];
    for path in paths {
        assert_eq!(davi.get(&path).await.status, 404, "{path}");
        assert_eq!(ana.get(&path).await.status, 200, "{path}");
    }
    for (deed, body) in [
        ("claim", json!({"epoch": row.epoch})),
        ("messages", json!({"client_ref": "a", "text": "olá"})),
        ("notes", json!({"client_ref": "b", "text": "olá"})),
    ] {
        assert_eq!(davi.does(row.id, deed, body).await.status, 404, "{deed}");
    }
    let reveal = format!("/contacts/{}/reveal", row.contact.id);
    assert_eq!(davi.post(&reveal, json!({})).await.status, 404);

    let desk = Socket::open(&davi).await;
    desk.watch_list("all", ListScope::All);
    desk.watch(row.id);
    let refused = desk
        .until("a refusal", |desk| desk.refused.first().cloned())
        .await;
    assert_eq!(refused.1.code, "not_found");
    desk.until("his list", |desk| {
        desk.lists.get("all")?.is_empty().then_some(())
    })
    .await;
    assert!(desk.desk().threads.is_empty(), "no frame showed it");

    let by_davi = format!(
        "audit_event where action = 'access.refused' and actor = '{}' and outcome = 'refused'",
        davi.id
    );
    assert!(
        stack.database.count(&by_davi).await >= 5,
        "who reaches for it is in the log"
    );
    assert_eq!(
        stack
            .database
            .count("message where direction <> 'in' and author_kind = 'agent'")
            .await,
        0
    );
}
