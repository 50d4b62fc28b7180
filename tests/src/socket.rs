//! An agent's WebSocket: a task reads frames into a [`Desk`], tests wait for what the desk shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agent_hub::protocol::{
    ClientFrame, Envelope, ListScope, SUBPROTOCOL, ServerFrame, TICKET_PREFIX, WatchMode,
};
use balcao_core::model::ConversationId;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::agent::Agent;
use crate::database::Database;
use crate::deadline::PATIENCE;
use crate::desk::{Desk, Next, Thread};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open socket.
pub struct Socket {
    desk: Arc<Mutex<Desk>>,
    changed: watch::Receiver<()>,
    out: mpsc::UnboundedSender<Message>,
    task: JoinHandle<()>,
}

impl Socket {
    /// Opens a socket for a logged-in agent.
    pub async fn open(agent: &Agent) -> Self {
        Self::resume(agent, Desk::default()).await
    }

    /// Opens a socket that goes on where another ended.
    pub async fn resume(agent: &Agent, mut known: Desk) -> Self {
        let stream = connect(&agent.console, &agent.ticket().await, None).await;
        let stream = stream.unwrap_or_else(|status| panic!("the socket is refused with {status}"));
        (known.closed, known.reconnect) = (None, false);
        let watched: Vec<(ConversationId, i64)> = known
            .threads
            .iter()
            .map(|(id, thread)| (*id, thread.rev))
            .collect();
        let desk = Arc::new(Mutex::new(known));
        let (tell, changed) = watch::channel(());
        let (out, commands) = mpsc::unbounded_channel();
        let (sink, stream) = stream.split();
        let reading = Reading {
            desk: Arc::clone(&desk),
            tell,
            out: out.clone(),
        };
        let task = tokio::spawn(async move {
            tokio::select! {
                () = reading.run(stream) => {}
                () = write(sink, commands) => {}
            }
        });
        let socket = Self {
            desk,
            changed,
            out,
            task,
        };
        for (id, rev) in watched {
            socket.send(subscribe(id, Some(rev)));
        }
        socket
    }

    /// Sends a frame.
    pub fn send(&self, frame: ClientFrame) {
        self.send_raw(text(frame));
    }

    /// Sends anything.
    pub fn send_raw(&self, message: Message) {
        // A socket that was closed says so on the desk.
        self.out.send(message).ok();
    }

    /// Subscribes to a list under the scope's own name.
    pub fn watch_list(&self, name: &str, scope: ListScope) {
        self.send(ClientFrame::SubscribeList {
            list: name.to_owned(),
            scope,
            team_id: None,
            limit: 200,
        });
    }

    /// Subscribes to a conversation.
    pub fn watch(&self, id: ConversationId) {
        self.send(subscribe(id, None));
    }

    /// What is known now.
    #[must_use]
    pub fn desk(&self) -> Desk {
        lock(&self.desk).clone()
    }

    /// Waits until the desk shows something, for as long as no promise says.
    pub async fn until<T>(&self, what: &str, look: impl FnMut(&Desk) -> Option<T>) -> T {
        self.within(PATIENCE, what, look).await
    }

