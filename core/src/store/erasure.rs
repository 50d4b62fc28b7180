//! Forgets a customer: destroys the keys of all their subjects, deletes identities, attributes, addresses and known
//! dead letters, empties the sealed columns; keeps the rows that metrics, protocols and deduplication need.
//!
//! Promises: idempotent; locks contact before conversations; the journal row and the audit event are the caller's
//! transaction. Does not: reach backups (the keystore is left out of logical dumps; the journal is replayed there).

use compliance::SubjectId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Refusal};
use crate::model::ContactId;

/// What an erasure destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Subjects whose keys are gone.
    pub subjects: Vec<SubjectId>,
    /// Messages whose words are gone.
    pub messages: u64,
    /// Identities deleted.
    pub identities: u64,
    /// The contact had been erased before; nothing was done now.
    pub already: bool,
}

/// Erases a contact in the caller's transaction.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Error::Database`].
pub async fn erase(
    conn: &mut PgConnection,
    id: ContactId,
    requested_by: Option<Uuid>,
    reason_code: &str,
) -> Result<Erased, Error> {
    let contact = sqlx::query!(
        "select erased_at from contact where id = $1 for update",
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    if contact.erased_at.is_some() {
        return Ok(Erased {
            subjects: Vec::new(),
            messages: 0,
            identities: 0,
            already: true,
        });
    }
    let subjects: Vec<SubjectId> = sqlx::query_scalar!(
        "select id from subject where contact_id = $1 order by id",
        id.0
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(SubjectId)
    .collect();
    let conversations = sqlx::query_scalar!(
        "select id from conversation where contact_id = $1 order by id for no key update",
        id.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let messages = empty_words(&mut *conn, &conversations).await?;
    let identities = sqlx::query!("delete from contact_identity where contact_id = $1", id.0)
        .execute(&mut *conn)
        .await?
        .rows_affected();
    sqlx::query!("delete from dead_letter where contact_id = $1", id.0)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update contact_channel set sealed_address = null, subject_id = null, window_until = null where contact_id = $1",
        id.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update contact set sealed = null, subject_id = null, erased_at = now() where id = $1",
        id.0
    )
    .execute(&mut *conn)
    .await?;
    let entry = compliance::erasure::JournalEntry {
        owner: id.0,
        subjects: &subjects,
        reason_code,
        requested_by,
    };
    compliance::erasure::journal(&mut *conn, &entry).await?;
    compliance::erasure::shred(conn, &subjects).await?;
    Ok(Erased {
        subjects,
        messages,
        identities,
        already: false,
    })
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
            "delete from media where conversation_id = any($1)",
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
