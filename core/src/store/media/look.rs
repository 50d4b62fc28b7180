//! Files as people see them: beside an item, and opened.

use std::collections::HashMap;

use compliance::{Keys, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Announced, Facts};
use crate::model::{
    AgentId, ConversationId, MediaId, MediaKind, MediaReason, MediaState, MediaView,
};
use crate::store::{Error, Store};

/// A file with what is needed to show it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Which.
    pub id: MediaId,
    /// Where it is shown; `None` for an upload that no message carries yet.
    pub conversation_id: Option<ConversationId>,
    /// Who uploaded it.
    pub uploaded_by: Option<AgentId>,
    /// Whose key seals it.
    pub subject_id: SubjectId,
    /// Where it is on its way.
    pub state: MediaState,
    /// Why it failed or is in quarantine.
    pub reason: Option<MediaReason>,
    /// Its sender took the message back.
    pub is_revoked: bool,
    /// How many bytes.
    pub size_bytes: u64,
    /// Where its bytes lie.
    pub object_key: Option<String>,
    /// Where its small picture lies.
    pub thumbnail_key: Option<String>,
    /// What it is; `None` until it is here, and after its key was destroyed.
    pub facts: Option<Facts>,
}

/// One file, opened; `None` when there is none.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn open(
    store: &Store,
    conn: &mut PgConnection,
    id: MediaId,
) -> Result<Option<Opened>, Error> {
    let row = sqlx::query!(
        r#"
        select
          conversation_id,
          uploaded_by,
          subject_id,
          state as "state: MediaState",
          reason,
          size_bytes,
          object_key,
          thumbnail_key,
          sealed_result,
          exists (
            select
            from message
            where message.conversation_id = media.conversation_id
              and message.seq = media.seq
              and message.revoked_at is not null
          ) as "is_revoked!"
        from media
        where id = $1
        "#,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let subject_id = SubjectId(row.subject_id);
    let facts = match &row.sealed_result {
        Some(sealed) => {
            let keys = store.vault.load(conn, &[subject_id]).await?;
            keys.get(subject_id)
                .map(|key| Facts::open(key, id.0, sealed))
                .transpose()?
        }
        None => None,
    };
    Ok(Some(Opened {
        id,
        conversation_id: row.conversation_id.map(ConversationId),
        uploaded_by: row.uploaded_by.map(AgentId),
        subject_id,
        state: row.state,
        reason: row.reason.as_deref().and_then(MediaReason::of),
        is_revoked: row.is_revoked,
        size_bytes: row
            .size_bytes
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or(0),
        object_key: row.object_key,
        thumbnail_key: row.thumbnail_key,
        facts,
    }))
}

/// The files of items, by part. Items without files are absent. A blob that does not open is logged, and the file is
/// shown without what it says.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when keys are away.
pub async fn of_items(
    store: &Store,
    conn: &mut PgConnection,
    items: &[(ConversationId, i64)],
) -> Result<HashMap<(ConversationId, i64), Vec<MediaView>>, Error> {
    if items.is_empty() {
        return Ok(HashMap::new());
    }
    let conversations: Vec<Uuid> = items.iter().map(|(id, _)| id.0).collect();
    let seqs: Vec<i64> = items.iter().map(|(_, seq)| *seq).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
          m.id,
          m.conversation_id as "conversation_id!",
          m.seq as "seq!",
          m.part,
          m.subject_id,
          m.state as "state: MediaState",
          m.reason,
          m.size_bytes,
          m.thumbnail_key is not null as "has_thumbnail!",
          m.sealed,
          m.sealed_result
        from unnest($1::uuid[], $2::bigint[]) as wanted (conversation_id, seq)
        join media m using (conversation_id, seq)
        order by m.conversation_id, m.seq, m.part
        "#,
        &conversations,
        &seqs,
    )
    .fetch_all(&mut *conn)
    .await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| SubjectId(row.subject_id)).collect();
    let keys = store.vault.load(conn, &subjects).await?;
    let mut found: HashMap<(ConversationId, i64), Vec<MediaView>> = HashMap::new();
    for row in rows {
        let place = (ConversationId(row.conversation_id), row.seq);
        found.entry(place).or_default().push(row.view(&keys));
    }
    Ok(found)
}

struct Row {
    id: Uuid,
    conversation_id: Uuid,
    seq: i64,
    part: i16,
    subject_id: Uuid,
    state: MediaState,
    reason: Option<String>,
    size_bytes: Option<i64>,
    has_thumbnail: bool,
    sealed: Option<Vec<u8>>,
    sealed_result: Option<Vec<u8>>,
}

/// What a blob says, whichever of the two there is.
#[derive(Default)]
struct Said {
    kind: Option<MediaKind>,
    mime_type: Option<String>,
    file_name: Option<String>,
    is_inline: bool,
}

impl Row {
    fn view(self, keys: &Keys) -> MediaView {
        let said = self.said(keys).unwrap_or_else(|error| {
            tracing::error!(%error, media_id = %self.id, "what is known of a file does not open");
            Said::default()
        });
        MediaView {
            id: MediaId(self.id),
            part: self.part,
            kind: said.kind.unwrap_or(MediaKind::Document),
            state: self.state,
            mime_type: said.mime_type,
            size_bytes: self.size_bytes,
            file_name: said.file_name,
            has_thumbnail: self.has_thumbnail && self.state == MediaState::Ready,
            is_inline: said.is_inline && self.state == MediaState::Ready,
            reason: self.reason.as_deref().and_then(MediaReason::of),
        }
    }

    fn said(&self, keys: &Keys) -> Result<Said, Error> {
        let Some(key) = keys.get(SubjectId(self.subject_id)) else {
            return Ok(Said::default());
        };
        if let Some(sealed) = &self.sealed_result {
            let facts = Facts::open(key, self.id, sealed)?;
            return Ok(Said {
                kind: Some(facts.kind),
                mime_type: Some(facts.mime_type),
                file_name: facts.file_name,
                is_inline: facts.is_inline,
            });
        }
        let Some(sealed) = &self.sealed else {
            return Ok(Said::default());
        };
        let announced = Announced::open(key, self.id, sealed)?;
        Ok(Said {
            kind: Some(announced.kind),
            mime_type: announced.mime_type,
            file_name: announced.file_name,
            is_inline: false,
        })
    }
}
