//! However often two agents reach for the same conversation at once, one has it and the other is told (promise: claim
//! is compare-and-set).

use balcao_core::model::ConversationId;
use e2e::meta::text;
use e2e::{Agent, Plan, Stack, Who};
use futures_util::future::join_all;
use serde_json::json;

const CONVERSATIONS: u64 = 20;
const ROUNDS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_claims_at_once_exactly_one_wins_1000_times() {
    let plan = Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::two_nodes()
    }
    .with("limits.requests_per_minute_per_address", "1000000")
    .with("limits.requests_per_minute_per_session", "1000000");
    let stack = Stack::of(plan).await;
    let meta = stack.meta(0);
    let customers: Vec<_> = (0..CONVERSATIONS)
        .map(|n| text(&format!("55119010000{n:02}"), "oi"))
        .collect();
    assert_eq!(meta.post(&meta.messages(&customers)).await, 200);
    // On two nodes: no lock in one process decides this.
    let agents = [
        stack.agent(Who::Ana, 0).await,
        stack.agent(Who::Bruno, 1).await,
    ];
    let open = agents[0].conversations().await;
    assert_eq!(open.len(), customers.len());

    let wins = join_all(
        open.iter()
            .map(|conversation| many_rounds(&agents, conversation.id, conversation.epoch)),
    )
    .await;

    let wins: Vec<usize> = wins.into_iter().flatten().collect();
    assert_eq!(wins.len(), 1_000);
    assert!(
        wins.contains(&0) && wins.contains(&1),
        "one of them always wins: that is no race"
    );
    let claimed = stack
        .database
        .count("audit_event where action = 'conversation.claimed' and outcome = 'ok'")
        .await;
    assert_eq!(claimed, 1_000);
    stack.database.assert_dense().await;
}

/// Both claim at once, the winner gives it back, and again. Returns who won each round.
async fn many_rounds(agents: &[Agent; 2], id: ConversationId, mut epoch: i32) -> Vec<usize> {
    let mut winners = Vec::new();
    for _ in 0..ROUNDS {
        let claim = |agent: &Agent| {
            let agent = agent.clone();
            async move { agent.does(id, "claim", json!({ "epoch": epoch })).await }
        };
        // In turns first in line, so that each has a chance.
        let (first, second) = (winners.len() % 2, (winners.len() + 1) % 2);
        let (one, other) = tokio::join!(claim(&agents[first]), claim(&agents[second]));
        let (winner, won, lost) = match (one.status, other.status) {
            (200, 409) => (first, one, other),
            (409, 200) => (second, other, one),
            both => panic!(
                "not exactly one winner: {both:?} {} {}",
                one.body, other.body
            ),
        };
        assert!(
            ["already_claimed", "stale_epoch"].contains(&lost.code()),
            "{}",
            lost.body
        );
        assert_eq!(won.body["agent_id"], json!(agents[winner].id));
        let released = agents[winner]
            .does(id, "release", json!({"epoch": won.body["epoch"]}))
            .await;
        assert_eq!(released.status, 200, "{}", released.body);
        let next = i32::try_from(released.body["epoch"].as_i64().expect("an epoch"))
            .expect("a small epoch");
        assert_eq!(next, epoch + 2, "one claim and one release, nothing else");
        epoch = next;
        winners.push(winner);
    }
    winners
}
