//! The customer sees that they were read: one mark for each newest item that somebody read, over all nodes, and never one
//! for an earlier item after one for a later, whoever reads where, and whoever dies.

use std::collections::BTreeMap;

use agent_hub::protocol::ClientFrame;
use balcao_core::model::ConversationId;
use e2e::ledger::Ledger;
use e2e::{Agent, PATIENCE, Plan, Socket, Stack, Who, eventually};
use serde_json::json;

const PHONE: &str = "5511900000330";
const ROUNDS: usize = 15;

#[tokio::test(flavor = "multi_thread")]
async fn one_mark_a_position_and_never_a_lower_one_after_a_higher() {
    let plan = Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::two_nodes()
    };
    let mut stack = Stack::of(plan).await;
    let mut said = vec![stack.phone(PHONE).says("palavra 0.").await];
    let ana = stack.agent(Who::Ana, 0).await;
    let bruno = stack.agent(Who::Bruno, 1).await;
    let row = eventually("the case", PATIENCE, async || {
        ana.conversations().await.into_iter().next()
    })
    .await;
    let claimed = ana.does(row.id, "claim", json!({"epoch": row.epoch})).await;
    assert_eq!(claimed.status, 200);

    // Ana reads at both nodes at once.
    let both = opened(&[ana.clone(), ana.at(&stack.node(1).console)], row.id).await;
    for n in 1..ROUNDS {
        said.push(stack.phone(PHONE).says(&format!("palavra {n}.")).await);
        read(&both, row.id, &format!("palavra {n}.")).await;
    }
    marked(&stack, said.last().expect("words")).await;
    drop(both);

    // Bruno takes over, and a node dies while he reads.
    let epoch = ana.conversation(row.id).await.epoch;
    let order = json!({"epoch": epoch, "agent_id": bruno.id});
    assert_eq!(ana.does(row.id, "transfer", order).await.status, 200);
    let both = sockets_of(&bruno, &stack, row.id).await;
    said.push(stack.phone(PHONE).says("quase").await);
    read(&both, row.id, "quase").await;
    drop(both);
    stack.kill_node(1).await;
    said.push(stack.phone(PHONE).says("fim").await);
    let left = opened(&[bruno.at(&stack.node(0).console)], row.id).await;
    read(&left, row.id, "fim").await;
    marked(&stack, said.last().expect("words")).await;

    let place: BTreeMap<&str, usize> = said.iter().map(String::as_str).zip(0..).collect();
    let marks = marks(&stack).await;
    let places: Vec<usize> = marks.iter().map(|wamid| place[wamid.as_str()]).collect();
    let mut once_and_rising = places.clone();
    once_and_rising.sort_unstable();
    once_and_rising.dedup();
    assert_eq!(places, once_and_rising, "twice, or lower after higher");
}

async fn sockets_of(agent: &Agent, stack: &Stack, id: ConversationId) -> Vec<Socket> {
    let at = |node: usize| agent.at(&stack.node(node).console);
    opened(&[at(0), at(1)], id).await
}

async fn opened(agents: &[Agent], id: ConversationId) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for agent in agents {
        let socket = Socket::open(agent).await;
        socket.watch(id);
        sockets.push(socket);
    }
    sockets
}

/// All of them see the words, and all read them at once.
async fn read(sockets: &[Socket], id: ConversationId, words: &str) {
    let mut seq = 0;
    for socket in sockets {
        let seen = socket.until(words, |desk| Some(desk.thread(id).saying(words)?.seq));
        seq = seen.await;
    }
    for socket in sockets {
        let conversation_id = id;
        socket.send(ClientFrame::Read {
            conversation_id,
            seq,
        });
    }
}

async fn marks(stack: &Stack) -> Vec<String> {
    let marks = Ledger::read(stack).await.marks();
    let wamid = |mark: &serde_json::Value| mark["message_id"].as_str().map(str::to_owned);
    marks.iter().filter_map(wamid).collect()
}

async fn marked(stack: &Stack, wamid: &str) {
    eventually("the newest is marked", PATIENCE, async || {
        marks(stack)
            .await
            .iter()
            .any(|mark| mark == wamid)
            .then_some(())
    })
    .await;
}
