//! One row: an installation of two nodes, customers who write, an agent who replies, and the fault.

use std::time::{Duration, Instant};

use agent_hub::protocol::ListScope;
use balcao_core::model::ConversationId;
use e2e::{Agent, Plan, Socket, Stack, Who};
use futures_util::future::join_all;
use serde_json::json;

use crate::check::{self, Accepted};
use crate::seed::Chance;

const CUSTOMERS: usize = 6;

/// A row of the matrix.
pub struct Row {
    /// F and a number.
    pub name: &'static str,
    /// What is done.
    pub injected: &'static str,
}

/// The rows that run.
pub const ROWS: &[Row] = &[
    Row {
        name: "F3",
        injected: "PostgreSQL stops, then is killed",
    },
    Row {
        name: "F5",
        injected: "Redis is emptied, then killed",
    },
    Row {
        name: "F6",
        injected: "Redis hangs and does not come back",
    },
    Row {
        name: "F9",
        injected: "every event 5 times, in any order",
    },
];

/// What came of a row.
pub struct Outcome {
    /// Messages of customers.
    pub messages: usize,
    /// Replies that were accepted.
    pub replies: usize,
    /// What does not hold.
    pub findings: Vec<String>,
}

/// Runs it.
pub async fn row(row: &Row, seed: u64, seconds: u64) -> Outcome {
    let stack = Stack::of(Plan {
        simulator: vec!["--redelivery-cap-ms", "500", "--no-pair-limit"],
        ..plan()
    })
    .await;
    let ana = stack.agent(Who::Ana, 1).await;
    let desk = Socket::open(&ana).await;
    desk.watch_list("queue", ListScope::Queue);
    let conversations = owned(&stack, &ana, &desk).await;
    let until = Instant::now() + Duration::from_secs(seconds);
    let writing = join_all((0..CUSTOMERS).map(|n| write(&stack, n, seed, until)));
    let replying = join_all(conversations.iter().map(|id| reply(&ana, *id, seed, until)));
    let chance = Chance::of(seed, row.name);
    let (written, accepted, ()) =
        tokio::join!(writing, replying, inject(row.name, &stack, chance, until));
    let accepted: Vec<Accepted> = accepted.concat();
    let known = desk.desk();
    let desk = match known.closed {
        None => desk,
        Some(_) => Socket::resume(&ana, known).await,
    };
    Outcome {
        messages: written.iter().sum(),
        replies: accepted.len(),
        findings: check::findings(&stack, &desk, &accepted).await,
    }
}

/// Lost calls are settled soon, and nobody is held back by limits.
fn plan() -> Plan {
    let settings = [
        ("whatsapp.lease_ms", "4000"),
        ("whatsapp.call_timeout_ms", "2000"),
        ("whatsapp.unknown_after_ms", "5000"),
        ("whatsapp.pair_burst", "10000"),
        ("limits.requests_per_minute_per_session", "100000"),
        ("limits.requests_per_minute_per_address", "100000"),
    ];
    settings
        .iter()
        .fold(Plan::two_nodes(), |plan, (key, value)| {
            plan.with(key, value)
        })
}

async fn owned(stack: &Stack, ana: &Agent, desk: &Socket) -> Vec<ConversationId> {
    for n in 0..CUSTOMERS {
        stack.phone(&number(n)).says("atendente").await;
    }
    let all = |rows: &&Vec<_>| rows.len() == CUSTOMERS;
    let rows = desk
        .until("all wait", |desk| {
            desk.lists.get("queue").filter(all).cloned()
        })
        .await;
    for row in &rows {
        desk.watch(row.id);
        let claim = ana.does(row.id, "claim", json!({"epoch": row.epoch})).await;
        assert_eq!(claim.status, 200, "{}", claim.body);
    }
    rows.iter().map(|row| row.id).collect()
}

async fn write(stack: &Stack, n: usize, seed: u64, until: Instant) -> usize {
    let mut chance = Chance::of(seed, &format!("customer {n}"));
    let (phone, mut written) = (stack.phone(&number(n)), 0);
    while Instant::now() < until {
        phone.says(&format!("linha {written}")).await;
        written += 1;
        tokio::time::sleep(chance.millis(400, 900)).await;
    }
    written
}

/// Repeats each reply with the same reference until it is accepted, as the console does.
async fn reply(ana: &Agent, id: ConversationId, seed: u64, until: Instant) -> Vec<Accepted> {
    let mut chance = Chance::of(seed, "agent");
    let mut accepted = Vec::new();
    while Instant::now() < until {
        let client_ref = format!("reply-{}", accepted.len());
        if let Some(seq) = ana.tries_to_reply(id, &client_ref, "resposta").await {
            accepted.push((id, client_ref, seq));
        }
        tokio::time::sleep(chance.millis(600, 1_200)).await;
    }
    accepted
}

async fn inject(row: &str, stack: &Stack, mut chance: Chance, until: Instant) {
    // A third of the time passes before the first fault and after the last one.
    let third = until.saturating_duration_since(Instant::now()) / 3;
    tokio::time::sleep(third).await;
    match row {
        "F3" => {
            stack.postgres.pause().await.expect("PostgreSQL stops");
            tokio::time::sleep(chance.millis(200, 1_500)).await;
            stack.postgres.resume().await.expect("PostgreSQL is back");
            tokio::time::sleep(chance.millis(1_000, 3_000)).await;
            stack.postgres.kill();
            stack.postgres.ready().await.expect("PostgreSQL is back");
        }
        "F5" => {
            stack.redis.flushall().await.expect("Redis is emptied");
            tokio::time::sleep(chance.millis(500, 2_000)).await;
            stack.redis.kill();
        }
        "F6" => {
            // Until the end: a wake that comes later would hide that one was missed.
            stack.redis.freeze();
            tokio::time::sleep(third).await;
        }
        _ => {
            let faults = json!({"duplicate": 4, "reorder": true, "batch_size": 5, "status_before_response": true});
            stack.simulator.faults(&faults).await;
            tokio::time::sleep(third).await;
        }
    }
    stack.simulator.faults(&json!({})).await;
}

fn number(n: usize) -> String {
    format!("55119040000{n:02}")
}
