//! The items of a webhook on their way to the database, with the channel they came to.

use std::collections::HashMap;
use std::sync::Arc;

use balcao_core::model::{ChannelId, ContactId};
use balcao_core::store;
use balcao_core::store::channel::Channel;
use bytes::Bytes;

use crate::channels::Channels;
use crate::payload::{Inbound, Item, Odd, Reason, Report};

/// One thing to store.
#[derive(Clone)]
pub enum Work {
    /// A customer's message.
    Message(Arriving),
    /// A delivery status.
    Status(Report),
    /// Something to keep aside.
    Letter(Letter),
}

/// A message and the channel it came to.
#[derive(Clone)]
pub struct Arriving {
    /// To which number.
    pub channel: Arc<Channel>,
    /// What was written.
    pub inbound: Box<Inbound>,
}

/// A dead letter.
#[derive(Clone)]
pub struct Letter {
    /// Why.
    pub reason: Reason,
    /// Where and what, without personal data.
    pub detail: String,
    /// To which number, when it is ours.
    pub channel_id: Option<ChannelId>,
    /// Whose it is, when that is known: their erasure deletes it.
    pub contact_id: Option<ContactId>,
    /// As it came.
    pub raw: Bytes,
}

impl Arriving {
    /// What becomes of a message that the database refuses.
    pub fn into_letter(self, who: ContactId) -> Letter {
        Letter {
            reason: Reason::RefusedByDatabase,
            detail: "message".to_owned(),
            channel_id: Some(self.channel.id),
            contact_id: Some(who),
            raw: self.inbound.raw,
        }
    }
}

/// Finds the channel of each item; what came to a number that is not ours becomes a dead letter.
///
/// # Errors
/// [`store::Error`] when the database could not be asked: 503.
pub async fn assign(items: Vec<Item>, channels: &Channels) -> Result<Vec<Work>, store::Error> {
    let mut known: HashMap<String, Option<Arc<Channel>>> = HashMap::new();
    for number in items.iter().filter_map(number) {
        if !known.contains_key(number) {
            known.insert(number.to_owned(), channels.by_number(number).await?);
        }
    }
    let channel = |number: &str| known.get(number).cloned().flatten();
    Ok(items
        .into_iter()
        .map(|item| match item {
            Item::Message(inbound) => match channel(&inbound.phone_number_id) {
                Some(channel) => Work::Message(Arriving { channel, inbound }),
                None => Work::Letter(stranger("message", inbound.raw)),
            },
            Item::Status(report) => match channel(&report.phone_number_id) {
                Some(_) => Work::Status(report),
                None => Work::Letter(stranger("status", report.raw)),
            },
            Item::Odd(Odd {
                reason,
                detail,
                phone_number_id,
                raw,
            }) => {
                let channel_id = phone_number_id
                    .and_then(|number| channel(&number))
                    .map(|channel| channel.id);
                Work::Letter(Letter {
                    reason,
                    detail,
                    channel_id,
                    contact_id: None,
                    raw,
                })
            }
        })
        .collect())
}

fn number(item: &Item) -> Option<&str> {
    match item {
        Item::Message(inbound) => Some(&inbound.phone_number_id),
        Item::Status(report) => Some(&report.phone_number_id),
        // Only a hint for doctor: not worth a question to the database.
        Item::Odd(_) => None,
    }
}

fn stranger(detail: &str, raw: Bytes) -> Letter {
    Letter {
        reason: Reason::UnknownChannel,
        detail: detail.to_owned(),
        channel_id: None,
        contact_id: None,
        raw,
    }
}
