//! What was said before the number came to us (coexistence): into the closed case of the past.

use std::collections::BTreeMap;

use balcao_core::model::{
    Body, ChannelId, ContactId, Content, ConversationId, Direction, MessageId,
};
use balcao_core::store::contact::Resolved;
use balcao_core::store::history::{self, Past};
use balcao_core::store::media::{self, Expected};
use balcao_core::store::parked::{self, Waiting};
use balcao_core::store::{self, dedupe};
use compliance::{Keys, Mac, Place};

use super::Writer;
use super::drive::{Whose, Write, Written};
use super::messages::{body, file};
use super::work::{Arriving, Imported};
use crate::payload::Origin;

impl Write for Imported {
    async fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        keys: &Keys,
    ) -> Result<Written, store::Error> {
        let mut items: Vec<(Mac, &Arriving, Whose)> = Vec::with_capacity(batch.len());
        for ((_, Imported(told)), whose) in batch.iter().zip(whose) {
            let vault = &writer.ctx.store.vault;
            let mac = vault.mac_wamid(&told.channel.phone_number_id, &told.item.wamid);
            items.push((mac, told, *whose));
        }
        writer.write_past(&items, keys).await
    }
}

/// Items of one case, with what they quote.
type Case<'a> = Vec<(Mac, &'a Arriving, Whose)>;

impl Writer {
    async fn write_past(
        &self,
        items: &[(Mac, &Arriving, Whose)],
        keys: &Keys,
    ) -> Result<Written, store::Error> {
        let noted: Vec<(Mac, Resolved)> = items
            .iter()
            .map(|(mac, _, whose)| (*mac, whose.case))
            .collect();
        let mut tx = self.ctx.store.ingest.begin().await?;
        let mut fresh = dedupe::fresh(&mut tx, &noted).await?;
        if !fresh.gone.is_empty() {
            tx.rollback().await?;
            return Ok(Written::Gone(fresh.gone));
        }
        let mut cases: BTreeMap<(ContactId, ChannelId), Case<'_>> = BTreeMap::new();
        let mut again = Vec::new();
        for (mac, told, whose) in items {
            if fresh.first(*mac) {
                let case = (whose.case.contact_id, told.channel.id);
                cases.entry(case).or_default().push((*mac, told, *whose));
            } else {
                again.push((*mac, *told));
            }
        }
        let (mut wakes, mut release) = (Vec::new(), Vec::new());
        for ((contact_id, channel_id), case) in cases {
            let past = sealed(&case, keys)?;
            let (id, seqs, wake) = history::append(&mut tx, contact_id, channel_id, &past).await?;
            wakes.extend(wake);
            release.extend(case.iter().map(|(mac, ..)| *mac));
            release.extend(self.beside(&mut tx, &case, keys, (id, &seqs)).await?);
        }
        for (mac, told) in again {
            if matches!(told.item.content, Content::Unsupported { .. }) {
                continue;
            }
            wakes.extend(self.fill(&mut tx, mac, told).await?);
        }
        tx.commit().await?;
        Ok(Written::Stored { wakes, release })
    }

    /// Files and quotes of a case's items; returns what is quoted and not here yet.
    async fn beside(
        &self,
        conn: &mut store::PgConnection,
        case: &Case<'_>,
        keys: &Keys,
        (id, seqs): (ConversationId, &[i64]),
    ) -> Result<Vec<Mac>, store::Error> {
        let (mut files, mut waiting, mut quoted) = (Vec::new(), Vec::new(), Vec::new());
        for ((_, told, whose), seq) in case.iter().zip(seqs) {
            let (subject_id, direction) = side(told, *whose);
            let key = keys.require(subject_id)?;
            files.extend(file(key, told, direction)?.map(|file| (file, *seq)));
            if let Some(mac) = self.quote(told) {
                let whom = (told.channel.id, whose.case);
                waiting.push(Waiting::quote(mac, (id, *seq), whom, told.item.at));
                quoted.push(mac);
            }
        }
        let expected: Vec<Expected<'_>> = files
            .iter()
            .map(|(file, seq)| Expected {
                file,
                conversation_id: id,
                seq: *seq,
                part: 0,
            })
            .collect();
        media::expect(&mut *conn, &expected).await?;
        parked::park(&self.ctx.store, conn, &waiting, self.expiry()).await?;
        Ok(quoted)
    }

    /// A file comes in a later chunk than the placeholder of its message.
    async fn fill(
        &self,
        conn: &mut store::PgConnection,
        mac: Mac,
        told: &Arriving,
    ) -> Result<Option<balcao_core::bell::Wake>, store::Error> {
        let (store, inbound) = (&self.ctx.store, &told.item);
        let body = Body {
            circumstance: inbound.circumstance.clone(),
            ..Body::new(Some(inbound.wamid.clone()), inbound.content.clone())
        };
        let Some(filled) = history::fill(store, &mut *conn, mac, &body).await? else {
            return Ok(None);
        };
        let direction = match inbound.origin {
            Origin::History { outbound: true, .. } => Direction::Out,
            _ => Direction::In,
        };
        let keys = store.vault.load(&mut *conn, &[filled.subject_id]).await?;
        let key = keys.require(filled.subject_id)?;
        if let Some(file) = file(key, told, direction)? {
            let part = Expected {
                file: &file,
                conversation_id: filled.conversation_id,
                seq: filled.seq,
                part: 0,
            };
            media::expect(conn, &[part]).await?;
        }
        Ok(Some(filled.wake))
    }
}

/// Whose key seals it, and which way it went.
fn side(told: &Arriving, whose: Whose) -> (compliance::SubjectId, Direction) {
    match told.item.origin {
        Origin::History { outbound: true, .. } => (whose.case.subject_id, Direction::Out),
        _ => (whose.author.subject_id, Direction::In),
    }
}

fn sealed(case: &Case<'_>, keys: &Keys) -> Result<Vec<Past>, store::Error> {
    case.iter()
        .map(|(mac, told, whose)| {
            let (subject_id, direction) = side(told, *whose);
            let message_id = MessageId::new();
            let rank = match told.item.origin {
                Origin::History { rank, .. } => rank,
                _ => None,
            };
            Ok(Past {
                mac: *mac,
                message_id,
                subject_id,
                author_id: (direction == Direction::In).then_some(whose.author.contact_id),
                kind: told.item.content.kind(),
                at: told.item.at,
                sealed: keys
                    .require(subject_id)?
                    .seal(Place::message(message_id.0), &body(&told.item)?)?,
                rank,
            })
        })
        .collect()
}
