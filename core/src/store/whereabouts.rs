//! Where messages of Meta's are, by wamid: an operator's question after an incident.
//!
//! Promises: looks everywhere a wamid may have left a trace. Does not: open anything; the answer holds ids, states and
//! times, never words or people.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use compliance::Mac;
use sqlx::PgConnection;

use super::Error;
use crate::model::{ConversationId, Direction, MessageKind, SendState, Ticks};

/// What is known of one wamid.
#[derive(Clone, Debug, PartialEq)]
pub enum Whereabouts {
    /// It is an item of a conversation.
    Stored {
        /// The conversation.
        conversation_id: ConversationId,
        /// Its place there.
        seq: i64,
        /// Which way it went.
        direction: Direction,
        /// What kind of item.
        kind: MessageKind,
        /// When we stored it.
        received_at: DateTime<Utc>,
        /// How far it got, for what we sent.
        ticks: Option<Ticks>,
    },
    /// It was taken in but is no item: a change of another one, or its item was deleted by retention.
    TakenIn {
        /// When.
        received_at: DateTime<Utc>,
    },
    /// Something about it came before it did, and waits.
    Awaited {
        /// What waits: a status, a reaction, an edit.
        kind: String,
        /// Since when.
        parked_at: DateTime<Utc>,
    },
}

/// Looks for wamids by their macs; absent ones were never here.
///
/// # Errors
/// [`Error::Database`].
pub async fn find(
    conn: &mut PgConnection,
    macs: &[Mac],
) -> Result<HashMap<Mac, Whereabouts>, Error> {
    let macs: Vec<Vec<u8>> = macs.iter().map(|mac| mac.as_bytes().to_vec()).collect();
    let mut found = HashMap::new();
    let rows = sqlx::query!(
        "select mac, kind, parked_at from parked_event where mac = any($1) order by parked_at desc",
        &macs
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let (kind, parked_at) = (row.kind, row.parked_at);
        found.insert(mac_of(&row.mac)?, Whereabouts::Awaited { kind, parked_at });
    }
    let rows = sqlx::query!(
        "select mac, received_at from dedupe where mac = any($1)",
        &macs
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let received_at = row.received_at;
        found.insert(mac_of(&row.mac)?, Whereabouts::TakenIn { received_at });
    }
    found.extend(stored(conn, &macs).await?);
    Ok(found)
}

async fn stored(
    conn: &mut PgConnection,
    macs: &[Vec<u8>],
) -> Result<Vec<(Mac, Whereabouts)>, Error> {
    let rows = sqlx::query!(
        r#"
        with place as (
          select wamid_mac as mac, conversation_id, seq, null::smallint as attempt
          from message
          where wamid_mac = any($1)
          union
          select mac, conversation_id, seq, attempt
          from delivery
          where mac = any($1) and participant = 0
        )
        select
          place.mac as "mac!",
          m.conversation_id,
          m.seq,
          m.direction as "direction: Direction",
          m.kind as "kind: MessageKind",
          m.received_at,
          o.state as "state?: SendState",
          coalesce(d.rank, 0::smallint) as "rank!"
        from place
        join message m on m.conversation_id = place.conversation_id and m.seq = place.seq
        left join delivery d
          on d.conversation_id = place.conversation_id
          and d.seq = place.seq
          and d.attempt = place.attempt
          and d.participant = 0
        left join outbox o
          on o.conversation_id = place.conversation_id
          and o.seq = place.seq
          and o.attempt = place.attempt
        order by place.attempt nulls first
        "#,
        macs
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let place = Whereabouts::Stored {
                conversation_id: ConversationId(row.conversation_id),
                seq: row.seq,
                direction: row.direction,
                kind: row.kind,
                received_at: row.received_at,
                ticks: row.state.map(|state| Ticks::of(state, row.rank)),
            };
            Ok((mac_of(&row.mac)?, place))
        })
        .collect()
}

fn mac_of(stored: &[u8]) -> Result<Mac, Error> {
    Mac::try_from(stored).map_err(|_| Error::Damaged("mac"))
}
