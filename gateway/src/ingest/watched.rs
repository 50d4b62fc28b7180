//! What is only watched of a customer: kept once, sealed with their key, gone with their erasure.
//!
//! Promises: a repetition changes nothing, after an erasure neither. Does not: open a case, wake the bot or tell anybody.

use balcao_core::store::{self, dedupe, notice};
use compliance::{Keys, Mac};

use super::drive::{Whose, Write, Written};
use super::work::Watched;
use super::{Writer, notices};

impl Write for Watched {
    async fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        _keys: &Keys,
    ) -> Result<Written, store::Error> {
        let store = &writer.ctx.store;
        let macs: Vec<Mac> = batch
            .iter()
            .map(|(_, watched)| writer.notice_mac(&watched.notice))
            .collect();
        let noted: Vec<_> = macs
            .iter()
            .zip(whose)
            .map(|(mac, whose)| (*mac, whose.case))
            .collect();
        let mut tx = store.ingest.begin().await?;
        let mut fresh = dedupe::fresh(&mut tx, &noted).await?;
        if !fresh.gone.is_empty() {
            tx.rollback().await?;
            return Ok(Written::Gone(fresh.gone));
        }
        let mut kept = Vec::new();
        for (((_, watched), whose), mac) in batch.iter().zip(whose).zip(&macs) {
            if fresh.first(*mac) {
                let about = (Some(watched.channel.id), Some(whose.case));
                let new = writer.new_notice(&watched.notice, *mac, about);
                let now = writer.ctx.clock.now();
                if notice::keep(store, &mut tx, &new, now).await?.is_some() {
                    kept.push(&watched.notice);
                }
            }
        }
        tx.commit().await?;
        kept.into_iter().for_each(|notice| notices::count(notice));
        Ok(Written::Stored {
            wakes: Vec::new(),
            release: Vec::new(),
        })
    }
}
