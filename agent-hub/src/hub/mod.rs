//! Who watches what on this node, and what they are sent when it moves.
//!
//! Promises: a wake is acted on at once; each moved conversation is read once per node and tick, after the least rev a
//! watcher has, and only if somebody watches; a cursor over the feed finds what a lost wake would hide; whoever may no
//! longer see a conversation is sent nothing more of it.
//! Does not: keep truth (PostgreSQL does) or wait for anybody: a full queue closes its socket.

mod line;
mod lists;
mod tick;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use balcao_core::context::Context;
use balcao_core::model::{AgentId, ConversationId};
use balcao_core::store::inbox::Visibility;

pub use line::{Line, LineEnd, LineReceiver, MAX_CHANGES_BYTES};
pub use lists::ListKey;
pub use tick::run;

use crate::presence::PresenceBoard;
use lists::Lists;
use watch::Watches;

/// List subscriptions of one socket: each costs a read four times a second.
pub const MAX_LISTS_PER_SOCKET: usize = 24;
/// Conversations that one socket may watch at once.
pub const MAX_WATCHES_PER_SOCKET: usize = 200;

/// Names a socket on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(u64);

/// The live side of a node. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    state: Arc<Mutex<State>>,
    /// Sockets one member of staff may have at once; the oldest gives way.
    max_sockets_per_agent: usize,
    /// Who takes conversations.
    pub presence: PresenceBoard,
}

#[derive(Default)]
struct State {
    next_socket: u64,
    sockets: HashMap<SocketId, Socket>,
    watches: Watches,
    lists: Lists,
}

struct Socket {
    agent_id: AgentId,
    eyes: Visibility,
    line: Line,
    /// Conversations that went out of this person's sight, with the rev they had, until the session records it.
    lost: Vec<(ConversationId, i64)>,
}

impl Hub {
    /// An empty hub.
    #[must_use]
    pub fn new(ctx: Context) -> Self {
        Self {
            state: Arc::default(),
            max_sockets_per_agent: usize::try_from(ctx.config.limits.sockets_per_agent)
                .unwrap_or(usize::MAX),
            presence: PresenceBoard::new(ctx),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket begins. The oldest of the same person is closed when there are too many.
    pub fn join(&self, eyes: Visibility, line: Line) -> SocketId {
        let agent_id = eyes.agent_id;
        let id = {
            let mut state = self.state();
            state.next_socket += 1;
            let id = SocketId(state.next_socket);
            let mut theirs: Vec<SocketId> = state
                .sockets
                .iter()
                .filter(|(_, socket)| socket.agent_id == agent_id)
                .map(|(id, _)| *id)
                .collect();
            theirs.sort_unstable();
            if theirs.len() >= self.max_sockets_per_agent
                && let Some(oldest) = theirs.first().and_then(|id| state.sockets.get(id))
            {
                oldest.line.close(LineEnd::TooManySockets);
            }
            state.sockets.insert(
                id,
                Socket {
                    agent_id,
                    eyes,
                    line,
                    lost: Vec::new(),
                },
            );
            id
        };
        self.presence.arrived(agent_id);
        id
    }

    /// A socket ended; its subscriptions go with it. Returns the conversations it watched, with the rev it had.
    pub fn leave(&self, id: SocketId) -> Vec<(ConversationId, i64)> {
        let (agent_id, watched) = {
            let mut state = self.state();
            state.lists.forget_socket(id);
            let mut watched = state.watches.forget_socket(id);
            let socket = state.sockets.remove(&id);
            let agent_id = socket.map(|mut socket| {
                watched.append(&mut socket.lost);
                socket.agent_id
            });
            (agent_id, watched)
        };
        if let Some(agent_id) = agent_id {
            self.presence.left(agent_id);
        }
        watched
    }

    /// What went out of the socket's sight since it was asked last, with the rev it had.
    pub fn take_lost(&self, id: SocketId) -> Vec<(ConversationId, i64)> {
        let mut state = self.state();
        let socket = state.sockets.get_mut(&id);
        socket.map_or_else(Vec::new, |socket| std::mem::take(&mut socket.lost))
    }

    /// Begins to note what moves; [`Hub::caught_up`] says from which rev frames are wanted. `false`: the socket
    /// watches [`MAX_WATCHES_PER_SOCKET`] already.
    #[must_use]
    pub fn watch(&self, id: SocketId, conversation_id: ConversationId) -> bool {
        let mut state = self.state();
        let (count, is_watched) = state.watches.of_socket(id, conversation_id);
        let has_room = is_watched || count < MAX_WATCHES_PER_SOCKET;
        if has_room {
            state.watches.begin(id, conversation_id);
        }
        has_room
    }

    /// Whether the socket watches the conversation: its opening was audited.
    #[must_use]
    pub fn is_watched(&self, id: SocketId, conversation_id: ConversationId) -> bool {
        self.state().watches.of_socket(id, conversation_id).1
    }

    /// The socket was sent everything up to `rev`. Returns `true` when the conversation moved past it meanwhile.
    #[must_use]
    pub fn caught_up(&self, id: SocketId, conversation_id: ConversationId, rev: i64) -> bool {
        self.state().watches.caught_up(id, conversation_id, rev)
    }

    /// Ends a watch; the rev the socket had.
    pub fn unwatch(&self, id: SocketId, conversation_id: ConversationId) -> Option<i64> {
        self.state().watches.end(id, conversation_id)
    }

    /// Whether the socket may have a list of this name: it has it already, or fewer than [`MAX_LISTS_PER_SOCKET`].
    #[must_use]
    pub fn has_room_for_list(&self, id: SocketId, name: &str) -> bool {
        let (count, is_there) = self.state().lists.of_socket(id, name);
        is_there || count < MAX_LISTS_PER_SOCKET
    }

    /// Begins a list subscription; its first rows come with the next tick of the lists.
    pub fn watch_list(&self, id: SocketId, name: String, key: ListKey) {
        self.state().lists.begin(id, name, key);
    }

    /// Ends a list subscription.
    pub fn unwatch_list(&self, id: SocketId, name: &str) {
        self.state().lists.end(id, name);
    }

    /// Sockets now.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.state().sockets.len()
    }

    fn lines(&self) -> Vec<(Line, Visibility)> {
        self.state()
            .sockets
            .values()
            .map(|socket| (socket.line.clone(), socket.eyes.clone()))
            .collect()
    }
}
