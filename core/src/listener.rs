//! Serves HTTP on one listener; all of a node's doors are served by this.
//!
//! Promises: who does not send the head of a first request in time is answered 408 and let go, so that slow callers
//! hold no places (slowloris); a connection that stays unused is closed; at the drain nothing new is accepted, what runs
//! is finished, and idle connections are closed at once.
//! Does not: limit bodies, which the routes do, or end TLS.

use std::future::Future;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::config::Listen;

/// Connections of one listener at the same time; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 20_000;
/// A head longer than this is hyper's to refuse.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// After an accept that failed (no file descriptors left), in milliseconds.
const ACCEPT_AGAIN_MS: u64 = 100;
/// How often an HTTP/2 peer is asked whether it is still there, in seconds.
const PING_S: u64 = 20;
/// Telling a slow caller so may take so long, in milliseconds.
const FAREWELL_MS: u64 = 1_000;
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Serves until `drain`, then finishes what runs. Dropping the future cuts what is still running.
///
/// # Errors
/// [`io::Error`] when the listener itself is broken.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Listen,
    drain: impl Future<Output = ()>,
) -> io::Result<()> {
    let door = Arc::new(Door {
        router,
        http: http(limits),
        head_timeout: Duration::from_millis(limits.head_timeout_ms),
    });
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    let (draining, cut) = (CancellationToken::new(), CancellationToken::new());
    // Connections are tasks of their own: they end with this future, whichever way it ends.
    let _cut = cut.clone().drop_guard();
    let mut drain = pin!(drain);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut drain => break,
            next = next => next,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await;
                continue;
            }
        };
        let (door, draining, cut) = (Arc::clone(&door), draining.clone(), cut.clone());
        connections.spawn(async move {
            tokio::select! {
                () = cut.cancelled() => {}
                () = door.serve(stream, peer, &draining) => {}
            }
            drop(place);
        });
    }
    drop(listener);
    draining.cancel();
    connections.close();
    connections.wait().await;
    Ok(())
}

struct Door {
    router: Router,
    http: Builder<TokioExecutor>,
    head_timeout: Duration,
}

fn http(limits: &Listen) -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // The first head has its own, shorter time: to hyper, waiting for a further request is reading its head.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.idle_timeout_ms));
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(PING_S))
        .keep_alive_timeout(Duration::from_millis(limits.head_timeout_ms))
        .enable_connect_protocol();
    http
}

impl Door {
    async fn serve(&self, mut stream: TcpStream, peer: SocketAddr, draining: &CancellationToken) {
        // Answers are small and wanted now; a failure costs 40 ms, no more.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection waits for full packets");
        }
        let head = tokio::select! {
            () = draining.cancelled() => return,
            head = tokio::time::timeout(self.head_timeout, head(&mut stream)) => head,
        };
        let Ok(head) = head else {
            return farewell(stream).await;
        };
        let Ok(head) = head else { return };
        let (reads, writes) = stream.into_split();
        let io = TokioIo::new(tokio::io::join(Cursor::new(head).chain(reads), writes));
        let service =
            self.router
                .clone()
                .map_request(move |mut request: Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(ConnectInfo(peer));
                    request
                });
        let service = TowerToHyperService::new(service);
        let mut connection = pin!(self.http.serve_connection_with_upgrades(io, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = draining.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

/// The bytes up to the end of the first head, and whatever came with them. Fewer when the caller stops sending.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(1024);
    while head.len() < MAX_HEAD_BYTES {
        // The end may lie across two reads.
        let from = head.len().saturating_sub(END_OF_HEAD.len() - 1);
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
        if head[from..]
            .windows(END_OF_HEAD.len())
            .any(|window| window == END_OF_HEAD)
        {
            break;
        }
    }
    Ok(head)
}

async fn farewell(mut stream: TcpStream) {
    let telling = async {
        stream.write_all(TOO_SLOW).await?;
        stream.shutdown().await
    };
    // Whether they hear it is theirs.
    drop(tokio::time::timeout(Duration::from_millis(FAREWELL_MS), telling).await);
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::config::{Config, Sources};

    async fn door(head_ms: &str) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let sources = Sources::default().with("listen.head_timeout_ms", head_ms);
        let limits = Config::load(&sources).unwrap().listen;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let drain = CancellationToken::new();
        let waiting = drain.clone();
        let router = Router::new().route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        );
        let task = tokio::spawn(async move {
            serve(listener, router, &limits, waiting.cancelled_owned())
                .await
                .unwrap();
        });
        (address, drain, task)
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_comes_in_pieces_is_served_with_the_callers_address() {
        let (address, ..) = door("5000").await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for piece in [
            "GET / HT",
            "TP/1.1\r\nhost: x\r\nconnection: close\r",
            "\n\r",
            "\n",
        ] {
            stream.write_all(piece.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn who_does_not_end_the_head_hears_408() {
        let (address, ..) = door("50").await;
        for said in ["", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 408"), "{said:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn at_the_drain_an_idle_connection_ends_and_so_does_the_listener() {
        let (address, drain, task) = door("5000").await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        drain.cancel();
        assert!(rest(&mut stream).await.ends_with("127.0.0.1"));
        task.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
