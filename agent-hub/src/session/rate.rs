//! How fast one socket may talk: 20 frames a second, 60 at once. Pure.

use std::time::Instant;

/// Frames a second.
const PER_SECOND: f64 = 20.0;
/// Frames at once.
const BURST: f64 = 60.0;
/// Refusals in a row after which the socket is closed.
const PATIENCE: u32 = 200;

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is taken.
    Take,
    /// It is refused with `rate_limited`.
    Refuse,
    /// The client does not listen: close.
    Close,
}

/// A token bucket.
#[derive(Debug)]
pub(super) struct Rate {
    tokens: f64,
    at: Instant,
    refused: u32,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            at: now,
            refused: 0,
        }
    }

    pub(super) fn admit(&mut self, now: Instant) -> Verdict {
        self.tokens =
            (self.tokens + now.duration_since(self.at).as_secs_f64() * PER_SECOND).min(BURST);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            self.refused = 0;
            return Verdict::Take;
        }
        self.refused += 1;
        if self.refused > PATIENCE {
            Verdict::Close
        } else {
            Verdict::Refuse
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds_then_the_socket_closes() {
        let now = Instant::now();
        let mut rate = Rate::new(now);
        assert!((0..60).all(|_| rate.admit(now) == Verdict::Take));
        assert!((0..200).all(|_| rate.admit(now) == Verdict::Refuse));
        assert_eq!(rate.admit(now), Verdict::Close);
        assert_eq!(rate.admit(now + Duration::from_millis(50)), Verdict::Take);
    }
}
