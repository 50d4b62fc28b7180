//! `kill -9` in mid-conversation, under traffic, twice. Afterwards the simulator's ledger and the database agree.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agent_hub::protocol::ListScope;
use balcao_core::model::ConversationId;
use e2e::ledger::Ledger;
use e2e::{Agent, LIVE, PATIENCE, Phone, Plan, SOON, Socket, Stack, Who, eventually};
use futures_util::future::join_all;
use serde_json::json;

const CUSTOMERS: usize = 6;
/// Customer messages of each, and replies of the agent to each, while nodes die.
const LINES: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_in_mid_conversation_loses_nothing_and_doubles_nothing() {
    // A dead node's leases end soon, so that the test need not wait half a minute for them.
    let plan = Plan::default()
        .with("whatsapp.lease_ms", "4000")
        .with("whatsapp.call_timeout_ms", "2000");
    let plan = plan
        .with("whatsapp.unknown_after_ms", "5000")
        .with("limits.requests_per_minute_per_session", "100000");
    let mut stack = Stack::of(Plan {
        simulator: vec!["--redelivery-cap-ms", "500"],
        ..plan
    })
    .await;
    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    let conversations = everybody_waits_for_ana(&stack, &ana, &desk).await;

    let accepted = deaths_under_traffic(&mut stack, &ana, &conversations).await;
    stack.database.is_quiet(&stack.simulator).await;

    let ledger = Ledger::read(&stack).await;
    ledger.assert_nothing_lost_nothing_twice(&stack).await;
    assert!(
        ledger.attempts() > ledger.acknowledged().len(),
        "no post failed: nothing died in mid-conversation"
    );
    for (id, client_ref, seq) in &accepted {
        let row = format!(
            "message where conversation_id = '{id}' and seq = {seq} and client_ref = '{client_ref}'"
        );
        assert_eq!(
            stack.database.count(&row).await,
            1,
            "an accepted reply is gone: {client_ref}"
        );
    }
    let replies = stack
        .database
        .count("message where author_kind = 'agent' and direction = 'out'")
        .await;
    assert_eq!(
        replies,
        i64::try_from(CUSTOMERS * LINES).expect("a count"),
        "a repeated client_ref is one reply"
    );
    the_resumed_desk_is_whole(&stack, &ana, desk, &conversations).await;
}

/// Sends that were accepted while nobody sent go out when a sender starts, not when some pause is over.
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_while_no_sender_ran_goes_out_at_its_start() {
    let mut stack = Stack::start().await;
    let digits = "5511902000099";
    stack.phone(digits).says("atendente").await;
    stack
        .phone(digits)
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    stack.database.is_quiet(&stack.simulator).await;
    stack.kill_node(0).await;
    stack.start_node_as(0, Some("hub,worker")).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&stack.phone(digits).name).await;
    for n in 0..3 {
        ana.replies(row.id, &format!("r{n}"), &format!("resposta {n}"))
            .await;
    }
    assert_eq!(
        stack.database.count("outbox where state = 'queued'").await,
        3
    );
    stack.kill_node(0).await;

    stack.start_node(0).await;
    stack.simulator.posts_to(&stack.node(0).webhook).await;
    let sent = "outbox where source = 'agent' and state = 'sent'";
    eventually("all three are sent", SOON, async || {
        (stack.database.count(sent).await == 3).then_some(())
    })
    .await;
    stack.database.is_quiet(&stack.simulator).await;
    let received = stack.phone(digits).received().await;
    let texts: Vec<&str> = received
        .iter()
        .skip(1)
        .map(|bubble| bubble.text.as_str())
        .collect();
    assert_eq!(
        texts,
        ["resposta 0", "resposta 1", "resposta 2"],
        "in the order they were written"
    );
}

