//! Every hostile webhook has its answer. The table is printed: `cargo nextest run -p e2e hostile --no-capture`.

use e2e::meta::text;
use e2e::{Plan, Stack, Table};

use super::{hostile_door, hostile_items};

/// Nobody answers: most rows are about what is stored.
fn plan() -> Plan {
    Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    }
}

/// Rows 1 to 27.
#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_webhook_is_answered_as_the_table_says() {
    let mut table = Table::default();
    let patient = plan()
        .with("limits.unsigned_webhooks_per_minute_per_address", "1000000")
        .with("webhook.body_timeout_ms", "1000");
    let stack = Stack::of(patient).await;
    hostile_door::rows(&stack, &mut table).await;
    hostile_items::rows(&stack, &mut table).await;
    drop(stack);
    let (key, secrets) = hostile_door::ROTATING;
    let rotating = Stack::of(plan().with(key, secrets)).await;
    hostile_door::rotation(&rotating, &mut table).await;
    drop(rotating);
    let answering = Stack::start().await;
    hostile_items::answered(&answering, &mut table).await;
    table.close(1..=27);
}

/// What is not signed has a budget per address; what is signed never waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn unsigned_calls_run_out_and_signed_ones_do_not() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let body = meta.messages(&[text("5511900000090", "oi")]);
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(meta.post_signed(body.as_bytes(), "sha256=00").await);
    }
    assert_eq!(answers[0], 401);
    assert_eq!(answers.last(), Some(&429));
    assert_eq!(meta.post(&body).await, 200);
}

/// The sum of the samples of a node's metrics whose name and labels begin so; 0 when there is none.
pub async fn metric(stack: &Stack, series: &str) -> f64 {
    let page = e2e::http().get(format!("{}/metrics", stack.node(0).operations));
    let page = page.send().await.expect("an answer");
    let page = page.text().await.expect("a page");
    page.lines()
        .filter(|line| line.starts_with(series))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}
