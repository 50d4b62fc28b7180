//! What came before the item that it is about: kept sealed until that item is here, listed by doctor when it never comes.
//!
//! Promises: one mechanism for statuses, reactions, edits, revocations and quotes; what is released is applied exactly
//! once, in the same way as if it had come later. Both sides look after their COMMIT: whoever parks releases once, and
//! whoever makes an item known does, so that of two at the same moment at least one sees the other; [`stranded`] finds
//! what a death between the two left.
//! Does not: give up at the end of its time: an item that comes later still than that finds what waited, until
//! retention deletes it a week after.

mod rows;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use compliance::{Mac, Mutant, Place, SubjectId, SubjectKey};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::change::{self, Change, Deed};
use super::contact::Resolved;
use super::conversation::{self, Locked};
use super::{Error, Store, dead_letter, message, status};
use crate::bell::Wake;
use crate::model::{Author, ChannelId, ConversationId, FeedKind, Rank};
use rows::{Row, hold, opened, settle};

/// What is released at once at most; the rest follows with the next call.
const MAX_RELEASED: i64 = 2_000;

/// How long something waits.
#[derive(Clone, Copy, Debug)]
pub struct Expiry {
    /// Now.
    pub now: DateTime<Utc>,
    /// Hours.
    pub hours: i32,
}

/// Something that waits for an item.
#[derive(Clone, Debug)]
pub struct Waiting {
    target: Mac,
    channel_id: Option<ChannelId>,
    who: Option<Resolved>,
    rank: Option<Rank>,
    error_code: Option<i32>,
    at: DateTime<Utc>,
    event: Event,
}

/// What is sealed of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Status {
        #[serde(default)]
        participant: i16,
    },
    Change {
        mac: Vec<u8>,
        author: Author,
        change: Deed,
    },
    Quote {
        conversation_id: ConversationId,
        seq: i64,
    },
}

impl Event {
    fn word(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Change { change, .. } => change.word(),
            Self::Quote { .. } => "quote",
        }
    }
}

impl Waiting {
    /// A status of a message that is not known yet.
    #[must_use]
    pub fn status(report: &status::Report, channel_id: Option<ChannelId>) -> Self {
        Self {
            target: report.mac,
            channel_id,
            who: None,
            rank: Some(report.rank),
            error_code: report.error_code,
            at: report.at,
            event: Event::Status {
                participant: report.participant,
            },
        }
    }

    /// A change of an item that is not here yet.
    #[must_use]
    pub fn change(change: &Change) -> Self {
        Self {
            target: change.target,
            channel_id: Some(change.channel_id),
            who: Some(change.who),
            rank: None,
            error_code: None,
            at: change.at,
            event: Event::Change {
                mac: change.mac.as_bytes().to_vec(),
                author: change.author,
                change: change.deed.clone(),
            },
        }
    }

    /// An item of ours quotes one that is not here yet.
    #[must_use]
    pub fn quote(
        target: Mac,
        by: (ConversationId, i64),
        (channel_id, who): (ChannelId, Resolved),
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            target,
            channel_id: Some(channel_id),
            who: Some(who),
            rank: None,
            error_code: None,
            at,
            event: Event::Quote {
                conversation_id: by.0,
                seq: by.1,
            },
        }
    }
}

/// A batch as the insert takes it.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    macs: Vec<Vec<u8>>,
    kinds: Vec<String>,
    ranks: Vec<Option<i16>>,
    codes: Vec<Option<i32>>,
    times: Vec<DateTime<Utc>>,
    subjects: Vec<Uuid>,
    channels: Vec<Option<Uuid>>,
    contacts: Vec<Option<Uuid>>,
    sealed: Vec<Vec<u8>>,
    plain_statuses: Vec<bool>,
}

