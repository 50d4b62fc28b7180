//! Whatever Meta tells of a customer, in any order, repeated, cut into any webhooks, at two nodes at once: the same state
//! (promises 2 and 4).
//!
//! A story is made up: messages that quote each other, reactions and their removal, edits, revocations, statuses, wishes
//! about marketing, a new number or two. It is told twice, of two customers: once event by event as it happened, once
//! shuffled, with repetitions, in webhooks of any size, two nodes at a time. Both customers must end alike.
//! 64 stories; more with `PROPTEST_CASES`.

mod state;
mod story;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::deadline::in_time;
use e2e::gateways::Gateways;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use state::{State, look};
use story::{Customer, Event, Story, Telling};

/// Stories, unless `PROPTEST_CASES` says otherwise.
const STORIES: u32 = 64;
/// Webhooks on their way at once.
const AT_ONCE: usize = 3;

/// What two nodes did at the same moment is joined by the next sweep.
const JOINED_WITHIN: Duration = Duration::from_secs(8);

static CUSTOMERS: AtomicU64 = AtomicU64::new(0);
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_repetition_and_splitting_of_a_story_ends_in_the_same_state() {
    let gateways = Gateways::start().await;
    let asked = Config::default();
    // proptest's own default is too many for every run.
    let asked_for = if asked.cases == 256 {
        STORIES
    } else {
        asked.cases
    };
    let config = Config {
        cases: asked_for,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..asked
    };
    let handle = Handle::current();
    let outcome = block_in_place(|| {
        TestRunner::new(config).run(&story::stories(), |(story, telling)| {
            handle.block_on(both(&gateways, &story, &telling))
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let told = CUSTOMERS.load(Ordering::Relaxed);
    assert!(
        told >= 2 * u64::from(STORIES.min(asked_for)),
        "{told} customers"
    );
    gateways.database.assert_dense().await;
}

/// Tells a story twice and compares how it ends.
async fn both(gateways: &Gateways, story: &Story, telling: &Telling) -> Result<(), TestCaseError> {
    let (one, other) = (customer(gateways), customer(gateways));
    let (wanted, mut seen) = tokio::join!(
        in_order(gateways, story, &one),
        shuffled(gateways, story, &other, telling)
    );
    // While a failure is made smaller, nothing is waited for.
    let patience = if HAS_FAILED.load(Ordering::Relaxed) {
        Duration::ZERO
    } else {
        JOINED_WITHIN
    };
    let alike = in_time(patience, async || {
        seen = look(gateways, &other, story).await;
        (seen == wanted).then_some(())
    });
    if alike.await.is_none() {
        HAS_FAILED.store(true, Ordering::Relaxed);
    }
    prop_assert_eq!(&seen, &wanted, "{:?}", telling.order(story));
    prop_assert_eq!(wanted.contacts, 1);
    prop_assert_eq!(wanted.unresolved, 1);
    Ok(())
}

fn customer(gateways: &Gateways) -> Customer {
    let n = CUSTOMERS.fetch_add(1, Ordering::Relaxed);
    Customer::new(n, |wamid| state::mac(gateways, wamid))
}

async fn in_order(gateways: &Gateways, story: &Story, customer: &Customer) -> State {
    begin(gateways, story, customer).await;
    for event in &story.events {
        happen(gateways, 0, story, customer, &[event]).await;
    }
    look(gateways, customer, story).await
}

async fn shuffled(
    gateways: &Gateways,
    story: &Story,
    customer: &Customer,
    telling: &Telling,
) -> State {
    begin(gateways, story, customer).await;
    let bodies = telling.bodies(story);
    for wave in bodies.chunks(AT_ONCE) {
        let posts = wave
            .iter()
            .enumerate()
            .map(|(node, events)| happen(gateways, node, story, customer, events));
        join_all(posts).await;
    }
    look(gateways, customer, story).await
}

/// The first message, and what we answered: how every story begins.
async fn begin(gateways: &Gateways, story: &Story, customer: &Customer) {
    happen(gateways, 0, story, customer, &[&story.first]).await;
    state::answer(gateways, story, customer).await;
}

/// One webhook with these events, and what the sender learns meanwhile.
async fn happen(
    gateways: &Gateways,
    node: usize,
    story: &Story,
    customer: &Customer,
    events: &[&Event],
) {
    for event in events {
        if let story::Deed::Learns { send } = event.deed {
            state::learn(gateways, customer, send).await;
        }
    }
    let door = &gateways.doors[node % gateways.doors.len()];
    if let Some(body) = story.body(&gateways.number, customer, events) {
        assert_eq!(door.post(&body).await, 200);
    }
}