async fn everybody_waits_for_ana(stack: &Stack, ana: &Agent, desk: &Socket) -> Vec<ConversationId> {
    for customer in customers(stack) {
        customer.says("atendente").await;
    }
    let rows = desk
        .until("all wait", |desk| {
            desk.lists
                .get("queue")
                .filter(|rows| rows.len() == CUSTOMERS)
                .cloned()
        })
        .await;
    for row in &rows {
        desk.watch(row.id);
        assert_eq!(
            ana.does(row.id, "claim", json!({"epoch": row.epoch}))
                .await
                .status,
            200
        );
    }
    rows.iter().map(|row| row.id).collect()
}

/// Customers write and Ana replies all the time, while the node is killed and started twice.
async fn deaths_under_traffic(
    stack: &mut Stack,
    ana: &Agent,
    conversations: &[ConversationId],
) -> Vec<(ConversationId, String, i64)> {
    let console = tokio::sync::watch::Sender::new(stack.node(0).console.clone());
    let finished = AtomicBool::new(false);
    let simulator_url = stack.simulator.url.clone();
    let traffic = async {
        let replying = join_all(
            conversations
                .iter()
                .map(|id| reply_until_accepted(ana, *id, console.subscribe())),
        );
        let writing = join_all((0..CUSTOMERS).map(|n| write_lines(&simulator_url, n)));
        let (accepted, _) = tokio::join!(replying, writing);
        finished.store(true, Ordering::SeqCst);
        accepted.concat()
    };
    let deaths = async {
        for _ in 0..2 {
            let before = stack.database.count("message").await;
            eventually("traffic flows", PATIENCE, async || {
                (stack.database.count("message").await > before + 8).then_some(())
            })
            .await;
            assert!(
                !finished.load(Ordering::SeqCst),
                "the traffic ended before the node died"
            );
            stack.kill_node(0).await;
            stack.start_node(0).await;
            stack.simulator.posts_to(&stack.node(0).webhook).await;
            console.send_replace(stack.node(0).console.clone());
        }
    };
    let (accepted, ()) = tokio::join!(traffic, deaths);
    accepted
}

/// Repeats each reply with the same reference until a node accepts it, as the console does.
async fn reply_until_accepted(
    ana: &Agent,
    id: ConversationId,
    console: tokio::sync::watch::Receiver<String>,
) -> Vec<(ConversationId, String, i64)> {
    let mut accepted = Vec::new();
    for n in 0..LINES {
        let client_ref = format!("reply-{n}");
        let seq = eventually("a reply is accepted", PATIENCE, async || {
            let ana = ana.at(&console.borrow().clone());
            ana.tries_to_reply(id, &client_ref, &format!("resposta {n}"))
                .await
        });
        accepted.push((id, client_ref.clone(), seq.await));
        pause().await;
    }
    accepted
}

async fn write_lines(simulator_url: &str, n: usize) {
    let http = e2e::http();
    for line in 0..LINES {
        let url = format!("{simulator_url}/sim/contacts/{}/messages", number(n));
        let body = json!({"type": "text", "text": {"body": format!("linha {line}")}});
        let answer = http
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("the simulator answers");
        assert_eq!(answer.status(), 201);
        pause().await;
    }
}

/// The pace of people, so that the traffic lasts longer than a node takes to come back; nothing waits for this.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

/// Promise 6: what Ana's program resumes to is what the database holds.
async fn the_resumed_desk_is_whole(
    stack: &Stack,
    ana: &Agent,
    desk: Socket,
    conversations: &[ConversationId],
) {
    let known = desk.desk();
    assert!(
        known.closed.is_some(),
        "the socket of a dead node is closed"
    );
    drop(desk);
    let resumed = Socket::resume(&ana.at(&stack.node(0).console), known).await;
    for id in conversations {
        resumed.shows_whole(&stack.database, *id, LIVE).await;
    }
}

fn customers(stack: &Stack) -> Vec<Phone<'_>> {
    (0..CUSTOMERS).map(|n| stack.phone(&number(n))).collect()
}

fn number(n: usize) -> String {
    format!("55119020000{n:02}")
}
