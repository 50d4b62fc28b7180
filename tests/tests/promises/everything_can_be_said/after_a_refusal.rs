//! What becomes of a message after each class of Meta's errors, and what else is known then.

use balcao_core::model::Ticks;
use e2e::ledger::Ledger;
use e2e::{PATIENCE, Stack, eventually};
use serde_json::{Value, json};

use super::{GONE, plan, shows, waiting};

#[tokio::test(flavor = "multi_thread")]
async fn limits_pass_by_themselves_and_refusals_are_final() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000331").await;
    // The number's throughput, Meta's load, too many to this customer: again by itself.
    for code in [130_429, 131_016, 131_056] {
        let fault = json!({"graph_error": {"code": code, "times": 1}});
        stack.simulator.faults(&fault).await;
        let client_ref = format!("c{code}");
        ana.replies(row.id, &client_ref, &format!("depois de {code}."))
            .await;
        customer.shows_text(&format!("depois de {code}.")).await;
        shows(&ana, row.id, &client_ref, &GONE).await;
        let item = ana.item(row.id, &client_ref).await;
        assert_eq!(item.error_code, None, "{code}");
    }
    // What cannot be helped fails at once, with its code; a sentence for it is there.
    let table: Value = ana.get("/error-codes").await.ok();
    let codes = table["codes"].as_array().expect("codes");
    for code in [100, 130_403, 130_472, 131_009, 131_021, 131_051] {
        let fault = json!({"graph_error": {"code": code, "times": 1}});
        stack.simulator.faults(&fault).await;
        let client_ref = format!("c{code}");
        ana.replies(row.id, &client_ref, "não vai").await;
        shows(&ana, row.id, &client_ref, &[Ticks::Failed]).await;
        assert_eq!(ana.item(row.id, &client_ref).await.error_code, Some(code));
        let told = codes
            .iter()
            .find(|known| known["first"] == code)
            .expect("known");
        for language in ["pt-BR", "en", "es"] {
            assert!(
                told["sentence"][language]
                    .as_str()
                    .is_some_and(|words| words.ends_with('.'))
            );
        }
    }
    let ledger = Ledger::read(&stack).await;
    assert!(
        ledger.taken().values().all(|times| *times == 1),
        "sent twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_limit_waits_longer_and_says_why() {
    let stack = Stack::of(plan()).await;
    let (_, ana, row) = waiting(&stack, "5511900000332").await;
    let fault = json!({"graph_error": {"code": 613, "http": 429, "times": 1}});
    stack.simulator.faults(&fault).await;
    ana.replies(row.id, "wait", "mais tarde").await;
    eventually("it waits", PATIENCE, async || {
        let item = ana.item(row.id, "wait").await;
        (item.ticks == Some(Ticks::Queued) && item.error_code == Some(613)).then_some(())
    })
    .await;
    let again = "outbox where state = 'queued' and not_before > now() + interval '10 seconds'";
    assert_eq!(
        stack.database.count(again).await,
        1,
        "not before a good while"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_meta_says_that_the_window_is_closed_meta_wins() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000333").await;
    let fault = json!({"graph_error": {"code": 131_047, "times": 1}});
    stack.simulator.faults(&fault).await;
    ana.replies(row.id, "closed", "ainda dá?").await;
    shows(&ana, row.id, "closed", &[Ticks::Failed]).await;
    let refused = ana
        .does(
            row.id,
            "messages",
            json!({"client_ref": "more", "text": "e agora?"}),
        )
        .await;
    assert_eq!(refused.code(), "window_closed");
    // The customer writes: it is open.
    customer.says("oi, estou aqui").await;
    stack.database.is_quiet(&stack.simulator).await;
    ana.replies(row.id, "open", "que bom!").await;
    customer.shows_text("que bom!").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_late_failure_tells_is_known_too() {
    let stack = Stack::of(plan()).await;
    let (_, ana, row) = waiting(&stack, "5511900000334").await;
    for (code, client_ref, fact) in [
        (131_026, "gone", "contact_channel where is_undeliverable"),
        (
            131_050,
            "stop",
            "contact_channel where marketing = 'stopped'",
        ),
        (
            131_047,
            "late",
            "contact_channel where window_until <= now()",
        ),
    ] {
        assert_eq!(stack.database.count(fact).await, 0, "{code}");
        let fault = json!({"fail_later": {"code": code, "times": 1}});
        stack.simulator.faults(&fault).await;
        ana.replies(row.id, client_ref, "oi").await;
        shows(&ana, row.id, client_ref, &[Ticks::Failed]).await;
        assert_eq!(ana.item(row.id, client_ref).await.error_code, Some(code));
        assert_eq!(stack.database.count(fact).await, 1, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_gateway_is_never_answered_by_sending_again() {
    let plan = plan()
        .with("whatsapp.lease_ms", "3000")
        .with("whatsapp.call_timeout_ms", "2000")
        .with("whatsapp.unknown_after_ms", "4000");
    let stack = Stack::of(plan).await;
    let (customer, ana, row) = waiting(&stack, "5511900000335").await;
    // It went out all the same, and no status tells.
    let fault = json!({"graph_502_times": 1, "graph_502_recorded": true, "no_statuses": true});
    stack.simulator.faults(&fault).await;
    ana.replies(row.id, "bad", "foi?").await;
    customer.shows_text("foi?").await;
    shows(&ana, row.id, "bad", &[Ticks::Unknown]).await;
    // It did not go out.
    let fault = json!({"graph_502_times": 1, "no_statuses": true});
    stack.simulator.faults(&fault).await;
    ana.replies(row.id, "worse", "e esta?").await;
    shows(&ana, row.id, "worse", &[Ticks::Unknown]).await;
    let taken = Ledger::read(&stack).await.taken();
    assert!(
        taken.values().all(|times| *times == 1),
        "sent twice: {taken:?}"
    );
    let ours = customer.received().await;
    assert_eq!(
        ours.iter().filter(|bubble| bubble.text == "foi?").count(),
        1
    );
    assert_eq!(
        ours.iter()
            .filter(|bubble| bubble.text == "e esta?")
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_holds_the_message_until_it_is_repaired() {
    let stack = Stack::of(plan()).await;
    let (customer, ana, row) = waiting(&stack, "5511900000336").await;
    let fault = json!({"graph_error": {"code": 190, "http": 401, "times": 1}});
    stack.simulator.faults(&fault).await;
    ana.replies(row.id, "held", "espera um pouco").await;
    eventually("the number is stopped", PATIENCE, async || {
        let stopped = "channel where stopped_reason = 'code_190'";
        (stack.database.count(stopped).await == 1).then_some(())
    })
    .await;
    assert_eq!(ana.item(row.id, "held").await.ticks, Some(Ticks::Queued));
    sqlx::raw_sql("update channel set stopped_reason = null, stopped_until = null")
        .execute(stack.database.pool())
        .await
        .expect("the repair");
    customer.shows_text("espera um pouco").await;
    shows(&ana, row.id, "held", &GONE).await;
}
