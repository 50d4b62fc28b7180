//! Forgets a customer: destroys the keys of all their subjects, deletes identities, attributes, addresses, files, and
//! what is known to be theirs among dead letters, parked events and notices; empties the sealed columns; keeps the rows
//! that metrics, protocols and deduplication need, and the ids of merges.
//!
//! Promises: idempotent; whoever is part of another record is erased with it, and it with them: they are one person;
//! locks contacts before conversations; the journal rows and the audit event are the caller's transaction.
//! Does not: reach backups (the keystore is left out of logical dumps; the journal is replayed there).

use compliance::erasure::{JournalEntry, journal, shred};
use compliance::{Mutant, SubjectId};
use sqlx::{Acquire, PgConnection};
use uuid::Uuid;

use super::{Error, Refusal, contact, media};
use crate::model::ContactId;

/// Looks before giving up, when records are joined or parted at the same moment.
const MAX_LOOKS: u32 = 4;

/// What an erasure destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Subjects whose keys are gone.
    pub subjects: Vec<SubjectId>,
    /// Messages whose words are gone.
    pub messages: u64,
    /// Identities deleted.
    pub identities: u64,
    /// Files deleted; the order to delete their bytes is part of the transaction.
    pub files: u64,
    /// Records erased: this one and those that were joined with it.
    pub records: usize,
    /// The contact had been erased before; nothing was done now.
    pub already: bool,
}

/// Erases a contact in the caller's transaction, with all records that are the same person.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Error::Database`].
pub async fn erase(
    conn: &mut PgConnection,
    id: ContactId,
    requested_by: Option<Uuid>,
    reason_code: &str,
) -> Result<Erased, Error> {
    for _ in 0..MAX_LOOKS {
        let family = family(&mut *conn, id).await?;
        // A savepoint: should the records be others by now, their locks are given back before all are taken, in order.
        let mut point = conn.begin().await?;
        let all_erased = lock(&mut point, &family).await?;
        if self::family(&mut point, id).await? != family {
            point.rollback().await?;
            continue;
        }
        if all_erased {
            point.commit().await?;
            return Ok(Erased {
                already: true,
                ..Erased::default()
            });
        }
        let erased = erase_family(&mut point, &family, requested_by, reason_code).await?;
        point.commit().await?;
        return Ok(erased);
    }
    Err(Error::Damaged(
        "records of one person kept changing while they were erased",
    ))
}

/// The record that stands for this person today and all that it has taken in, in the order of their ids.
async fn family(conn: &mut PgConnection, id: ContactId) -> Result<Vec<Uuid>, Error> {
    let root = contact::root(&mut *conn, id).await?;
    if Mutant::ErasesOneRecord.lives() {
        return Ok(vec![root.0]);
    }
    Ok(sqlx::query_scalar!(
        r#"
        with recursive family as (
          select id from contact where id = $1
          union
          select c.id from family join contact c on c.merged_into = family.id
        )
        select id as "id!" from family order by id
        "#,
        root.0,
    )
    .fetch_all(conn)
    .await?)
}

/// Locks the records; whether all of them were erased before.
async fn lock(conn: &mut PgConnection, family: &[Uuid]) -> Result<bool, Error> {
    let rows = sqlx::query_scalar!(
        r#"select erased_at is not null as "is_erased!" from contact where id = any($1) order by id for update"#,
        family,
    )
    .fetch_all(conn)
    .await?;
    if rows.is_empty() {
        return Err(Refusal::NotFound.into());
    }
    Ok(rows.into_iter().all(|is_erased| is_erased))
}

