//! Once a person has the conversation the bot is silent, also with what it was about to say.

use e2e::{PATIENCE, Plan, Stack, Who, eventually};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_late_word_of_the_bot_is_refused_after_a_person_took_over() {
    let stack = Stack::of(Plan::default().with("bot.erp_timeout_ms", "5000")).await;
    let customer = stack.phone("5511900000073");
    customer.says("oi").await;
    customer
        .shows("the menu", 0, |bubble| !bubble.offers.is_empty())
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;

    // The bot asks a slow ERP; meanwhile Ana writes.
    stack
        .simulator
        .faults(&json!({"erp_delay_ms": 2_500}))
        .await;
    customer.taps("menu.fatura").await;
    eventually("the bot is at it", PATIENCE, async || {
        (stack
            .database
            .count("bot_turn where lease_until > now()")
            .await
            == 1)
            .then_some(())
    })
    .await;
    ana.replies(row.id, "mine", "Deixa comigo, eu vejo a fatura")
        .await;
    customer.shows_text("Deixa comigo").await;
    // The turn ends: whatever it had to say is decided now.
    stack.database.is_quiet(&stack.simulator).await;

    let received = customer.received().await;
    assert!(
        received
            .last()
            .is_some_and(|bubble| bubble.text.contains("Deixa comigo")),
        "{received:?}"
    );
    assert_eq!(
        received.len(),
        2,
        "the menu and Ana, nobody else: {received:?}"
    );
    assert_eq!(
        stack
            .database
            .count("message where author_kind = 'bot' and seq > 3")
            .await,
        0
    );

    // And the bot stays silent while Ana owns it.
    customer.says("menu").await;
    stack.database.is_quiet(&stack.simulator).await;
    assert_eq!(customer.received().await.len(), 2);
}
