//! Files: what customers sent and Meta holds for us for some days, and what we uploaded to send.
//!
//! Promises: a row per file and one job that fetches it, made in the transaction that stores the message; every visible
//! change is a rev of kind `media` under the conversation's lock; whatever leaves this table leaves the object store
//! too, by a job. Names, types and keys of files are sealed; the key that opens a file's bytes is sealed with its
//! customer's key, so that destroying that one makes the bytes unreadable wherever they lie.
//! Does not: fetch, judge or keep bytes (`gateway::media` and `object_store` do) or ring the bell.

mod arrive;
mod leave;
mod look;
mod outbound;

use compliance::{Place, SubjectId, SubjectKey};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Error, job};
use crate::model::{ChannelId, ConversationId, Direction, MediaId, MediaKind, MediaRef};
use crate::object_store::FileKey;

pub use arrive::{
    Fetch, Kept, Outcome, backlog, discard, fail, is_again, open_fetch, place, retry, settle,
};
pub use leave::{FORGET_AFTER_S, drop_loose, forget};
pub use look::{Opened, of_items, open};
pub use outbound::{
    Described, Upload, attach, described, graph_id, put_upload, remember_graph_id, uploader,
};

/// Kind of the job that fetches a file; its key is the file's id.
pub const FETCH: &str = "media.fetch";
/// Kind of the job that deletes objects; its payload is `{"objects": [key, ..]}`.
pub const DELETE: &str = "media.delete";

/// What a message says about its file, sealed into `media.sealed`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Announced {
    /// Version of this shape: 1.
    pub v: u8,
    /// What sort of file.
    pub kind: MediaKind,
    /// The channel's id of it.
    pub id: Option<String>,
    /// Where the message says it can be fetched for some minutes.
    pub url: Option<String>,
    /// MIME type as the channel says.
    pub mime_type: Option<String>,
    /// SHA-256 as the channel says, base64.
    pub sha256: Option<String>,
    /// The sender's name for it.
    pub file_name: Option<String>,
}

/// Never the channel's id, an address or a name.
impl std::fmt::Debug for Announced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Announced({:?})", self.kind)
    }
}

/// What a file turned out to be, sealed into `media.sealed_result`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Facts {
    /// Version of this shape: 1.
    pub v: u8,
    /// What sort of file.
    pub kind: MediaKind,
    /// MIME type judged by the content.
    pub mime_type: String,
    /// Whether a browser may show it: a verified image, sound, film or PDF.
    pub is_inline: bool,
    /// The sender's name for it; never trusted as a path.
    pub file_name: Option<String>,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// The file's own key.
    pub file_key: FileKey,
    /// The small picture of it.
    pub thumbnail: Option<Thumbnail>,
}

/// The small picture of a file: an object of its own.
#[derive(Clone, Serialize, Deserialize)]
pub struct Thumbnail {
    /// The picture's own key.
    pub file_key: FileKey,
    /// How large its bytes are.
    pub size_bytes: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Facts({:?})", self.kind)
    }
}

impl Facts {
    /// Sealed for the row of this file.
    ///
    /// # Errors
    /// [`Error::Vault`].
    pub fn seal(&self, key: &SubjectKey, id: MediaId) -> Result<Vec<u8>, Error> {
        let plaintext =
            Zeroizing::new(serde_json::to_vec(self).map_err(|_| Error::Damaged("file facts"))?);
        Ok(key.seal(Place::media_result(id.0), &plaintext)?)
    }

    fn open(key: &SubjectKey, id: Uuid, sealed: &[u8]) -> Result<Self, Error> {
        let plaintext = key.open(Place::media_result(id), sealed)?;
        serde_json::from_slice(&plaintext).map_err(|_| Error::Damaged("media.sealed_result"))
    }
}

impl Announced {
    fn open(key: &SubjectKey, id: Uuid, sealed: &[u8]) -> Result<Self, Error> {
        let plaintext = key.open(Place::media(id), sealed)?;
        serde_json::from_slice(&plaintext).map_err(|_| Error::Damaged("media.sealed"))
    }
}

/// A file that a message announces, sealed before the transaction that stores the message.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// Its id from now on.
    pub id: MediaId,
    subject_id: SubjectId,
    channel_id: ChannelId,
    direction: Direction,
    is_offered: bool,
    sealed: Vec<u8>,
}

