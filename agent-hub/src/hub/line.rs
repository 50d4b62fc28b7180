//! The way to one socket: a bounded queue of finished frames. Full means slow, and slow means closed: the client
//! connects again and resumes by rev, so nothing is lost by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::extract::ws::{Utf8Bytes, close_code};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::protocol::{Envelope, ServerFrame, close};

/// Frames that may wait for one socket.
const QUEUE_FRAMES: usize = 256;
/// Bytes that may wait for one socket.
const QUEUE_BYTES: usize = 1024 * 1024;

/// Largest frame about a conversation; what is larger is read anew, in pages.
pub const MAX_CHANGES_BYTES: usize = QUEUE_BYTES / 2;

/// Why a socket is closed by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// The client did not read.
    Slow,
    /// The session ended.
    SessionEnded,
    /// The client sent too much.
    RateLimited,
    /// No pong came.
    Silent,
    /// The node goes down.
    Drain,
    /// The same person has opened too many.
    TooManySockets,
    /// A frame was too large.
    TooLarge,
    /// A frame was not text.
    NotText,
}

impl LineEnd {
    /// RFC 6455 close code.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Slow => close::SLOW_CONSUMER,
            Self::SessionEnded => close::SESSION_ENDED,
            Self::RateLimited => close::RATE_LIMITED,
            Self::Silent | Self::Drain => close_code::AWAY,
            Self::TooManySockets => close_code::POLICY,
            Self::TooLarge => close_code::SIZE,
            Self::NotText => close_code::UNSUPPORTED,
        }
    }
}

/// The sending end. Cheap to clone.
#[derive(Clone)]
pub struct Line {
    queue: mpsc::Sender<Utf8Bytes>,
    queued_bytes: Arc<AtomicUsize>,
    end: CancellationToken,
    code: Arc<AtomicU16>,
}

/// The receiving end, for the task that writes to the socket.
pub struct LineReceiver {
    queue: mpsc::Receiver<Utf8Bytes>,
    queued_bytes: Arc<AtomicUsize>,
}

impl Line {
    /// A new line.
    #[must_use]
    pub fn new() -> (Self, LineReceiver) {
        let (queue, receiver) = mpsc::channel(QUEUE_FRAMES);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let line = Self {
            queue,
            queued_bytes: Arc::clone(&queued_bytes),
            end: CancellationToken::new(),
            code: Arc::new(AtomicU16::new(close_code::NORMAL)),
        };
        (
            line,
            LineReceiver {
                queue: receiver,
                queued_bytes,
            },
        )
    }

    /// Queues a frame for this socket alone.
    pub fn send(&self, frame: ServerFrame) {
        if let Some(text) = encode(frame) {
            self.send_text(text);
        }
    }

    /// Queues a frame that was encoded once for many.
    pub fn send_text(&self, text: Utf8Bytes) {
        let bytes = text.len();
        let before = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > QUEUE_BYTES || self.queue.try_send(text).is_err() {
            self.close(LineEnd::Slow);
        }
    }

    /// Closes the socket; the first reason counts.
    pub fn close(&self, why: LineEnd) {
        if !self.end.is_cancelled() {
            self.code.store(why.code(), Ordering::Relaxed);
            self.end.cancel();
        }
    }

    /// Waits until the line is closed by us; the close code.
    pub async fn ended(&self) -> u16 {
        self.end.cancelled().await;
        self.code.load(Ordering::Relaxed)
    }

    /// Whether it is closed by us.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.end.is_cancelled()
    }
}

impl LineReceiver {
    /// The next frame; `None` when every sender is gone.
    pub async fn next(&mut self) -> Option<Utf8Bytes> {
        let text = self.queue.recv().await?;
        self.queued_bytes.fetch_sub(text.len(), Ordering::Relaxed);
        Some(text)
    }

    /// What is queued right now, without waiting (for the last words before a close).
    pub fn waiting(&mut self) -> Option<Utf8Bytes> {
        self.queue.try_recv().ok()
    }
}

/// A frame as text. Changes that would fill a queue by themselves become `resync`: else whoever opens such a
/// conversation would be closed as slow, again and again.
#[must_use]
pub fn encode(frame: ServerFrame) -> Option<Utf8Bytes> {
    let resync = if let ServerFrame::Conversation {
        conversation_id, ..
    } = &frame
    {
        Some(*conversation_id)
    } else {
        None
    };
    match (serde_json::to_string(&Envelope::new(frame)), resync) {
        (Ok(text), Some(conversation_id)) if text.len() > MAX_CHANGES_BYTES => {
            encode(ServerFrame::Resync { conversation_id })
        }
        (Ok(text), _) => Some(text.into()),
        (Err(error), _) => {
            tracing::error!(%error, "a frame could not be encoded");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_does_not_read_is_closed_as_slow() {
        let (line, receiver) = Line::new();
        for _ in 0..=QUEUE_FRAMES {
            line.send(ServerFrame::Reconnect { after_ms: 1 });
        }
        assert!(line.is_ended());
        assert_eq!(line.ended().await, close::SLOW_CONSUMER);
        drop(receiver);
    }

    #[tokio::test]
    async fn the_first_reason_for_closing_counts() {
        let (line, _receiver) = Line::new();
        line.close(LineEnd::SessionEnded);
        line.close(LineEnd::Slow);
        assert_eq!(line.ended().await, close::SESSION_ENDED);
    }
}
