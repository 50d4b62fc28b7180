//! `ready` is printed when whoever stands behind each door answers, and the end of an access names whose it was.

use agent_hub::protocol::ListScope;
use e2e::{PATIENCE, Socket, Stack, Who, eventually, http};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_says_ready_answers_at_once_at_every_door() {
    let stack = Stack::start().await;
    let node = stack.node(0);
    let webhook = node.webhook.replace("/webhooks/whatsapp", "");
    for door in [&node.console, &webhook, &node.operations] {
        let answer = http().get(format!("{door}/healthz")).send().await;
        assert_eq!(answer.expect("an answer").status(), 200, "{door}");
    }
    let session = http()
        .get(format!("{}/api/v1/session", node.console))
        .send()
        .await;
    assert_eq!(session.expect("an answer").status(), 401, "the API itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_an_access_names_the_team_and_the_customer_as_its_beginning_does() {
    let stack = Stack::start().await;
    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    let phone = stack.phone("5511900000720");
    phone.says("atendente").await;
    let row = desk
        .until("the customer waits", |desk| {
            desk.row("queue", &phone.name).cloned()
        })
        .await;
    desk.watch(row.id);
    desk.until("it is shown", |desk| {
        (desk.thread(row.id).rev > 0).then_some(())
    })
    .await;
    drop(desk);
    let named = eventually("the end is in the log", PATIENCE, async || {
        sqlx::query_as::<_, (Option<Uuid>, Option<Uuid>)>(
            "select team, subject from audit_event where action = 'conversation.closed' and object = $1",
        )
        .bind(row.id.0)
        .fetch_optional(stack.database.pool())
        .await
        .expect("audit events")
    })
    .await;
    let opened: (Option<Uuid>, Option<Uuid>) = sqlx::query_as(
        "select team, subject from audit_event where action = 'conversation.opened' and object = $1 limit 1",
    )
    .bind(row.id.0)
    .fetch_one(stack.database.pool())
    .await
    .expect("the opening");
    assert_eq!(named, opened);
    assert!(named.0.is_some() && named.1.is_some(), "{named:?}");
}