impl Foreseen {
    /// Seals what a message says about its file with the key of whoever sent it.
    ///
    /// # Errors
    /// [`Error::Vault`].
    pub fn seal(
        key: &SubjectKey,
        channel_id: ChannelId,
        direction: Direction,
        media: &MediaRef,
    ) -> Result<Self, Error> {
        let id = MediaId::new();
        let announced = Announced {
            v: 1,
            kind: media.kind,
            id: media.id.clone(),
            url: media.url.clone(),
            mime_type: media.mime_type.clone(),
            sha256: media.sha256.clone(),
            file_name: media.file_name.clone(),
        };
        let plaintext = serde_json::to_vec(&announced).map_err(|_| Error::Damaged("media"))?;
        Ok(Self {
            id,
            subject_id: key.subject(),
            channel_id,
            direction,
            is_offered: media.id.is_some() || media.url.is_some(),
            sealed: key.seal(Place::media(id.0), &plaintext)?,
        })
    }
}

/// A file and the item that carries it.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The file.
    pub file: &'a Foreseen,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// Its item.
    pub seq: i64,
    /// Which of the item's files, from 0.
    pub part: i16,
}

/// Notes files of items that were just stored, and the jobs that fetch them, in the same transaction. A file that the
/// channel does not offer is failed at once. A file of the same item and part is there already: nothing happens.
///
/// # Errors
/// [`Error::Database`].
pub async fn expect(conn: &mut PgConnection, files: &[Expected<'_>]) -> Result<(), Error> {
    if files.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = files.iter().map(|expected| expected.file.id.0).collect();
    let conversations: Vec<Uuid> = files.iter().map(|at| at.conversation_id.0).collect();
    let seqs: Vec<i64> = files.iter().map(|at| at.seq).collect();
    let parts: Vec<i16> = files.iter().map(|at| at.part).collect();
    let subjects: Vec<Uuid> = files.iter().map(|at| at.file.subject_id.0).collect();
    let channels: Vec<Uuid> = files.iter().map(|at| at.file.channel_id.0).collect();
    let is_inbound: Vec<bool> = files
        .iter()
        .map(|at| at.file.direction == Direction::In)
        .collect();
    let is_offered: Vec<bool> = files.iter().map(|at| at.file.is_offered).collect();
    let sealed: Vec<Vec<u8>> = files.iter().map(|at| at.file.sealed.clone()).collect();
    sqlx::query!(
        r#"
        with expected as (
          insert into media (
            id, conversation_id, seq, part, subject_id, channel_id, direction, state, reason, sealed
          )
          select
            id,
            conversation_id,
            seq,
            part,
            subject_id,
            channel_id,
            case when is_inbound then 'in' else 'out' end::message_direction,
            case when is_offered then 'pending' else 'failed' end::media_state,
            case when is_offered then null else 'absent' end,
            sealed
          from unnest(
            $1::uuid[], $2::uuid[], $3::bigint[], $4::smallint[], $5::uuid[], $6::uuid[], $7::bool[], $8::bool[],
            $9::bytea[]
          ) as new (id, conversation_id, seq, part, subject_id, channel_id, is_inbound, is_offered, sealed)
          on conflict (conversation_id, seq, part) do nothing
          returning id, state
        )
        insert into job (id, kind, key)
        select id, $10, id::text
        from expected
        where state = 'pending'
        on conflict (kind, key) do nothing
        "#,
        &ids,
        &conversations,
        &seqs,
        &parts,
        &subjects,
        &channels,
        &is_inbound,
        &is_offered,
        &sealed,
        FETCH,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The job that deletes these objects, after `delay_seconds`.
async fn delete_objects(
    conn: &mut PgConnection,
    objects: &[String],
    delay_seconds: f64,
) -> Result<(), Error> {
    /// Objects of one job.
    const AT_ONCE: usize = 200;
    let keys: Vec<String> = objects
        .chunks(AT_ONCE)
        .map(|_| Uuid::now_v7().to_string())
        .collect();
    let jobs: Vec<job::NewJob<'_>> = objects
        .chunks(AT_ONCE)
        .zip(&keys)
        .map(|(objects, key)| job::NewJob {
            kind: DELETE,
            key,
            payload: serde_json::json!({ "objects": objects }),
            delay_seconds,
        })
        .collect();
    job::add(conn, &jobs).await
}