    /// Waits until the desk shows something.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn within<T>(
        &self,
        time: Duration,
        what: &str,
        mut look: impl FnMut(&Desk) -> Option<T>,
    ) -> T {
        let mut changed = self.changed.clone();
        let seen = async {
            loop {
                changed.mark_unchanged();
                if let Some(seen) = look(&lock(&self.desk)) {
                    return Some(seen);
                }
                if changed.changed().await.is_err() {
                    return look(&lock(&self.desk));
                }
            }
        };
        match tokio::time::timeout(time, seen).await {
            Ok(Some(seen)) => seen,
            Ok(None) => panic!(
                "the socket ended before: {what} (close code {:?})",
                self.desk().closed
            ),
            Err(_) => panic!(
                "not within {time:?}: {what}; refused so far: {:?}",
                self.desk().refused
            ),
        }
    }

    /// Promise 6: the desk shows a conversation exactly as the database holds it, in its order, within `time`.
    ///
    /// # Panics
    /// When it does not.
    pub async fn shows_whole(
        &self,
        database: &Database,
        id: ConversationId,
        time: Duration,
    ) -> Thread {
        let (stored, last_rev) = (database.items(id).await, database.last_rev(id).await);
        // Ticks may move on meanwhile; items do not.
        let newest = |desk: &Desk| Some(desk.thread(id)).filter(|thread| thread.rev >= last_rev);
        let thread = self.within(time, "the newest rev", newest).await;
        let shown: Vec<_> = thread
            .items
            .values()
            .map(|item| (item.seq, item.id.0))
            .collect();
        assert_eq!(shown, stored, "what is shown is not what is stored");
        thread
    }

    /// Waits for the close and returns its code.
    pub async fn close_code(&self, within: Duration) -> u16 {
        self.within(within, "the socket is closed", |desk| desk.closed)
            .await
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reading {
    desk: Arc<Mutex<Desk>>,
    tell: watch::Sender<()>,
    out: mpsc::UnboundedSender<Message>,
}

impl Reading {
    async fn run(self, mut stream: SplitStream<Stream>) {
        let code = loop {
            match stream.next().await {
                Some(Ok(Message::Text(frame))) => self.take(&frame),
                Some(Ok(Message::Close(goodbye))) => {
                    break goodbye.map_or(1005, |goodbye| goodbye.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break 1006,
            }
        };
        lock(&self.desk).closed = Some(code);
        self.tell.send_replace(());
    }

    fn take(&self, text_of_frame: &str) {
        let frame: Envelope<ServerFrame> = serde_json::from_str(text_of_frame)
            .unwrap_or_else(|error| panic!("a frame is not of the protocol: {error}"));
        assert_eq!(frame.v, 1, "every frame names its version");
        let next = lock(&self.desk).take(frame.frame);
        let answer = match next {
            Next::Wait => None,
            Next::Ask(conversation_id, after_rev) => Some(ClientFrame::Changes {
                conversation_id,
                after_rev,
            }),
            Next::Again(id) => Some(subscribe(id, None)),
        };
        if let Some(answer) = answer {
            self.out.send(text(answer)).ok();
        }
        self.tell.send_replace(());
    }
}

async fn write(
    mut sink: SplitSink<Stream, Message>,
    mut commands: mpsc::UnboundedReceiver<Message>,
) {
    while let Some(message) = commands.recv().await {
        if sink.send(message).await.is_err() {
            break;
        }
    }
    // The reader says why it ended.
    std::future::pending::<()>().await;
}

fn subscribe(conversation_id: ConversationId, after_rev: Option<i64>) -> ClientFrame {
    ClientFrame::Subscribe {
        conversation_id,
        mode: WatchMode::Work,
        after_rev,
    }
}

fn text(frame: ClientFrame) -> Message {
    let text = serde_json::to_string(&Envelope::new(frame)).expect("a frame is JSON");
    Message::text(text)
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a socket with a ticket, from an origin if one is given.
///
/// # Errors
/// The HTTP status of the refusal.
///
/// # Panics
/// When there is no answer at all, or the subprotocol is not answered.
pub async fn connect(console: &str, ticket: &str, origin: Option<&str>) -> Result<Stream, u16> {
    let url = format!("{}/api/v1/ws", console.replacen("http", "ws", 1));
    let mut request = url.into_client_request().expect("an address");
    let offered = format!("{SUBPROTOCOL}, {TICKET_PREFIX}{ticket}");
    let headers = request.headers_mut();
    headers.insert(
        "sec-websocket-protocol",
        offered.parse().expect("a header value"),
    );
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().expect("a header value"));
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok((stream, answer)) => {
            assert_eq!(
                answer.headers()["sec-websocket-protocol"],
                SUBPROTOCOL,
                "the ticket is not echoed"
            );
            Ok(stream)
        }
        Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("no answer to the upgrade: {error}"),
    }
}
