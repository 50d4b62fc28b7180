//! Statuses come late, twice and out of order; ticks only move forward (promise 4).

use balcao_core::model::Ticks;
use e2e::meta::status;
use e2e::{PATIENCE, Plan, Stack, Who, eventually};
use futures_util::future::join_all;
use serde_json::json;

const PHONE: &str = "5511900000060";

/// What Meta may say of one message, in the order it comes, and what agents see in the end.
const STORIES: [(&[&str], Ticks); 9] = [
    (&["sent", "delivered", "read"], Ticks::Read),
    (&["read", "delivered", "sent"], Ticks::Read),
    (
        &["delivered", "sent", "sent", "delivered"],
        Ticks::Delivered,
    ),
    (&["read", "failed"], Ticks::Read),
    (&["delivered", "failed"], Ticks::Delivered),
    (&["failed", "delivered"], Ticks::Delivered),
    (&["sent", "failed", "sent"], Ticks::Failed),
    (&["failed"], Ticks::Failed),
    (&["sent"], Ticks::Sent),
];

#[tokio::test(flavor = "multi_thread")]
async fn statuses_out_of_order_and_repeated_only_move_forward() {
    let stack = Stack::of(Plan::two_nodes()).await;
    // All statuses are ours to send.
    stack.simulator.faults(&json!({"no_statuses": true})).await;
    let customer = stack.phone(PHONE);
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;
    for n in 0..STORIES.len() {
        ana.replies(row.id, &format!("m{n}"), &format!("mensagem {n}."))
            .await;
    }

    let doors = [stack.meta(0), stack.meta(1)];
    for (n, (story, _)) in STORIES.iter().enumerate() {
        let sent = customer.shows_text(&format!("mensagem {n}.")).await;
        for word in *story {
            // Each twice at once, at both nodes.
            let body = doors[0].statuses(&[status(&sent.wamid, PHONE, word)]);
            assert_eq!(
                join_all(doors.iter().map(|door| door.post(&body))).await,
                [200, 200]
            );
        }
    }

    let seen = ana.items(row.id).await;
    for (n, (story, wanted)) in STORIES.iter().enumerate() {
        let item = seen
            .iter()
            .find(|item| item.client_ref == Some(format!("m{n}")))
            .expect("the item");
        assert_eq!(item.ticks, Some(*wanted), "{story:?}");
        assert_eq!(
            item.error_code.is_some(),
            *wanted == Ticks::Failed,
            "{story:?}"
        );
    }
    stack.database.assert_dense().await;
}

/// A status may be faster than Meta's answer to the send.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_before_its_message_is_not_lost() {
    let stack = Stack::start().await;
    stack
        .simulator
        .faults(&json!({"status_before_response": true}))
        .await;
    let customer = stack.phone(PHONE);
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;
    eventually("delivered", PATIENCE, async || {
        let items = ana.items(row.id).await;
        items
            .iter()
            .any(|item| matches!(item.ticks, Some(Ticks::Delivered | Ticks::Read)))
            .then_some(())
    })
    .await;
    assert_eq!(stack.database.count("parked_event").await, 0);
    // `delivered` alone would look the same: the early word itself was kept.
    assert_eq!(
        stack.database.count("delivery where sent_at is null").await,
        0
    );
}
