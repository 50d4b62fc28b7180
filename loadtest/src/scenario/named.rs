//! The four loads that the product is judged by, and what is asked of it.

use crate::latency::Percentiles;
use crate::posting::Posted;
use crate::verdict::Check;

/// Which load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Name {
    /// 500 messages a minute
    Normal,
    /// 1,333 messages a minute
    Busy,
    /// 10,000 customers at once: 333 messages a second, each answered by the bot, whose answers come back as about 1,000
    /// status webhooks a second, before 2,000 agents' sockets
    Peak,
    /// 1,333 messages a second
    Stress,
}

/// What a load consists of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) per_second: f64,
    pub(crate) contacts: u64,
    pub(crate) sockets: u64,
    /// Conversations that each socket watches.
    pub(crate) watched_each: u64,
}

impl Name {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Name::Normal => "normal",
            Name::Busy => "busy",
            Name::Peak => "peak",
            Name::Stress => "stress",
        }
    }

    pub(crate) fn shape(self) -> Shape {
        match self {
            Name::Normal => Shape {
                per_second: 500.0 / 60.0,
                contacts: 1_000,
                sockets: 50,
                watched_each: 20,
            },
            Name::Busy => Shape {
                per_second: 1_333.0 / 60.0,
                contacts: 1_000,
                sockets: 50,
                watched_each: 20,
            },
            Name::Peak => Shape {
                per_second: 333.0,
                contacts: 10_000,
                sockets: 2_000,
                watched_each: 5,
            },
            Name::Stress => Shape {
                per_second: 1_333.0,
                contacts: 10_000,
                sockets: 100,
                watched_each: 20,
            },
        }
    }
}

/// What is judged.
pub(crate) struct Figures<'a> {
    pub(crate) posted: &'a Posted,
    pub(crate) frames: Option<Percentiles>,
    pub(crate) sockets_closed: u64,
    /// Bot answers that the simulator got, and its own webhooks that were refused.
    pub(crate) simulator: Option<(u64, u64)>,
    pub(crate) product_cores: Option<f64>,
    pub(crate) pss_mb: Option<f64>,
}

/// The targets of a load.
pub(crate) fn checks(name: Name, figures: &Figures<'_>) -> Vec<Check> {
    let posted = figures.posted;
    let mut checks = vec![
        Check::at_most(
            "webhooks not answered with 200",
            posted.errors as f64,
            0.0,
            "",
        ),
        Check::at_most("webhooks unserved", posted.unserved as f64, 0.0, ""),
        Check::at_most("ack p99", measured(posted.ack), 10.0, "ms"),
    ];
    if let Some(frames) = figures.frames {
        checks.push(Check::at_most(
            "webhook to agent's frame p99",
            measured(frames),
            25.0,
            "ms",
        ));
        checks.push(Check::at_most(
            "sockets closed by the server",
            figures.sockets_closed as f64,
            0.0,
            "",
        ));
    }
    if name != Name::Peak {
        return checks;
    }
    if let Some((answers, refused)) = figures.simulator {
        let share = 100.0 * answers as f64 / (posted.acked as f64).max(1.0);
        checks.push(Check::at_least(
            "messages answered by the bot",
            share,
            100.0,
            "%",
        ));
        checks.push(Check::at_most(
            "simulator's webhooks refused",
            refused as f64,
            0.0,
            "",
        ));
    }
    if let Some(cores) = figures.product_cores {
        checks.push(Check::at_most(
            "balcao + PostgreSQL + Redis",
            cores,
            1.0,
            "cores",
        ));
    }
    if let Some(pss_mb) = figures.pss_mb {
        checks.push(Check::at_most("balcao's memory (PSS)", pss_mb, 300.0, "MB"));
    }
    checks
}

/// The p99, or no number when nothing was timed.
fn measured(percentiles: Percentiles) -> f64 {
    if percentiles.count == 0 {
        f64::NAN
    } else {
        percentiles.p99_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::all_passed;

    fn posted(errors: u64, p99_ms: f64) -> Posted {
        let ack = Percentiles {
            count: 100,
            p99_ms,
            ..Percentiles::default()
        };
        Posted {
            posted: 100,
            acked: 100 - errors,
            errors,
            ack,
            ..Posted::default()
        }
    }

    fn judged(name: Name, posted: &Posted, answers: u64, cores: f64) -> bool {
        let frames = Percentiles {
            count: 100,
            p99_ms: 20.0,
            ..Percentiles::default()
        };
        let figures = Figures {
            posted,
            frames: Some(frames),
            sockets_closed: 0,
            simulator: Some((answers, 0)),
            product_cores: Some(cores),
            pss_mb: Some(200.0),
        };
        all_passed(&checks(name, &figures))
    }

    #[test]
    fn peak_wants_every_message_answered_on_one_core() {
        let good = posted(0, 9.0);
        assert!(judged(Name::Peak, &good, 100, 0.9));
        assert!(!judged(Name::Peak, &good, 99, 0.9), "an answer is missing");
        assert!(!judged(Name::Peak, &good, 100, 1.1), "too much CPU");
        assert!(judged(Name::Stress, &good, 0, 1.9), "stress does not ask");
    }

    #[test]
    fn one_error_or_a_late_answer_fails_every_load() {
        for name in [Name::Normal, Name::Busy, Name::Peak, Name::Stress] {
            assert!(!judged(name, &posted(1, 9.0), 100, 0.5));
            assert!(!judged(name, &posted(0, 10.5), 100, 0.5));
        }
    }
}
