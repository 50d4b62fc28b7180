//! What customers wrote, and their calls: sealed and stored in one transaction a batch.
//!
//! Promises: one statement for all plain messages; calls, quotes that come before what they quote, and files cost
//! more only when there are any. Does not: say who wrote (`people`), or fetch files (they are noted and fetched later).

use std::collections::{HashMap, HashSet};

use balcao_core::bell::Wake;
use balcao_core::metrics;
use balcao_core::model::{Body, ContactId, Content, ConversationId, Direction, MessageId};
use balcao_core::store::ingest::{self, Arrival, Bearing, Outcome, Rules, Stored};
use balcao_core::store::media::{self, Foreseen};
use balcao_core::store::parked::{self, Waiting};
use balcao_core::store::{self, call, dedupe, message};
use compliance::{Keys, Mac, Mutant, Place, SubjectKey};

use super::Writer;
use super::drive::{Whose, Write, Written};
use super::work::Arriving;
use crate::identity::Address;
use crate::payload::Inbound;

/// What Meta reports about a person rather than what they said: shown, but nothing to answer.
const QUIET_TYPES: [&str; 5] = ["reaction", "edit", "revoke", "system", "media_placeholder"];

/// So much of a mac tells two texts apart and nothing else.
const FINGERPRINT_BYTES: usize = 8;

/// A message that is ready to be written.
struct Ready {
    arrival: Arrival,
    file: Option<Foreseen>,
    quotes: Option<Mac>,
}

/// What became of the one statement.
enum Inserted {
    /// Written, not committed yet.
    Stored(store::Tx, Vec<Stored>),
    /// Rolled back: these contacts were erased or merged.
    Gone(Vec<ContactId>),
}

impl Write for Arriving {
    async fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        keys: &Keys,
    ) -> Result<Written, store::Error> {
        let quoted = writer.quoted(batch.iter().map(|(_, item)| item)).await?;
        let mut ready = Vec::with_capacity(batch.len());
        for ((_, item), whose) in batch.iter().zip(whose) {
            ready.push(writer.seal(item, *whose, keys, &quoted)?);
        }
        writer.write_messages(batch, whose, ready).await
    }
}

/// Where quoted items are.
pub(super) type Quoted = HashMap<Vec<u8>, (ConversationId, i64)>;

impl Writer {
    /// Where the items are that these quote.
    pub(super) async fn quoted(
        &self,
        items: impl Iterator<Item = &Arriving>,
    ) -> Result<Quoted, store::Error> {
        let macs: Vec<Mac> = items.filter_map(|item| self.quote(item)).collect();
        if macs.is_empty() {
            return Ok(HashMap::new());
        }
        let mut conn = self.ctx.store.ingest.acquire().await?;
        message::locate(&mut conn, &macs).await
    }

    pub(super) fn quote(&self, item: &Arriving) -> Option<Mac> {
        let wamid = item.item.circumstance.quotes.as_deref()?;
        let number = &item.channel.phone_number_id;
        Some(self.ctx.store.vault.mac_wamid(number, wamid))
    }

    fn seal(
        &self,
        item: &Arriving,
        whose: Whose,
        keys: &Keys,
        quoted: &Quoted,
    ) -> Result<Ready, store::Error> {
        let Arriving {
            channel,
            item: inbound,
        } = item;
        let Whose { case, author } = whose;
        let key = keys.require(author.subject_id)?;
        let message_id = MessageId::new();
        let address = match &inbound.group {
            Some(id) => Address::Group(id.clone()),
            None => inbound.sender.address.clone(),
        };
        let address = serde_json::to_vec(&address).map_err(|_| store::Error::Damaged("address"))?;
        if Mutant::PhoneInLog.lives() {
            tracing::info!(address = %String::from_utf8_lossy(&address), "a message arrived");
        }
        let address_place = Place::contact_channel_address(case.contact_id.0, channel.id.0);
        let quotes = self.quote(item);
        let reply_to = quotes.and_then(|mac| quoted.get(mac.as_bytes()).copied());
        let vault = &self.ctx.store.vault;
        let arrival = Arrival {
            mac: vault.mac_wamid(&channel.phone_number_id, &inbound.wamid),
            contact_id: case.contact_id,
            author_id: author.contact_id,
            subject_id: author.subject_id,
            channel_id: channel.id,
            message_id,
            kind: inbound.content.kind(),
            meta_at: inbound.at,
            sealed: key.seal(Place::message(message_id.0), &body(inbound)?)?,
            reply_to,
            sealed_address: keys
                .require(case.subject_id)?
                .seal(address_place, &address)?,
            address_subject_id: case.subject_id,
            bearing: bearing(inbound),
            fingerprint: self.fingerprint(&inbound.content),
        };
        Ok(Ready {
            arrival,
            file: file(key, item, Direction::In)?,
            quotes: quotes.filter(|_| reply_to.is_none()),
        })
    }

