//! What customers wrote: resolved, sealed, stored in one transaction a batch.

use std::collections::HashMap;
use std::ops::Range;

use balcao_core::bell::Wake;
use balcao_core::metrics;
use balcao_core::model::{Body, ContactId, Content, ConversationId, MessageId};
use balcao_core::store::contact::Resolved;
use balcao_core::store::ingest::{self, Arrival, Outcome};
use balcao_core::store::{self, message};
use compliance::{Keys, Mac, Place, SubjectId};

use super::bisect::Bisection;
use super::fault::Fault;
use super::work::{Arriving, Letter};
use super::{MAX_TRIES, Writer, pause};

/// Protocol numbers count the days of the company.
const TIME_ZONE: &str = "America/Sao_Paulo";
/// Times a batch is resolved anew because of erasures that happened meanwhile.
const MAX_RESOLUTIONS: u32 = 4;

/// What Meta reports about a message rather than as one: shown, but nothing to answer, and no opener of the window.
const QUIET_TYPES: [&str; 4] = ["reaction", "edit", "revoke", "system"];

fn is_quiet(content: &Content) -> bool {
    matches!(content, Content::Unsupported { type_name, .. } if QUIET_TYPES.contains(&type_name.as_str()))
}

/// How one transaction went.
enum Written {
    Stored(Vec<Wake>),
    Erased(Vec<ContactId>),
}

/// How a whole batch went.
enum Batch {
    /// All rows are stored, or culprits.
    Done,
    /// These contacts were erased: resolve again.
    Erased(Vec<ContactId>),
    /// Only what is marked is known to be stored.
    Unsure,
}

/// A message that is ready to be written.
struct Ready {
    place: usize,
    item: Arriving,
    who: Resolved,
}

