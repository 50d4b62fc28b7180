//! What came of both ways, judged and printed.

use super::Options;
use crate::latency::Percentiles;
use crate::posting::Posted;
use crate::verdict::{self, Check, all_passed};
use serde::Serialize;

const FRAME_P99_MS_MAX: f64 = 25.0;

/// What became of the agent's replies.
pub(super) struct Replies {
    pub(super) due: u64,
    pub(super) refused: u64,
    /// From when a reply was due to the Graph call.
    pub(super) to_graph: Percentiles,
}

#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    rate: u64,
    seconds: u64,
    webhooks: Posted,
    /// From when a webhook was due to the agent's frame.
    webhook_to_frame: Percentiles,
    replies: u64,
    replies_refused: u64,
    /// From when an agent's frame was due to the Graph call.
    frame_to_graph: Percentiles,
    checks: Vec<Check>,
    pub(super) passed: bool,
}

impl Outcome {
    pub(super) fn new(
        options: &Options,
        webhooks: Posted,
        webhook_to_frame: Percentiles,
        replies: &Replies,
    ) -> Self {
        let checks = checks(&webhooks, webhook_to_frame, replies);
        Self {
            rate: options.rate,
            seconds: options.seconds,
            webhooks,
            webhook_to_frame,
            replies: replies.due,
            replies_refused: replies.refused,
            frame_to_graph: replies.to_graph,
            passed: all_passed(&checks),
            checks,
        }
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let rows = [
            (
                "load",
                format!(
                    "{} messages/s each way (Poisson) for {} s",
                    self.rate, self.seconds
                ),
            ),
            (
                "webhooks",
                format!(
                    "{} posted, errors {}",
                    self.webhooks.posted,
                    self.webhooks.told_errors()
                ),
            ),
            (
                "webhook to agent's frame",
                self.webhook_to_frame.to_string(),
            ),
            (
                "replies",
                format!("{} sent, {} refused", self.replies, self.replies_refused),
            ),
            (
                "agent's frame to Graph call",
                self.frame_to_graph.to_string(),
            ),
        ];
        verdict::print(self, &rows, &self.checks, json)
    }
}

/// The targets.
fn checks(webhooks: &Posted, webhook_to_frame: Percentiles, replies: &Replies) -> Vec<Check> {
    let share = |seen: u64, due: u64| 100.0 * seen as f64 / (due as f64).max(1.0);
    let failed = webhooks.errors + webhooks.unserved;
    vec![
        Check::at_most("webhooks failed or unserved", failed as f64, 0.0, ""),
        Check::at_least(
            "messages seen by the agent",
            share(webhook_to_frame.count, webhooks.posted),
            100.0,
            "%",
        ),
        Check::at_most(
            "webhook to agent's frame p99",
            webhook_to_frame.p99_ms,
            FRAME_P99_MS_MAX,
            "ms",
        ),
        Check::at_least(
            "replies seen by Meta",
            share(replies.to_graph.count, replies.due),
            100.0,
            "%",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(acked: u64, seen: u64, p99_ms: f64, at_meta: u64) -> bool {
        let webhooks = Posted {
            posted: 100,
            acked,
            errors: 100 - acked,
            ..Posted::default()
        };
        let told = |count, p99_ms| Percentiles {
            count,
            p99_ms,
            ..Percentiles::default()
        };
        let replies = Replies {
            due: 100,
            refused: 0,
            to_graph: told(at_meta, 500.0),
        };
        all_passed(&checks(&webhooks, told(seen, p99_ms), &replies))
    }

    #[test]
    fn everything_must_arrive_and_in_time() {
        assert!(judged(100, 100, 24.0, 100));
        assert!(!judged(99, 100, 24.0, 100), "a webhook failed");
        assert!(!judged(100, 99, 24.0, 100), "a frame is missing");
        assert!(!judged(100, 100, 26.0, 100), "frames are late");
        assert!(!judged(100, 100, 24.0, 99), "a reply is missing");
    }
}