    /// See [`Arrival::fingerprint`]. Where a file can be fetched changes by the minute: it is no part of what is said.
    fn fingerprint(&self, content: &Content) -> Option<Vec<u8>> {
        let says = match content {
            Content::Call { .. } => return None,
            Content::Media { media } if media.url.is_some() => {
                let mut media = media.clone();
                media.url = None;
                serde_json::to_vec(&Content::Media { media })
            }
            content => serde_json::to_vec(content),
        };
        let mac = self.ctx.store.vault.mac_of("fingerprint", &[&says.ok()?]);
        Some(mac.as_bytes()[..FINGERPRINT_BYTES].to_vec())
    }

    /// Counts repetitions that say something else: Meta never changes a message under its id.
    async fn compare(
        &self,
        conn: &mut store::PgConnection,
        arrivals: &[Arrival],
        stored: &[Stored],
    ) -> Result<(), store::Error> {
        if stored.len() == arrivals.len() {
            return Ok(());
        }
        let new: HashSet<usize> = stored.iter().map(|row| row.index).collect();
        let repeated: Vec<(Mac, &[u8])> = arrivals
            .iter()
            .enumerate()
            .filter(|(index, _)| !new.contains(index))
            .filter_map(|(_, item)| Some((item.mac, item.fingerprint.as_deref()?)))
            .collect();
        if !repeated.is_empty() {
            let conflicts = dedupe::conflicts(conn, &repeated).await?;
            ::metrics::counter!(metrics::DEDUPE_CONFLICTS).increment(conflicts);
        }
        Ok(())
    }

    /// The ingest transaction.
    async fn write_messages(
        &self,
        batch: &[(usize, Arriving)],
        whose: &[Whose],
        ready: Vec<Ready>,
    ) -> Result<Written, store::Error> {
        let (mut arrivals, mut beside) = (Vec::new(), Vec::new());
        for Ready {
            arrival,
            file,
            quotes,
        } in ready
        {
            arrivals.push(arrival);
            beside.push((file, quotes));
        }
        let (mut tx, stored) = match self.insert(&arrivals).await? {
            Inserted::Stored(tx, stored) => (tx, stored),
            Inserted::Gone(contacts) => return Ok(Written::Gone(contacts)),
        };
        self.compare(&mut tx, &arrivals, &stored).await?;
        let zone = &self.ctx.config.conversation.time_zone;
        ingest::give_protocols(&mut tx, &created(&stored), zone).await?;
        let mut wakes = newest(&stored);
        wakes.extend(self.later_calls(&mut tx, batch, &arrivals, &stored).await?);
        expect(&mut tx, &beside, &stored).await?;
        let waiting = waiting(&arrivals, whose, &beside, &stored);
        parked::park(&self.ctx.store, &mut tx, &waiting, self.expiry()).await?;
        tx.commit().await?;
        count(arrivals.len(), stored.len());
        let mut release: Vec<Mac> = stored
            .iter()
            .filter(|row| row.is_awaited)
            .map(|row| arrivals[row.index].mac)
            .collect();
        release.extend(stored.iter().filter_map(|row| beside[row.index].1));
        Ok(Written::Stored { wakes, release })
    }

    /// The one statement; only when it opened a case where another should go on, that one is opened first and it runs
    /// again.
    async fn insert(&self, arrivals: &[Arrival]) -> Result<Inserted, store::Error> {
        let mut rules = self.rules();
        let mut tx = self.ctx.store.ingest.begin().await?;
        let mut outcome = ingest::insert(&mut tx, arrivals, rules).await?;
        if outcome == Outcome::MayReopen {
            tx.rollback().await?;
            tx = self.ctx.store.ingest.begin().await?;
            let keys = arrivals
                .iter()
                .map(|item| (item.mac, item.contact_id, item.channel_id));
            ingest::reopen(&mut tx, keys, self.reopen_minutes()).await?;
            rules.reopen_minutes = None;
            outcome = ingest::insert(&mut tx, arrivals, rules).await?;
        }
        match outcome {
            Outcome::Stored(stored) => Ok(Inserted::Stored(tx, stored)),
            Outcome::Erased(contacts) => {
                tx.rollback().await?;
                Ok(Inserted::Gone(contacts))
            }
            Outcome::MayReopen => Err(store::Error::Damaged("a case that may reopen twice")),
        }
    }

