//! What else is known once Meta refused a send: a closed window, an unreachable customer, a wish for no marketing, a
//! number that Meta holds.
//!
//! Promises: Meta wins over what we thought, unless the customer did something since. Idempotent.
//! Does not: stop numbers itself (`channel_health` does; the sender does for what Meta says at once) or know codes
//! (`model::GraphCodes` does).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Leased;
use crate::model::{ChannelId, CodeClass, CodeEffect, ContactId, ConversationId, GraphCodes};
use crate::store::{Error, channel_health, contact, template};

/// What follows from the refusal of a send that was called at `at` or later, for whom it was sent to: the record that
/// stands for them today.
///
/// # Errors
/// [`Error::Database`].
pub async fn of_send(
    conn: &mut PgConnection,
    send: &Leased,
    code: i32,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let who = contact::root(&mut *conn, send.contact_id).await?;
    follow(conn, (who, send.channel_id), code, at).await
}

/// What follows from statuses that say `failed`: conversation, Meta's code, Meta's time. For whoever applies statuses,
/// in the same transaction.
///
/// # Errors
/// [`Error::Database`].
pub async fn of_reports(
    conn: &mut PgConnection,
    failed: &[(ConversationId, i32, DateTime<Utc>)],
) -> Result<(), Error> {
    let mut telling: Vec<_> = failed
        .iter()
        .filter(|(_, code, _)| effect(*code).is_some() || stops(*code))
        .collect();
    telling.sort_by_key(|(id, ..)| *id);
    if telling.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = telling.iter().map(|(id, ..)| id.0).collect();
    let pairs = sqlx::query!(
        "select id, contact_id, channel_id from conversation where id = any($1) order by contact_id, channel_id",
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    for pair in &pairs {
        for (_, code, at) in telling.iter().filter(|(id, ..)| id.0 == pair.id) {
            let pair = (ContactId(pair.contact_id), ChannelId(pair.channel_id));
            follow(&mut *conn, pair, *code, *at).await?;
        }
    }
    // After all else, each number once and in one order: rows of numbers are shared by all who apply statuses.
    let stopped: BTreeMap<Uuid, (i32, DateTime<Utc>)> = pairs
        .iter()
        .flat_map(|pair| {
            let of_it = telling.iter().filter(|(id, ..)| id.0 == pair.id);
            of_it.map(|(_, code, at)| (pair.channel_id, (*code, *at)))
        })
        .filter(|(_, (code, _))| stops(*code))
        .collect();
    for (channel, (code, at)) in stopped {
        channel_health::stop_as_reported(&mut *conn, ChannelId(channel), code, at).await?;
    }
    Ok(())
}

/// Whether nothing can be sent through the number until somebody acts.
fn stops(code: i32) -> bool {
    let known = GraphCodes::table().find(code);
    known.is_some_and(|known| known.class == CodeClass::StopChannel)
}

fn effect(code: i32) -> Option<CodeEffect> {
    GraphCodes::table().find(code)?.effect
}

async fn follow(
    conn: &mut PgConnection,
    (contact, channel): (ContactId, ChannelId),
    code: i32,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    match effect(code) {
        None => Ok(()),
        Some(CodeEffect::ClosesWindow) => {
            sqlx::query!(
                r#"
                update contact_channel
                set window_until = least(window_until, clock_timestamp())
                where contact_id = $1
                  and channel_id = $2
                  and coalesce(last_inbound_meta_at, '-infinity') <= $3
                "#,
                contact.0,
                channel.0,
                at,
            )
            .execute(conn)
            .await?;
            Ok(())
        }
        Some(CodeEffect::Undeliverable) => {
            sqlx::query!(
                r#"
                update contact_channel
                set is_undeliverable = true
                where contact_id = $1
                  and channel_id = $2
                  and not is_undeliverable
                  and coalesce(last_inbound_meta_at, '-infinity') <= $3
                "#,
                contact.0,
                channel.0,
                at,
            )
            .execute(conn)
            .await?;
            Ok(())
        }
        Some(CodeEffect::MarketingStop) => {
            sqlx::query!(
                r#"
                update contact_channel
                set marketing = 'stopped', marketing_at = $3
                where contact_id = $1
                  and channel_id = $2
                  and coalesce(marketing_at, '-infinity') <= $3
                "#,
                contact.0,
                channel.0,
                at,
            )
            .execute(conn)
            .await?;
            Ok(())
        }
        Some(CodeEffect::RefreshTemplates) => template::hurry(conn, Some(channel)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_account_stop_its_number_and_codes_of_a_message_do_not() {
        for code in [190, 131_031, 131_042, 131_045] {
            assert!(stops(code), "{code}");
        }
        for code in [131_026, 131_047, 131_053, 131_056, 424_242] {
            assert!(!stops(code), "{code}");
        }
    }
}
