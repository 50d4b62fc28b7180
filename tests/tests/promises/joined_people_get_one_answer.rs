//! Two records turn out to be one person while the bot owes an answer: the customer gets exactly one.

use balcao_core::model::ContactId;
use e2e::{Agent, PATIENCE, Phone, Plan, Stack, Who, eventually};
use serde_json::json;

/// Long enough for a supervisor to join two records between a question and its answer.
const DEBOUNCE_MS: &str = "3000";

async fn contact(agent: &Agent, of: &Phone<'_>) -> ContactId {
    let row = eventually("the case is open", PATIENCE, async || {
        let open = agent.conversations().await;
        open.into_iter()
            .find(|row| row.contact.name.as_deref() == Some(&of.name))
    });
    row.await.contact.id
}

/// Joins two people while the bot owes so many answers.
async fn join(stack: &Stack, carla: &Agent, (into, from): (ContactId, ContactId), owed: i64) {
    let due = stack.database.count("bot_turn").await;
    assert_eq!(due, owed, "answers that are owed when they are joined");
    let merge = format!("/contacts/{into}/merge");
    let body = json!({ "other_contact_id": from });
    let joined = carla.post(&merge, body).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    let due = stack.database.count("bot_turn").await;
    assert_eq!(due, 1, "one answer is owed to one person");
    stack.database.is_quiet(&stack.simulator).await;
    let open = "conversation where status <> 'resolved'";
    assert_eq!(stack.database.count(open).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_joined_with_somebody_who_was_answered_is_answered_once() {
    let stack = Stack::of(Plan::default().with("bot.debounce_ms", DEBOUNCE_MS)).await;
    let carla = stack.agent(Who::Carla, 0).await;
    let (one, other) = (stack.phone("5511900000861"), stack.phone("5511900000862"));
    one.says("oi").await;
    one.shows("an answer", 0, |_| true).await;
    stack.database.is_quiet(&stack.simulator).await;
    other.says("oi").await;
    let both = (contact(&carla, &one).await, contact(&carla, &other).await);
    join(&stack, &carla, both, 1).await;
    let answers = [one.received().await.len(), other.received().await.len()];
    assert_eq!(answers, [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_were_owed_an_answer_and_are_one_are_answered_once() {
    let stack = Stack::of(Plan::default().with("bot.debounce_ms", DEBOUNCE_MS)).await;
    let carla = stack.agent(Who::Carla, 0).await;
    let (one, other) = (stack.phone("5511900000863"), stack.phone("5511900000864"));
    one.says("oi").await;
    other.says("oi").await;
    let both = (contact(&carla, &one).await, contact(&carla, &other).await);
    join(&stack, &carla, both, 2).await;
    let answers = one.received().await.len() + other.received().await.len();
    assert_eq!(answers, 1);
}
