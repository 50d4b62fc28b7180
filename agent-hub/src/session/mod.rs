//! One socket of one member of staff, from the handshake to the last frame.
//!
//! Promises: no socket without a single-use ticket and, for browsers, one of our own origins; every frame is
//! authorised by itself; a session that ends closes its sockets within a second; a client that does not read, does not
//! answer or floods is closed, and no other notices.
//! Does not: hold anything that a reconnect would miss.

mod deeds;
mod frames;
mod handshake;
mod rate;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use balcao_core::metrics;
use balcao_core::model::ConversationId;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};

pub use handshake::connect;

use crate::hub::{Line, LineEnd, LineReceiver, SocketId};
use crate::people::{Caller, People};
use crate::protocol::{AgentView, MAX_FRAME_BYTES, ServerFrame};
use crate::views;
use rate::Rate;

/// How often we ping.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A socket without a pong for this long is dead.
const DEAD_AFTER: Duration = Duration::from_secs(45);
/// How often the session is looked at.
const SESSION_CHECK_EVERY: Duration = Duration::from_millis(500);
/// How long the last words may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// A socket that is open.
pub(crate) struct Session {
    people: People,
    caller: Caller,
    socket: SocketId,
    line: Line,
}

/// Serves a socket until it ends.
async fn serve(people: People, caller: Caller, agent: AgentView, socket: WebSocket) {
    let (line, receiver) = Line::new();
    let started = Instant::now();
    let pong_ms = Arc::new(AtomicI64::new(0));
    let (sink, stream) = socket.split();
    let id = people.hub.join(views::eyes(&caller), line.clone());
    let session = Session {
        people,
        caller,
        socket: id,
        line: line.clone(),
    };
    session.welcome(agent).await;

    let writing = tokio::spawn(write(sink, receiver, line.clone()));
    session.read(stream, started, &pong_ms).await;
    // A reader that ends first (the client closed) ends the writer too.
    line.close(LineEnd::Drain);
    if writing.await.is_err() {
        tracing::error!("a socket's writer panicked");
    }
    session.end().await;
}

impl Session {
    async fn welcome(&self, mut agent: AgentView) {
        agent.presence = self.people.hub.presence.of(agent.id);
        let Ok(store_epoch) = self.people.ctx.store.epoch().await else {
            self.line.close(LineEnd::Silent);
            return;
        };
        self.line.send(ServerFrame::Welcome {
            store_epoch,
            agent,
            locale: self.caller.locale,
            max_frame_bytes: MAX_FRAME_BYTES,
        });
        if let Ok((teams, agents)) = views::floor(&self.people, &self.caller).await {
            self.line.send(ServerFrame::Floor { teams, agents });
        }
    }

    /// Reads frames until the client leaves or we close.
    async fn read(
        &self,
        mut stream: SplitStream<WebSocket>,
        started: Instant,
        pong_ms: &AtomicI64,
    ) {
        let mut rate = Rate::new(started);
        let mut check = tokio::time::interval(SESSION_CHECK_EVERY);
        loop {
            tokio::select! {
                _ = self.line.ended() => return,
                _ = check.tick() => {
                    let silent = started.elapsed().saturating_sub(millis(pong_ms.load(Ordering::Relaxed)));
                    if silent > DEAD_AFTER {
                        self.line.close(LineEnd::Silent);
                    }
                    self.check().await;
                }
                message = stream.next() => match message {
                    // Whoever logged out a moment ago says nothing more, even before the next look.
                    Some(Ok(_)) if self.is_over() => self.line.close(LineEnd::SessionEnded),
                    Some(Ok(Message::Text(text))) => match rate.admit(Instant::now()) {
                        rate::Verdict::Take => self.take(&text).await,
                        rate::Verdict::Refuse => self.too_fast(),
                        rate::Verdict::Close => self.line.close(LineEnd::RateLimited),
                    },
                    Some(Ok(Message::Pong(_))) => {
                        let now = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
                        pong_ms.store(now, Ordering::Relaxed);
                    }
                    Some(Ok(Message::Ping(_))) => {}
                    Some(Ok(Message::Binary(_))) => self.line.close(LineEnd::NotText),
                    // The library refuses what is too large before we see it.
                    Some(Err(error)) if format!("{error:?}").contains("TooLong") => self.line.close(LineEnd::TooLarge),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                },
            }
        }
    }

    fn is_over(&self) -> bool {
        self.people.sessions.ended(self.caller.session_id)
    }

    /// Closes the socket when its session ended, or when the caller's role or teams are no longer those it was opened
    /// with: the next one is. Records what went out of sight.
    async fn check(&self) {
        let card = self.people.directory.agent(self.caller.agent_id);
        let is_same = card.is_some_and(|card| {
            card.active && card.role == self.caller.role && card.team_ids == self.caller.team_ids
        });
        if self.is_over() {
            self.line.close(LineEnd::SessionEnded);
        } else if !is_same {
            self.line.close(LineEnd::Drain);
        }
        self.record_closed(self.people.hub.take_lost(self.socket))
            .await;
    }

    async fn record_closed(&self, shown: Vec<(ConversationId, i64)>) {
        for (id, rev) in shown {
            if let Err(error) = self.closed(id, rev).await {
                tracing::error!(%error, "conversation.closed could not be recorded");
            }
        }
    }

    /// Takes the socket off the hub and records which conversations are no longer shown.
    async fn end(self) {
        let watched = self.people.hub.leave(self.socket);
        self.record_closed(watched).await;
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Writes frames and pings until the line ends, then says goodbye with the code.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut receiver: LineReceiver, line: Line) {
    let mut ping = tokio::time::interval(PING_EVERY);
    let code = loop {
        let message = tokio::select! {
            biased;
            code = line.ended() => break code,
            text = receiver.next() => match text {
                Some(text) => Message::Text(text),
                None => break axum::extract::ws::close_code::NORMAL,
            },
            _ = ping.tick() => Message::Ping(bytes::Bytes::new()),
        };
        ::metrics::counter!(metrics::SOCKET_FRAMES, "direction" => "out").increment(1);
        let sent = tokio::select! {
            biased;
            code = line.ended() => break code,
            sent = sink.send(message) => sent,
        };
        if sent.is_err() {
            return;
        }
    };
    ::metrics::counter!(metrics::SOCKET_CLOSED, "code" => code.to_string()).increment(1);
    let goodbye = async {
        if code != crate::protocol::close::SLOW_CONSUMER {
            while let Some(text) = receiver.waiting() {
                sink.send(Message::Text(text)).await?;
            }
        }
        sink.send(Message::Close(Some(CloseFrame {
            code,
            reason: Utf8Bytes::from_static(""),
        })))
        .await
    };
    if !matches!(tokio::time::timeout(GOODBYE, goodbye).await, Ok(Ok(()))) {
        tracing::debug!("a socket was gone before its goodbye");
    }
}
