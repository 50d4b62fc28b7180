//! A check that cannot fail proves nothing: each is shown a database or a ledger with the damage it is there to find.

use std::panic::AssertUnwindSafe;

use e2e::ledger::Ledger;
use e2e::meta::text;
use e2e::{Plan, Stack, Who};
use futures_util::FutureExt as _;
use serde_json::json;

/// What the owner does to the database, and what brings it back.
const DAMAGES: [(&str, &str, &str); 5] = [
    (
        "a message is gone",
        "create table kept as select * from message where seq = 1; delete from message where seq = 1",
        "insert into message select * from kept; drop table kept",
    ),
    (
        "a message is there twice",
        "insert into message (conversation_id, seq, id, subject_id, direction, author_kind, author_id, kind, wamid_mac, meta_at, sealed)
         select conversation_id, 1000, gen_random_uuid(), subject_id, direction, author_kind, author_id, kind, wamid_mac, meta_at, sealed
         from message where seq = 1",
        "delete from message where seq = 1000",
    ),
    ("a gap in seq", "update message set seq = seq + 1 where seq = 3", "update message set seq = seq - 1 where seq = 4"),
    (
        "a rev that nobody was told",
        "update conversation set last_rev = last_rev + 1",
        "update conversation set last_rev = last_rev - 1",
    ),
    (
        "sent, but Meta never took it",
        "update outbox set seq = seq + 1000",
        "update outbox set seq = seq - 1000",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_check_finds_each_damage() {
    let stack = Stack::start().await;
    let customer = stack.phone("5511900000110");
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    assert!(is_sound(&stack).await, "without damage nothing is found");

    for (what, damage, repair) in DAMAGES {
        sqlx::raw_sql(damage)
            .execute(stack.database.pool())
            .await
            .expect(what);
        assert!(!is_sound(&stack).await, "not found: {what}");
        sqlx::raw_sql(repair)
            .execute(stack.database.pool())
            .await
            .expect(what);
        assert!(is_sound(&stack).await, "not repaired: {what}");
    }

    // A send that is made again under the same key.
    let sent = customer.received().await.remove(0);
    let call = json!({
        "messaging_product": "whatsapp", "to": customer.digits, "type": "text", "text": {"body": "de novo"},
        "biz_opaque_callback_data": sent.callback_data,
    });
    let url = format!(
        "{}/v26.0/{}/messages",
        stack.simulator.url, stack.number.phone_number_id
    );
    let client = e2e::http();
    let taken = client
        .post(url)
        .bearer_auth(&stack.number.access_token)
        .json(&call)
        .send()
        .await
        .expect("an answer");
    assert_eq!(taken.status(), 200);
    stack.database.is_quiet(&stack.simulator).await;
    assert!(!is_sound(&stack).await, "not found: a send twice");
}

/// Without the dedupe's key each repeat would be a row; this is what the test of repeats would see.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_dedupe_a_repeat_is_seen() {
    let stack = Stack::of(Plan {
        roles: Some("gateway"),
        ..Plan::default()
    })
    .await;
    sqlx::raw_sql("alter table dedupe drop constraint dedupe_pkey")
        .execute(stack.database.pool())
        .await
        .expect("the mutant");
    let meta = stack.meta(0);
    let body = meta.messages(&[text("5511900000111", "oi")]);
    for _ in 0..3 {
        assert_eq!(meta.post(&body).await, 200);
    }
    assert_eq!(
        stack.database.count("message").await,
        3,
        "only the key of `dedupe` makes it one row"
    );
}

/// What the application may not do is refused by the database, not by luck: with the right granted it works.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_right_granted_the_log_could_be_changed() {
    let stack = Stack::of(Plan {
        roles: Some("hub"),
        ..Plan::default()
    })
    .await;
    drop(stack.agent(Who::Ana, 0).await);
    sqlx::raw_sql("grant delete on audit_event, audit_pending, audit_leaf to balcao_app")
        .execute(stack.database.pool())
        .await
        .expect("the mutant");
    let mut login: sqlx::PgConnection = {
        use sqlx::Connection as _;
        sqlx::PgConnection::connect(&stack.postgres.app_url())
            .await
            .expect("a log-in")
    };
    for table in ["audit_pending", "audit_leaf", "audit_event"] {
        let sql = sqlx::AssertSqlSafe(format!("delete from {table}"));
        sqlx::query(sql)
            .execute(&mut login)
            .await
            .expect("allowed now");
    }
    assert_eq!(stack.database.count("audit_event").await, 0);
}

async fn is_sound(stack: &Stack) -> bool {
    let ledger = Ledger::read(stack).await;
    AssertUnwindSafe(ledger.assert_nothing_lost_nothing_twice(stack))
        .catch_unwind()
        .await
        .is_ok()
}
