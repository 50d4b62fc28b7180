//! The result: a table for people, one JSON object for scripts.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write as _;

/// What a run measured. Latencies are from due time (with a rate) or from posting to the acknowledgement.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) messages_per_s: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
    pub(crate) errors: u64,
    /// By HTTP status, or by word when there was none.
    pub(crate) error_kinds: BTreeMap<String, u64>,
    /// Acknowledged with 200.
    pub(crate) messages: u64,
    pub(crate) seconds: f64,
    pub(crate) rate: Option<u64>,
    pub(crate) connections: u64,
}

/// Writes the result to standard output.
pub(crate) fn print(outcome: &Outcome, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(outcome)?)?;
        return Ok(());
    }
    let load = match outcome.rate {
        Some(rate) => format!(
            "{rate} webhooks/s on schedule, {} connections",
            outcome.connections
        ),
        None => format!("as fast as answered, {} connections", outcome.connections),
    };
    let kinds: Vec<String> = outcome
        .error_kinds
        .iter()
        .map(|(kind, count)| format!("{count} x {kind}"))
        .collect();
    let errors = if kinds.is_empty() {
        "0".to_owned()
    } else {
        format!("{} ({})", outcome.errors, kinds.join(", "))
    };
    for (name, value) in [
        ("load", load),
        ("measured", format!("{:.1} s", outcome.seconds)),
        ("messages", outcome.messages.to_string()),
        ("messages/s", format!("{:.0}", outcome.messages_per_s)),
        ("p50", format!("{:.2} ms", outcome.p50_ms)),
        ("p99", format!("{:.2} ms", outcome.p99_ms)),
        ("p99.9", format!("{:.2} ms", outcome.p999_ms)),
        ("max", format!("{:.2} ms", outcome.max_ms)),
        ("errors", errors),
    ] {
        writeln!(out, "{name:<12}{value}")?;
    }
    Ok(())
}
