//! What happens to an item after it was written: reactions, edits, revocations.
//!
//! Promises: every order of arrival ends in the same state. The newest by Meta's time is shown, and of two at the same
//! second the one with the larger mac; a reaction that was taken back stays as a row without an emoji; what an edited
//! item said before is kept as a version; the earliest revocation counts. The item may be in any case of any state: a
//! change opens none, starts no turn of the bot and opens no window. One rev per change that made a difference.
//! Does not: wait for an item that is not here yet by itself; [`super::parked`] does, and calls back.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use compliance::{Mac, Place, SubjectId, SubjectKey};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::contact::Resolved;
use super::conversation::{self, Locked};
use super::parked::{self, Expiry};
use super::{Error, Refusal, Store, dedupe, message};
use crate::bell::Wake;
use crate::model::{
    ActorKind, Author, Body, ChannelId, ContactId, Content, ConversationId, FeedKind, MessageKind,
};

/// A change that Meta told of.
#[derive(Clone, Debug)]
pub struct Change {
    /// Mac of the change's own wamid.
    pub mac: Mac,
    /// Mac of the wamid of the item that it is about.
    pub target: Mac,
    /// Which number.
    pub channel_id: ChannelId,
    /// The customer who did it, or in whose chat staff did it on the telephone; their key seals it.
    pub who: Resolved,
    /// Who did it: a contact, or [`ActorKind::ChannelApp`] with the channel's id.
    pub author: Author,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// What was done.
    pub deed: Deed,
}

/// What was done to an item.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// Reacted to; without an emoji the reaction was taken back.
    Reaction {
        /// The emoji.
        emoji: Option<String>,
    },
    /// Written anew.
    Edit {
        /// What it says now.
        content: Box<Content>,
    },
    /// Taken back.
    Revoke,
}

impl Deed {
    /// As `parked_event.kind` and metrics spell it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reaction { .. } => "reaction",
            Self::Edit { .. } => "edit",
            Self::Revoke => "revoke",
        }
    }
}

/// Never the words.
impl std::fmt::Debug for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// What a batch of changes came to.
#[derive(Debug)]
pub enum Outcome {
    /// Taken in; what is missing here came before.
    Taken(Taken),
    /// These contacts were erased or merged since they were resolved: roll back, resolve again.
    Gone(Vec<ContactId>),
}

/// A batch that was taken in.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many were new.
    pub fresh: usize,
    /// Targets that are not here yet. Release them once after COMMIT: one may have come at the same moment.
    pub waits_for: Vec<Mac>,
    /// Conversations that moved.
    pub wakes: Vec<Wake>,
}

/// Takes in a batch: applies what finds its item, parks the rest.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn take(
    store: &Store,
    conn: &mut PgConnection,
    batch: &[Change],
    expiry: Expiry,
) -> Result<Outcome, Error> {
    let macs: Vec<(Mac, Resolved)> = batch
        .iter()
        .map(|change| (change.mac, change.who))
        .collect();
    let mut fresh = dedupe::fresh(&mut *conn, &macs).await?;
    if !fresh.gone.is_empty() {
        return Ok(Outcome::Gone(fresh.gone));
    }
    let mut taken = Taken {
        fresh: fresh.len(),
        ..Taken::default()
    };
    let news: Vec<&Change> = batch
        .iter()
        .filter(|change| fresh.first(change.mac))
        .collect();
    let targets: Vec<Mac> = news.iter().map(|change| change.target).collect();
    let places = message::locate(&mut *conn, &targets).await?;
    let ids = places.values().map(|(id, _)| *id).collect();
    let mut locked = lock_all(&mut *conn, &ids).await?;
    let mut waiting = Vec::new();
    let mut moved = BTreeSet::new();
    for change in news {
        let Some((id, seq)) = places.get(change.target.as_bytes()) else {
            taken.waits_for.push(change.target);
            waiting.push(parked::Waiting::change(change));
            continue;
        };
        if let Some(locked) = locked.get_mut(id)
            && apply(store, &mut *conn, locked, *seq, change).await?
        {
            moved.insert(*id);
        }
    }
    parked::park(store, conn, &waiting, expiry).await?;
    taken.wakes = wakes(&locked, &moved);
    Ok(Outcome::Taken(taken))
}

