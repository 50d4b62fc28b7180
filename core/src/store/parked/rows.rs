//! The rows of what waits: read, opened, held until the end of a release, and taken out.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use compliance::{Keys, Mac, Place, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Event, MAX_RELEASED};
use crate::model::{ChannelId, ContactId, ConversationId};

/// A row that waits.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) target: Mac,
    pub(super) rank: Option<i16>,
    pub(super) error_code: Option<i32>,
    pub(super) at: DateTime<Utc>,
    pub(super) channel_id: Option<ChannelId>,
    pub(super) contact_id: Option<ContactId>,
    pub(super) subject_id: SubjectId,
    pub(super) sealed: Vec<u8>,
}

/// What waits for these items, the first parked first.
pub(super) async fn rows(conn: &mut PgConnection, macs: &[Mac]) -> Result<Vec<Row>, Error> {
    let macs: Vec<Vec<u8>> = macs.iter().map(|mac| mac.as_bytes().to_vec()).collect();
    let rows = sqlx::query!(
        r#"
        select id, mac, rank, error_code, coalesce(at, parked_at) as "at!", channel_id, contact_id, subject_id, sealed
        from parked_event
        where mac = any($1)
        order by id
        limit $2
        "#,
        &macs,
        MAX_RELEASED,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Row {
                id: row.id,
                target: Mac::try_from(row.mac.as_slice()).map_err(|_| Error::Damaged("mac"))?,
                rank: row.rank,
                error_code: row.error_code,
                at: row.at,
                channel_id: row.channel_id.map(ChannelId),
                contact_id: row.contact_id.map(ContactId),
                subject_id: SubjectId(row.subject_id),
                sealed: row.sealed,
            })
        })
        .collect()
}

/// What does not open stays where it is, is listed by doctor, and goes with retention.
pub(super) fn opened(keys: &Keys, row: &Row) -> Option<Event> {
    let plain = keys
        .get(row.subject_id)?
        .open(Place::parked_event(row.id), &row.sealed)
        .ok();
    let event = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
    if event.is_none() {
        tracing::error!(parked_event = %row.id, "a parked event does not open; it stays until retention deletes it");
    }
    event
}

/// Holds the rows until the end of the transaction; those that another node took meanwhile are not among the answer.
pub(super) async fn hold(
    conn: &mut PgConnection,
    ready: &[(Row, Event, (ConversationId, i64))],
) -> Result<BTreeSet<Uuid>, Error> {
    let ids: Vec<Uuid> = ready.iter().map(|(row, ..)| row.id).collect();
    let mine = sqlx::query_scalar!(
        "select id from parked_event where id = any($1) order by id for update",
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(mine.into_iter().collect())
}

/// Takes out what was applied; the time of what cannot be is over, so that it is listed.
pub(super) async fn settle(
    conn: &mut PgConnection,
    done: &[Uuid],
    in_vain: &[Uuid],
) -> Result<(), Error> {
    sqlx::query!("delete from parked_event where id = any($1)", done)
        .execute(&mut *conn)
        .await?;
    if !in_vain.is_empty() {
        sqlx::query!(
            "update parked_event set expires_at = least(expires_at, now()) where id = any($1)",
            in_vain
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}
