//! SIGTERM in mid-conversation: sockets are asked to connect elsewhere, what runs is finished, and the other node goes on.

use agent_hub::protocol::ListScope;
use e2e::ledger::Ledger;
use e2e::{LIVE, PATIENCE, Plan, Socket, Stack, Who};

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_loses_nothing_and_the_agent_resumes_at_the_other() {
    let mut stack = Stack::of(Plan::two_nodes()).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    let digits = "5511900000100";
    let name = stack.phone(digits).name;
    stack.phone(digits).says("atendente").await;
    let row = desk
        .until("the customer waits", |desk| {
            desk.row("queue", &name).cloned()
        })
        .await;
    desk.watch(row.id);
    ana.replies(row.id, "before", "antes do desligamento").await;
    stack.phone(digits).says("escrevo enquanto desliga").await;

    // As a load balancer does: new webhooks go to the other node, the old one ends with what it has.
    stack.simulator.posts_to(&stack.node(1).webhook).await;
    stack.stop_node(0).await;

    desk.until("the server says where to go on", |desk| {
        desk.reconnect.then_some(())
    })
    .await;
    desk.close_code(PATIENCE).await;
    // What happens while she looks at nothing is what she must be told when she is back.
    stack.phone(digits).says("ninguém olha agora").await;
    stack.database.is_quiet(&stack.simulator).await;
    let elsewhere = ana.at(&stack.node(1).console);
    let resumed = Socket::resume(&elsewhere, desk.desk()).await;
    resumed
        .within(LIVE, "what happened meanwhile", |desk| {
            desk.thread(row.id).saying("ninguém olha").map(|_| ())
        })
        .await;
    stack.phone(digits).says("e depois").await;
    elsewhere
        .replies(row.id, "after", "depois do desligamento")
        .await;
    stack
        .phone(digits)
        .shows_text("depois do desligamento")
        .await;
    stack.database.is_quiet(&stack.simulator).await;

    let thread = resumed.shows_whole(&stack.database, row.id, LIVE).await;
    for words in [
        "antes do",
        "enquanto desliga",
        "ninguém olha",
        "e depois",
        "depois do",
    ] {
        assert!(thread.saying(words).is_some(), "{words}");
    }
    Ledger::read(&stack)
        .await
        .assert_nothing_lost_nothing_twice(&stack)
        .await;
}

/// A node that drains says so before it goes, and the one that stays is ready.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_of_the_node_and_not_of_redis() {
    let stack = Stack::start().await;
    let client = e2e::http();
    let operations = stack.node(0).operations.clone();
    let ask = async |path: &str| {
        client
            .get(format!("{operations}{path}"))
            .send()
            .await
            .expect("an answer")
            .status()
            .as_u16()
    };
    assert_eq!(
        (
            ask("/healthz").await,
            ask("/readyz").await,
            ask("/health/redis").await
        ),
        (200, 200, 200)
    );

    stack.redis.pause().await.expect("Redis stops");
    assert_eq!(
        (ask("/readyz").await, ask("/health/redis").await),
        (200, 503),
        "only freshness depends on Redis"
    );
    stack.redis.resume().await.expect("Redis comes back");

    // A node that has worked: it knows the number and the customer, and could answer without asking the database.
    let meta = stack.meta(0);
    let earlier = meta.messages(&[e2e::meta::text("5511900000101", "bom dia")]);
    assert_eq!(meta.post(&earlier).await, 200);
    stack.postgres.pause().await.expect("PostgreSQL stops");
    assert_eq!((ask("/healthz").await, ask("/readyz").await), (200, 503));
    let body = meta.messages(&[e2e::meta::text("5511900000101", "oi")]);
    assert_eq!(
        meta.post_signed(body.as_bytes(), &meta.signature(body.as_bytes()))
            .await,
        503,
        "unsure is 503"
    );
    stack
        .postgres
        .resume()
        .await
        .expect("PostgreSQL comes back");
    e2e::eventually("ready again", PATIENCE, async || {
        (ask("/readyz").await == 200).then_some(())
    })
    .await;
    assert_eq!(meta.post(&body).await, 200);
    assert_eq!(
        stack.database.count("message where direction = 'in'").await,
        2,
        "the repeat is the one row"
    );
}
