//! Reactions, once more, taken back, and the sign that somebody writes.

use agent_hub::protocol::{ClientFrame, ReactionView};
use balcao_core::model::{ActorKind, ConversationId, Ticks};
use e2e::ledger::Ledger;
use e2e::meta::status;
use e2e::{Agent, PATIENCE, Socket, Stack, eventually};
use serde_json::{Value, json};

use super::{GONE, plan, shows, waiting};

const PHONE: &str = "5511900000321";

async fn reaction(ana: &Agent, id: ConversationId, seq: i64) -> Option<ReactionView> {
    let items = ana.items(id).await;
    let item = items.into_iter().find(|item| item.seq == seq)?;
    item.reactions
        .into_iter()
        .find(|reaction| reaction.author.kind == ActorKind::Agent)
}

/// The reactions that Meta was asked for, in order.
async fn asked(stack: &Stack) -> Vec<String> {
    let calls = Ledger::read(stack).await.asked("reaction");
    calls
        .iter()
        .map(|call| {
            call["reaction"]["emoji"]
                .as_str()
                .expect("an emoji")
                .to_owned()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_shows_at_once_and_leaves_once() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, PHONE).await;
    customer.says("resolvido, obrigado!").await;
    stack.database.is_quiet(&stack.simulator).await;
    let thanks = ana.items(row.id).await;
    let seq = thanks
        .iter()
        .rfind(|item| item.author.kind == ActorKind::Contact)
        .expect("what the customer wrote")
        .seq;
    let items = thanks.len();
    let path = format!("/conversations/{}/items/{seq}/reaction", row.id);

    let answer = ana.post(&path, json!({"emoji": "👍"})).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let shown = reaction(&ana, row.id, seq).await.expect("at once");
    assert_eq!(shown.emoji, "👍");
    eventually("it left", PATIENCE, async || {
        let ticks = reaction(&ana, row.id, seq).await?.ticks?;
        GONE.contains(&ticks).then_some(())
    })
    .await;
    // Said again, nothing happens; another one replaces it; then it is taken back.
    assert_eq!(ana.post(&path, json!({"emoji": "👍"})).await.status, 202);
    let desk = Socket::open(&ana).await;
    desk.send(ClientFrame::React {
        client_ref: "heart".to_owned(),
        conversation_id: row.id,
        seq,
        emoji: Some("❤️".to_owned()),
    });
    desk.until("accepted", |desk| desk.accepted.get("heart").copied())
        .await;
    eventually("the heart left", PATIENCE, async || {
        let shown = reaction(&ana, row.id, seq).await?;
        (shown.emoji == "❤️" && GONE.contains(&shown.ticks?)).then_some(())
    })
    .await;
    assert_eq!(ana.post(&path, json!({"emoji": null})).await.status, 202);
    eventually("three calls", PATIENCE, async || {
        (asked(&stack).await.len() == 3).then_some(())
    })
    .await;
    assert_eq!(asked(&stack).await, ["👍", "❤️", ""]);
    assert!(reaction(&ana, row.id, seq).await.is_none());
    assert_eq!(
        ana.items(row.id).await.len(),
        items,
        "a reaction is no item"
    );

    for bad in ["ok", "", "👍 sim"] {
        let answer = ana.post(&path, json!({ "emoji": bad })).await;
        assert_eq!(
            (answer.status, answer.body["field"].as_str()),
            (422, Some("emoji"))
        );
    }
    let nowhere = format!("/conversations/{}/items/9999/reaction", row.id);
    assert_eq!(ana.post(&nowhere, json!({"emoji": "👍"})).await.status, 404);
    let reacted = stack
        .database
        .count("audit_event where action = 'message.reacted'")
        .await;
    assert_eq!(reacted, 3);
    Ledger::read(&stack)
        .await
        .assert_nothing_lost_nothing_twice(&stack)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_that_meta_refuses_says_so_on_the_item() {
    let stack = Stack::of(plan()).await;
    let (_, ana, row) = waiting(&stack, "5511900000322").await;
    let seq = ana.items(row.id).await.first().expect("the first item").seq;
    stack
        .simulator
        .faults(&json!({"graph_error": {"code": 131_009}}))
        .await;
    let path = format!("/conversations/{}/items/{seq}/reaction", row.id);
    assert_eq!(ana.post(&path, json!({"emoji": "👍"})).await.status, 202);
    let failed = eventually("it failed", PATIENCE, async || {
        reaction(&ana, row.id, seq)
            .await
            .filter(|shown| shown.ticks == Some(Ticks::Failed))
    })
    .await;
    assert_eq!(failed.error_code, Some(131_009));
    // Once more is a new wish.
    assert_eq!(ana.post(&path, json!({"emoji": "👍"})).await.status, 202);
    eventually("it left", PATIENCE, async || {
        GONE.contains(&reaction(&ana, row.id, seq).await?.ticks?)
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_as_another_attempt() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000323").await;
    stack
        .simulator
        .faults(&json!({"graph_error": {"code": 131_026}}))
        .await;
    let seq = ana.replies(row.id, "again", "chegou?").await;
    shows(&ana, row.id, "again", &[Ticks::Failed]).await;
    assert_eq!(ana.item(row.id, "again").await.error_code, Some(131_026));
    assert_eq!(
        stack
            .database
            .count("contact_channel where is_undeliverable")
            .await,
        1
    );
    let path = format!("/conversations/{}/items/{seq}/send-again", row.id);
    let answer = ana.post(&path, Value::Null).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let bubble = customer.shows_text("chegou?").await;
    assert!(
        bubble
            .callback_data
            .is_some_and(|key| key.ends_with(&format!(".{seq}.2")))
    );
    shows(&ana, row.id, "again", &GONE).await;
    assert_eq!(ana.post(&path, Value::Null).await.code(), "not_ended");
    let nowhere = format!("/conversations/{}/items/1/send-again", row.id);
    assert_eq!(ana.post(&nowhere, Value::Null).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_word_about_the_first_attempt_counts() {
    let plan = plan()
        .with("whatsapp.lease_ms", "3000")
        .with("whatsapp.call_timeout_ms", "2000")
        .with("whatsapp.unknown_after_ms", "4000");
    let stack = Stack::of(plan).await;
    let (customer, ana, row) = waiting(&stack, "5511900000324").await;
    stack
        .simulator
        .faults(&json!({"graph_reset": 1, "no_statuses": true}))
        .await;
    let seq = ana.replies(row.id, "lost", "isto chegou?").await;
    shows(&ana, row.id, "lost", &[Ticks::Unknown]).await;
    let first = customer.shows_text("isto chegou?").await;
    // The next attempt is refused; then the phone tells of the first.
    let refuse = json!({"graph_error": {"code": 131_009}, "no_statuses": true});
    stack.simulator.faults(&refuse).await;
    let path = format!("/conversations/{}/items/{seq}/send-again", row.id);
    assert_eq!(ana.post(&path, Value::Null).await.status, 202);
    shows(&ana, row.id, "lost", &[Ticks::Failed]).await;
    let mut delivered = status(&first.wamid, "5511900000324", "delivered");
    delivered["biz_opaque_callback_data"] = json!(first.callback_data.expect("our key"));
    let meta = stack.meta(0);
    assert_eq!(meta.post(&meta.statuses(&[delivered])).await, 200);
    shows(&ana, row.id, "lost", &[Ticks::Delivered]).await;
    assert_eq!(
        ana.post(&path, Value::Null).await.code(),
        "not_ended",
        "what arrived is not sent again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_can_be_taken_back() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000325").await;
    let before = customer.received().await.len();
    let hold = "update channel set stopped_reason = 'code_190', stopped_until = now() + interval '1 hour', health_at = now()";
    sqlx::raw_sql(hold)
        .execute(stack.database.pool())
        .await
        .expect("the stop");
    let seq = ana.replies(row.id, "oops", "mensagem errada").await;
    let path = format!("/conversations/{}/items/{seq}/cancel", row.id);
    for _ in 0..2 {
        let answer = ana.post(&path, Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(ana.item(row.id, "oops").await.ticks, Some(Ticks::Cancelled));
    sqlx::raw_sql("update channel set stopped_reason = null, stopped_until = null")
        .execute(stack.database.pool())
        .await
        .expect("the end of it");
    let seq = ana.replies(row.id, "right", "mensagem certa").await;
    customer.shows_text("mensagem certa").await;
    assert_eq!(customer.received().await.len(), before + 1);
    shows(&ana, row.id, "right", &GONE).await;
    let late = format!("/conversations/{}/items/{seq}/cancel", row.id);
    assert_eq!(ana.post(&late, Value::Null).await.code(), "too_late");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_sees_that_somebody_writes_at_most_once_in_twenty_seconds() {
    let stack = Stack::of(plan()).await;
    let (_, ana, row) = waiting(&stack, "5511900000326").await;
    let path = format!("/conversations/{}/typing", row.id);
    for _ in 0..5 {
        assert_eq!(ana.post(&path, Value::Null).await.status, 204);
    }
    let desk = Socket::open(&ana).await;
    desk.send(ClientFrame::Typing {
        conversation_id: row.id,
    });
    let typed = async || {
        let marks = Ledger::read(&stack).await.marks();
        marks
            .iter()
            .filter(|mark| mark["typing_indicator"]["type"] == "text")
            .count()
    };
    eventually("typing", PATIENCE, async || {
        (typed().await > 0).then_some(())
    })
    .await;
    // Whatever was to follow has had its turn once this arrived.
    ana.replies(row.id, "done", "pronto").await;
    shows(&ana, row.id, "done", &GONE).await;
    assert_eq!(typed().await, 1);
}
