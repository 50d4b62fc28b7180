//! What a named load showed, for people and scripts.

use super::named::{self, Figures, Name, Shape};
use super::{Measured, Options};
use crate::latency::Percentiles;
use crate::posting::Posted;
use crate::usage::Cores;
use crate::verdict::{self, Check};
use serde::Serialize;

/// The result.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    scenario: &'static str,
    seconds: u64,
    seed: u64,
    messages_per_s: f64,
    contacts: u64,
    sockets: u64,
    #[serde(flatten)]
    posted: Posted,
    /// From when a webhook was due to the agent's frame.
    webhook_to_frame: Option<Percentiles>,
    sockets_closed: u64,
    bot_answers: Option<u64>,
    /// Sends that the simulator refused (rates, windows).
    sends_refused: Option<u64>,
    status_webhooks_per_s: Option<f64>,
    status_webhooks_failed: Option<u64>,
    cores: Cores,
    product_cores: Option<f64>,
    balcao_pss_mb: Option<f64>,
    checks: Vec<Check>,
    pub(super) passed: bool,
}

impl Outcome {
    pub(super) fn new(
        name: Name,
        options: &Options,
        shape: &Shape,
        measured: &Measured,
    ) -> anyhow::Result<Self> {
        let webhook_to_frame = measured
            .deliveries
            .as_ref()
            .map(|(deliveries, _)| deliveries.latencies.percentiles())
            .transpose()?;
        let tally = measured.tally;
        let pss_mb = measured.pss_kib.map(|kib| kib / 1_024.0);
        let checks = named::checks(
            name,
            &Figures {
                posted: &measured.posted,
                frames: webhook_to_frame,
                sockets_closed: measured.sockets_closed(),
                simulator: tally.map(|tally| (tally.sends, tally.failed_posts)),
                product_cores: measured.cores.product(),
                pss_mb,
            },
        );
        let seconds = options.seconds as f64;
        Ok(Self {
            scenario: name.word(),
            seconds: options.seconds,
            seed: options.seed,
            messages_per_s: measured.posted.posted as f64 / seconds,
            contacts: shape.contacts,
            sockets: measured
                .deliveries
                .as_ref()
                .map_or(0, |(_, sockets)| *sockets),
            posted: measured.posted.clone(),
            webhook_to_frame,
            sockets_closed: measured.sockets_closed(),
            bot_answers: tally.map(|tally| tally.sends),
            sends_refused: tally.map(|tally| tally.refused),
            status_webhooks_per_s: tally.map(|tally| tally.statuses as f64 / seconds),
            status_webhooks_failed: tally.map(|tally| tally.failed_posts),
            cores: measured.cores,
            product_cores: measured.cores.product(),
            balcao_pss_mb: pss_mb,
            passed: verdict::all_passed(&checks),
            checks,
        })
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        let posted = &self.posted;
        let load = format!(
            "{:.1} messages/s (Poisson, seed {}) for {} s, {} customers, {} sockets",
            self.messages_per_s, self.seed, self.seconds, self.contacts, self.sockets
        );
        let webhooks = format!(
            "{} posted, {} acked, errors {}, {} unserved",
            posted.posted,
            posted.acked,
            posted.told_errors(),
            posted.unserved
        );
        let mut rows = vec![
            (self.scenario, load),
            ("webhooks", webhooks),
            ("ack", posted.ack.to_string()),
        ];
        if let Some(frames) = &self.webhook_to_frame {
            rows.push(("to agent's frame", frames.to_string()));
        }
        if let (Some(answers), Some(refused)) = (self.bot_answers, self.sends_refused) {
            rows.push((
                "bot",
                format!("{answers} answers at the simulator, {refused} sends refused by it"),
            ));
        }
        if let (Some(rate), Some(failed)) =
            (self.status_webhooks_per_s, self.status_webhooks_failed)
        {
            rows.push((
                "statuses",
                format!("{rate:.0} webhooks/s from the simulator, {failed} not acknowledged"),
            ));
        }
        rows.push(("CPU (cores)", self.cores.to_string()));
        if let Some(pss) = self.balcao_pss_mb {
            rows.push(("balcao's memory", format!("{pss:.0} MB (PSS)")));
        }
        verdict::print(self, &rows, &self.checks, json)
    }
}
