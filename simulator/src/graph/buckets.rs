//! The two rates Meta enforces on sends: per number and per person.
//!
//! Promises: generic cell rate: a burst, then one every interval; a refused send costs nothing.
//! Does not: count inbound messages against the number, though Meta does: a test would depend on who is faster.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// One message in six seconds to the same person, 45 at once.
const PAIR_INTERVAL: Duration = Duration::from_secs(6);
const PAIR_BURST: u32 = 45;
/// Idle people are forgotten beyond this many.
const PAIRS_KEPT_MAX: usize = 50_000;

/// Which rate refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Throughput,
    Pair,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    interval: Duration,
    burst: u32,
}

impl Cell {
    /// The next theoretical arrival time, or `None` when `now` is too early.
    fn take(&self, earlier: Option<Instant>, now: Instant) -> Option<Instant> {
        let from = earlier.map_or(now, |tat| tat.max(now));
        let tolerance = self.interval * (self.burst - 1);
        (from.saturating_duration_since(now) <= tolerance).then_some(from + self.interval)
    }
}

/// Both rates.
#[derive(Debug)]
pub(crate) struct Buckets {
    number: Cell,
    number_tat: Option<Instant>,
    pair: Option<Cell>,
    pair_tat: HashMap<String, Instant>,
}

impl Buckets {
    /// `per_second` sends for the number; the pair rate may be off.
    pub(crate) fn new(per_second: u32, pair: bool) -> Self {
        Buckets {
            number: Cell {
                interval: Duration::from_secs(1) / per_second,
                burst: per_second,
            },
            number_tat: None,
            pair: pair.then_some(Cell {
                interval: PAIR_INTERVAL,
                burst: PAIR_BURST,
            }),
            pair_tat: HashMap::new(),
        }
    }

    /// Takes one send to `phone` from both, or from none.
    pub(crate) fn take(&mut self, phone: &str, now: Instant) -> Result<(), Exceeded> {
        let number_tat = self
            .number
            .take(self.number_tat, now)
            .ok_or(Exceeded::Throughput)?;
        if let Some(cell) = self.pair {
            let tat = cell
                .take(self.pair_tat.get(phone).copied(), now)
                .ok_or(Exceeded::Pair)?;
            if self.pair_tat.len() >= PAIRS_KEPT_MAX {
                self.pair_tat.retain(|_, tat| *tat > now);
            }
            self.pair_tat.insert(phone.to_owned(), tat);
        }
        self.number_tat = Some(number_tat);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_a_burst_of_45_then_one_in_6_s() {
        let (mut buckets, now) = (Buckets::new(1_000, true), Instant::now());
        assert!((0..45).all(|_| buckets.take("a", now).is_ok()));
        assert_eq!(buckets.take("a", now), Err(Exceeded::Pair));
        assert_eq!(buckets.take("b", now), Ok(()));
        assert_eq!(buckets.take("a", now + Duration::from_secs(6)), Ok(()));
        assert_eq!(
            buckets.take("a", now + Duration::from_secs(6)),
            Err(Exceeded::Pair)
        );
    }

    #[test]
    fn the_number_takes_its_rate_each_second() {
        let (mut buckets, now) = (Buckets::new(80, false), Instant::now());
        let accepted = (0..200)
            .filter(|n| buckets.take(&n.to_string(), now).is_ok())
            .count();
        assert_eq!(accepted, 80);
        let later = now + Duration::from_secs(1);
        assert_eq!(
            (0..200)
                .filter(|_| buckets.take("x", later).is_ok())
                .count(),
            80
        );
    }
}
