//! Whether a customer wants marketing messages from a number.
//!
//! Promises: the newest wish by Meta's time holds, whatever comes last; of two at the same second "no more" holds.
//! Does not: open a case or tell anybody; whoever sends marketing asks `contact_channel.marketing`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Error;
use super::contact::Resolved;
use crate::model::{ChannelId, ContactId};

/// A customer's wish.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Whose, as resolved.
    pub who: Resolved,
    /// Towards which number.
    pub channel_id: ChannelId,
    /// No more marketing messages.
    pub stop: bool,
    /// Meta's time.
    pub at: DateTime<Utc>,
}

/// What a customer said about marketing from a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "marketing_consent", rename_all = "snake_case")]
pub enum Consent {
    /// Nothing yet.
    Unknown,
    /// They want it.
    Granted,
    /// They want no more.
    Stopped,
}

/// What a customer said, and towards which number.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Said {
    /// Which number.
    pub channel_id: ChannelId,
    /// What.
    pub consent: Consent,
    /// Meta's time of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// What a customer said about marketing, a line for each number they wrote to.
///
/// # Errors
/// [`Error::Database`].
pub async fn of_contact(conn: &mut PgConnection, id: ContactId) -> Result<Vec<Said>, Error> {
    Ok(sqlx::query_as!(
        Said,
        r#"
        select
          channel_id as "channel_id: ChannelId",
          marketing as "consent: Consent",
          marketing_at as at
        from contact_channel
        where contact_id = $1
        order by channel_id
        "#,
        id.0,
    )
    .fetch_all(conn)
    .await?)
}

/// Keeps wishes; returns the contacts that were erased or merged, or whose key holder changed, since they were resolved:
/// roll back, resolve again.
///
/// # Errors
/// [`Error::Database`].
pub async fn keep(conn: &mut PgConnection, wishes: &[Wish]) -> Result<Vec<ContactId>, Error> {
    let contacts: Vec<Uuid> = wishes.iter().map(|wish| wish.who.contact_id.0).collect();
    let living = sqlx::query!(
        r#"
        select id, subject_id
        from contact
        where id = any($1)
          and erased_at is null
          and merged_into is null
        order by id
        for key share
        "#,
        &contacts,
    )
    .fetch_all(&mut *conn)
    .await?;
    let lives = |who: &Resolved| {
        living
            .iter()
            .any(|row| row.id == who.contact_id.0 && row.subject_id == Some(who.subject_id.0))
    };
    let gone: Vec<ContactId> = wishes
        .iter()
        .filter(|wish| !lives(&wish.who))
        .map(|wish| wish.who.contact_id)
        .collect();
    if !gone.is_empty() {
        return Ok(gone);
    }
    let channels: Vec<Uuid> = wishes.iter().map(|wish| wish.channel_id.0).collect();
    let stops: Vec<bool> = wishes.iter().map(|wish| wish.stop).collect();
    let times: Vec<DateTime<Utc>> = wishes.iter().map(|wish| wish.at).collect();
    sqlx::query!(
        r#"
        insert into contact_channel as w (contact_id, channel_id, marketing, marketing_at)
        select distinct on (contact_id, channel_id)
          contact_id,
          channel_id,
          case when stop then 'stopped' else 'granted' end::marketing_consent,
          at
        from unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::timestamptz[]) as wish (contact_id, channel_id, stop, at)
        order by contact_id, channel_id, at desc, stop desc
        on conflict (contact_id, channel_id) do update set
          marketing = excluded.marketing,
          marketing_at = excluded.marketing_at
        where w.marketing_at is null
          or w.marketing_at < excluded.marketing_at
          or (w.marketing_at = excluded.marketing_at and excluded.marketing = 'stopped')
        "#,
        &contacts,
        &channels,
        &stops,
        &times,
    )
    .execute(conn)
    .await?;
    Ok(Vec::new())
}
