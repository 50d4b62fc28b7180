//! What became part of what: the rows that merges leave behind.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::{AgentId, ContactId};
use crate::store::{Error, Refusal};

/// The record that stands for this one today: itself, or the one that has taken it in.
///
/// # Errors
/// [`Error::Database`].
pub async fn root(conn: &mut PgConnection, id: ContactId) -> Result<ContactId, Error> {
    let root = sqlx::query_scalar!(
        r#"
        with recursive chain as (
          select id, merged_into from contact where id = $1
          union
          select c.id, c.merged_into from chain join contact c on c.id = chain.merged_into
        )
        select id as "id!" from chain where merged_into is null
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(root.map_or(id, ContactId))
}

/// A record that another has taken in, and has not given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// The merge: what undoes it.
    pub merge_id: Uuid,
    /// The record that was taken in.
    pub from: ContactId,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; `None`: the channel itself, or the operator at the command line.
    pub by: Option<AgentId>,
    /// Why, as a stable word.
    pub reason: String,
    /// Cases that came with it.
    pub conversations: i32,
}

/// What a record has taken in, newest first; at most 100.
///
/// # Errors
/// [`Error::Database`].
pub async fn taken_in(conn: &mut PgConnection, id: ContactId) -> Result<Vec<TakenIn>, Error> {
    Ok(sqlx::query_as!(
        TakenIn,
        r#"
        select
          id as merge_id,
          from_contact_id as "from: ContactId",
          at,
          by_agent_id as "by: AgentId",
          reason,
          cardinality(conversation_ids) as "conversations!"
        from contact_merge
        where into_contact_id = $1
          and undone_at is null
        order by at desc, id desc
        limit 100
        "#,
        id.0,
    )
    .fetch_all(conn)
    .await?)
}

/// The record that was taken in by a merge, and the one that took it in; also of a merge that was undone.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Error::Database`].
pub async fn sides(
    conn: &mut PgConnection,
    merge_id: Uuid,
) -> Result<(ContactId, ContactId), Error> {
    let row = sqlx::query!(
        "select from_contact_id, into_contact_id from contact_merge where id = $1",
        merge_id
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    Ok((
        ContactId(row.from_contact_id),
        ContactId(row.into_contact_id),
    ))
}
