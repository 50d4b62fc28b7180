//! Timeline items as they are now: words, quote, reactions, files, ticks.
//!
//! Promises: a handful of statements however many items; what does not open is logged and shown without its content, so
//! that one damaged row keeps nobody from the rest. Does not: hide what was taken back (views do), or audit.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use compliance::{Keys, Place, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Store, contact, media};
use crate::model::{
    ActorKind, Author, Body, ContactId, ConversationId, Direction, MediaView, MessageId,
    MessageKind, SendState, Ticks,
};

/// An item in its current state, opened.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its place.
    pub seq: i64,
    /// Its id.
    pub id: MessageId,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// The author's name when it is not the name of the case: somebody in a group.
    pub author_name: Option<String>,
    /// The author's own reference.
    pub client_ref: Option<String>,
    /// Kind, known even when the words are erased.
    pub kind: MessageKind,
    /// Meta's time for what came from Meta, else ours.
    pub at: DateTime<Utc>,
    /// When we stored it.
    pub received_at: DateTime<Utc>,
    /// What it says; `None` after erasure, and when it does not open.
    pub body: Option<Body>,
    /// Ticks of a message to the customer.
    pub ticks: Option<Ticks>,
    /// Meta's error code of a send that failed, or that waits after a refusal.
    pub error_code: Option<i32>,
    /// The item it quotes, when in the same conversation.
    pub reply_to_seq: Option<i64>,
    /// The item it quotes, wherever that is.
    pub reply_to: Option<(ConversationId, i64)>,
    /// When its author wrote it anew, by Meta's time.
    pub edited_at: Option<DateTime<Utc>>,
    /// It was taken back by its author.
    pub revoked: bool,
    /// Reactions to it, the oldest first.
    pub reactions: Vec<Reaction>,
    /// Its files, by part.
    pub media: Vec<MediaView>,
}

/// A reaction to an item.
#[derive(Clone)]
pub struct Reaction {
    /// Who reacted.
    pub author: Author,
    /// The emoji.
    pub emoji: String,
    /// When, by Meta's time.
    pub at: DateTime<Utc>,
    /// How far ours got; absent for what customers reacted.
    pub ticks: Option<Ticks>,
    /// Meta's error code when ours failed.
    pub error_code: Option<i32>,
}

/// Never the emoji.
impl std::fmt::Debug for Reaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reaction({:?})", self.author.kind)
    }
}

/// Where an item is.
type Spot = (ConversationId, i64);

/// Items by conversation and seq, opened, in the order of conversation and seq; absent ones are left out.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when keys are away.
pub async fn items(
    store: &Store,
    conn: &mut PgConnection,
    wanted: &[Spot],
) -> Result<Vec<Item>, Error> {
    let (conversations, seqs): (Vec<Uuid>, Vec<i64>) =
        wanted.iter().map(|(id, seq)| (id.0, *seq)).unzip();
    let rows = sqlx::query_file!("src/store/items.sql", &conversations, &seqs)
        .fetch_all(&mut *conn)
        .await?;

    let subjects: Vec<SubjectId> = rows
        .iter()
        .filter(|row| row.sealed.is_some())
        .map(|row| SubjectId(row.subject_id))
        .collect();
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let mut beside = Beside::default();
    let mut others = Vec::new();
    let mut items: Vec<Item> = Vec::with_capacity(rows.len());
    for row in rows {
        let spot = (ConversationId(row.conversation_id), row.seq);
        if row.has_reactions {
            beside.reacted.push(spot);
        }
        if row.has_media {
            beside.filed.push(spot);
        }
        if row.is_by_another {
            others.extend(row.author_id.map(ContactId));
        }
        let body = row.sealed.and_then(|blob| {
            opened(
                &keys,
                SubjectId(row.subject_id),
                Place::message(row.id),
                &blob,
            )
        });
        let ticks = ticks(row.state, row.rank);
        let ended_badly = matches!(ticks, Some(Ticks::Failed | Ticks::Expired | Ticks::Queued));
        let reply_to = row
            .reply_to_conversation_id
            .map(ConversationId)
            .zip(row.reply_to_seq);
        items.push(Item {
            conversation_id: spot.0,
            seq: spot.1,
            id: MessageId(row.id),
            direction: row.direction,
            author: Author {
                kind: row.author_kind,
                id: row.author_id,
            },
            author_name: None,
            client_ref: row.client_ref,
            kind: row.kind,
            at: row.meta_at,
            received_at: row.received_at,
            body,
            ticks,
            error_code: row.error_code.filter(|_| ended_badly),
            reply_to_seq: reply_to.filter(|(id, _)| *id == spot.0).map(|(_, seq)| seq),
            reply_to,
            edited_at: row.edited_at,
            revoked: row.revoked_at.is_some(),
            reactions: Vec::new(),
            media: Vec::new(),
        });
    }
    beside.names = names(store, &mut *conn, &others).await?;
    beside.lay(store, conn, &mut items).await?;
    Ok(items)
}