impl Columns {
    fn add(&mut self, waiting: &Waiting, key: &SubjectKey) -> Result<(), Error> {
        let id = Uuid::now_v7();
        let event = serde_json::to_vec(&waiting.event).map_err(|_| Error::Damaged("event"))?;
        self.sealed.push(key.seal(Place::parked_event(id), &event)?);
        self.ids.push(id);
        self.macs.push(waiting.target.as_bytes().to_vec());
        self.kinds.push(waiting.event.word().to_owned());
        self.ranks.push(waiting.rank.map(Rank::stored));
        self.codes.push(waiting.error_code);
        self.times.push(waiting.at);
        self.subjects.push(key.subject().0);
        self.channels.push(waiting.channel_id.map(|id| id.0));
        self.contacts.push(waiting.who.map(|who| who.contact_id.0));
        self.plain_statuses
            .push(matches!(waiting.event, Event::Status { participant: 0 }));
        Ok(())
    }
}

/// Parks a batch, each with the key of whose it is, or of today's system subject. The same status twice waits once.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn park(
    store: &Store,
    conn: &mut PgConnection,
    batch: &[Waiting],
    expiry: Expiry,
) -> Result<(), Error> {
    if batch.is_empty() || Mutant::EarlyStatusLost.lives() {
        return Ok(());
    }
    let of_nobody = if batch.iter().any(|waiting| waiting.who.is_none()) {
        Some(dead_letter::key_of_day(store, &mut *conn, expiry.now).await?)
    } else {
        None
    };
    let subjects: Vec<SubjectId> = batch
        .iter()
        .filter_map(|waiting| waiting.who.map(|who| who.subject_id))
        .collect();
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let mut columns = Columns::default();
    for waiting in batch {
        match (waiting.who, &of_nobody) {
            (Some(who), _) => columns.add(waiting, keys.require(who.subject_id)?)?,
            (None, Some(key)) => columns.add(waiting, key)?,
            (None, None) => {}
        }
    }
    sqlx::query!(
        r#"
        insert into parked_event (
          id, mac, kind, rank, error_code, at, subject_id, channel_id, contact_id, sealed, expires_at
        )
        select
          id, mac, kind, rank, error_code, at, subject_id, channel_id, contact_id, sealed,
          now() + make_interval(hours => $12)
        from unnest(
          $1::uuid[], $2::bytea[], $3::text[], $4::smallint[], $5::integer[], $6::timestamptz[], $7::uuid[],
          $8::uuid[], $9::uuid[], $10::bytea[], $11::boolean[]
        ) as w (id, mac, kind, rank, error_code, at, subject_id, channel_id, contact_id, sealed, is_plain_status)
        where not (
          is_plain_status and exists (
            select from parked_event p where p.mac = w.mac and p.kind = 'status' and p.rank = w.rank and p.at = w.at
          )
        )
        "#,
        &columns.ids,
        &columns.macs,
        &columns.kinds,
        &columns.ranks as &[Option<i16>],
        &columns.codes as &[Option<i32>],
        &columns.times,
        &columns.subjects,
        &columns.channels as &[Option<Uuid>],
        &columns.contacts as &[Option<Uuid>],
        &columns.sealed,
        &columns.plain_statuses,
        expiry.hours,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Applies everything that waits for these items, as far as they are here now. In a transaction of its own, after the
/// COMMIT of what made the items known: it holds several conversations in order. Costs one indexed read when nothing
/// waits.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn release(
    store: &Store,
    conn: &mut PgConnection,
    macs: &[Mac],
) -> Result<Vec<Wake>, Error> {
    let rows = rows::rows(&mut *conn, macs).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let targets: Vec<Mac> = rows.iter().map(|row| row.target).collect();
    let places = message::locate(&mut *conn, &targets).await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| row.subject_id).collect();
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let mut ready: Vec<(Row, Event, (ConversationId, i64))> = rows
        .into_iter()
        .filter_map(|row| {
            let place = *places.get(row.target.as_bytes())?;
            let event = opened(&keys, &row);
            Some((row, event?, place))
        })
        .collect();
    let ids = ready
        .iter()
        .map(|(_, event, place)| match event {
            Event::Quote {
                conversation_id, ..
            } => *conversation_id,
            _ => place.0,
        })
        .collect();
    let mut locked = change::lock_all(&mut *conn, &ids).await?;
    let mine = hold(&mut *conn, &ready).await?;
    ready.retain(|(row, ..)| mine.contains(&row.id));
    let mut release = Release {
        store,
        locked: &mut locked,
        moved: BTreeSet::new(),
        reports: Vec::new(),
    };
    let (mut done, mut in_vain) = (Vec::new(), Vec::new());
    for (row, event, place) in &ready {
        match release.one(&mut *conn, row, event, *place).await {
            Ok(()) => done.push(row.id),
            Err(error) if error.is_of_one() => {
                tracing::error!(%error, parked_event = %row.id, "what waited cannot be applied; doctor lists it");
                in_vain.push(row.id);
            }
            Err(error) => return Err(error),
        }
    }
    let Release { moved, reports, .. } = release;
    settle(&mut *conn, &done, &in_vain).await?;
    let mut wakes = change::wakes(&locked, &moved);
    if !reports.is_empty() {
        wakes.extend(status::apply(conn, &reports).await?.1);
    }
    Ok(wakes)
}

