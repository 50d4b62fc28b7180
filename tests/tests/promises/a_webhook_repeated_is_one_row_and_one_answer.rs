//! Meta repeats until it sees a 200, to whichever node it reaches; the customer must get one answer (promise 2).

use std::time::Duration;

use e2e::meta::{message, text};
use e2e::{PATIENCE, Plan, SOON, Stack, eventually};
use futures_util::future::join_all;
use serde_json::{Value, json};

const PACE: Duration = Duration::from_millis(600);

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_repeated_100_times_is_one_row_and_one_answer() {
    let stack = Stack::of(Plan::two_nodes()).await;
    let doors = [stack.meta(0), stack.meta(1)];
    let customer = stack.phone("5511900000010");
    // The simulator must know the customer, or it refuses our answer; its own posts go nowhere for now.
    stack.simulator.posts_to("http://127.0.0.1:9/").await;
    let wamid = customer.says("oi").await;
    // In Meta's older shape, by phone alone: the user id of this customer is the simulator's to give.
    let oi = message(
        &customer.digits,
        json!({"id": wamid, "from_user_id": null, "type": "text", "text": {"body": "oi"}}),
    );
    let body = |messages: Vec<Value>| {
        doors[0]
            .envelope(&json!({"messages": messages}))
            .to_string()
    };
    let one = body(vec![oi.clone()]);
    // The same message many times in one body is one batch; the same body many times at once is many.
    let many = body(vec![oi; 10]);

    let posts = (0..100).map(|n| doors[n % 2].post(if n % 10 == 0 { &many } else { &one }));
    assert_eq!(join_all(posts).await, [200; 100]);
    customer
        .shows("the menu", 0, |bubble| !bubble.offers.is_empty())
        .await;
    // And once more when all is done: late repeats, the simulator's too, change nothing either.
    assert_eq!(doors[1].post(&one).await, 200);
    stack.simulator.posts_to(&stack.node(0).webhook).await;
    stack.database.is_quiet(&stack.simulator).await;

    assert_eq!(
        stack.database.count("message where direction = 'in'").await,
        1
    );
    assert_eq!(stack.database.count("dedupe").await, 1);
    assert_eq!(stack.database.count("contact").await, 1);
    assert_eq!(stack.database.count("conversation").await, 1);
    assert_eq!(
        stack
            .database
            .count("message where direction = 'out'")
            .await,
        1
    );
    assert_eq!(customer.received().await.len(), 1);
    stack.database.assert_dense().await;
}

/// People write "oi", "tudo bem?", "minha internet caiu" in one breath.
#[tokio::test(flavor = "multi_thread")]
async fn three_short_messages_get_one_answer() {
    let stack = Stack::of(Plan::default().with("bot.debounce_ms", "4000")).await;
    let customer = stack.phone("5511900000011");
    for (n, words) in (1..).zip(["oi", "tudo bem?", "preciso de ajuda"]) {
        customer.says(words).await;
        eventually("it is stored", SOON, async || {
            (stack.database.count("message where direction = 'in'").await == n).then_some(())
        })
        .await;
        // The pace of people, so that a bot that answers at once would; nothing waits for this.
        tokio::time::sleep(PACE).await;
    }

    customer.shows("an answer", 0, |_| true).await;
    stack.database.is_quiet(&stack.simulator).await;
    assert_eq!(
        stack.database.count("message where direction = 'in'").await,
        3
    );
    assert_eq!(customer.received().await.len(), 1);
}

/// Each message of a body counts once, whichever of them came before in another body.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_overlap_store_each_message_once_in_order() {
    let stack = Stack::of(Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::two_nodes()
    })
    .await;
    let doors = [stack.meta(0), stack.meta(1)];
    let phone = "5511900000012";
    let all: Vec<_> = (0..30)
        .map(|n| text(phone, &format!("mensagem {n}")))
        .collect();
    assert_eq!(doors[0].post(&doors[0].messages(&all[..10])).await, 200);

    let overlapping: Vec<String> = (0..20)
        .map(|n| doors[0].messages(&all[n / 2..n + 10]))
        .collect();
    let posts = overlapping
        .iter()
        .enumerate()
        .map(|(n, body)| doors[n % 2].post(body));
    assert_eq!(join_all(posts).await, [200; 20]);
    assert_eq!(doors[1].post(&doors[1].messages(&all)).await, 200);

    assert_eq!(stack.database.count("message").await, 30);
    stack.database.assert_dense().await;
}

/// The kept one is the first: Meta never changes a message under its id.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_other_words_changes_nothing() {
    let stack = Stack::of(Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    })
    .await;
    let meta = stack.meta(0);
    let first = text("5511900000013", "as primeiras palavras");
    let other = message(
        "5511900000013",
        json!({"id": first["id"], "type": "text", "text": {"body": "outras palavras"}}),
    );
    assert_eq!(meta.post(&meta.messages(&[first])).await, 200);
    assert_eq!(meta.post(&meta.messages(&[other])).await, 200);

    let rita = stack.agent(e2e::Who::Rita, 0).await;
    let conversation = eventually("the conversation", PATIENCE, async || {
        rita.conversations().await.pop()
    })
    .await;
    let items = rita.items(conversation.id).await;
    let said: Vec<&str> = items.iter().map(e2e::desk::says).collect();
    assert_eq!(said, ["as primeiras palavras"]);
}
