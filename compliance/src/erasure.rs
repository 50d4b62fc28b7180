//! Shredding: a subject whose keys are gone cannot be read again.
//!
//! Promises: after the caller's transaction commits, no key of these subjects is in this database, and this node holds
//! none in memory once [`crate::Vault::forget`] was called. Repeating it changes nothing.
//! Does not: reach other nodes at once: a node that had the key cached loses it within 60 s (`vault::DEK_TTL`); nor
//! backups: those die with their KEK version, and the journal is replayed after a restore. Deleting identities, media
//! and tokens belongs to whoever owns those tables.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Mutant, Result, SubjectId};

/// What a shredding did, for the certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shredded {
    /// Subjects that were alive and no longer are.
    pub subjects: u64,
    /// Key versions deleted.
    pub keys: u64,
}

/// Deletes every key version of these subjects and marks them shredded, in the caller's transaction. Afterwards, when
/// the transaction has committed, call [`crate::Vault::forget`] with the same ids.
///
/// # Errors
/// [`crate::Error::Storage`].
pub async fn shred(conn: &mut PgConnection, subjects: &[SubjectId]) -> Result<Shredded> {
    if Mutant::EraseKeepsKey.lives() {
        return Ok(Shredded::default());
    }
    let ids: Vec<Uuid> = subjects.iter().map(|subject| subject.0).collect();
    let done = sqlx::query!(
        r#"
        with
          keys as (
            delete from keystore.subject_key
            where subject_id = any($1)
            returning subject_id
          ),
          marked as (
            update subject
            set shredded_at = now()
            where id = any($1)
              and shredded_at is null
            returning id
          )
        select
          (select count(*) from keys) as "keys!",
          (select count(*) from marked) as "subjects!"
        "#,
        &ids,
    )
    .fetch_one(conn)
    .await?;
    Ok(Shredded {
        subjects: done.subjects.unsigned_abs(),
        keys: done.keys.unsigned_abs(),
    })
}

/// One line of the erasure journal: ids and a reason code, nothing personal. It leaves the host with the checkpoints.
#[derive(Clone, Debug)]
pub struct JournalEntry<'a> {
    /// Who was erased: the id that remains as a tombstone.
    pub owner: Uuid,
    /// The subjects shredded.
    pub subjects: &'a [SubjectId],
    /// Why, as a code such as `request`, `retention`; free text stays out.
    pub reason_code: &'a str,
    /// The member of staff, if one asked.
    pub requested_by: Option<Uuid>,
}

/// Writes the journal line, in the transaction that shreds.
///
/// # Errors
/// [`crate::Error::Storage`].
pub async fn journal(conn: &mut PgConnection, entry: &JournalEntry<'_>) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let subjects: Vec<Uuid> = entry.subjects.iter().map(|subject| subject.0).collect();
    sqlx::query!(
        r#"
        insert into erasure_journal (id, contact_id, subject_ids, reason_code, requested_by)
        values ($1, $2, $3, $4, $5)
        "#,
        id,
        entry.owner,
        &subjects,
        entry.reason_code,
        entry.requested_by,
    )
    .execute(conn)
    .await?;
    Ok(id)
}
