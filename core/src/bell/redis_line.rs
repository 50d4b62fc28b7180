//! The bell's line to other nodes: one task publishes, one listens. Both last until the hard stop.
//!
//! Publishing gathers what waited while the last PUBLISH ran, so that a slow Redis gets fewer and longer lines. Its
//! reply (a count of local receivers) is ignored: it says nothing about delivery. A beat of our own comes back every few
//! seconds; when it stays away the connection is deaf (a partition closes nothing) and is made anew.

use std::time::Duration;

use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::Message;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use uuid::Uuid;

use super::wire::{CHANNEL, Publication};
use super::{Outgoing, Ring, Source};
use crate::metrics;
use crate::redis::Redis;
use crate::shutdown::Shutdown;

/// At most so many wakes in one publication (about 60 bytes each).
const WAKES_PER_PUBLICATION: usize = 1_024;
/// At most so many queued rings are joined into one publication.
const RINGS_PER_PUBLICATION: usize = 256;
/// Pause before asking again for a refused subscription, in milliseconds.
const SUBSCRIBE_AGAIN_MS: u64 = 1_000;
/// A publication at least so often, in milliseconds.
const BEAT_MS: u64 = 5_000;
/// Not even our own beat for so long: the connection is deaf, in milliseconds.
const DEAF_MS: u64 = 15_000;

/// One node's end of the line.
#[derive(Clone)]
pub(super) struct Line {
    redis: Redis,
    node: Uuid,
    shutdown: Shutdown,
    deaf_after: Duration,
}

impl Line {
    pub(super) fn new(redis: Redis, node: Uuid, shutdown: Shutdown) -> Self {
        Self {
            redis,
            node,
            shutdown,
            deaf_after: Duration::from_millis(DEAF_MS),
        }
    }

    #[cfg(test)]
    pub(super) fn deaf_after(mut self, silence: Duration) -> Self {
        self.deaf_after = silence;
        self
    }

    pub(super) async fn publish(self, mut queue: mpsc::Receiver<Outgoing>) {
        let mut batch = Vec::new();
        loop {
            // biased: what was rung before the stop still goes out
            tokio::select! {
                biased;
                count = queue.recv_many(&mut batch, RINGS_PER_PUBLICATION) => {
                    if count == 0 {
                        return;
                    }
                }
                () = self.shutdown.stopping() => return,
                () = tokio::time::sleep(Duration::from_millis(BEAT_MS)) => {}
            }
            for line in lines(self.node, &mut batch) {
                let publish = |client: fred::clients::Client| async move {
                    client.publish::<(), _, _>(CHANNEL, line).await
                };
                if self.redis.call(publish).await.is_err() {
                    // counted, not retried: readers poll
                    ::metrics::counter!(metrics::BELL_DROPPED).increment(1);
                }
            }
        }
    }

    pub(super) async fn listen(self, local: broadcast::Sender<Ring>) {
        let subscriber = self.redis.subscriber();
        let mut messages = subscriber.message_rx();
        let mut reconnects = subscriber.reconnect_rx();
        let mut subscribed = false;
        let mut heard_at = Instant::now();
        loop {
            if !subscribed && subscriber.is_connected() {
                subscribed = subscriber.subscribe(CHANNEL).await.is_ok();
                if subscribed {
                    heard_at = Instant::now();
                    // whatever rang before we listened is lost to us
                    tell(&local, Ring::Lagged);
                }
            }
            tokio::select! {
                () = self.shutdown.stopping() => return,
                () = tokio::time::sleep(Duration::from_millis(SUBSCRIBE_AGAIN_MS)), if !subscribed => {}
                () = tokio::time::sleep_until(heard_at + self.deaf_after), if subscribed => {
                    tracing::warn!("the bell's connection is deaf; connecting anew");
                    subscribed = false;
                    if let Err(error) = subscriber.force_reconnection().await {
                        tracing::debug!(%error, "reconnecting the bell");
                    }
                }
                reconnected = reconnects.recv() => match reconnected {
                    Ok(_) | Err(RecvError::Lagged(_)) => subscribed = false,
                    Err(RecvError::Closed) => return,
                },
                message = messages.recv() => match message {
                    Ok(message) => {
                        heard_at = Instant::now();
                        hear(self.node, &message, &local);
                    }
                    Err(RecvError::Lagged(_)) => tell(&local, Ring::Lagged),
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }
}

/// The publications for a batch, which is emptied. An empty batch is a beat.
fn lines(node: Uuid, batch: &mut Vec<Outgoing>) -> Vec<String> {
    let (mut wakes, mut hints) = (Vec::new(), Vec::new());
    for outgoing in batch.drain(..) {
        match outgoing {
            Outgoing::Wakes(more) => wakes.extend_from_slice(&more),
            Outgoing::Hint(hint) if !hints.contains(&hint) => hints.push(hint),
            Outgoing::Hint(_) => {}
        }
    }
    if wakes.is_empty() {
        return vec![Publication::new(node, &[], &hints).to_line()];
    }
    let mut hints = hints.as_slice();
    let mut lines = Vec::new();
    for part in wakes.chunks(WAKES_PER_PUBLICATION) {
        lines.push(Publication::new(node, part, hints).to_line());
        hints = &[];
    }
    lines
}

fn hear(node: Uuid, message: &Message, local: &broadcast::Sender<Ring>) {
    let Some((sender, wakes, hints)) = message.value.as_bytes().and_then(Publication::parse) else {
        tell(local, Ring::Lagged);
        return;
    };
    if sender == node {
        return;
    }
    if !wakes.is_empty() {
        tell(local, Ring::Wakes(wakes.into(), Source::Redis));
    }
    for hint in hints {
        tell(local, Ring::Hint(hint, Source::Redis));
    }
}

fn tell(local: &broadcast::Sender<Ring>, ring: Ring) {
    // an error only says that nobody listens
    drop(local.send(ring));
}
