//! A limit in this process alone (governor): the fallback while Redis is away, and the doors.
//!
//! The state is bounded: entries that are full again are dropped now and then, and beyond a hundred thousand live keys
//! new ones share buckets. Sharing is stricter, never laxer.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::{Decision, Limit};

/// Live keys before new ones share buckets.
const MAX_KEYS: usize = 100_000;
/// Buckets that keys share when there are too many.
const SHARED_BUCKETS: u64 = 1_024;
/// Checks between two tidyings.
const TIDY_EVERY: u64 = 4_096;

type Keyed = RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>;

pub(super) struct Local {
    limiter: Keyed,
    // random per process: nobody can aim at another's bucket
    hasher: RandomState,
    checks: AtomicU64,
    crowded: AtomicBool,
}

impl Local {
    /// This node's share: the rate divided by the nodes without rounding, and a burst of at least one.
    pub(super) fn share_of(limit: &Limit, nodes: u32) -> Self {
        let interval = limit
            .interval()
            .saturating_mul(nodes)
            .max(Duration::from_nanos(1));
        let burst = NonZeroU32::new(limit.burst / nodes).unwrap_or(NonZeroU32::MIN);
        // the interval is never zero, so the quota always exists
        let quota = Quota::with_period(interval)
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        Self {
            limiter: RateLimiter::keyed(quota).with_middleware(),
            hasher: RandomState::new(),
            checks: AtomicU64::new(1),
            crowded: AtomicBool::new(false),
        }
    }

    pub(super) fn check(&self, key: &(impl Hash + ?Sized), cost: u32) -> Decision {
        self.tidy_now_and_then();
        let mut hash = self.hasher.hash_one(key);
        if self.crowded.load(Ordering::Relaxed) {
            hash %= SHARED_BUCKETS;
        }
        let mut cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        loop {
            match self.limiter.check_key_n(&hash, cost) {
                Ok(Ok(state)) => {
                    let remaining = state.remaining_burst_capacity();
                    return Decision {
                        allowed: true,
                        retry_after: Duration::ZERO,
                        remaining,
                    };
                }
                Ok(Err(refused)) => {
                    let retry_after = refused.wait_time_from(DefaultClock::default().now());
                    return Decision {
                        allowed: false,
                        retry_after,
                        remaining: 0,
                    };
                }
                // the share's burst is smaller than the whole limit's: then the cost is the share's burst
                Err(capacity) => cost = NonZeroU32::new(capacity.0).unwrap_or(NonZeroU32::MIN),
            }
        }
    }

    fn tidy_now_and_then(&self) {
        if self
            .checks
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(TIDY_EVERY)
        {
            self.limiter.retain_recent();
            self.crowded
                .store(self.limiter.len() >= MAX_KEYS, Ordering::Relaxed);
        }
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.limiter.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURLY: Limit = Limit::new("test", 6, Duration::from_secs(3_600));

    fn allowed(local: &Local, key: &str) -> usize {
        (0..20).filter(|_| local.check(key, 1).allowed).count()
    }

    #[test]
    fn a_node_grants_its_share() {
        assert_eq!(allowed(&Local::share_of(&HOURLY, 1), "a"), 6);
        assert_eq!(allowed(&Local::share_of(&HOURLY, 2), "a"), 3);
    }

    #[test]
    fn more_nodes_than_permits_still_leave_one() {
        assert_eq!(allowed(&Local::share_of(&HOURLY, 50), "a"), 1);
    }

    #[test]
    fn keys_do_not_disturb_each_other_and_the_refused_are_told_when() {
        let local = Local::share_of(&HOURLY, 1);
        assert_eq!(allowed(&local, "a"), 6);
        assert_eq!(allowed(&local, "b"), 6);
        let refused = local.check("a", 1);
        assert!(
            refused.retry_after > Duration::from_secs(590)
                && refused.retry_after <= Duration::from_secs(600)
        );
        assert_eq!(refused.remaining, 0);
    }

    #[test]
    fn a_cost_above_the_share_takes_all_of_it() {
        let local = Local::share_of(&HOURLY, 2);
        assert!(local.check("a", 6).allowed);
        assert!(!local.check("a", 1).allowed);
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let local = Local::share_of(&HOURLY, 1);
        for key in 0..2 * MAX_KEYS {
            local.check(&key, 1);
        }
        let bound = MAX_KEYS + usize::try_from(TIDY_EVERY + SHARED_BUCKETS).unwrap();
        assert!(local.keys() <= bound, "{} keys", local.keys());
        let refusals = (0..20_000)
            .filter(|key| !local.check(&format!("late {key}"), 1).allowed)
            .count();
        assert!(
            refusals > 13_000,
            "a crowd shares buckets instead of getting fresh ones: {refusals}"
        );
    }

    #[test]
    fn what_is_full_again_is_forgotten() {
        let quick = Limit::new("test", 1_000_000, Duration::from_secs(1));
        let local = Local::share_of(&quick, 1);
        for key in 0..50_000 {
            local.check(&key, 1);
        }
        assert!(local.keys() < 10_000, "{} keys", local.keys());
    }
}
