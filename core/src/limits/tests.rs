use std::time::Instant;

use fred::interfaces::ClientLike;
use fred::types::{ClusterHash, CustomCommand};

use super::*;
use crate::testing::{COMMAND_TIMEOUT, RedisServer};

/// Slow enough that nothing refills while a test runs.
const SLOW: Limit = Limit::new("test", 10, Duration::from_secs(36_000));

fn key(n: u128) -> LimitKey {
    LimitKey::id(Uuid::from_u128(n))
}

async fn allowed(limits: &Limits, limit: &Limit, key: &LimitKey, checks: usize) -> usize {
    let mut count = 0;
    for _ in 0..checks {
        count += usize::from(limits.check(limit, key, 1).await.allowed);
    }
    count
}

async fn command<T: fred::types::FromValue>(redis: &Redis, words: &[&str]) -> T {
    let (name, arguments) = words.split_first().unwrap();
    let command = CustomCommand::new((*name).to_owned(), ClusterHash::FirstKey, false);
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    redis
        .call(|client| async move { client.custom::<T, _>(command, arguments).await })
        .await
        .unwrap()
}

#[tokio::test]
async fn redis_counts_exactly_and_says_when_to_come_back() {
    let server = RedisServer::start().await;
    let limits = Limits::new(Some(server.connect().await), 4);
    for left in (0..10).rev() {
        let decision = limits.check(&SLOW, &key(1), 1).await;
        assert_eq!(
            decision,
            Decision {
                allowed: true,
                retry_after: Duration::ZERO,
                remaining: left
            }
        );
    }
    let refused = limits.check(&SLOW, &key(1), 1).await;
    assert!(!refused.allowed);
    assert!(
        refused.retry_after > Duration::from_secs(3_500)
            && refused.retry_after <= Duration::from_secs(3_600)
    );
    assert!(refused.retry_after_seconds() <= 3_600);
    assert!(
        limits.check(&SLOW, &key(2), 1).await.allowed,
        "another key has its own permits"
    );
}

#[tokio::test]
async fn a_cost_takes_so_many_permits_and_a_refusal_takes_none() {
    let server = RedisServer::start().await;
    let limits = Limits::new(Some(server.connect().await), 1);
    assert_eq!(limits.check(&SLOW, &key(1), 7).await.remaining, 3);
    let refused = limits.check(&SLOW, &key(1), 4).await;
    assert_eq!((refused.allowed, refused.remaining), (false, 3));
    assert!(limits.check(&SLOW, &key(1), 3).await.allowed);
    assert!(
        limits.check(&SLOW, &key(2), 1_000).await.allowed,
        "a cost above the burst is the burst"
    );
    assert!(!limits.check(&SLOW, &key(2), 1).await.allowed);
}

#[tokio::test]
async fn two_nodes_at_once_do_not_double_a_limit() {
    let server = RedisServer::start().await;
    let limit = Limit::new("test", 100, Duration::from_secs(360_000));
    let nodes = [
        Limits::new(Some(server.connect().await), 1),
        Limits::new(Some(server.connect().await), 1),
    ];
    let [ana, rui] = &nodes;
    let (subject, other) = (key(1), key(1));
    let (first, second) = tokio::join!(
        allowed(ana, &limit, &subject, 100),
        allowed(rui, &limit, &other, 100)
    );
    assert_eq!(first + second, 100);
}

#[tokio::test]
async fn permits_come_back_evenly() {
    let server = RedisServer::start().await;
    let limits = Limits::new(Some(server.connect().await), 1);
    let limit = Limit::new("test", 100, Duration::from_secs(1)).with_burst(1);
    let start = Instant::now();
    let mut taken = 0;
    while taken < 6 {
        taken += u32::from(limits.check(&limit, &key(1), 1).await.allowed);
    }
    assert!(
        start.elapsed() >= Duration::from_millis(50),
        "six permits at 10 ms took {:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn every_key_expires_and_holds_no_more_than_its_name() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let limits = Limits::new(Some(redis.clone()), 1);
    limits.check(&SLOW, &key(0xab), 1).await;
    let keys: Vec<String> = command(&redis, &["KEYS", "*"]).await;
    assert_eq!(keys, ["balcao:limit:test:000000000000000000000000000000ab"]);
    let left_ms: i64 = command(&redis, &["PTTL", &keys[0]]).await;
    assert!(
        left_ms > 3_590_000 && left_ms <= 3_600_000,
        "one of ten permits of ten hours is back in an hour: {left_ms}"
    );
}

#[tokio::test]
async fn the_script_is_known_to_redis_by_the_name_we_use() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let name: String = command(&redis, &["SCRIPT", "LOAD", SCRIPT]).await;
    assert_eq!(name, SCRIPT_SHA, "put the first into SCRIPT_SHA");
}

#[tokio::test]
async fn without_redis_a_node_grants_its_share() {
    let limits = Limits::new(None, 2);
    assert_eq!(allowed(&limits, &SLOW, &key(1), 20).await, 5);
    let limits = Limits::new(None, 1_000);
    assert_eq!(
        allowed(&limits, &SLOW, &key(1), 20).await,
        1,
        "never a door that is shut"
    );
}

#[tokio::test]
async fn a_redis_that_dies_leaves_the_share_and_costs_no_time() {
    let mut server = RedisServer::start().await;
    let limits = Limits::new(Some(server.connect().await), 2);
    assert_eq!(allowed(&limits, &SLOW, &key(1), 20).await, 10);
    server.kill();
    let start = Instant::now();
    assert_eq!(allowed(&limits, &SLOW, &key(1), 20).await, 5);
    assert!(
        start.elapsed() < 5 * COMMAND_TIMEOUT,
        "twenty checks took {:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_redis_that_hangs_delays_a_few_calls_by_the_cap_and_then_none() {
    let server = RedisServer::start().await;
    let redis = server.connect().await;
    let limits = Limits::new(Some(redis.clone()), 2);
    assert!(limits.check(&SLOW, &key(1), 1).await.allowed);
    server.hang();
    for check in 0..6 {
        let start = Instant::now();
        limits.check(&SLOW, &key(1), 1).await;
        // five times the cap leaves room for a busy machine; a hanging connection costs two seconds
        assert!(
            start.elapsed() < 5 * COMMAND_TIMEOUT,
            "check {check} took {:?}",
            start.elapsed()
        );
    }
    assert!(
        matches!(redis.ping().await, Err(RedisError::Open)),
        "three capped calls open the breaker"
    );
    server.resume();
    let patience = Instant::now() + Duration::from_secs(20);
    while redis.ping().await.is_err() {
        assert!(
            Instant::now() < patience,
            "redis is not used again within 20 s"
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(
        limits.check(&SLOW, &key(2), 1).await.remaining,
        9,
        "counted over all nodes again"
    );
}

#[test]
fn keys_do_not_show() {
    assert_eq!(
        format!("{:?}", LimitKey::mac(&Mac([7; 32]))),
        "LimitKey(..)"
    );
    assert_eq!(
        LimitKey::ids(Uuid::from_u128(1), Uuid::from_u128(2))
            .0
            .len(),
        65
    );
}
