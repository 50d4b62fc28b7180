//! How many fetches of a number may fail in an hour: Meta blocks a number for half an hour after twenty.
//!
//! Promises: a call is begun only when all that are under way may fail without passing the limit; at the limit the
//! number waits until the oldest failure is an hour old; a third is kept for files that were never tried, so that a few
//! bad ones hold up no good one; the limit is shared among the expected nodes. Pure: instants come in.
//! Does not: survive a restart of the node; a node that restarts every few minutes may spend more.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use balcao_core::model::ChannelId;

/// How far back failures count.
const WINDOW: Duration = Duration::from_secs(3_600);
/// Calls under way could use up the rest: again after so long.
const BUSY: Duration = Duration::from_secs(2);

/// The failures of a node.
pub struct Budget {
    most: usize,
    /// What of it is for first attempts only.
    kept: usize,
    spent: HashMap<ChannelId, Spent>,
}

#[derive(Default)]
struct Spent {
    failed: VecDeque<Instant>,
    under_way: usize,
}

impl Budget {
    /// `per_hour` over all of `nodes`.
    #[must_use]
    pub fn new(per_hour: u32, nodes: u32) -> Self {
        let most = usize::try_from((per_hour / nodes.max(1)).max(1)).unwrap_or(1);
        Self {
            most,
            kept: most / 3,
            spent: HashMap::new(),
        }
    }

    /// Leave for one call of this number, for a file that is tried for the first time or not; hand it back with
    /// [`Budget::end`].
    ///
    /// # Errors
    /// How long to wait.
    pub fn begin(
        &mut self,
        channel: ChannelId,
        is_first: bool,
        now: Instant,
    ) -> Result<(), Duration> {
        let most = if is_first {
            self.most
        } else {
            self.most - self.kept
        };
        let spent = self.spent.entry(channel).or_default();
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= WINDOW;
        while spent.failed.front().is_some_and(is_old) {
            spent.failed.pop_front();
        }
        if spent.failed.len() + spent.under_way < most {
            spent.under_way += 1;
            return Ok(());
        }
        // The failure whose end makes room; without one, calls under way do.
        let last = spent.failed.len().checked_sub(most);
        match last.and_then(|last| spent.failed.get(last)) {
            Some(last) => Err(WINDOW.saturating_sub(now.saturating_duration_since(*last))),
            None => Err(BUSY),
        }
    }

    /// The call ended; Meta counts it when it answered with an error.
    pub fn end(&mut self, channel: ChannelId, has_failed: bool, now: Instant) {
        let spent = self.spent.entry(channel).or_default();
        spent.under_way = spent.under_way.saturating_sub(1);
        if has_failed {
            spent.failed.push_back(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(budget: &mut Budget, channel: ChannelId, now: Instant) {
        assert_eq!(budget.begin(channel, true, now), Ok(()));
        budget.end(channel, true, now);
    }

    #[test]
    fn at_the_limit_a_number_waits_until_the_oldest_failure_is_an_hour_old() {
        let (mut budget, start) = (Budget::new(15, 1), Instant::now());
        let (bad, good) = (ChannelId::new(), ChannelId::new());
        for minute in 0..15 {
            fails(&mut budget, bad, start + Duration::from_secs(60 * minute));
        }
        let now = start + Duration::from_secs(15 * 60);
        assert_eq!(
            budget.begin(bad, true, now),
            Err(Duration::from_secs(45 * 60))
        );
        assert_eq!(
            budget.begin(good, true, now),
            Ok(()),
            "another number goes on"
        );
        assert_eq!(budget.begin(bad, true, start + WINDOW), Ok(()));
    }

    #[test]
    fn calls_under_way_count_as_if_they_failed() {
        let (mut budget, now, channel) = (Budget::new(3, 1), Instant::now(), ChannelId::new());
        fails(&mut budget, channel, now);
        assert_eq!(budget.begin(channel, true, now), Ok(()));
        assert_eq!(budget.begin(channel, true, now), Ok(()));
        assert_eq!(budget.begin(channel, true, now), Err(BUSY));
        budget.end(channel, false, now);
        assert_eq!(budget.begin(channel, true, now), Ok(()), "it went well");
    }

    #[test]
    fn files_that_failed_before_leave_a_third_to_those_that_did_not() {
        let (mut budget, now, channel) = (Budget::new(15, 1), Instant::now(), ChannelId::new());
        for _ in 0..10 {
            assert_eq!(budget.begin(channel, false, now), Ok(()));
            budget.end(channel, true, now);
        }
        assert_eq!(budget.begin(channel, false, now), Err(WINDOW));
        for _ in 0..5 {
            fails(&mut budget, channel, now);
        }
        assert_eq!(budget.begin(channel, true, now), Err(WINDOW));
        assert_eq!(budget.begin(channel, false, now + WINDOW), Ok(()));
    }

    #[test]
    fn nodes_share_it() {
        let (mut budget, now, channel) = (Budget::new(15, 4), Instant::now(), ChannelId::new());
        for _ in 0..3 {
            fails(&mut budget, channel, now);
        }
        assert_eq!(budget.begin(channel, true, now), Err(WINDOW));
    }
}
