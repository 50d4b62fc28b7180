//! Writes what customers wrote, a batch at a time (`ingest.sql`).
//!
//! Promises: one row and one set of effects per wamid, however often it comes; `seq` and `rev` dense and in arrival
//! order inside a contact. Does not: find out who wrote (`contact::resolve`), seal, or acknowledge anything.

use chrono::{DateTime, NaiveDate, Utc};
use compliance::{Mac, Mutant, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::model::{ChannelId, ContactId, ConversationId, MessageId, MessageKind};

/// A message of a customer, resolved and sealed, ready to be stored.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Dedupe key: mac of the channel's number and the wamid.
    pub mac: Mac,
    /// Whose case it belongs to: the customer, or the group.
    pub contact_id: ContactId,
    /// Who wrote: the customer, or somebody in the group.
    pub author_id: ContactId,
    /// Which key sealed it: the author's.
    pub subject_id: SubjectId,
    /// To which number.
    pub channel_id: ChannelId,
    /// Made before sealing.
    pub message_id: MessageId,
    /// What kind of item.
    pub kind: MessageKind,
    /// Meta's time.
    pub meta_at: DateTime<Utc>,
    /// The sealed [`crate::model::Body`].
    pub sealed: Vec<u8>,
    /// The item it quotes, when we have it.
    pub reply_to: Option<(ConversationId, i64)>,
    /// Where replies go, sealed, and which key sealed it: that of `contact_id`.
    pub sealed_address: Vec<u8>,
    /// See `sealed_address`.
    pub address_subject_id: SubjectId,
    /// What it is to us.
    pub bearing: Bearing,
    /// The first bytes of a mac of what it says, to notice another message under the same wamid. Absent for what Meta
    /// tells in several events under one id (calls).
    pub fingerprint: Option<Vec<u8>>,
}

/// What an item of a customer sets in motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearing {
    /// It opens Meta's 24-hour window.
    pub opens_window: bool,
    /// The bot answers it when it owns the case.
    pub asks: bool,
    /// It was written in a group: people answer from the start.
    pub in_group: bool,
}

/// Where a stored message landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Index in the batch.
    pub index: usize,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place.
    pub seq: i64,
    /// The change it made.
    pub rev: i64,
    /// It opened a new case.
    pub created: bool,
    /// Something is parked for it: release that after COMMIT.
    pub is_awaited: bool,
}

/// What a batch came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored; items that are absent were stored before.
    Stored(Vec<Stored>),
    /// These contacts were erased or merged since they were resolved: roll back, resolve again.
    Erased(Vec<ContactId>),
    /// A case that was closed a moment ago may go on instead of a new one: roll back, [`reopen`], come again. Nearly
    /// never, so that looking first would cost every batch a round trip.
    MayReopen,
}

/// What a batch is stored by.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The bot's turn of a conversation is due so long after its first waiting message.
    pub debounce_seconds: f64,
    /// A case that was closed so recently goes on; `None` once [`reopen`] has looked.
    pub reopen_minutes: Option<i32>,
}