impl Writer {
    /// Stores messages and marks those that are committed; returns the ones that the database refuses, as letters.
    pub(super) async fn messages(
        &self,
        mut batch: Vec<(usize, Arriving)>,
        is_stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Vec<(usize, Letter)> {
        let mut letters = Vec::new();
        for _ in 0..MAX_RESOLUTIONS {
            if batch.is_empty() {
                break;
            }
            let who = match self.resolve(&batch).await {
                Ok(who) => who,
                Err(error) => {
                    tracing::warn!(%error, items = batch.len(), "senders could not be resolved; Meta will send again");
                    break;
                }
            };
            let (ready, arrivals, again) = match self.prepare(batch, &who).await {
                Ok(prepared) => prepared,
                Err(error) => {
                    tracing::warn!(%error, "messages could not be sealed; Meta will send them again");
                    break;
                }
            };
            batch = again;
            let mut bisection = Bisection::new(arrivals.len());
            let mut stored = vec![false; arrivals.len()];
            let outcome = self
                .write(&arrivals, &mut bisection, &mut stored, wakes)
                .await;
            let culprits = bisection.into_culprits();
            for (index, Ready { place, item, who }) in ready.into_iter().enumerate() {
                if stored[index] {
                    is_stored[place] = true;
                } else if culprits.contains(&index) {
                    letters.push((place, item.into_letter(who.contact_id)));
                } else {
                    if let Batch::Erased(contacts) = &outcome
                        && contacts.contains(&who.contact_id)
                    {
                        self.forget(&item, who);
                    }
                    batch.push((place, item));
                }
            }
            if matches!(outcome, Batch::Unsure) {
                break;
            }
        }
        letters
    }

    fn forget(&self, item: &Arriving, who: Resolved) {
        self.people.forget(&item.channel, &item.inbound.sender);
        self.ctx.store.vault.forget(&[who.subject_id]);
    }

    async fn resolve(&self, batch: &[(usize, Arriving)]) -> Result<Vec<Resolved>, store::Error> {
        let senders: Vec<_> = batch
            .iter()
            .map(|(_, item)| (&*item.channel, &item.inbound.sender))
            .collect();
        self.people.resolve(&senders).await
    }

    /// Locates quotes and seals. The last of the three are messages of people without a key: erased at this moment (to
    /// be resolved again), or with a broken key (theirs alone wait).
    async fn prepare(
        &self,
        batch: Vec<(usize, Arriving)>,
        who: &[Resolved],
    ) -> Result<(Vec<Ready>, Vec<Arrival>, Vec<(usize, Arriving)>), store::Error> {
        let quoted = self.quoted(&batch).await?;
        let keys = self.keys(who).await?;
        let (mut ready, mut arrivals, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for ((place, item), who) in batch.into_iter().zip(who.iter().copied()) {
            if keys.get(who.subject_id).is_none() {
                self.forget(&item, who);
                again.push((place, item));
                continue;
            }
            arrivals.push(self.seal(&item, who, &keys, &quoted)?);
            ready.push(Ready { place, item, who });
        }
        Ok((ready, arrivals, again))
    }

    async fn keys(&self, who: &[Resolved]) -> Result<Keys, store::Error> {
        let subjects: Vec<SubjectId> = who.iter().map(|who| who.subject_id).collect();
        if let Some(keys) = self.ctx.store.vault.cached(&subjects) {
            return Ok(keys);
        }
        let mut conn = self.ctx.store.ingest.acquire().await?;
        Ok(self.ctx.store.vault.load(&mut conn, &subjects).await?)
    }

    /// Where the quoted items are.
    async fn quoted(
        &self,
        batch: &[(usize, Arriving)],
    ) -> Result<HashMap<Vec<u8>, (ConversationId, i64)>, store::Error> {
        let macs: Vec<Mac> = batch
            .iter()
            .filter_map(|(_, item)| self.quote(item))
            .collect();
        if macs.is_empty() {
            return Ok(HashMap::new());
        }
        let mut conn = self.ctx.store.ingest.acquire().await?;
        message::locate(&mut conn, &macs).await
    }

    fn quote(&self, item: &Arriving) -> Option<Mac> {
        let wamid = item.inbound.quotes.as_deref()?;
        Some(
            self.ctx
                .store
                .vault
                .mac_wamid(&item.channel.phone_number_id, wamid),
        )
    }

    fn seal(
        &self,
        item: &Arriving,
        who: Resolved,
        keys: &Keys,
        quoted: &HashMap<Vec<u8>, (ConversationId, i64)>,
    ) -> Result<Arrival, store::Error> {
        let Arriving { channel, inbound } = item;
        let key = keys.require(who.subject_id)?;
        let message_id = MessageId::new();
        let body = Body::new(Some(inbound.wamid.clone()), inbound.content.clone());
        let body = serde_json::to_vec(&body).map_err(|_| store::Error::Damaged("content"))?;
        let address = serde_json::to_vec(&inbound.sender.address)
            .map_err(|_| store::Error::Damaged("address"))?;
        let address_place = Place::contact_channel_address(who.contact_id.0, channel.id.0);
        Ok(Arrival {
            mac: self
                .ctx
                .store
                .vault
                .mac_wamid(&channel.phone_number_id, &inbound.wamid),
            contact_id: who.contact_id,
            subject_id: who.subject_id,
            channel_id: channel.id,
            message_id,
            kind: inbound.content.kind(),
            meta_at: inbound.at,
            sealed: key.seal(Place::message(message_id.0), &body)?,
            reply_to: self
                .quote(item)
                .and_then(|mac| quoted.get(mac.as_bytes()).copied()),
            sealed_address: key.seal(address_place, &address)?,
            is_quiet: is_quiet(&inbound.content),
        })
    }

    /// Writes a prepared batch, halving it as long as the database refuses rows of it.
    async fn write(
        &self,
        arrivals: &[Arrival],
        bisection: &mut Bisection,
        stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Batch {
        while let Some(range) = bisection.next_range() {
            match self.write_range(arrivals, range.clone()).await {
                Ok(Written::Stored(moved)) => {
                    stored[range].fill(true);
                    wakes.extend(moved);
                }
                Ok(Written::Erased(contacts)) => return Batch::Erased(contacts),
                Err(error) => {
                    let is_row = Fault::of(&error) == Fault::Row;
                    tracing::warn!(%error, items = range.len(), is_row, "messages were not stored");
                    if !is_row || !bisection.failed(range) {
                        return Batch::Unsure;
                    }
                }
            }
        }
        Batch::Done
    }

    async fn write_range(
        &self,
        arrivals: &[Arrival],
        range: Range<usize>,
    ) -> Result<Written, store::Error> {
        let mut tries = 1;
        loop {
            match self.write_once(&arrivals[range.clone()]).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The ingest transaction.
    async fn write_once(&self, arrivals: &[Arrival]) -> Result<Written, store::Error> {
        let config = &self.ctx.config;
        let reopen_minutes =
            i32::try_from(config.conversation.reopen_window_minutes).unwrap_or(i32::MAX);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand milliseconds")]
        let debounce_seconds = config.bot.debounce_ms as f64 / 1_000.0;
        let mut tx = self.ctx.store.ingest.begin().await?;
        ingest::reopen(&mut tx, arrivals, reopen_minutes).await?;
        let stored = match ingest::insert(&mut tx, arrivals, debounce_seconds).await? {
            Outcome::Stored(stored) => stored,
            Outcome::Erased(contacts) => {
                tx.rollback().await?;
                return Ok(Written::Erased(contacts));
            }
        };
        let mut created: Vec<ConversationId> = stored
            .iter()
            .filter(|row| row.created)
            .map(|row| row.conversation_id)
            .collect();
        created.sort_unstable();
        created.dedup();
        ingest::give_protocols(&mut tx, &created, TIME_ZONE).await?;
        tx.commit().await?;
        count(arrivals.len(), stored.len());
        let mut newest: HashMap<ConversationId, i64> = HashMap::new();
        for row in stored {
            let rev = newest.entry(row.conversation_id).or_default();
            *rev = (*rev).max(row.rev);
        }
        Ok(Written::Stored(
            newest
                .into_iter()
                .map(|(conversation_id, rev)| Wake {
                    conversation_id,
                    rev,
                })
                .collect(),
        ))
    }
}

fn count(items: usize, stored: usize) {
    ::metrics::counter!(metrics::INGEST_MESSAGES, "outcome" => "stored").increment(stored as u64);
    ::metrics::counter!(metrics::INGEST_MESSAGES, "outcome" => "duplicate")
        .increment((items - stored) as u64);
}
