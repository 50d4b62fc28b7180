//! A customer has a new telephone number or user id: the same person, re-keyed, and a line for whoever has the case.
//!
//! Promises: re-keying is repeated without harm; the line is written once, into the open case if there is one.
//! Does not: open a case, wake the bot, or count as something that the customer said.

use balcao_core::bell::Wake;
use balcao_core::model::{Author, Content, Direction, SystemLine};
use balcao_core::store::conversation;
use balcao_core::store::message::{self, Words};
use balcao_core::store::{self, dedupe, echo};

use super::fault::Fault;
use super::work::{Letter, Told};
use super::{MAX_TRIES, Writer, pause};
use crate::payload::{Reason, Rotation};

impl Writer {
    /// Re-keys people and marks what is committed; returns what the database refuses, as letters.
    pub(super) async fn rotations(
        &self,
        batch: Vec<(usize, Told<Box<Rotation>>)>,
        is_stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Vec<(usize, Letter)> {
        let mut letters = Vec::new();
        for (place, told) in batch {
            match self.rotate(&told).await {
                Ok(moved) => {
                    is_stored[place] = true;
                    wakes.extend(moved);
                }
                Err(error) => {
                    let reason = Fault::of(&error).reason();
                    tracing::warn!(%error, ?reason, "a change of identity was not stored");
                    letters.extend(reason.map(|reason| (place, letter(told, reason))));
                }
            }
        }
        letters
    }

    async fn rotate(&self, told: &Told<Box<Rotation>>) -> Result<Option<Wake>, store::Error> {
        let mut tries = 1;
        loop {
            match self.rotate_once(told).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn rotate_once(&self, told: &Told<Box<Rotation>>) -> Result<Option<Wake>, store::Error> {
        let Told { channel, item } = told;
        let store = &self.ctx.store;
        let who = self.people.rotate(channel, item).await?;
        let mac = store.vault.mac_wamid(&channel.phone_number_id, &item.wamid);
        let mut tx = store.ingest.begin().await?;
        let mut fresh = dedupe::fresh(&mut tx, &[(mac, who)]).await?;
        // Erased or merged between the two transactions: whoever did that knows them, and there is nobody to tell.
        if !fresh.gone.is_empty() || !fresh.first(mac) {
            tx.rollback().await?;
            return Ok(None);
        }
        let mut wake = None;
        if let Some(id) = echo::open_case(&mut tx, who.contact_id, channel.id).await? {
            let line = Words {
                author: Author::SYSTEM,
                direction: Direction::Internal,
                content: Content::System {
                    line: SystemLine::IdentityChanged {
                        phone: item.phone_changed,
                    },
                },
                client_ref: None,
                reply_to_seq: None,
            };
            let line = message::draft(store, &mut tx, id, line, item.at).await?;
            let mut locked = conversation::lock(&mut tx, id).await?;
            message::append(&mut tx, &mut locked, &line).await?;
            wake = Some(locked.wake());
        }
        tx.commit().await?;
        Ok(wake)
    }
}

fn letter(told: Told<Box<Rotation>>, reason: Reason) -> Letter {
    Letter {
        reason,
        detail: "rotation".to_owned(),
        channel_id: Some(told.channel.id),
        contact_id: None,
        raw: told.item.raw,
    }
}
