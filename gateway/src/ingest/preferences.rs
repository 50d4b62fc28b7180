//! Whether customers want marketing messages: the newest wish by Meta's time holds.

use balcao_core::store;
use balcao_core::store::preference::{self, Wish};
use compliance::Keys;

use super::Writer;
use super::drive::{Whose, Write, Written};
use super::work::Told;
use crate::payload::Preference;

impl Write for Told<Preference> {
    async fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        _keys: &Keys,
    ) -> Result<Written, store::Error> {
        let wishes: Vec<Wish> = batch
            .iter()
            .zip(whose)
            .map(|((_, told), whose)| Wish {
                who: whose.case,
                channel_id: told.channel.id,
                stop: told.item.stop,
                at: told.item.at,
            })
            .collect();
        let mut tx = writer.ctx.store.ingest.begin().await?;
        let gone = preference::keep(&mut tx, &wishes).await?;
        if gone.is_empty() {
            tx.commit().await?;
            Ok(Written::Stored {
                wakes: Vec::new(),
                release: Vec::new(),
            })
        } else {
            tx.rollback().await?;
            Ok(Written::Gone(gone))
        }
    }
}