/// Opens cases again whose customers write within the window; returns those conversations. Part of the ingest
/// transaction, before [`insert`] comes again.
///
/// # Errors
/// [`Error::Database`].
pub async fn reopen(
    conn: &mut PgConnection,
    items: impl Iterator<Item = (Mac, ContactId, ChannelId)>,
    window_minutes: i32,
) -> Result<Vec<ConversationId>, Error> {
    let (mut macs, mut contacts, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    for (mac, contact_id, channel_id) in items {
        macs.push(mac.as_bytes().to_vec());
        contacts.push(contact_id.0);
        channels.push(channel_id.0);
    }
    let opened = sqlx::query_file_scalar!(
        "src/store/reopen.sql",
        &macs,
        &contacts,
        &channels,
        window_minutes
    )
    .fetch_all(conn)
    .await?;
    Ok(opened.into_iter().map(ConversationId).collect())
}

/// A batch as the statement takes it.
struct Columns {
    macs: Vec<Vec<u8>>,
    contacts: Vec<Uuid>,
    channels: Vec<Uuid>,
    messages: Vec<Uuid>,
    kinds: Vec<String>,
    times: Vec<DateTime<Utc>>,
    sealed: Vec<Vec<u8>>,
    subjects: Vec<Uuid>,
    cases: Vec<Uuid>,
    reply_conversations: Vec<Option<Uuid>>,
    reply_seqs: Vec<Option<i64>>,
    addresses: Vec<Vec<u8>>,
    address_subjects: Vec<Uuid>,
    authors: Vec<Uuid>,
    opening: Vec<bool>,
    asking: Vec<bool>,
    grouped: Vec<bool>,
    fingerprints: Vec<Option<Vec<u8>>>,
}

impl Columns {
    fn of(batch: &[Arrival]) -> Self {
        fn all<T>(batch: &[Arrival], column: impl Fn(&Arrival) -> T) -> Vec<T> {
            batch.iter().map(column).collect()
        }
        Self {
            macs: all(batch, |item| item.mac.as_bytes().to_vec()),
            contacts: all(batch, |item| item.contact_id.0),
            channels: all(batch, |item| item.channel_id.0),
            messages: all(batch, |item| item.message_id.0),
            kinds: all(batch, |item| kind_word(item.kind)),
            times: all(batch, |item| item.meta_at),
            sealed: all(batch, |item| item.sealed.clone()),
            subjects: all(batch, |item| item.subject_id.0),
            cases: all(batch, |_| ConversationId::new().0),
            reply_conversations: all(batch, |item| item.reply_to.map(|(id, _)| id.0)),
            reply_seqs: all(batch, |item| item.reply_to.map(|(_, seq)| seq)),
            addresses: all(batch, |item| item.sealed_address.clone()),
            address_subjects: all(batch, |item| item.address_subject_id.0),
            authors: all(batch, |item| item.author_id.0),
            opening: all(batch, |item| item.bearing.opens_window),
            asking: all(batch, |item| item.bearing.asks),
            grouped: all(batch, |item| item.bearing.in_group),
            fingerprints: all(batch, |item| item.fingerprint.clone()),
        }
    }
}

/// Stores a batch.
///
/// # Errors
/// [`Error::Database`]; class 22 and 23 mean that a row of the batch is at fault.
pub async fn insert(
    conn: &mut PgConnection,
    batch: &[Arrival],
    rules: Rules,
) -> Result<Outcome, Error> {
    let anew = Mutant::DedupeOff.lives().then(|| each_anew(batch));
    let columns = Columns::of(anew.as_deref().unwrap_or(batch));
    let rows = sqlx::query_file!(
        "src/store/ingest.sql",
        &columns.macs,
        &columns.contacts,
        &columns.channels,
        &columns.messages,
        &columns.kinds,
        &columns.times,
        &columns.sealed,
        &columns.subjects,
        &columns.cases,
        &columns.reply_conversations as &[Option<Uuid>],
        &columns.reply_seqs as &[Option<i64>],
        &columns.addresses,
        &columns.address_subjects,
        &columns.authors,
        &columns.opening,
        &columns.asking,
        &columns.grouped,
        rules.debounce_seconds,
        &columns.fingerprints as &[Option<Vec<u8>>],
        rules.reopen_minutes.unwrap_or(0),
    )
    .fetch_all(conn)
    .await?;

    if rows.iter().any(|row| row.may_reopen) {
        return Ok(Outcome::MayReopen);
    }
    let mut stored = Vec::with_capacity(rows.len());
    let mut erased = Vec::new();
    for row in rows {
        let index =
            usize::try_from(row.n - 1).map_err(|_| Error::Damaged("ordinality below one"))?;
        match (row.conversation_id, row.seq, row.rev) {
            (Some(id), Some(seq), Some(rev)) => stored.push(Stored {
                index,
                conversation_id: ConversationId(id),
                seq,
                rev,
                created: row.created.unwrap_or_default(),
                is_awaited: row.is_awaited,
            }),
            _ => erased.push(batch[index].contact_id),
        }
    }
    Ok(if erased.is_empty() {
        Outcome::Stored(stored)
    } else {
        Outcome::Erased(erased)
    })
}

/// Gives new cases their protocol numbers: the day, a counter of that day, a check digit. A statement of its own, so
/// that no number is burnt by a batch that only bumps; still in the ingest transaction.
///
/// # Errors
/// [`Error::Database`].
pub async fn give_protocols(
    conn: &mut PgConnection,
    created: &[ConversationId],
    time_zone: &str,
) -> Result<(), Error> {
    if created.is_empty() {
        return Ok(());
    }
    let count = i32::try_from(created.len()).map_err(|_| Error::Damaged("batch too large"))?;
    let row = sqlx::query!(
        r#"
        insert into protocol_counter as p (day, last)
        values ((now() at time zone $1)::date, $2)
        on conflict (day) do update set last = p.last + excluded.last
        returning day, last
        "#,
        time_zone,
        count,
    )
    .fetch_one(&mut *conn)
    .await?;
    let first = row.last - count + 1;
    let ids: Vec<Uuid> = created.iter().map(|id| id.0).collect();
    let numbers: Vec<String> = (first..=row.last).map(|n| protocol(row.day, n)).collect();
    sqlx::query!(
        r#"
        update conversation
        set protocol = given.protocol
        from unnest($1::uuid[], $2::text[]) as given (id, protocol)
        where conversation.id = given.id
        "#,
        &ids,
        &numbers,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// `YYYYMMDD`, the counter in at least four digits, and a Luhn check digit (ISO/IEC 7812-1 annex B).
fn protocol(day: NaiveDate, counter: i32) -> String {
    let digits = format!("{}{counter:04}", day.format("%Y%m%d"));
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0');
            match (place % 2 == 0, value * 2) {
                (true, doubled) if doubled > 9 => doubled - 9,
                (true, doubled) => doubled,
                (false, _) => value,
            }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// What the mutant `dedupe-off` makes of a batch: no two items have one key.
fn each_anew(batch: &[Arrival]) -> Vec<Arrival> {
    let mut batch = batch.to_vec();
    for item in &mut batch {
        item.mac.0[..16].copy_from_slice(item.message_id.0.as_bytes());
    }
    batch
}

fn kind_word(kind: MessageKind) -> String {
    // One spelling everywhere: the one that serde writes is the one of the SQL type.
    serde_json::to_value(kind)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_number_ends_in_its_luhn_digit() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let number = protocol(day, 7);
        assert_eq!(number.len(), 13);
        assert!(number.starts_with("202611200007"));
        let luhn: u32 = number
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
                if value > 9 { value - 9 } else { value }
            })
            .sum();
        assert_eq!(luhn % 10, 0);
    }

    #[test]
    fn kinds_are_spelt_as_in_sql() {
        assert_eq!(kind_word(MessageKind::Unsupported), "unsupported");
    }
}
