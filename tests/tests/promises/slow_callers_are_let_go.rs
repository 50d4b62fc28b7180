//! Who opens a connection and does not send the head of a request holds no place at any door for long.

use std::time::{Duration, Instant};

use e2e::{Plan, Stack};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Promised with the configuration as it comes.
const WITHIN: Duration = Duration::from_secs(10);
/// Between two bytes of the head.
const A_BYTE_EVERY: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_is_answered_408_at_every_door() {
    let stack = Stack::of(Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    })
    .await;
    let node = stack.node(0);
    let doors = [&node.console, &node.webhook, &node.operations].map(|url| {
        let host = url.trim_start_matches("http://");
        host.split('/').next().unwrap_or_default().to_owned()
    });
    let [console, webhook, operations] = doors;
    let answers = tokio::join!(drip(&console), drip(&webhook), drip(&operations));
    for (door, (status, after)) in [
        ("console", answers.0),
        ("webhook", answers.1),
        ("operations", answers.2),
    ] {
        assert_eq!(status, "408", "{door}");
        assert!(after < WITHIN, "{door}: after {after:?}");
    }
}

/// Sends a head a byte at a time, without end; what is answered, and when.
async fn drip(address: &str) -> (String, Duration) {
    let began = Instant::now();
    let stream = TcpStream::connect(address).await.expect("the door is open");
    let (mut reads, mut writes) = stream.into_split();
    let dripping = tokio::spawn(async move {
        let head = b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ".iter();
        for byte in head.chain(std::iter::repeat(&b'a')) {
            if writes.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(A_BYTE_EVERY).await;
        }
    });
    let mut answer = [0; 12];
    let read = tokio::time::timeout(WITHIN * 2, reads.read_exact(&mut answer)).await;
    dripping.abort();
    read.expect("an answer in time").expect("an answer");
    (
        String::from_utf8_lossy(&answer[9..]).into_owned(),
        began.elapsed(),
    )
}
