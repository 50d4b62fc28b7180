//! Whatever an agent may say on WhatsApp can be said, arrives as what was meant, and is refused beforehand, with the
//! field named, when WhatsApp would not take it.

mod after_a_refusal;
mod each_kind;
mod templates;
mod touches;

use agent_hub::protocol::ConversationView;
use balcao_core::model::{ConversationId, Ticks};
use e2e::{Agent, PATIENCE, Phone, Plan, Stack, Who, eventually};

/// A plan that is not slowed by what a test asks.
fn plan() -> Plan {
    Plan::default()
        .with("limits.requests_per_minute_per_session", "100000")
        .with("limits.requests_per_minute_per_address", "100000")
}

/// A customer who waits for a person, and Ana, who is that person.
async fn waiting<'a>(stack: &'a Stack, digits: &str) -> (Phone<'a>, Agent, ConversationView) {
    let customer = stack.phone(digits);
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;
    (customer, ana, row)
}

/// Waits until the item with this reference shows these ticks.
async fn shows(ana: &Agent, id: ConversationId, client_ref: &str, wanted: &[Ticks]) {
    eventually(&format!("{client_ref}: {wanted:?}"), PATIENCE, async || {
        let item = ana.item(id, client_ref).await;
        item.ticks
            .is_some_and(|ticks| wanted.contains(&ticks))
            .then_some(())
    })
    .await;
}

/// On its way or further.
const GONE: [Ticks; 3] = [Ticks::Sent, Ticks::Delivered, Ticks::Read];

/// The window of the only customer closes, here and not at Meta.
async fn close_window(stack: &Stack) {
    sqlx::raw_sql("update contact_channel set window_until = now() - interval '1 minute'")
        .execute(stack.database.pool())
        .await
        .expect("the window");
}