/// Holds conversations in order, their contacts before them; those that are gone are left out. A second change of a
/// conversation in one transaction checks its foreign keys, and so touches the contact: it must be held by then.
pub(super) async fn lock_all(
    conn: &mut PgConnection,
    ids: &BTreeSet<ConversationId>,
) -> Result<HashMap<ConversationId, Locked>, Error> {
    let mut all = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(all);
    }
    let conversations: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        select id
        from contact
        where id in (select contact_id from conversation where conversation.id = any($1))
        order by id
        for key share
        "#,
        &conversations,
    )
    .fetch_all(&mut *conn)
    .await?;
    for id in ids {
        match conversation::lock(&mut *conn, *id).await {
            Ok(locked) => _ = all.insert(*id, locked),
            Err(Error::Refused(Refusal::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

pub(super) fn wakes(
    locked: &HashMap<ConversationId, Locked>,
    moved: &BTreeSet<ConversationId>,
) -> Vec<Wake> {
    moved
        .iter()
        .filter_map(|id| locked.get(id).map(Locked::wake))
        .collect()
}

/// Applies a change to an item of a conversation that is held. Returns whether it made a difference.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn apply(
    store: &Store,
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
    change: &Change,
) -> Result<bool, Error> {
    match &change.deed {
        Deed::Reaction { emoji } => {
            react(store, conn, locked, seq, (change, emoji.as_deref())).await
        }
        Deed::Edit { content } => edit(store, conn, locked, seq, (change, content)).await,
        Deed::Revoke => revoke(conn, locked, seq, change.at).await,
    }
}

async fn react(
    store: &Store,
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
    (change, emoji): (&Change, Option<&str>),
) -> Result<bool, Error> {
    let Some((subject, author)) = reacts(&mut *conn, locked, change).await? else {
        return Ok(false);
    };
    let keys = store.vault.load(&mut *conn, &[subject]).await?;
    // Erased meanwhile: so is what they felt.
    let Some(key) = keys.of_living(subject)? else {
        return Ok(false);
    };
    let place = Place::reaction(locked.id.0, seq, author);
    let sealed = emoji
        .map(|emoji| key.seal(place, emoji.as_bytes()))
        .transpose()?;
    let is_newest = sqlx::query_scalar!(
        r#"
        insert into reaction as r (conversation_id, seq, author_kind, author_id, subject_id, sealed, at, mac)
        select conversation_id, seq, $3, $4, $5, $6, $7, $8
        from message
        where conversation_id = $1 and seq = $2
        on conflict (conversation_id, seq, author_kind, author_id) do update set
          subject_id = excluded.subject_id,
          sealed = excluded.sealed,
          at = excluded.at,
          mac = excluded.mac
        where (r.at, coalesce(r.mac, '')) < (excluded.at, excluded.mac)
        returning seq
        "#,
        locked.id.0,
        seq,
        change.author.kind as ActorKind,
        author,
        subject.0,
        sealed,
        change.at,
        change.mac.as_bytes(),
    )
    .fetch_optional(&mut *conn)
    .await?
    .is_some();
    if is_newest {
        conversation::bump(conn, locked, seq, FeedKind::Reaction).await?;
    }
    Ok(is_newest)
}

/// Whose key seals a reaction, and whose it is. A case of one person is theirs whoever that is today: the reaction may
/// have waited for its item while records were joined or parted. In a group each has their own. `None`: erased.
async fn reacts(
    conn: &mut PgConnection,
    locked: &Locked,
    change: &Change,
) -> Result<Option<(SubjectId, Uuid)>, Error> {
    let case = sqlx::query!(
        r#"select kind = 'group' as "is_group!", subject_id from contact where id = $1"#,
        locked.contact_id.0,
    )
    .fetch_one(conn)
    .await?;
    let author = change.author.id.unwrap_or(change.who.contact_id.0);
    if case.is_group {
        return Ok(Some((change.who.subject_id, author)));
    }
    let author = match change.author.kind {
        ActorKind::Contact => locked.contact_id.0,
        _ => author,
    };
    Ok(case.subject_id.map(|subject| (SubjectId(subject), author)))
}

async fn revoke(
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let was_revoked = sqlx::query_scalar!(
        r#"
        with before as (
          select revoked_at from message where conversation_id = $1 and seq = $2
        )
        update message
        set revoked_at = least(message.revoked_at, $3)
        from before
        where message.conversation_id = $1 and message.seq = $2
        returning before.revoked_at is not null as "was_revoked!"
        "#,
        locked.id.0,
        seq,
        at,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if was_revoked != Some(false) {
        return Ok(false);
    }
    conversation::bump(conn, locked, seq, FeedKind::Edit).await?;
    Ok(true)
}

/// When the words that are shown were written: nothing for the first ones, else time and mac of the edit.
type Stamp = Option<(DateTime<Utc>, Vec<u8>)>;

/// An item as an edit finds it.
struct Written {
    id: Uuid,
    subject_id: SubjectId,
    meta_at: DateTime<Utc>,
    shown: Stamp,
    sealed: Vec<u8>,
}

async fn written(
    conn: &mut PgConnection,
    id: ConversationId,
    seq: i64,
) -> Result<Option<Written>, Error> {
    let row = sqlx::query!(
        r#"
        select id, subject_id, meta_at, edited_at, edit_mac, sealed
        from message
        where conversation_id = $1 and seq = $2
        "#,
        id.0,
        seq,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        Some(Written {
            id: row.id,
            subject_id: SubjectId(row.subject_id),
            meta_at: row.meta_at,
            shown: row.edited_at.zip(row.edit_mac),
            sealed: row.sealed?,
        })
    }))
}

async fn edit(
    store: &Store,
    conn: &mut PgConnection,
    locked: &mut Locked,
    seq: i64,
    (change, content): (&Change, &Content),
) -> Result<bool, Error> {
    let Some(item) = written(&mut *conn, locked.id, seq).await? else {
        return Ok(false);
    };
    let keys = store.vault.load(&mut *conn, &[item.subject_id]).await?;
    let Some(key) = keys.of_living(item.subject_id)? else {
        return Ok(false);
    };
    let stamp = Some((change.at, change.mac.as_bytes().to_vec()));
    if item.shown == stamp {
        return Ok(false);
    }
    let opened = key.open(Place::message(item.id), &item.sealed).ok();
    let shown: Option<Body> = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
    let new = Body {
        content: completed(content, shown.as_ref().map(|body| &body.content)),
        ..shown
            .clone()
            .unwrap_or_else(|| Body::new(None, content.clone()))
    };
    if item.shown > stamp {
        keep_version(conn, (locked.id, seq), &item, key, (Some(&new), &stamp)).await?;
        return Ok(false);
    }
    let before = (shown.as_ref(), &item.shown);
    keep_version(&mut *conn, (locked.id, seq), &item, key, before).await?;
    let rev = conversation::bump(&mut *conn, locked, seq, FeedKind::Edit).await?;
    sqlx::query!(
        r#"
        update message
        set kind = $3, sealed = $4, edited_at = $5, edit_mac = $6, edited_rev = $7
        where conversation_id = $1 and seq = $2
        "#,
        locked.id.0,
        seq,
        new.content.kind() as MessageKind,
        key.seal(Place::message(item.id), &plain(&new)?)?,
        change.at,
        change.mac.as_bytes(),
        rev,
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// Keeps words that are not shown: those before an edit, or an edit that came after a newer one.
async fn keep_version(
    conn: &mut PgConnection,
    (id, seq): (ConversationId, i64),
    item: &Written,
    key: &SubjectKey,
    (body, stamp): (Option<&Body>, &Stamp),
) -> Result<(), Error> {
    let version = sqlx::query_scalar!(
        r#"
        select coalesce(max(version), 0) + 1 as "n!"
        from message_version
        where conversation_id = $1 and seq = $2
        "#,
        id.0,
        seq,
    )
    .fetch_one(&mut *conn)
    .await?;
    let place = Place::message_version(id.0, seq, version);
    let sealed = match body {
        Some(body) => Some(key.seal(place, &plain(body)?)?),
        None => None,
    };
    sqlx::query!(
        r#"
        insert into message_version (conversation_id, seq, version, subject_id, sealed, mac, meta_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id.0,
        seq,
        version,
        item.subject_id.0,
        sealed,
        stamp.as_ref().map(|(_, mac)| mac.as_slice()),
        stamp.as_ref().map_or(item.meta_at, |(at, _)| *at),
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn plain(body: &Body) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|_| Error::Damaged("content"))
}

/// An edit of a caption comes without the file: that stays.
fn completed(new: &Content, shown: Option<&Content>) -> Content {
    match (new, shown) {
        (Content::Media { media: new }, Some(Content::Media { media: shown }))
            if new.id.is_none() && new.file.is_none() =>
        {
            let mut media = shown.clone();
            media.caption.clone_from(&new.caption);
            Content::Media { media }
        }
        _ => new.clone(),
    }
}
