//! What was written in a case while its record was part of another is sealed anew when the record leaves: erasing the one
//! must never take words from the other, nor leave any behind.
//!
//! Promises: page by page, each page a transaction of its own that holds one case for a moment; at any point everything
//! opens, and both records, which are one person until the split commits, are erased together; killed in between and run
//! again, it goes on where it was. The split itself seals what was written meanwhile.
//! Does not: touch what is erased, what does not open (that is logged), or what a participant of a group wrote.

mod rows;

use compliance::{Keys, Place, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Resolved;
use super::split::Leaving;
use crate::store::{Error, Refusal, Store};

/// Rows of one kind that are sealed anew at once: some tens of milliseconds.
const PAGE: i64 = 200;
/// The same as a count.
const PAGE_ROWS: usize = 200;

/// Seals anew what the record that leaves will take along, before the split. A repetition costs one look at each case.
///
/// # Errors
/// As [`super::split`], and [`Error::Database`] when a page could not be written: those before it stay written.
pub async fn prepare_split(store: &Store, merge_id: Uuid) -> Result<(), Error> {
    let leaving = {
        let mut conn = store.worker.acquire().await?;
        super::split::leaving(&mut conn, merge_id).await?
    };
    let mut pages = 0_u32;
    for case in &leaving.conversation_ids {
        let mut after = Cursor::default();
        loop {
            let mut tx = store.worker.begin().await?;
            let is_there = sqlx::query_scalar!(
                "select id from conversation where id = $1 and contact_id = $2 for no key update",
                case,
                leaving.into.0,
            )
            .fetch_optional(&mut *tx)
            .await?;
            if is_there.is_none() {
                break;
            }
            let sealing = Sealing::of(store, *case, &leaving);
            let is_full = sealing.page(&mut tx, &mut after).await?;
            tx.commit().await?;
            pages += 1;
            if !is_full {
                break;
            }
        }
    }
    tracing::debug!(%merge_id, pages, "what leaves with a record is sealed with its key");
    Ok(())
}

/// Seals what was written since [`prepare_split`], in the transaction of the split, which holds the cases.
///
/// # Errors
/// [`Refusal::Busy`] when that is more than a page: prepare again; [`Error::Database`], [`Error::Vault`].
pub(super) async fn rest(
    store: &Store,
    conn: &mut PgConnection,
    cases: &[Uuid],
    leaving: &Leaving,
) -> Result<(), Error> {
    for case in cases {
        let sealing = Sealing::of(store, *case, leaving);
        let mut after = Cursor::default();
        while sealing.page(&mut *conn, &mut after).await? {
            if after.sealed >= PAGE_ROWS {
                return Err(Refusal::Busy.into());
            }
        }
    }
    Ok(())
}

/// Up to where a case was gone through. What does not open is passed by.
#[derive(Default)]
struct Cursor {
    message: i64,
    version: (i64, i32),
    reaction: i64,
    media: Uuid,
    /// How many blobs were sealed anew.
    sealed: usize,
}

/// A blob where it lies.
struct Blob {
    place: Place,
    subject_id: Uuid,
    sealed: Vec<u8>,
}

/// A case of a record that leaves.
struct Sealing<'a> {
    store: &'a Store,
    case: Uuid,
    who: Resolved,
    /// Key holders that are the record's own.
    own: &'a [Uuid],
}

impl<'a> Sealing<'a> {
    fn of(store: &'a Store, case: Uuid, leaving: &'a Leaving) -> Self {
        Self {
            store,
            case,
            who: leaving.who,
            own: &leaving.subject_ids,
        }
    }

    /// Seals the next rows of each kind; whether there may be more.
    async fn page(&self, conn: &mut PgConnection, after: &mut Cursor) -> Result<bool, Error> {
        let messages = self.messages(&mut *conn, after).await?;
        let versions = self.versions(&mut *conn, after).await?;
        let reactions = self.reactions(&mut *conn, after).await?;
        let files = self.files(conn, after).await?;
        let kinds = [messages, versions, reactions, files];
        Ok(kinds.into_iter().any(|rows| rows >= PAGE_ROWS))
    }

    /// The same blobs with the key of the record that leaves; `None` for what does not open.
    async fn anew(
        &self,
        conn: &mut PgConnection,
        blobs: &[Blob],
        after: &mut Cursor,
    ) -> Result<Vec<Option<Vec<u8>>>, Error> {
        if blobs.is_empty() {
            return Ok(Vec::new());
        }
        let own = self.who.subject_id;
        let subjects: Vec<SubjectId> = blobs
            .iter()
            .map(|blob| SubjectId(blob.subject_id))
            .chain([own])
            .collect();
        let keys: Keys = self.store.vault.load(conn, &subjects).await?;
        let own = keys.require(own)?;
        let mut anew = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let key = keys.get(SubjectId(blob.subject_id));
            let Some(plain) = key.and_then(|key| key.open(blob.place, &blob.sealed).ok()) else {
                tracing::error!(conversation_id = %self.case, "what is in a case does not open; it stays as it is");
                anew.push(None);
                continue;
            };
            anew.push(Some(own.seal(blob.place, &plain)?));
            after.sealed += 1;
        }
        Ok(anew)
    }
}
