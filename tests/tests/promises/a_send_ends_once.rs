//! A call to Meta whose outcome nobody knows: shown as unknown, never made again by itself, settled by a status (promise 5).

use balcao_core::model::{ConversationId, Ticks};
use e2e::ledger::Ledger;
use e2e::meta::status;
use e2e::{Agent, PATIENCE, Plan, Stack, Who, eventually};
use serde_json::json;

const PHONE: &str = "5511900000120";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_an_answer_is_shown_as_unknown_and_not_made_again() {
    let plan = Plan::default()
        .with("whatsapp.lease_ms", "3000")
        .with("whatsapp.call_timeout_ms", "2000")
        .with("whatsapp.unknown_after_ms", "4000")
        .with("limits.requests_per_minute_per_session", "100000");
    let stack = Stack::of(plan).await;
    let customer = stack.phone(PHONE);
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;

    // Meta takes it, the line breaks before its answer, and no status tells.
    let silence = json!({"graph_reset": 1, "no_statuses": true});
    stack.simulator.faults(&silence).await;
    ana.replies(row.id, "lost", "isto chegou?").await;
    shows(&ana, row.id, "lost", Ticks::Unknown).await;
    // What stood behind it goes, and what is unknown stays as it is meanwhile.
    ana.replies(row.id, "next", "e isto?").await;
    customer.shows_text("e isto?").await;

    shows(&ana, row.id, "next", Ticks::Sent).await;
    shows(&ana, row.id, "lost", Ticks::Unknown).await;
    let taken = Ledger::read(&stack).await.taken();
    assert!(
        taken.values().all(|times| *times == 1),
        "sent twice: {taken:?}"
    );

    // Word from the phone, with our key, settles it.
    let bubble = customer.shows_text("isto chegou?").await;
    let mut delivered = status(&bubble.wamid, PHONE, "delivered");
    delivered["biz_opaque_callback_data"] = json!(bubble.callback_data.expect("our key"));
    let meta = stack.meta(0);
    assert_eq!(meta.post(&meta.statuses(&[delivered])).await, 200);
    shows(&ana, row.id, "lost", Ticks::Delivered).await;
}

async fn shows(ana: &Agent, id: ConversationId, client_ref: &str, wanted: Ticks) {
    eventually(&format!("{client_ref}: {wanted:?}"), PATIENCE, async || {
        let items = ana.items(id).await;
        let item = items
            .iter()
            .find(|item| item.client_ref.as_deref() == Some(client_ref))?;
        let ticks = item.ticks.filter(|ticks| *ticks != Ticks::Queued)?;
        assert!(
            ticks == wanted || ticks == Ticks::Unknown || wanted != Ticks::Unknown,
            "nobody answered, yet {client_ref} is shown as {ticks:?}"
        );
        (ticks == wanted).then_some(())
    })
    .await;
}
