//! Writes what customers wrote, a batch at a time (`ingest.sql`).
//!
//! Promises: one row and one set of effects per wamid, however often it comes; `seq` and `rev` dense and in arrival
//! order inside a contact. Does not: find out who wrote (`contact::resolve`), seal, or acknowledge anything.

use chrono::{DateTime, NaiveDate, Utc};
use compliance::{Mac, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::model::{ChannelId, ContactId, ConversationId, MessageId, MessageKind};

/// A message of a customer, resolved and sealed, ready to be stored.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Dedupe key: mac of the channel's number and the wamid.
    pub mac: Mac,
    /// Who wrote.
    pub contact_id: ContactId,
    /// Which key sealed it.
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
    /// Where replies go, sealed.
    pub sealed_address: Vec<u8>,
    /// Kept and shown, but not a turn of the customer (a reaction, an edit): it opens no window and asks for no answer.
    pub is_quiet: bool,
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
}

/// What a batch came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored; items that are absent were stored before.
    Stored(Vec<Stored>),
    /// These contacts were erased since they were resolved: roll back, resolve again.
    Erased(Vec<ContactId>),
}

/// Opens cases again whose customers write within the window; returns those conversations. Part of the ingest
/// transaction, before [`insert`].
///
/// # Errors
/// [`Error::Database`].
pub async fn reopen(
    conn: &mut PgConnection,
    batch: &[Arrival],
    window_minutes: i32,
) -> Result<Vec<ConversationId>, Error> {
    let macs: Vec<Vec<u8>> = batch
        .iter()
        .map(|item| item.mac.as_bytes().to_vec())
        .collect();
    let contacts: Vec<Uuid> = batch.iter().map(|item| item.contact_id.0).collect();
    let channels: Vec<Uuid> = batch.iter().map(|item| item.channel_id.0).collect();
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

/// Stores a batch. The bot's turn of a conversation is due `debounce_seconds` after its first waiting message.
///
/// # Errors
/// [`Error::Database`]; class 22 and 23 mean that a row of the batch is at fault.
pub async fn insert(
    conn: &mut PgConnection,
    batch: &[Arrival],
    debounce_seconds: f64,
) -> Result<Outcome, Error> {
    let macs: Vec<Vec<u8>> = batch
        .iter()
        .map(|item| item.mac.as_bytes().to_vec())
        .collect();
    let contacts: Vec<Uuid> = batch.iter().map(|item| item.contact_id.0).collect();
    let channels: Vec<Uuid> = batch.iter().map(|item| item.channel_id.0).collect();
    let messages: Vec<Uuid> = batch.iter().map(|item| item.message_id.0).collect();
    let kinds: Vec<String> = batch.iter().map(|item| kind_word(item.kind)).collect();
    let times: Vec<DateTime<Utc>> = batch.iter().map(|item| item.meta_at).collect();
    let sealed: Vec<Vec<u8>> = batch.iter().map(|item| item.sealed.clone()).collect();
    let subjects: Vec<Uuid> = batch.iter().map(|item| item.subject_id.0).collect();
    let cases: Vec<Uuid> = batch.iter().map(|_| ConversationId::new().0).collect();
    let reply_conversations: Vec<Option<Uuid>> = batch
        .iter()
        .map(|item| item.reply_to.map(|(id, _)| id.0))
        .collect();
    let reply_seqs: Vec<Option<i64>> = batch
        .iter()
        .map(|item| item.reply_to.map(|(_, seq)| seq))
        .collect();
    let addresses: Vec<Vec<u8>> = batch
        .iter()
        .map(|item| item.sealed_address.clone())
        .collect();
    let quiet: Vec<bool> = batch.iter().map(|item| item.is_quiet).collect();
    let rows = sqlx::query_file!(
        "src/store/ingest.sql",
        &macs,
        &contacts,
        &channels,
        &messages,
        &kinds,
        &times,
        &sealed,
        &subjects,
        &cases,
        &reply_conversations as &[Option<Uuid>],
        &reply_seqs as &[Option<i64>],
        &addresses,
        &quiet,
        debounce_seconds,
    )
    .fetch_all(conn)
    .await?;

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
