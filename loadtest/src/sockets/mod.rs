//! `loadtest sockets`: what an idle socket costs in memory, and a delivery in CPU time.
//!
//! Promises: our sockets are opened as a browser does (ticket, Origin, subscribe) and watch one conversation; a delivery is
//! one customer message received by one socket. `--against nats` measures Debian's nats-server next, with the same number
//! of sockets, listeners and messages, by the same client.
//! Does not: count the client's own cost.

mod nats;
mod ours;

use crate::latency::Percentiles;
use crate::verdict::{self, Check};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// An idle socket may cost so much, and so much of nats-server's.
const IDLE_KIB_MAX: f64 = 8.0;
const IDLE_RATIO_MAX: f64 = 0.35;
const CPU_RATIO_MAX: f64 = 1.0;
/// Nothing more comes when nothing came for so long.
const QUIET: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Rival {
    /// Debian's nats-server, WebSocket subscribers
    Nats,
}

#[derive(Clone, clap::Args)]
pub(crate) struct Options {
    /// Idle sockets
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    count: u64,
    /// Sockets that watch the one conversation of the fan-out; 0 leaves the fan-out away
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=100_000))]
    listeners: u64,
    /// Messages a second that each of them receives
    #[arg(long, default_value_t = 100, value_name = "PER_SECOND", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    rate: u64,
    /// Seconds of fan-out
    #[arg(long, default_value_t = 10, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Makes the arrivals repeatable
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Measure this one too, and compare
    #[arg(long, value_name = "RIVAL")]
    against: Option<Rival>,
    /// Bytes of the rival's messages (ours are whole items, with the head of the conversation)
    #[arg(long, default_value_t = 300, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(64..=65_536))]
    payload_bytes: u64,
    /// Folder of the running demo
    #[arg(long, default_value = ".balcao", value_name = "DIR")]
    data: PathBuf,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// What one server showed.
#[derive(Debug, Serialize)]
struct Contender {
    server: &'static str,
    sockets: u64,
    idle_kib_per_socket: f64,
    fan_out: Option<FanOut>,
}

/// One conversation before many sockets.
#[derive(Debug, Serialize)]
struct FanOut {
    listeners: u64,
    messages: u64,
    deliveries: u64,
    /// Of all that were due.
    delivered_share: f64,
    deliveries_per_s: f64,
    server_cpu_us_per_delivery: f64,
    bytes_per_delivery: f64,
    /// From when the message was due.
    delivery: Percentiles,
}

#[derive(Debug, Serialize)]
struct Outcome {
    balcao: Contender,
    rival: Option<Contender>,
    checks: Vec<Check>,
    passed: bool,
}

/// Runs it; `Ok(false)` when a target is missed.
pub(crate) async fn run(options: Options) -> anyhow::Result<bool> {
    let balcao = ours::measure(&options).await?;
    let rival = match options.against {
        Some(Rival::Nats) => Some(nats::measure(&options).await?),
        None => None,
    };
    let checks = checks(&balcao, rival.as_ref());
    let outcome = Outcome {
        passed: verdict::all_passed(&checks),
        balcao,
        rival,
        checks,
    };
    let rows: Vec<(&str, String)> = [Some(&outcome.balcao), outcome.rival.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(Contender::rows)
        .collect();
    verdict::print(&outcome, &rows, &outcome.checks, options.json)?;
    Ok(outcome.passed)
}

fn checks(balcao: &Contender, rival: Option<&Contender>) -> Vec<Check> {
    let idle = balcao.idle_kib_per_socket;
    let mut checks = vec![Check::at_most(
        "idle memory per socket",
        idle,
        IDLE_KIB_MAX,
        "KiB",
    )];
    if let Some(fan) = &balcao.fan_out {
        checks.push(Check::at_least(
            "messages delivered",
            100.0 * fan.delivered_share,
            100.0,
            "%",
        ));
    }
    let Some(rival) = rival else { return checks };
    let ratio = idle / rival.idle_kib_per_socket;
    checks.push(Check::at_most(
        "idle memory / nats-server's",
        ratio,
        IDLE_RATIO_MAX,
        "",
    ));
    if let (Some(fan), Some(other)) = (&balcao.fan_out, &rival.fan_out) {
        let ratio = fan.server_cpu_us_per_delivery / other.server_cpu_us_per_delivery;
        checks.push(Check::at_most(
            "CPU per delivery / nats-server's",
            ratio,
            CPU_RATIO_MAX,
            "",
        ));
    }
    checks
}

impl Contender {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let idle = format!(
            "{:.2} KiB a socket at {} idle sockets",
            self.idle_kib_per_socket, self.sockets
        );
        let mut rows = vec![(self.server, idle)];
        if let Some(fan) = &self.fan_out {
            let load = format!(
                "{} messages to {} listeners: {:.0} deliveries/s, {:.2} % of all, {:.0} bytes each",
                fan.messages,
                fan.listeners,
                fan.deliveries_per_s,
                100.0 * fan.delivered_share,
                fan.bytes_per_delivery
            );
            rows.push(("  fan-out", load));
            rows.push((
                "  CPU",
                format!(
                    "{:.2} us of the server per delivery",
                    fan.server_cpu_us_per_delivery
                ),
            ));
            rows.push(("  delivery", fan.delivery.to_string()));
        }
        rows
    }
}

/// Waits until a process has nothing to do (half a minute at most), so that the next figure is of the next thing.
async fn until_calm(pid: u32) {
    let end = Instant::now() + Duration::from_secs(30);
    let mut before = crate::usage::cpu_seconds(pid);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.tick().await;
    while Instant::now() < end {
        ticks.tick().await;
        let now = crate::usage::cpu_seconds(pid);
        if let (Some(now), Some(before)) = (now, before)
            && now - before < 0.1
        {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(idle: f64, cpu: f64, share: f64) -> Contender {
        Contender {
            server: "x",
            sockets: 10,
            idle_kib_per_socket: idle,
            fan_out: Some(FanOut {
                listeners: 10,
                messages: 10,
                deliveries: 100,
                delivered_share: share,
                deliveries_per_s: 100.0,
                server_cpu_us_per_delivery: cpu,
                bytes_per_delivery: 300.0,
                delivery: Percentiles::default(),
            }),
        }
    }

    fn holds(ours: &Contender, rival: Option<&Contender>) -> bool {
        verdict::all_passed(&checks(ours, rival))
    }

    #[test]
    fn each_figure_alone_decides() {
        let rival = contender(22.0, 5.0, 1.0);
        assert!(holds(&contender(7.0, 4.0, 1.0), Some(&rival)));
        assert!(
            holds(&contender(7.9, 9.0, 1.0), None),
            "nobody to compare with"
        );
        assert!(!holds(&contender(8.1, 4.0, 1.0), None), "too much memory");
        assert!(
            !holds(&contender(7.9, 4.0, 1.0), Some(&rival)),
            "more than 0.35 of the rival's"
        );
        assert!(
            !holds(&contender(7.0, 5.1, 1.0), Some(&rival)),
            "more CPU than the rival"
        );
        assert!(
            !holds(&contender(7.0, 4.0, 0.999), Some(&rival)),
            "something got lost"
        );
    }
}
