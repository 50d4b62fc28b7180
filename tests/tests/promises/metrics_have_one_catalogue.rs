//! What is measured is in the catalogue that documents it, and nothing else is exported.

use std::collections::BTreeSet;

use balcao_core::metrics::CATALOGUE;
use e2e::{Socket, Stack, Who};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_a_node_that_worked_is_in_the_catalogue() {
    let stack = Stack::start().await;
    let customer = stack.phone("5511900000081");
    customer.says("oi").await;
    customer
        .shows("the menu", 0, |bubble| !bubble.offers.is_empty())
        .await;
    customer.taps("menu.fatura").await;
    customer.shows("an answer", 1, |_| true).await;
    customer.says("atendente").await;
    customer
        .shows("the queue", 2, |bubble| bubble.text.contains("posição"))
        .await;
    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    let row = ana.conversation_with(&customer.name).await;
    desk.watch(row.id);
    desk.until("the conversation", |desk| {
        desk.threads.get(&row.id).map(|_| ())
    })
    .await;
    assert_eq!(
        ana.does(row.id, "claim", json!({"epoch": row.epoch}))
            .await
            .status,
        200
    );
    stack.meta(0).post("garbage").await;

    let client = e2e::http();
    let page = client
        .get(format!("{}/metrics", stack.node(0).operations))
        .send()
        .await
        .expect("an answer");
    let page = page.text().await.expect("a page");
    let known: BTreeSet<&str> = CATALOGUE.iter().map(|metric| metric.name).collect();
    let exported: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let unknown: Vec<_> = exported.difference(&known).collect();
    assert!(unknown.is_empty(), "not in the catalogue: {unknown:?}");
    for name in [
        "webhook_requests_total",
        "ingest_messages_total",
        "graph_calls_total",
        "bot_turns_total",
        "sockets",
        "erp_calls_total",
    ] {
        assert!(
            exported.contains(format!("balcao_{name}").as_str()),
            "nobody measures {name}"
        );
    }
    for digits in [&customer.digits, &customer.digits[2..]] {
        assert!(!page.contains(digits), "a label holds a phone");
    }
}