/// How far an item got, when it went to the customer: by the outbox, or by its delivery alone.
fn ticks(state: Option<SendState>, rank: Option<i16>) -> Option<Ticks> {
    match (state, rank) {
        (Some(state), rank) => Some(Ticks::of(state, rank.unwrap_or_default())),
        (None, Some(rank)) => Some(Ticks::of(SendState::Sent, rank)),
        (None, None) => None,
    }
}

/// What is shown beside the words of some items.
#[derive(Default)]
struct Beside {
    reacted: Vec<Spot>,
    filed: Vec<Spot>,
    names: HashMap<Uuid, String>,
}

impl Beside {
    async fn lay(
        self,
        store: &Store,
        conn: &mut PgConnection,
        items: &mut [Item],
    ) -> Result<(), Error> {
        let mut reactions = reactions(store, &mut *conn, &self.reacted).await?;
        let mut files = media::of_items(store, conn, &self.filed).await?;
        for item in items {
            let spot = (item.conversation_id, item.seq);
            item.reactions = reactions.remove(&spot).unwrap_or_default();
            item.media = files.remove(&spot).unwrap_or_default();
            if item.author.kind == ActorKind::Contact {
                item.author_name = item.author.id.and_then(|id| self.names.get(&id).cloned());
            }
        }
        Ok(())
    }
}

/// Opens a body; what does not open is as good as absent, and logged.
fn opened(keys: &Keys, subject: SubjectId, place: Place, blob: &[u8]) -> Option<Body> {
    let key = keys.get(subject)?;
    let plain = key.open(place, blob).ok();
    let body = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
    if body.is_none() {
        tracing::error!(message_id = %place.row, "an item does not open: it is shown without its content");
    }
    body
}

/// Reactions by item, the oldest first. A person whose records were joined may have reacted as either: outside groups
/// all contacts of a case are that one person, and the newest of their reactions counts.
async fn reactions(
    store: &Store,
    conn: &mut PgConnection,
    wanted: &[Spot],
) -> Result<HashMap<Spot, Vec<Reaction>>, Error> {
    let mut found: HashMap<Spot, Vec<Reaction>> = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let (conversations, seqs): (Vec<Uuid>, Vec<i64>) =
        wanted.iter().map(|(id, seq)| (id.0, *seq)).unzip();
    let rows = sqlx::query_file!("src/store/reactions.sql", &conversations, &seqs)
        .fetch_all(&mut *conn)
        .await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| SubjectId(row.subject_id)).collect();
    let keys = store.vault.load(conn, &subjects).await?;
    for row in rows {
        let place = Place::reaction(row.conversation_id, row.seq, row.author_id);
        let Some(key) = keys.get(SubjectId(row.subject_id)) else {
            continue;
        };
        let Ok(plain) = key.open(place, &row.sealed) else {
            tracing::error!(conversation_id = %row.conversation_id, seq = row.seq, "a reaction does not open");
            continue;
        };
        let ticks = row
            .state
            .map(|state| Ticks::of(state, row.rank.unwrap_or_default()));
        found
            .entry((ConversationId(row.conversation_id), row.seq))
            .or_default()
            .push(Reaction {
                author: Author {
                    kind: row.author_kind,
                    id: Some(row.whose),
                },
                emoji: String::from_utf8_lossy(&plain).into_owned(),
                at: row.at,
                ticks,
                error_code: row
                    .error_code
                    .filter(|_| matches!(ticks, Some(Ticks::Failed | Ticks::Expired))),
            });
    }
    Ok(found)
}

async fn names(
    store: &Store,
    conn: &mut PgConnection,
    ids: &[ContactId],
) -> Result<HashMap<Uuid, String>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let opened = contact::open(store, conn, ids).await?;
    Ok(opened
        .into_iter()
        .filter_map(|contact| Some((contact.id.0, contact.attributes.name?)))
        .collect())
}
