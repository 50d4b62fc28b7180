//! What one of a group reports of a message whose id nobody knows yet waits for that id, and is theirs alone: the message does
//! not fail because of it (promises 4 and 5).

use balcao_core::model::Ticks;
use e2e::ledger::Ledger;
use e2e::meta::status;
use e2e::{PATIENCE, Plan, Stack, Who, eventually};
use serde_json::{Value, json};

const ONE: &str = "5511900000340";
const OTHER: &str = "5511900000341";

/// How the id becomes known in the end.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    /// Meta answers late.
    Late,
    /// The line breaks; another participant's status tells.
    Lost,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_before_the_late_answer_is_that_participants_alone() {
    reports_first(Answer::Late).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_before_another_participants_word_is_theirs_alone() {
    reports_first(Answer::Lost).await;
}

async fn reports_first(answer: Answer) {
    let plan = Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    };
    let stack = Stack::of(plan).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let new = json!({"subject": "Obra", "participants": [ONE, OTHER]});
    let group = stack.simulator.post("/sim/groups", &new).await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let hello = json!({"type": "text", "text": {"body": "oi"}});
    let path = format!("/sim/contacts/{group}/messages?from={ONE}");
    stack.simulator.post(&path, &hello).await;
    let row = eventually("the group's case", PATIENCE, async || {
        ana.conversations().await.into_iter().next()
    })
    .await;
    let claimed = ana.does(row.id, "claim", json!({"epoch": row.epoch})).await;
    assert_eq!(claimed.status, 200);

    let mut silence = json!({"no_statuses": true});
    match answer {
        Answer::Late => silence["graph_hang_ms"] = json!(4_000),
        Answer::Lost => silence["graph_reset"] = json!(1),
    }
    stack.simulator.faults(&silence).await;
    ana.replies(row.id, "ours", "bom dia a todos").await;
    let (wamid, key) = eventually("Meta has it", PATIENCE, async || {
        Ledger::read(&stack).await.sends().pop()
    })
    .await;
    let report = |phone: &str, word: &str| {
        let mut report = status(&wamid, &group, word);
        report["recipient_type"] = json!("group");
        report["recipient_participant_id"] = json!(phone);
        report["biz_opaque_callback_data"] = json!(key);
        report
    };
    let meta = stack.meta(0);
    let post = async |report: Value| assert_eq!(meta.post(&meta.statuses(&[report])).await, 200);
    post(report(ONE, "failed")).await;
    let item = ana.item(row.id, "ours").await;
    assert_ne!(item.ticks, Some(Ticks::Failed));
    if answer == Answer::Lost {
        post(report(OTHER, "delivered")).await;
    }

    let failed = format!(
        "delivery d where conversation_id = '{}' and participant > 0 and rank = 25 and error_code = 131026",
        row.id
    );
    eventually("the failure is known", PATIENCE, async || {
        (stack.database.count(&failed).await == 1).then_some(())
    })
    .await;
    let wanted = match answer {
        Answer::Late => Ticks::Sent,
        Answer::Lost => Ticks::Delivered,
    };
    eventually("what the message shows", PATIENCE, async || {
        let item = ana.item(row.id, "ours").await;
        assert_ne!(item.ticks, Some(Ticks::Failed), "one of them is not all");
        (item.ticks == Some(wanted)).then_some(())
    })
    .await;
    assert_eq!(stack.database.count("parked_event").await, 0);
}
