//! A number may give its new cases to people: the bot is silent there until somebody says otherwise.

use balcao_core::model::{ConversationStatus, Handler};
use e2e::{PATIENCE, Plan, Stack, Who, eventually};
use serde_json::{Value, json};

const OF_PEOPLE: &str = "5511900000710";
const OF_THE_BOT: &str = "5511900000711";

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_is_silent_where_people_come_first() {
    let stack = Stack::of(Plan::default()).await;
    first_are(&stack, "queue").await;
    let customer = stack.phone(OF_PEOPLE);
    customer.says("bom dia").await;
    let ana = stack.agent(Who::Ana, 0).await;
    let case = eventually("the case", PATIENCE, async || {
        ana.conversations().await.pop()
    })
    .await;
    assert_eq!(case.handler, Handler::Queue);

    for (epoch, deed) in (case.epoch..).zip(["claim", "resolve"]) {
        let _done: Value = ana.does(case.id, deed, json!({"epoch": epoch})).await.ok();
    }
    customer.says("mais uma coisa").await;
    eventually("the same case waits again", PATIENCE, async || {
        let case = ana.conversation(case.id).await;
        let waits = case.status == ConversationStatus::Open && case.handler == Handler::Queue;
        waits.then_some(())
    })
    .await;

    first_are(&stack, "bot").await;
    let other = stack.phone(OF_THE_BOT);
    other.says("bom dia").await;
    other.shows("the bot's menu", 0, |_| true).await;
    assert_eq!(customer.received().await.len(), 0, "the bot spoke");
}

async fn first_are(stack: &Stack, who: &str) {
    let number = stack.number.phone_number_id.as_str();
    let said = stack
        .balcao(&["channel", "set-first", number, who, "--json"], "")
        .await;
    assert_eq!(said.json()["first"], who, "{}", said.err);
}
