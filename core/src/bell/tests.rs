use std::time::Duration;

use super::*;
use crate::testing::RedisServer;

fn wake(n: u128, rev: i64) -> Wake {
    Wake {
        conversation_id: ConversationId(Uuid::from_u128(n)),
        rev,
    }
}

struct Node {
    redis: Redis,
    bell: Bell,
}

impl Node {
    async fn start(server: &RedisServer, id: u128, shutdown: &Shutdown) -> (Self, BellReceiver) {
        let redis = server.connect().await;
        let bell = Bell::new(Some(&redis), Uuid::from_u128(id), shutdown);
        let mut receiver = bell.subscribe();
        assert_eq!(
            next(&mut receiver).await,
            Ring::Lagged,
            "subscribed: what rang before is lost"
        );
        (Self { redis, bell }, receiver)
    }
}

async fn next(receiver: &mut BellReceiver) -> Ring {
    tokio::time::timeout(Duration::from_secs(20), receiver.recv())
        .await
        .expect("a ring within 20 s")
}

#[tokio::test]
async fn without_redis_this_node_still_hears() {
    let bell = Bell::new(None, Uuid::from_u128(1), &Shutdown::new());
    let mut receiver = bell.subscribe();
    bell.ring(&[]);
    bell.ring(&[wake(1, 5)]);
    bell.hint(Hint::BotTurn);
    assert_eq!(
        next(&mut receiver).await,
        Ring::Wakes([wake(1, 5)].into(), Source::Local)
    );
    assert_eq!(
        receiver.try_recv(),
        Some(Ring::Hint(Hint::BotTurn, Source::Local))
    );
    assert_eq!(receiver.try_recv(), None);
}

#[tokio::test]
async fn another_node_hears_and_the_ringing_one_hears_once() {
    let server = RedisServer::start().await;
    let shutdown = Shutdown::new();
    let (ana, mut at_ana) = Node::start(&server, 1, &shutdown).await;
    let (rui, mut at_rui) = Node::start(&server, 2, &shutdown).await;

    ana.bell.ring(&[wake(1, 5), wake(2, 9)]);
    assert_eq!(
        next(&mut at_rui).await,
        Ring::Wakes([wake(1, 5), wake(2, 9)].into(), Source::Redis)
    );
    rui.bell.hint(Hint::Floor);

    assert_eq!(
        next(&mut at_ana).await,
        Ring::Wakes([wake(1, 5), wake(2, 9)].into(), Source::Local)
    );
    // the hint was published after the wakes came back, so nothing of our own can follow it
    assert_eq!(
        next(&mut at_ana).await,
        Ring::Hint(Hint::Floor, Source::Redis)
    );
    shutdown.stop_after(Duration::from_secs(5)).await;
    ana.redis.close().await;
    rui.redis.close().await;
}

#[tokio::test]
async fn a_redis_that_comes_back_is_heard_again_and_the_gap_is_told() {
    let mut server = RedisServer::start().await;
    let shutdown = Shutdown::new();
    let (ana, _at_ana) = Node::start(&server, 1, &shutdown).await;
    let (_rui, mut at_rui) = Node::start(&server, 2, &shutdown).await;

    server.kill();
    ana.bell.ring(&[wake(1, 5)]);
    server.restart().await;
    assert_eq!(next(&mut at_rui).await, Ring::Lagged);
    ana.redis
        .connected_within(Duration::from_secs(20))
        .await
        .unwrap();
    while ana.redis.ping().await.is_err() {
        tokio::task::yield_now().await;
    }
    ana.bell.ring(&[wake(1, 6)]);
    assert_eq!(
        next(&mut at_rui).await,
        Ring::Wakes([wake(1, 6)].into(), Source::Redis)
    );
    shutdown.stop_after(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_receiver_that_is_too_slow_is_told() {
    let bell = Bell::local();
    let mut receiver = bell.subscribe();
    for rev in 0..=i64::try_from(RECEIVER_QUEUE).unwrap() {
        bell.ring(&[wake(1, rev)]);
    }
    assert_eq!(next(&mut receiver).await, Ring::Lagged);
}

/// A partition closes nothing: only the missing beat tells that the connection is deaf.
#[tokio::test]
async fn a_deaf_connection_is_made_anew_and_hears_again() {
    let server = RedisServer::start().await;
    let shutdown = Shutdown::new();
    let (ana, _at_ana) = Node::start(&server, 1, &shutdown).await;
    let redis = server.connect().await;
    let bell = Bell::local();
    let mut receiver = bell.subscribe();
    // nobody beats for this node within 20 ms, so it is deaf again and again
    let line = redis_line::Line::new(redis, Uuid::from_u128(2), shutdown.clone());
    let line = line.deaf_after(Duration::from_millis(20));
    shutdown.spawn_lasting("bell-listen", line.listen(bell.local.clone()));
    for _ in 0..3 {
        assert_eq!(next(&mut receiver).await, Ring::Lagged, "connected anew");
    }
    ana.bell.ring(&[wake(1, 5)]);
    loop {
        match next(&mut receiver).await {
            Ring::Lagged => ana.bell.ring(&[wake(1, 5)]),
            heard => break assert_eq!(heard, Ring::Wakes([wake(1, 5)].into(), Source::Redis)),
        }
    }
    shutdown.stop_after(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn what_is_rung_during_the_drain_still_reaches_the_others() {
    let server = RedisServer::start().await;
    let (leaving, staying) = (Shutdown::new(), Shutdown::new());
    let (ana, _at_ana) = Node::start(&server, 1, &leaving).await;
    let (_rui, mut at_rui) = Node::start(&server, 2, &staying).await;
    let bell = ana.bell.clone();
    let inside = leaving.clone();
    leaving.spawn("last commit", async move {
        inside.draining().await;
        bell.ring(&[wake(1, 5)]);
    });
    assert_eq!(
        leaving.stop_after(Duration::from_secs(20)).await,
        Vec::<&str>::new()
    );
    assert_eq!(
        next(&mut at_rui).await,
        Ring::Wakes([wake(1, 5)].into(), Source::Redis)
    );
    staying.stop_after(Duration::from_secs(5)).await;
}