struct Release<'a> {
    store: &'a Store,
    locked: &'a mut HashMap<ConversationId, Locked>,
    moved: BTreeSet<ConversationId>,
    reports: Vec<status::Report>,
}

impl Release<'_> {
    async fn one(
        &mut self,
        conn: &mut PgConnection,
        row: &Row,
        event: &Event,
        place: (ConversationId, i64),
    ) -> Result<(), Error> {
        match event {
            Event::Status { participant } => {
                self.reports.extend(report(row, *participant));
            }
            Event::Change {
                mac,
                author,
                change,
            } => {
                let (Some(change), Some(locked)) = (
                    restored(row, mac, *author, change),
                    self.locked.get_mut(&place.0),
                ) else {
                    return Ok(());
                };
                if change::apply(self.store, conn, locked, place.1, &change).await? {
                    self.moved.insert(place.0);
                }
            }
            Event::Quote {
                conversation_id,
                seq,
            } => {
                if let Some(locked) = self.locked.get_mut(conversation_id)
                    && quote(conn, locked, *seq, place).await?
                {
                    self.moved.insert(*conversation_id);
                }
            }
        }
        Ok(())
    }
}

fn report(row: &Row, participant: i16) -> Option<status::Report> {
    Some(status::Report {
        mac: row.target,
        rank: Rank::from_stored(row.rank?)?,
        at: row.at,
        error_code: row.error_code,
        callback: None,
        participant,
    })
}

fn restored(row: &Row, mac: &[u8], author: Author, deed: &Deed) -> Option<Change> {
    Some(Change {
        mac: Mac::try_from(mac).ok()?,
        target: row.target,
        channel_id: row.channel_id?,
        who: Resolved {
            contact_id: row.contact_id?,
            subject_id: row.subject_id,
        },
        author,
        at: row.at,
        deed: deed.clone(),
    })
}

/// Links an item with the one that it quotes, wherever that one's case is. Returns whether it was not linked before.
async fn quote(
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
    (target, target_seq): (ConversationId, i64),
) -> Result<bool, Error> {
    let linked = sqlx::query_scalar!(
        r#"
        update message
        set reply_to_conversation_id = $3, reply_to_seq = $4
        where conversation_id = $1 and seq = $2 and reply_to_seq is null
        returning seq
        "#,
        locked.id.0,
        seq,
        target.0,
        target_seq,
    )
    .fetch_optional(&mut *conn)
    .await?
    .is_some();
    if linked {
        conversation::bump(conn, locked, seq, FeedKind::Item).await?;
    }
    Ok(linked)
}

/// Items that are here although something still waits for them: a node died between two steps, or two moved at the same
/// moment. `within_seconds`: only what was parked since then.
///
/// # Errors
/// [`Error::Database`].
pub async fn stranded(
    conn: &mut PgConnection,
    within_seconds: Option<f64>,
) -> Result<Vec<Mac>, Error> {
    let macs = sqlx::query_scalar!(
        r#"
        select distinct p.mac
        from parked_event p
        where ($1::double precision is null or p.parked_at > now() - make_interval(secs => $1))
          and (
            exists (select from message m where m.wamid_mac = p.mac)
            or exists (select from delivery d where d.mac = p.mac)
          )
        limit $2
        "#,
        within_seconds,
        MAX_RELEASED,
    )
    .fetch_all(conn)
    .await?;
    macs.iter()
        .map(|mac| Mac::try_from(mac.as_slice()).map_err(|_| Error::Damaged("mac")))
        .collect()
}
