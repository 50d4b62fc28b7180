//! Latencies: recorded by many tasks at once, told as percentiles.
//!
//! Promises: three significant digits from one microsecond to a minute; longer ones count as a minute.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const LONGEST_US: u64 = 60_000_000;
/// Fewer would make the tasks wait for each other; each is some hundred kilobytes.
const SHARDS: usize = 8;

/// A histogram that many tasks write to.
pub(crate) struct Latencies {
    shards: Vec<Mutex<Histogram<u64>>>,
}

/// What a histogram says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) count: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latencies {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let shard = || Histogram::new_with_bounds(1, LONGEST_US, 3).map(Mutex::new);
        Ok(Self {
            shards: (0..SHARDS).map(|_| shard()).collect::<Result<_, _>>()?,
        })
    }

    /// `writer` is any number that differs between tasks.
    pub(crate) fn record(&self, writer: usize, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let mut shard = self.shards[writer % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shard.saturating_record(us);
    }

    pub(crate) fn percentiles(&self) -> anyhow::Result<Percentiles> {
        let mut sum = Histogram::<u64>::new_with_bounds(1, LONGEST_US, 3)?;
        for shard in &self.shards {
            sum.add(&*shard.lock().unwrap_or_else(PoisonError::into_inner))?;
        }
        let ms = |quantile| sum.value_at_quantile(quantile) as f64 / 1_000.0;
        Ok(Percentiles {
            count: sum.len(),
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            p999_ms: ms(0.999),
            max_ms: sum.max() as f64 / 1_000.0,
        })
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.count == 0 {
            return f.write_str("nothing measured");
        }
        write!(
            f,
            "p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.2} ms ({} times)",
            self.p50_ms, self.p99_ms, self.p999_ms, self.max_ms, self.count
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_writers_together() {
        let latencies = Latencies::new().unwrap();
        for n in 1..=1_000_usize {
            latencies.record(n, Duration::from_micros(n as u64 * 10));
        }
        let told = latencies.percentiles().unwrap();
        let near = |measured: f64, expected: f64| (measured - expected).abs() < expected * 0.002;
        assert_eq!(told.count, 1_000);
        assert!(near(told.p50_ms, 5.0) && near(told.p99_ms, 9.9), "{told}");
        assert!(
            near(told.p999_ms, 9.99) && near(told.max_ms, 10.0),
            "{told}"
        );
    }

    #[test]
    fn what_takes_longer_than_a_minute_is_a_minute() {
        let latencies = Latencies::new().unwrap();
        latencies.record(0, Duration::from_secs(600));
        let told = latencies.percentiles().unwrap();
        assert!((59_000.0..61_000.0).contains(&told.max_ms), "{told}");
    }
}