async fn erase_family(
    conn: &mut PgConnection,
    family: &[Uuid],
    requested_by: Option<Uuid>,
    reason_code: &str,
) -> Result<Erased, Error> {
    let subjects: Vec<SubjectId> = sqlx::query_scalar!(
        "select id from subject where contact_id = any($1) order by id",
        family
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(SubjectId)
    .collect();
    let conversations = sqlx::query_scalar!(
        "select id from conversation where contact_id = any($1) order by id for no key update",
        family
    )
    .fetch_all(&mut *conn)
    .await?;
    let files = media::forget(&mut *conn, &conversations, &subjects).await?;
    let messages = empty_words(&mut *conn, &conversations).await?;
    let messages = messages + empty_words_in_groups(&mut *conn, &subjects).await?;
    let identities = forget_record(&mut *conn, family).await?;
    for owner in family {
        let entry = JournalEntry {
            owner: *owner,
            subjects: &subjects,
            reason_code,
            requested_by,
        };
        journal(&mut *conn, &entry).await?;
    }
    shred(conn, &subjects).await?;
    Ok(Erased {
        subjects,
        messages,
        identities,
        files,
        records: family.len(),
        already: false,
    })
}

/// Deletes and empties what is kept about the person outside conversations; how many identities.
async fn forget_record(conn: &mut PgConnection, family: &[Uuid]) -> Result<u64, Error> {
    let identities = sqlx::query!(
        "delete from contact_identity where contact_id = any($1)",
        family
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    for statement in [
        sqlx::query!("delete from dead_letter where contact_id = any($1)", family),
        sqlx::query!(
            "delete from parked_event where contact_id = any($1)",
            family
        ),
        sqlx::query!(
            "delete from channel_notice where contact_id = any($1)",
            family
        ),
        sqlx::query!(
            r#"
            update contact_channel
            set sealed_address = null, subject_id = null, window_until = null
            where contact_id = any($1)
            "#,
            family
        ),
        sqlx::query!(
            r#"
            update contact
            set sealed = null, subject_id = null, erased_at = coalesce(erased_at, now())
            where id = any($1)
            "#,
            family
        ),
    ] {
        statement.execute(&mut *conn).await?;
    }
    Ok(identities)
}

/// Empties what the person wrote in groups: those conversations are the group's.
async fn empty_words_in_groups(
    conn: &mut PgConnection,
    subjects: &[SubjectId],
) -> Result<u64, Error> {
    let subjects: Vec<Uuid> = subjects.iter().map(|subject| subject.0).collect();
    let groups = sqlx::query_scalar!(
        "select c.id from conversation c join contact g on g.id = c.contact_id where g.kind = 'group'"
    )
    .fetch_all(&mut *conn)
    .await?;
    if groups.is_empty() {
        return Ok(0);
    }
    for statement in [
        sqlx::query!(
            "delete from message_version where conversation_id = any($1) and subject_id = any($2)",
            &groups,
            &subjects
        ),
        sqlx::query!(
            "delete from reaction where conversation_id = any($1) and subject_id = any($2)",
            &groups,
            &subjects
        ),
    ] {
        statement.execute(&mut *conn).await?;
    }
    Ok(sqlx::query!(
        "update message set sealed = null where conversation_id = any($1) and subject_id = any($2)",
        &groups,
        &subjects
    )
    .execute(conn)
    .await?
    .rows_affected())
}

/// Empties what was said in these conversations, ends what waits to be sent, closes the cases.
async fn empty_words(conn: &mut PgConnection, conversations: &[Uuid]) -> Result<u64, Error> {
    let messages = sqlx::query!(
        "update message set sealed = null where conversation_id = any($1)",
        conversations
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    for statement in [
        sqlx::query!(
            "delete from message_version where conversation_id = any($1)",
            conversations
        ),
        sqlx::query!(
            "delete from reaction where conversation_id = any($1)",
            conversations
        ),
        sqlx::query!(
            "delete from bot_turn where conversation_id = any($1)",
            conversations
        ),
        sqlx::query!(
            "delete from bot_state where conversation_id = any($1)",
            conversations
        ),
        sqlx::query!(
            "update outbox set state = 'cancelled', updated_at = now() where conversation_id = any($1) and state = 'queued'",
            conversations
        ),
        sqlx::query!(
            r#"
            with closed as (
              update conversation
              set
                status = 'resolved',
                resolved_at = coalesce(resolved_at, now()),
                resolved_by_kind = coalesce(resolved_by_kind, 'system'),
                closed_reason = coalesce(closed_reason, 'erased'),
                waiting_since = null,
                unread = 0,
                epoch = epoch + 1,
                last_rev = last_rev + 1
              where id = any($1)
              returning id, last_rev
            )
            insert into feed (conversation_id, rev, seq, kind)
            select id, last_rev, 0, 'conversation'
            from closed
            "#,
            conversations
        ),
    ] {
        statement.execute(&mut *conn).await?;
    }
    Ok(messages)
}
