//! The breaker as a pure state machine: instants come in as parameters, nothing locks, nothing is exported.

use std::time::{Duration, Instant};

/// Slices of the rolling window.
const SLICES: usize = 10;

/// When a breaker opens and how it asks again.
#[derive(Clone, Copy, Debug)]
pub struct BreakerPolicy {
    /// How far back failures count.
    pub window: Duration,
    /// Fewer calls than this in the window never open it.
    pub min_calls: u32,
    /// The share of failures, in percent, that opens it.
    pub failure_percent: u32,
    /// So many failures in a row open it at once, however few calls there were.
    pub consecutive: Option<u32>,
    /// While open, one call per interval is let through.
    pub probe_every: Duration,
}

impl BreakerPolicy {
    /// For HTTP dependencies: Graph API, ERP, language models.
    pub const HTTP: Self = Self {
        window: Duration::from_secs(10),
        min_calls: 20,
        failure_percent: 50,
        consecutive: None,
        probe_every: Duration::from_secs(5),
    };
    /// For Redis, whose absence must cost at most a few capped calls.
    pub const REDIS: Self = Self {
        consecutive: Some(3),
        probe_every: Duration::from_secs(1),
        ..Self::HTTP
    };
}

/// Leave to make one call; hand it back with the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    probe: bool,
}

/// The state machine without clock, lock or metric.
#[derive(Clone, Debug)]
pub struct BreakerState {
    policy: BreakerPolicy,
    started: Instant,
    slices: [Slice; SLICES],
    in_a_row: u32,
    /// When the last probe left (or the breaker opened); `None` = closed.
    open_since_probe: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    number: u64,
    calls: u32,
    failures: u32,
}

impl BreakerState {
    /// A closed breaker; `now` is where its window starts.
    #[must_use]
    pub fn new(policy: BreakerPolicy, now: Instant) -> Self {
        Self {
            policy,
            started: now,
            slices: [Slice::default(); SLICES],
            in_a_row: 0,
            open_since_probe: None,
        }
    }

    /// Whether calls are refused (probes excepted).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open_since_probe.is_some()
    }

    /// Leave to call, or `None` while open. A probe that never reports is followed by the next after the interval.
    pub fn permit(&mut self, now: Instant) -> Option<Permit> {
        match self.open_since_probe {
            None => Some(Permit { probe: false }),
            Some(last) if now.saturating_duration_since(last) >= self.policy.probe_every => {
                self.open_since_probe = Some(now);
                Some(Permit { probe: true })
            }
            Some(_) => None,
        }
    }

    /// Reports the outcome. Calls that left before the breaker opened no longer matter when they come back.
    pub fn record(&mut self, permit: Permit, ok: bool, now: Instant) {
        if self.is_open() {
            if permit.probe && ok {
                *self = Self::new(self.policy, now);
            }
            return;
        }
        self.count(ok, now);
        if !ok && self.should_open(now) {
            self.open_since_probe = Some(now);
        }
    }

    fn count(&mut self, ok: bool, now: Instant) {
        let number = self.slice_number(now);
        let slice = &mut self.slices[usize::try_from(number).unwrap_or(0) % SLICES];
        if slice.number != number {
            *slice = Slice {
                number,
                ..Slice::default()
            };
        }
        slice.calls = slice.calls.saturating_add(1);
        if ok {
            self.in_a_row = 0;
        } else {
            slice.failures = slice.failures.saturating_add(1);
            self.in_a_row = self.in_a_row.saturating_add(1);
        }
    }

    fn should_open(&self, now: Instant) -> bool {
        if self
            .policy
            .consecutive
            .is_some_and(|limit| self.in_a_row >= limit)
        {
            return true;
        }
        let current = self.slice_number(now);
        let (mut calls, mut failures) = (0_u64, 0_u64);
        for slice in &self.slices {
            if slice.number.saturating_add(SLICES as u64) > current {
                calls += u64::from(slice.calls);
                failures += u64::from(slice.failures);
            }
        }
        calls >= u64::from(self.policy.min_calls)
            && failures * 100 >= calls * u64::from(self.policy.failure_percent)
    }

    fn slice_number(&self, now: Instant) -> u64 {
        let slice_us = (self.policy.window.as_micros() / SLICES as u128).max(1);
        u64::try_from(now.saturating_duration_since(self.started).as_micros() / slice_us)
            .unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(state: &mut BreakerState, times: u32, now: Instant) {
        for _ in 0..times {
            if let Some(permit) = state.permit(now) {
                state.record(permit, false, now);
            }
        }
    }

    fn succeed(state: &mut BreakerState, times: u32, now: Instant) {
        for _ in 0..times {
            let permit = state.permit(now).unwrap();
            state.record(permit, true, now);
        }
    }

    #[test]
    fn nineteen_failures_are_too_few_and_the_twentieth_opens() {
        let now = Instant::now();
        let mut state = BreakerState::new(BreakerPolicy::HTTP, now);
        fail(&mut state, 19, now);
        assert!(!state.is_open());
        fail(&mut state, 1, now);
        assert!(state.is_open());
        assert_eq!(state.permit(now), None);
    }

    #[test]
    fn below_half_failing_it_stays_closed() {
        let now = Instant::now();
        let mut state = BreakerState::new(BreakerPolicy::HTTP, now);
        succeed(&mut state, 51, now);
        fail(&mut state, 50, now);
        assert!(!state.is_open());
        fail(&mut state, 1, now);
        assert!(state.is_open());
    }

    #[test]
    fn failures_older_than_the_window_are_forgotten() {
        let start = Instant::now();
        let mut state = BreakerState::new(BreakerPolicy::HTTP, start);
        fail(&mut state, 19, start);
        fail(&mut state, 19, start + Duration::from_secs(10));
        assert!(!state.is_open());
    }

    #[test]
    fn one_probe_per_interval_and_its_success_closes() {
        let start = Instant::now();
        let mut state = BreakerState::new(BreakerPolicy::HTTP, start);
        fail(&mut state, 20, start);
        let later = start + Duration::from_secs(5);
        let probe = state.permit(later).unwrap();
        assert_eq!(
            state.permit(later),
            None,
            "a second probe in the same interval"
        );
        state.record(probe, false, later);
        assert!(state.is_open());
        let again = later + Duration::from_secs(5);
        let probe = state.permit(again).unwrap();
        state.record(probe, true, again);
        assert!(!state.is_open());
        fail(&mut state, 1, again);
        assert!(!state.is_open(), "the old failures are forgotten");
    }

    #[test]
    fn a_late_answer_of_an_ordinary_call_does_not_close_it() {
        let now = Instant::now();
        let mut state = BreakerState::new(BreakerPolicy::HTTP, now);
        let early = state.permit(now).unwrap();
        fail(&mut state, 20, now);
        state.record(early, true, now);
        assert!(state.is_open());
    }

    #[test]
    fn redis_opens_after_three_failures_in_a_row_only() {
        let now = Instant::now();
        let mut state = BreakerState::new(BreakerPolicy::REDIS, now);
        fail(&mut state, 2, now);
        succeed(&mut state, 1, now);
        fail(&mut state, 2, now);
        assert!(!state.is_open());
        fail(&mut state, 1, now);
        assert!(state.is_open());
        assert!(state.permit(now + Duration::from_secs(1)).is_some());
    }
}
