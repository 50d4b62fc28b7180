//! Log-ins: one answer for every wrong one, tokens that work once, and an end that reaches every socket at once.

use std::time::Instant;

use agent_hub::protocol::close;
use e2e::agent::{attempt, renew};
use e2e::socket::connect;
use e2e::staff::random;
use e2e::{LIVE, Plan, Socket, Stack, Who};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_closes_its_sockets_on_every_node_within_2_seconds() {
    let stack = Stack::of(Plan::two_nodes()).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let elsewhere = ana.at(&stack.node(1).console);
    let (here, there) = (Socket::open(&ana).await, Socket::open(&elsewhere).await);
    let other = stack.agent(Who::Ana, 0).await;
    let other_session = Socket::open(&other).await;
    for socket in [&here, &there, &other_session] {
        socket.until("welcome", |desk| desk.store_epoch).await;
    }

    let began = Instant::now();
    assert_eq!(ana.call(Method::DELETE, "/session", None).await.status, 204);
    for socket in [&here, &there] {
        assert_eq!(
            socket
                .close_code(LIVE.saturating_sub(began.elapsed()))
                .await,
            close::SESSION_ENDED
        );
    }
    assert_eq!(
        other_session.desk().closed,
        None,
        "another log-in of the same person lives on"
    );
    for agent in [&ana, &elsewhere] {
        assert_eq!(
            agent.get("/floor").await.status,
            401,
            "the access token is worth nothing, though it has not run out"
        );
    }
    assert_eq!(renew(&ana.console, &ana.refresh_token).await.status, 401);
    assert_eq!(other.get("/floor").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_socket_from_our_own_origin_only() {
    let stack = Stack::of(Plan::two_nodes()).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let console = &stack.node(0).console;

    let ticket = ana.ticket().await;
    assert!(connect(console, &ticket, None).await.is_ok());
    assert_eq!(
        connect(console, &ticket, None).await.err(),
        Some(401),
        "spent"
    );
    assert_eq!(
        connect(&stack.node(1).console, &ticket, None).await.err(),
        Some(401),
        "spent on every node"
    );
    assert_eq!(
        connect(console, &random(), None).await.err(),
        Some(401),
        "invented"
    );

    let ticket = ana.ticket().await;
    let port = console.rsplit(':').next().expect("a port");
    for foreign in [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("http://127.0.0.1.evil.example:{port}"),
        format!("https://127.0.0.1:{port}"),
        "http://127.0.0.1:1".to_owned(),
    ] {
        assert_eq!(
            connect(console, &ticket, Some(&foreign)).await.err(),
            Some(403),
            "{foreign}"
        );
    }
    assert!(
        connect(console, &ticket, Some(console)).await.is_ok(),
        "a refused origin does not spend the ticket"
    );

    // Two at once: one wins.
    let ticket = ana.ticket().await;
    let (one, other) = tokio::join!(
        connect(console, &ticket, None),
        connect(&stack.node(1).console, &ticket, None)
    );
    assert!(one.is_ok() != other.is_ok(), "one ticket, one socket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_comes_back_revokes_the_family() {
    let stack = Stack::of(Plan::default().with("session.refresh_grace_seconds", "0")).await;
    let ana = stack.agent(Who::Ana, 0).await;
    let socket = Socket::open(&ana).await;
    socket.until("welcome", |desk| desk.store_epoch).await;

    let renewed = renew(&ana.console, &ana.refresh_token).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    let newest = renewed.body["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_eq!(
        renew(&ana.console, &ana.refresh_token).await.status,
        401,
        "a thief has a copy"
    );
    assert_eq!(
        renew(&ana.console, &newest).await.status,
        401,
        "so nobody keeps the session"
    );
    assert_eq!(socket.close_code(LIVE).await, close::SESSION_ENDED);
    assert_eq!(
        stack
            .database
            .count("audit_event where action = 'session.replayed'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_exist_and_who_mistypes_get_the_same_answer() {
    let stack = Stack::start().await;
    let console = &stack.node(0).console;
    let email = &stack.staff.account(Who::Bruno).email;
    let mistyped = attempt(console, email, "not the password").await;
    let nobody = attempt(console, "nobody@balcao.example", "not the password").await;

    assert_eq!(
        (mistyped.status, mistyped.code()),
        (401, "invalid_credentials")
    );
    assert_eq!((nobody.status, &nobody.body), (401, &mistyped.body));
    assert_eq!(
        stack
            .database
            .count("audit_event where action = 'session.refused'")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_told_to_wait_and_the_others_are_not() {
    let stack = Stack::start().await;
    guessing_is_told_to_wait(&stack).await;
    drop(stack.agent(Who::Carla, 0).await);
}

/// Promise 10: without Redis a node grants its share of a limit, not everything.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_guessing_is_told_to_wait_too() {
    let stack = Stack::start().await;
    stack.redis.pause().await.expect("Redis stops");
    guessing_is_told_to_wait(&stack).await;
    drop(stack.agent(Who::Carla, 0).await);
}

async fn guessing_is_told_to_wait(stack: &Stack) {
    let console = &stack.node(0).console;
    let email = &stack.staff.account(Who::Bruno).email;
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(attempt(console, email, "not the password").await);
    }

    assert!(
        answers[..5].iter().all(|answer| answer.status == 401),
        "five tries are anybody's"
    );
    let refused = &answers[5];
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    let wait: u64 = refused
        .retry_after
        .as_ref()
        .expect("Retry-After")
        .parse()
        .expect("seconds");
    assert!((1..=900).contains(&wait), "{wait}");
}
