//! When what is due: customers do not wait for each other, so arrivals are a Poisson process.
//!
//! Promises: a pure function of rate, duration and seed; the mean rate is the one asked for.
//! Does not: know how late anything was in truth; whoever posts measures from these times.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

/// Due times from the beginning of a run, ascending.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schedule {
    due: Vec<Duration>,
    /// Length of the run; everything is due before.
    length: Duration,
}

impl Schedule {
    /// Independent arrivals, `per_second` on average.
    pub(crate) fn poisson(per_second: f64, length: Duration, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut at, end) = (0.0, length.as_secs_f64());
        let mut due = Vec::new();
        if per_second > 0.0 {
            loop {
                // 1 - u is in (0, 1]: the logarithm is finite.
                at -= (1.0 - random.random::<f64>()).ln() / per_second;
                if at >= end {
                    break;
                }
                due.push(Duration::from_secs_f64(at));
            }
        }
        Self { due, length }
    }

    /// Equal distances; the first is due at once.
    #[cfg(test)]
    pub(crate) fn steady(per_second: f64, length: Duration) -> Self {
        let count = (per_second * length.as_secs_f64()).round() as u64;
        let due = (0..count).map(|k| Duration::from_secs_f64(k as f64 / per_second));
        Self {
            due: due.collect(),
            length,
        }
    }

    pub(crate) fn due(&self, k: u64) -> Option<Duration> {
        self.due.get(usize::try_from(k).ok()?).copied()
    }

    pub(crate) fn len(&self) -> u64 {
        self.due.len() as u64
    }

    pub(crate) fn length(&self) -> Duration {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_same_seed_gives_the_same_times_and_another_seed_others() {
        let schedule = |seed| Schedule::poisson(100.0, MINUTE, seed);
        assert_eq!(schedule(7), schedule(7));
        assert_ne!(schedule(7), schedule(8));
    }

    #[test]
    fn arrivals_are_as_many_and_as_uneven_as_poisson_says() {
        let schedule = Schedule::poisson(200.0, MINUTE, 1);
        // 12,000 +- 5 standard deviations of a Poisson count.
        assert!(
            (11_450..=12_550).contains(&schedule.len()),
            "{}",
            schedule.len()
        );
        let gaps: Vec<f64> = schedule
            .due
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64())
            .collect();
        assert!(gaps.iter().all(|gap| *gap >= 0.0), "times ascend");
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Exponential gaps: the standard deviation is the mean. Steady ones would have none.
        assert!((0.9..1.1).contains(&(variance.sqrt() / mean)));
        assert!(schedule.due.iter().all(|due| *due < MINUTE));
    }

    #[test]
    fn steady_arrivals_have_equal_distances() {
        let schedule = Schedule::steady(4.0, Duration::from_secs(1));
        let ms: Vec<u128> = schedule.due.iter().map(Duration::as_millis).collect();
        assert_eq!(ms, [0, 250, 500, 750]);
        assert_eq!(
            (schedule.due(3), schedule.due(4)),
            (Some(Duration::from_millis(750)), None)
        );
    }

    #[test]
    fn nothing_is_due_at_no_rate() {
        assert_eq!(Schedule::poisson(0.0, MINUTE, 1).len(), 0);
    }
}
