//! A look at a conversation without its lock, for courtesies to the customer: typing, read marks.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::model::{ChannelId, ConversationId};
use crate::store::Error;

/// What a courtesy to the customer needs to know.
#[derive(Clone, Copy, Debug)]
pub struct Glance {
    /// The number.
    pub channel_id: ChannelId,
    /// Newest item of the customer.
    pub last_inbound_seq: i64,
    /// Free text may be sent until then.
    pub window_until: Option<DateTime<Utc>>,
    /// The customer wants no marketing messages through this number.
    pub marketing_stopped: bool,
}

/// Looks at a conversation without locking it.
///
/// # Errors
/// [`Error::Database`].
pub async fn glance(conn: &mut PgConnection, id: ConversationId) -> Result<Option<Glance>, Error> {
    Ok(sqlx::query_as!(
        Glance,
        r#"
        select
          c.channel_id as "channel_id: ChannelId",
          c.last_inbound_seq,
          w.window_until as "window_until?",
          coalesce(w.marketing = 'stopped', false) as "marketing_stopped!"
        from conversation c
        left join contact_channel w on w.contact_id = c.contact_id and w.channel_id = c.channel_id
        where c.id = $1
        "#,
        id.0,
    )
    .fetch_optional(conn)
    .await?)
}
