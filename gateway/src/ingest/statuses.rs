//! Delivery statuses: applied in a transaction of their own after the messages; those of unknown sends are parked.

use balcao_core::bell::Wake;
use balcao_core::metrics;
use balcao_core::store;
use balcao_core::store::dead_letter::{self, ParkedStatus};
use balcao_core::store::status::{self, Outcome};

use super::bisect::Bisection;
use super::fault::Fault;
use super::work::Letter;
use super::{MAX_TRIES, Writer, pause};
use crate::payload::{Reason, Report};

impl Writer {
    /// Applies statuses and marks those that are committed; returns the ones that the database refuses, as letters.
    pub(super) async fn statuses(
        &self,
        batch: Vec<(usize, Report)>,
        is_stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Vec<(usize, Letter)> {
        let mut bisection = Bisection::new(batch.len());
        while let Some(range) = bisection.next_range() {
            match self.apply(&batch[range.clone()]).await {
                Ok(moved) => {
                    batch[range]
                        .iter()
                        .for_each(|(place, _)| is_stored[*place] = true);
                    wakes.extend(moved);
                }
                Err(error) => {
                    let is_row = Fault::of(&error) == Fault::Row;
                    tracing::warn!(%error, items = range.len(), is_row, "statuses were not applied");
                    if !is_row || !bisection.failed(range) {
                        return Vec::new();
                    }
                }
            }
        }
        bisection
            .into_culprits()
            .into_iter()
            .map(|index| (batch[index].0, letter(&batch[index].1)))
            .collect()
    }

    async fn apply(&self, batch: &[(usize, Report)]) -> Result<Vec<Wake>, store::Error> {
        let mut tries = 1;
        loop {
            match self.apply_once(batch).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn apply_once(&self, batch: &[(usize, Report)]) -> Result<Vec<Wake>, store::Error> {
        let store = &self.ctx.store;
        let reports: Vec<status::Report> = batch
            .iter()
            .map(|(_, report)| status::Report {
                mac: store
                    .vault
                    .mac_wamid(&report.phone_number_id, &report.wamid),
                rank: report.rank,
                at: report.at,
                error_code: report.error_code,
                callback: report.callback,
            })
            .collect();
        let now = self.ctx.clock.now();
        let hours = i32::try_from(self.ctx.config.retention.parked_hours).unwrap_or(i32::MAX);
        let mut tx = store.ingest.begin().await?;
        let (outcomes, wakes) = status::apply(&mut tx, &reports).await?;
        for ((known, (_, report)), outcome) in reports.iter().zip(batch).zip(&outcomes) {
            if *outcome == Outcome::Unknown {
                let parked = ParkedStatus {
                    mac: known.mac,
                    rank: report.rank,
                    raw: &report.raw,
                };
                dead_letter::park(store, &mut tx, &parked, now, hours).await?;
            }
        }
        tx.commit().await?;
        outcomes.iter().for_each(|outcome| count(*outcome));
        Ok(wakes)
    }
}

fn letter(report: &Report) -> Letter {
    Letter {
        reason: Reason::RefusedByDatabase,
        detail: "status".to_owned(),
        channel_id: None,
        contact_id: None,
        raw: report.raw.clone(),
    }
}

fn count(outcome: Outcome) {
    let word = match outcome {
        Outcome::Applied => "applied",
        Outcome::TooLow => "too_low",
        Outcome::Unknown => "parked",
    };
    ::metrics::counter!(metrics::STATUSES, "outcome" => word).increment(1);
}
