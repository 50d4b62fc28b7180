//! The bell: "this conversation moved, look again".
//!
//! Promises: ringing never fails and never waits; receivers of this node hear it at once, other nodes through one Redis
//! channel, one publication per commit (several when Redis is slower than we are). A receiver that may have missed
//! something is told so (`Ring::Lagged`).
//! Does not: carry content or personal data (ids and revs only), nor guarantee anything: a lost ring costs freshness,
//! because every reader also polls PostgreSQL.

mod redis_line;
mod wire;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, mpsc};
use uuid::Uuid;

use crate::metrics;
use crate::model::{ChannelId, ConversationId};
use crate::redis::Redis;
use crate::shutdown::Shutdown;

/// Rings kept for a slow receiver before it hears `Ring::Lagged`.
const RECEIVER_QUEUE: usize = 4_096;
/// Rings kept for Redis before they are dropped.
const REDIS_QUEUE: usize = 1_024;

/// A conversation reached a rev: whoever knows less should read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wake {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Its `last_rev` after the commit.
    pub rev: i64,
}

/// Something other than a conversation moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
pub enum Hint {
    /// Sessions or permissions were revoked: read the new revocations now.
    Sessions,
    /// Presence, capacity, teams or queues changed.
    Floor,
    /// A send waits for this number.
    Outbox {
        /// The number.
        channel_id: ChannelId,
    },
    /// A bot turn waits.
    BotTurn,
    /// Somebody writes to a customer at this moment.
    Typing {
        /// In which conversation.
        conversation_id: ConversationId,
    },
    /// Its owner has read what the customer wrote.
    Read {
        /// Which conversation.
        conversation_id: ConversationId,
    },
    /// A job waits.
    Jobs,
}

/// How a ring was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From this node.
    Local,
    /// From another node.
    Redis,
}

impl Source {
    /// The spelling in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Redis => "redis",
        }
    }
}

/// What a receiver hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ring {
    /// These conversations moved.
    Wakes(Arc<[Wake]>, Source),
    /// Something else moved.
    Hint(Hint, Source),
    /// Something may have been missed: read everything you show again.
    Lagged,
}

/// The bell of one node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bell {
    local: broadcast::Sender<Ring>,
    redis: Option<mpsc::Sender<Outgoing>>,
}

#[derive(Clone, Debug)]
enum Outgoing {
    Wakes(Arc<[Wake]>),
    Hint(Hint),
}

impl Bell {
    /// Hangs the bell up. `node` must differ between nodes: it is how a node knows its own rings when they come back.
    /// Without Redis only this node hears it. Its two tasks last until the hard stop.
    #[must_use]
    pub fn new(redis: Option<&Redis>, node: Uuid, shutdown: &Shutdown) -> Self {
        let (local, _) = broadcast::channel(RECEIVER_QUEUE);
        let redis = redis.map(|redis| {
            let (queue, waiting) = mpsc::channel(REDIS_QUEUE);
            let line = redis_line::Line::new(redis.clone(), node, shutdown.clone());
            shutdown.spawn_lasting("bell-publish", line.clone().publish(waiting));
            shutdown.spawn_lasting("bell-listen", line.listen(local.clone()));
            queue
        });
        Self { local, redis }
    }

    /// A bell that only this process hears, for tests.
    #[must_use]
    pub fn local() -> Self {
        Self {
            local: broadcast::channel(RECEIVER_QUEUE).0,
            redis: None,
        }
    }

    /// Tells everybody that these conversations moved; once per commit, after it. Never waits, never fails.
    pub fn ring(&self, wakes: &[Wake]) {
        if wakes.is_empty() {
            return;
        }
        let wakes: Arc<[Wake]> = wakes.into();
        self.here(Ring::Wakes(Arc::clone(&wakes), Source::Local));
        self.elsewhere(Outgoing::Wakes(wakes));
    }

    /// Tells everybody that something else moved. Never waits, never fails.
    pub fn hint(&self, hint: Hint) {
        self.here(Ring::Hint(hint, Source::Local));
        self.elsewhere(Outgoing::Hint(hint));
    }

    /// Listens from now on.
    #[must_use]
    pub fn subscribe(&self) -> BellReceiver {
        BellReceiver {
            rings: self.local.subscribe(),
            _bell: self.local.clone(),
        }
    }

    fn here(&self, ring: Ring) {
        // an error only says that nobody listens
        drop(self.local.send(ring));
    }

    fn elsewhere(&self, outgoing: Outgoing) {
        let dropped = self
            .redis
            .as_ref()
            .is_some_and(|queue| queue.try_send(outgoing).is_err());
        if dropped {
            ::metrics::counter!(metrics::BELL_DROPPED).increment(1);
        }
    }
}

/// One listener.
#[derive(Debug)]
pub struct BellReceiver {
    rings: broadcast::Receiver<Ring>,
    // keeps the channel open, so that `recv` has no end to report
    _bell: broadcast::Sender<Ring>,
}

impl BellReceiver {
    /// The next ring. Cancel safe; waits for ever on a silent bell, so select it against a poll and the drain.
    pub async fn recv(&mut self) -> Ring {
        match self.rings.recv().await {
            Ok(ring) => ring,
            Err(broadcast::error::RecvError::Lagged(_)) => Ring::Lagged,
            // cannot happen while `_bell` lives
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }

    /// A ring that already waits, if any: to gather several before reading once.
    pub fn try_recv(&mut self) -> Option<Ring> {
        match self.rings.try_recv() {
            Ok(ring) => Some(ring),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Ring::Lagged),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
