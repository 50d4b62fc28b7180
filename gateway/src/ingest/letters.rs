//! What is kept instead of stored: sealed, for a few days, listed by doctor.

use balcao_core::metrics;
use balcao_core::store::{self, dead_letter};

use super::Writer;
use super::work::Letter;
use crate::payload::Reason;

impl Writer {
    /// Keeps letters and marks those that are committed.
    pub(super) async fn letters(&self, batch: Vec<(usize, Letter)>, is_stored: &mut [bool]) {
        if batch.is_empty() {
            return;
        }
        match self.keep(&batch).await {
            Ok(()) => batch.iter().for_each(|(place, letter)| {
                is_stored[*place] = true;
                count(letter);
            }),
            Err(error) => {
                tracing::warn!(%error, items = batch.len(), "dead letters were not kept; Meta will send them again")
            }
        }
    }

    async fn keep(&self, batch: &[(usize, Letter)]) -> Result<(), store::Error> {
        let now = self.ctx.clock.now();
        let days = i32::try_from(self.ctx.config.retention.dead_letter_days).unwrap_or(i32::MAX);
        let mut tx = self.ctx.store.ingest.begin().await?;
        for (_, letter) in batch {
            let letter = dead_letter::Letter {
                reason: letter.reason.word(),
                detail: &letter.detail,
                channel_id: letter.channel_id,
                contact_id: letter.contact_id,
                raw: &letter.raw,
            };
            dead_letter::keep(&self.ctx.store, &mut tx, &letter, now, days).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn count(letter: &Letter) {
    let reason = letter.reason.word();
    ::metrics::counter!(metrics::DEAD_LETTERS, "reason" => reason).increment(1);
    if letter.detail == "message" {
        let is_stale = letter.reason == Reason::Stale;
        let outcome = if is_stale { "stale" } else { "dead_letter" };
        ::metrics::counter!(metrics::INGEST_MESSAGES, "outcome" => outcome).increment(1);
    }
}
