//! Reactions, edits and revocations: applied to their item wherever it is, or parked until it is here.

use balcao_core::model::{ActorKind, Author};
use balcao_core::store::change::{self, Deed, Outcome};
use balcao_core::{metrics, store};
use compliance::Keys;

use super::Writer;
use super::drive::{Whose, Write, Written};
use super::work::Told;
use crate::payload::{self, Change, Origin};

impl Write for Told<Box<Change>> {
    async fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        _keys: &Keys,
    ) -> Result<Written, store::Error> {
        let store = &writer.ctx.store;
        let changes: Vec<change::Change> = batch
            .iter()
            .zip(whose)
            .map(|((_, told), whose)| writer.change(told, *whose))
            .collect();
        let mut tx = store.ingest.begin().await?;
        match change::take(store, &mut tx, &changes, writer.expiry()).await? {
            Outcome::Gone(contacts) => {
                tx.rollback().await?;
                Ok(Written::Gone(contacts))
            }
            Outcome::Taken(taken) => {
                tx.commit().await?;
                count("parked", taken.waits_for.len());
                count("applied", taken.fresh - taken.waits_for.len());
                count("duplicate", changes.len() - taken.fresh);
                Ok(Written::Stored {
                    wakes: taken.wakes,
                    release: taken.waits_for,
                })
            }
        }
    }
}

impl Writer {
    fn change(&self, told: &Told<Box<Change>>, whose: Whose) -> change::Change {
        let Told { channel, item } = told;
        let vault = &self.ctx.store.vault;
        let number = &channel.phone_number_id;
        let is_ours = match item.origin {
            Origin::Customer => false,
            Origin::Phone => true,
            Origin::History { outbound, .. } => outbound,
        };
        let (author, who) = if is_ours {
            let ours = Author {
                kind: ActorKind::ChannelApp,
                id: Some(channel.id.0),
            };
            (ours, whose.case)
        } else {
            (Author::contact(whose.author.contact_id), whose.author)
        };
        change::Change {
            mac: vault.mac_wamid(number, &item.wamid),
            target: vault.mac_wamid(number, &item.target),
            channel_id: channel.id,
            who,
            author,
            at: item.at,
            deed: match &item.deed {
                payload::Deed::Reaction { emoji } => Deed::Reaction {
                    emoji: emoji.clone(),
                },
                payload::Deed::Edit { content } => Deed::Edit {
                    content: Box::new(content.clone()),
                },
                payload::Deed::Revoke => Deed::Revoke,
            },
        }
    }
}

fn count(outcome: &'static str, items: usize) {
    ::metrics::counter!(metrics::CHANGES, "outcome" => outcome).increment(items as u64);
}
