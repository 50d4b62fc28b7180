//! Redis may vanish at any moment and only freshness suffers (promise 10).

use std::time::{Duration, Instant};

use agent_hub::protocol::{ClientFrame, ListScope};
use balcao_core::model::ConversationId;
use e2e::{LIVE, Phone, Plan, SOON, Socket, Stack, Who};

const AWAY: Duration = Duration::from_secs(10);
const PACE: Duration = Duration::from_secs(1);

/// Customers reach node 0, the agent sits at node 1: only the database and the bell join them.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_conversation_goes_on_and_the_view_is_complete_within_5_seconds() {
    let stack = Stack::of(Plan::two_nodes()).await;
    let ana = stack.agent(Who::Ana, 1).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    let customer = stack.phone("5511900000030");
    let id = ana_attends(&customer, &desk).await;
    one_exchange(&customer, &desk, id, "antes", LIVE).await;

    stack.redis.flushall().await.expect("Redis is emptied");
    one_exchange(&customer, &desk, id, "depois do flushall", SOON).await;

    stack.redis.pause().await.expect("Redis stops");
    let gone = Instant::now();
    let mut n = 0;
    while gone.elapsed() < AWAY {
        one_exchange(&customer, &desk, id, &format!("sem redis {n}"), SOON).await;
        n += 1;
        // The pace of people: faster ones meet the number's limits for one customer, and nothing waits for this.
        tokio::time::sleep(PACE).await;
    }
    assert!(
        n >= 2,
        "the conversation stood still: {n} exchanges in {AWAY:?}"
    );
    // The bot, log-ins and limits do without it too.
    let newcomer = stack.phone("5511900000031");
    newcomer.says("oi").await;
    newcomer
        .shows("the menu", 0, |bubble| !bubble.offers.is_empty())
        .await;
    let bruno = stack.agent(Who::Bruno, 0).await;
    drop(Socket::open(&bruno).await);

    stack.redis.resume().await.expect("Redis comes back");
    one_exchange(&customer, &desk, id, "depois", SOON).await;
    the_view_is_whole(&stack, &desk, id).await;
}

/// A Redis that accepts connections and answers nothing is worse than none: no request waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_holds_nobody_up() {
    let stack = Stack::start().await;
    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    let customer = stack.phone("5511900000032");
    let id = ana_attends(&customer, &desk).await;

    stack.redis.freeze();
    let frozen = Instant::now();
    for n in 0..5 {
        one_exchange(&customer, &desk, id, &format!("congelado {n}"), SOON).await;
    }
    let took = frozen.elapsed();
    stack.redis.thaw();
    assert!(took < SOON, "five exchanges took {took:?}");
    the_view_is_whole(&stack, &desk, id).await;
}

async fn ana_attends(customer: &Phone<'_>, desk: &Socket) -> ConversationId {
    customer.says("atendente").await;
    let row = desk
        .until("the customer waits", |desk| {
            desk.row("queue", &customer.name).cloned()
        })
        .await;
    desk.watch(row.id);
    desk.send(ClientFrame::Claim {
        client_ref: "take".to_owned(),
        conversation_id: row.id,
        epoch: row.epoch,
    });
    desk.until("it is Ana's", |desk| desk.done.get("take").cloned())
        .await
        .id
}

/// The customer writes and the agent sees it; the agent writes and the phone shows it; the agent sees that.
async fn one_exchange(
    customer: &Phone<'_>,
    desk: &Socket,
    id: ConversationId,
    words: &str,
    within: Duration,
) {
    let (asks, answers) = (format!("pergunta {words}."), format!("resposta {words}."));
    customer.says(&asks).await;
    desk.within(within, &asks, |desk| {
        desk.thread(id).saying(&asks).map(|_| ())
    })
    .await;
    let epoch = desk.desk().thread(id).head.expect("a head").epoch;
    desk.send(ClientFrame::Send {
        client_ref: answers.clone(),
        conversation_id: id,
        epoch,
        text: Some(answers.clone()),
        content: None,
        reply_to_seq: None,
    });
    desk.within(within, "accepted", |desk| {
        desk.accepted.get(&answers).copied()
    })
    .await;
    customer.shows_text(&answers).await;
    desk.within(within, &answers, |desk| {
        desk.thread(id).saying(&answers).map(|_| ())
    })
    .await;
}

async fn the_view_is_whole(stack: &Stack, desk: &Socket, id: ConversationId) {
    stack.database.is_quiet(&stack.simulator).await;
    desk.shows_whole(&stack.database, id, SOON).await;
}