    fn rules(&self) -> Rules {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand milliseconds")]
        let debounce_seconds = self.ctx.config.bot.debounce_ms as f64 / 1_000.0;
        let is_hasty = Mutant::DebounceOff.lives();
        Rules {
            debounce_seconds: if is_hasty { 0.0 } else { debounce_seconds },
            reopen_minutes: Some(self.reopen_minutes()),
        }
    }

    /// Calls of which another event came before, perhaps in this batch.
    async fn later_calls(
        &self,
        conn: &mut store::PgConnection,
        batch: &[(usize, Arriving)],
        arrivals: &[Arrival],
        stored: &[Stored],
    ) -> Result<Vec<Wake>, store::Error> {
        let mut wakes = Vec::new();
        let is_call = |item: &Inbound| matches!(item.content, Content::Call { .. });
        if !batch.iter().any(|(_, told)| is_call(&told.item)) {
            return Ok(wakes);
        }
        let new: HashSet<usize> = stored.iter().map(|row| row.index).collect();
        for (index, ((_, told), arrival)) in batch.iter().zip(arrivals).enumerate() {
            if is_call(&told.item) && !new.contains(&index) {
                let (content, at) = (&told.item.content, told.item.at);
                let moved =
                    call::advance(&self.ctx.store, &mut *conn, arrival.mac, content, at).await?;
                wakes.extend(moved);
            }
        }
        Ok(wakes)
    }
}

/// The plaintext of an item.
pub(super) fn body(inbound: &Inbound) -> Result<Vec<u8>, store::Error> {
    let body = Body {
        circumstance: inbound.circumstance.clone(),
        ..Body::new(Some(inbound.wamid.clone()), inbound.content.clone())
    };
    serde_json::to_vec(&body).map_err(|_| store::Error::Damaged("content"))
}

/// The file that an item carries, if any.
pub(super) fn file(
    key: &SubjectKey,
    item: &Arriving,
    direction: Direction,
) -> Result<Option<Foreseen>, store::Error> {
    match &item.item.content {
        Content::Media { media } => Ok(Some(Foreseen::seal(
            key,
            item.channel.id,
            direction,
            media,
        )?)),
        _ => Ok(None),
    }
}

/// What Meta cannot tell us opens no window: a send on the strength of it would be refused. A call opens it, and is
/// nothing that a bot could answer.
fn bearing(inbound: &Inbound) -> Bearing {
    let in_group = inbound.group.is_some();
    let (opens_window, asks) = match &inbound.content {
        Content::Unsupported { type_name, .. } => {
            (false, !QUIET_TYPES.contains(&type_name.as_str()))
        }
        Content::Call { .. } => (true, false),
        _ => (true, true),
    };
    Bearing {
        opens_window,
        asks: asks && !in_group,
        in_group,
    }
}

fn created(stored: &[Stored]) -> Vec<ConversationId> {
    let mut created: Vec<ConversationId> = stored
        .iter()
        .filter(|row| row.created)
        .map(|row| row.conversation_id)
        .collect();
    created.sort_unstable();
    created.dedup();
    created
}

fn newest(stored: &[Stored]) -> Vec<Wake> {
    let mut newest: HashMap<ConversationId, i64> = HashMap::new();
    for row in stored {
        let rev = newest.entry(row.conversation_id).or_default();
        *rev = (*rev).max(row.rev);
    }
    let wake = |(conversation_id, rev)| Wake {
        conversation_id,
        rev,
    };
    newest.into_iter().map(wake).collect()
}

/// What is written beside an item: its file, and the item it quotes that is not here yet.
type Beside = (Option<Foreseen>, Option<Mac>);

async fn expect(
    conn: &mut store::PgConnection,
    beside: &[Beside],
    stored: &[Stored],
) -> Result<(), store::Error> {
    let files: Vec<media::Expected<'_>> = stored
        .iter()
        .filter_map(|row| {
            Some(media::Expected {
                file: beside[row.index].0.as_ref()?,
                conversation_id: row.conversation_id,
                seq: row.seq,
                part: 0,
            })
        })
        .collect();
    media::expect(conn, &files).await
}

fn waiting(
    arrivals: &[Arrival],
    whose: &[Whose],
    beside: &[Beside],
    stored: &[Stored],
) -> Vec<Waiting> {
    let quote = |row: &Stored| {
        let item = &arrivals[row.index];
        Some(Waiting::quote(
            beside[row.index].1?,
            (row.conversation_id, row.seq),
            (item.channel_id, whose[row.index].author),
            item.meta_at,
        ))
    };
    stored.iter().filter_map(quote).collect()
}

fn count(items: usize, stored: usize) {
    ::metrics::counter!(metrics::INGEST_MESSAGES, "outcome" => "stored").increment(stored as u64);
    ::metrics::counter!(metrics::INGEST_MESSAGES, "outcome" => "duplicate")
        .increment((items - stored) as u64);
}
