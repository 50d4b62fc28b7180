//! Files that we send: uploaded by a person, carried by a message, uploaded once to the channel.
//!
//! An upload is sealed with its uploader's key until a message carries it; then with the customer's, so that the
//! customer's erasure reaches it.

use chrono::{DateTime, Utc};
use compliance::{Place, SubjectId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Facts, Kept};
use crate::model::{AgentId, ChannelId, ConversationId, MediaId, MediaKind, MediaState};
use crate::store::{Error, Refusal, Store};

/// An upload, kept and sealed.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its id.
    pub id: MediaId,
    /// Who uploaded it.
    pub uploaded_by: AgentId,
    /// The uploader's subject: whose key sealed it.
    pub subject_id: SubjectId,
    /// Its bytes.
    pub kept: Kept,
}

/// Notes an upload; it is dropped when no message carries it in time.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when the uploader's key is gone or away.
pub async fn put_upload(
    store: &Store,
    conn: &mut PgConnection,
    upload: &Upload,
) -> Result<(), Error> {
    let keys = store.vault.load(&mut *conn, &[upload.subject_id]).await?;
    let key = keys.require(upload.subject_id)?;
    let sealed_result = upload.kept.facts.seal(key, upload.id)?;
    sqlx::query!(
        r#"
        insert into media (
          id, subject_id, direction, state, size_bytes, object_key, thumbnail_key, sealed_result, uploaded_by, ready_at
        )
        values ($1, $2, 'out', 'ready', $3, $4, $5, $6, $7, now())
        "#,
        upload.id.0,
        upload.subject_id.0,
        upload.kept.size_bytes,
        upload.kept.object_key,
        upload.kept.thumbnail_key,
        sealed_result,
        upload.uploaded_by.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose key seals the uploads of this person.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Error::Database`].
pub async fn uploader(conn: &mut PgConnection, agent: AgentId) -> Result<SubjectId, Error> {
    let subject = sqlx::query_scalar!("select subject_id from agent where id = $1", agent.0)
        .fetch_optional(conn)
        .await?;
    Ok(SubjectId(subject.ok_or(Refusal::NotFound)?))
}

/// An upload as the sender of a message needs to know it.
#[derive(Clone, Debug)]
pub struct Described {
    /// Which.
    pub id: MediaId,
    /// What sort of file.
    pub kind: MediaKind,
    /// Judged by its content.
    pub mime_type: String,
    /// How large.
    pub size_bytes: i64,
    /// The uploader's name for it.
    pub file_name: Option<String>,
}

/// The uploads of this person that no message carries yet, of those that are asked for.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn described(
    store: &Store,
    conn: &mut PgConnection,
    by: AgentId,
    files: &[Uuid],
) -> Result<Vec<Described>, Error> {
    let rows = sqlx::query!(
        r#"
        select id, subject_id, size_bytes as "size_bytes!", sealed_result as "sealed_result!"
        from media
        where id = any($1)
          and uploaded_by = $2
          and conversation_id is null
          and state = 'ready'
          and sealed_result is not null
        "#,
        files,
        by.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| SubjectId(row.subject_id)).collect();
    let keys = store.vault.load(conn, &subjects).await?;
    rows.into_iter()
        .map(|row| {
            let key = keys.require(SubjectId(row.subject_id))?;
            let facts = Facts::open(key, row.id, &row.sealed_result)?;
            Ok(Described {
                id: MediaId(row.id),
                kind: facts.kind,
                mime_type: facts.mime_type,
                size_bytes: row.size_bytes,
                file_name: facts.file_name,
            })
        })
        .collect()
}

/// Gives uploads to the item that carries them, in order of part, and seals what is known of them anew with the
/// customer's key; in the transaction that stores the item, under the conversation's lock. A file that stands twice in
/// `files` (the same picture on two cards) counts once.
///
/// # Errors
/// [`Refusal::BadTarget`] when one is missing, another's, or carried by a message already; [`Error::Vault`].
pub async fn attach(
    store: &Store,
    conn: &mut PgConnection,
    by: AgentId,
    (conversation_id, seq): (ConversationId, i64),
    files: &[Uuid],
) -> Result<(), Error> {
    let mut parts: Vec<Uuid> = Vec::new();
    for file in files {
        if !parts.contains(file) {
            parts.push(*file);
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    let case = sqlx::query!(
        r#"
        select conversation.channel_id, contact.subject_id as "subject_id!"
        from conversation
        join contact on contact.id = conversation.contact_id
        where conversation.id = $1 and contact.subject_id is not null
        "#,
        conversation_id.0,
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    let customer = SubjectId(case.subject_id);
    for (part, file) in (0_i16..).zip(parts) {
        let row = sqlx::query!(
            r#"
            select subject_id, sealed_result as "sealed_result!"
            from media
            where id = $1
              and uploaded_by = $2
              and conversation_id is null
              and state = 'ready'
              and sealed_result is not null
            for update
            "#,
            file,
            by.0,
        )
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Refusal::BadTarget)?;
        let uploader = SubjectId(row.subject_id);
        let keys = store.vault.load(&mut *conn, &[uploader, customer]).await?;
        let facts = Facts::open(keys.require(uploader)?, file, &row.sealed_result)?;
        let sealed = facts.seal(keys.require(customer)?, MediaId(file))?;
        sqlx::query!(
            r#"
            update media
            set conversation_id = $2, seq = $3, part = $4, channel_id = $5, subject_id = $6, sealed_result = $7
            where id = $1
            "#,
            file,
            conversation_id.0,
            seq,
            part,
            case.channel_id,
            customer.0,
            sealed,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Where the channel knows a file of ours, sealed into `media.sealed` of an upload.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    v: u8,
    places: Vec<KnownPlace>,
}

#[derive(Serialize, Deserialize)]
struct KnownPlace {
    channel: ChannelId,
    id: String,
    until: DateTime<Utc>,
}

/// The channel's id of a file of ours, when it was uploaded there and is still known; and the file itself.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn graph_id(
    store: &Store,
    conn: &mut PgConnection,
    file: Uuid,
    channel: ChannelId,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let known = known(store, conn, file).await?;
    Ok(known.map(|(_, known)| known).and_then(|known| {
        known
            .places
            .into_iter()
            .find(|place| place.channel == channel && place.until > now)
            .map(|place| place.id)
    }))
}

/// Remembers the channel's id of a file of ours until then, in the caller's transaction.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn remember_graph_id(
    store: &Store,
    conn: &mut PgConnection,
    file: Uuid,
    channel: ChannelId,
    (id, until): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    let Some((subject_id, mut known)) = known(store, &mut *conn, file).await? else {
        return Ok(());
    };
    known.v = 1;
    known.places.retain(|place| place.channel != channel);
    known.places.push(KnownPlace {
        channel,
        id: id.to_owned(),
        until,
    });
    let keys = store.vault.load(&mut *conn, &[subject_id]).await?;
    let plaintext =
        serde_json::to_vec(&known).map_err(|_| Error::Damaged("places of an upload"))?;
    let sealed = keys
        .require(subject_id)?
        .seal(Place::media(file), &plaintext)?;
    sqlx::query!("update media set sealed = $2 where id = $1", file, sealed)
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks the row until the end of the transaction, if there is one.
async fn known(
    store: &Store,
    conn: &mut PgConnection,
    file: Uuid,
) -> Result<Option<(SubjectId, Known)>, Error> {
    let row = sqlx::query!(
        r#"
        select subject_id, state as "state: MediaState", sealed
        from media
        where id = $1 and uploaded_by is not null
        for update
        "#,
        file,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row.filter(|row| row.state == MediaState::Ready) else {
        return Ok(None);
    };
    let subject_id = SubjectId(row.subject_id);
    let Some(sealed) = row.sealed else {
        return Ok(Some((subject_id, Known::default())));
    };
    let keys = store.vault.load(conn, &[subject_id]).await?;
    let plaintext = keys
        .require(subject_id)?
        .open(Place::media(file), &sealed)?;
    let known = serde_json::from_slice(&plaintext)
        .map_err(|_| Error::Damaged("media.sealed of an upload"))?;
    Ok(Some((subject_id, known)))
}
