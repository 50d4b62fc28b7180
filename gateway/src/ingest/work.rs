//! The items of a webhook on their way to the database, with the channel they came to.

use std::collections::HashMap;
use std::sync::Arc;

use balcao_core::model::{ChannelId, Circumstance, ContactId, Content};
use balcao_core::store;
use balcao_core::store::channel::Channel;
use bytes::Bytes;

use super::notices;
use crate::channels::Channels;
use crate::payload::{
    self, Change, Inbound, Item, Notice, Odd, Origin, Preference, Reason, Report, Rotation, Sender,
};

/// One thing to store.
#[derive(Clone)]
pub enum Work {
    /// A customer's message or call.
    Message(Arriving),
    /// What our side wrote on the telephone itself, or whom it called.
    Echo(Echoed),
    /// What was said before the number came to us.
    Past(Imported),
    /// A reaction, an edit, a revocation.
    Change(Told<Box<Change>>),
    /// A customer has a new number or user id.
    Rotation(Told<Box<Rotation>>),
    /// A customer's wish about marketing.
    Preference(Told<Preference>),
    /// A delivery status.
    Status(Told<Report>),
    /// Something about a customer that is only watched.
    Watched(Watched),
    /// Anything else that can be read.
    Notice(Box<notices::Arrived>),
    /// Something to keep aside.
    Letter(Letter),
}

/// An item and the number it came to.
#[derive(Clone)]
pub struct Told<T> {
    /// To which number.
    pub channel: Arc<Channel>,
    /// What.
    pub item: T,
}

/// A message of a customer.
pub type Arriving = Told<Box<Inbound>>;

/// A message of our side's telephone.
#[derive(Clone)]
pub struct Echoed(pub Arriving);

/// A message of the past.
#[derive(Clone)]
pub struct Imported(pub Arriving);

/// A notice about a customer.
#[derive(Clone)]
pub struct Watched {
    /// Through which number.
    pub channel: Arc<Channel>,
    /// About whom.
    pub who: Sender,
    /// What Meta told.
    pub notice: Box<Notice>,
}

/// What people do, as far as the ingest treats it alike.
pub trait Deed {
    /// As logs and dead letters call it.
    const WORD: &'static str;

    /// To which number.
    fn channel(&self) -> &Channel;

    /// Who did it; for what our side did, the customer whom it concerns.
    fn sender(&self) -> &Sender;

    /// Meta's id of the group it happened in.
    fn group(&self) -> Option<&str>;

    /// As it came.
    fn raw(&self) -> &Bytes;

    /// What becomes of it when it cannot be stored.
    fn letter(&self, reason: Reason, who: Option<ContactId>) -> Letter {
        Letter {
            reason,
            detail: Self::WORD.to_owned(),
            channel_id: Some(self.channel().id),
            contact_id: who,
            raw: self.raw().clone(),
        }
    }
}

/// A deed that is an item or about one: it says who, and perhaps in which group.
macro_rules! deed {
    ($kind:ty, $word:literal, |$it:ident| $told:expr, $group:expr) => {
        impl Deed for $kind {
            const WORD: &'static str = $word;

            fn channel(&self) -> &Channel {
                let $it = self;
                &$told.channel
            }

            fn sender(&self) -> &Sender {
                let $it = self;
                &$told.item.sender
            }

            fn group(&self) -> Option<&str> {
                let $it = self;
                let group: Option<&String> = $group;
                group.map(String::as_str)
            }

            fn raw(&self) -> &Bytes {
                let $it = self;
                &$told.item.raw
            }
        }
    };
}

deed!(Arriving, "message", |it| it, it.item.group.as_ref());
deed!(Echoed, "echo", |it| it.0, it.0.item.group.as_ref());
deed!(Imported, "history", |it| it.0, it.0.item.group.as_ref());
deed!(Told<Box<Change>>, "change", |it| it, it.item.group.as_ref());

impl Deed for Told<Preference> {
    const WORD: &'static str = "preference";

    fn channel(&self) -> &Channel {
        &self.channel
    }

    fn sender(&self) -> &Sender {
        &self.item.sender
    }

    fn group(&self) -> Option<&str> {
        None
    }

    fn raw(&self) -> &Bytes {
        &self.item.raw
    }
}

impl Deed for Watched {
    const WORD: &'static str = "notice";

    fn channel(&self) -> &Channel {
        &self.channel
    }

    fn sender(&self) -> &Sender {
        &self.who
    }

    fn group(&self) -> Option<&str> {
        None
    }

    fn raw(&self) -> &Bytes {
        &self.notice.raw
    }
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
    let work = items.into_iter().map(|item| {
        let found = number(&item).and_then(channel);
        match (item, found) {
            (Item::Message(inbound), Some(channel)) => message(channel, inbound),
            (Item::Change(item), Some(channel)) => change(channel, item),
            (Item::Rotation(item), Some(channel)) => Work::Rotation(Told { channel, item }),
            (Item::Preference(item), Some(channel)) => Work::Preference(Told { channel, item }),
            (Item::Status(item), Some(channel)) => Work::Status(Told { channel, item }),
            (Item::Notice(notice), found) => notice_work(notice, found, channels),
            (Item::Odd(odd), _) => Work::Letter(odd_one(odd, channel)),
            (Item::Message(item), None) => stranger("message", item.raw),
            (Item::Change(item), None) => stranger("change", item.raw),
            (Item::Rotation(item), None) => stranger("rotation", item.raw),
            (Item::Preference(item), None) => stranger("preference", item.raw),
            (Item::Status(item), None) => stranger("status", item.raw),
        }
    });
    Ok(work.collect())
}

fn number(item: &Item) -> Option<&str> {
    match item {
        Item::Message(inbound) => Some(&inbound.phone_number_id),
        Item::Change(change) => Some(&change.phone_number_id),
        Item::Rotation(rotation) => Some(&rotation.phone_number_id),
        Item::Preference(preference) => Some(&preference.phone_number_id),
        Item::Status(report) => Some(&report.phone_number_id),
        // Who is named there must be found.
        Item::Notice(notice) if notice.who.is_some() => notice.phone_number_id.as_deref(),
        // Only a hint for doctor: not worth a question to the database.
        Item::Notice(_) | Item::Odd(_) => None,
    }
}

/// A notice about a customer is kept as theirs when a number of ours says which company's customer that is.
fn notice_work(mut notice: Notice, found: Option<Arc<Channel>>, channels: &Channels) -> Work {
    let who = notice.who.take();
    let arrived = notices::Arrived::new(notice, channels);
    let channel = found.or_else(|| {
        let id = arrived.channel_ids.first()?;
        let of_account = channels.of_account(&arrived.notice.waba_id);
        of_account.into_iter().find(|channel| channel.id == *id)
    });
    match (who, channel) {
        (Some(who), Some(channel)) => Work::Watched(Watched {
            channel,
            who,
            notice: Box::new(arrived.notice),
        }),
        _ => Work::Notice(Box::new(arrived)),
    }
}

/// A message by who wrote it where. A call that we made is our side's, wherever Meta tells of it.
fn message(channel: Arc<Channel>, item: Box<Inbound>) -> Work {
    let is_our_call = matches!(item.content, Content::Call { inbound: false, .. });
    let origin = item.origin;
    let told = Told { channel, item };
    match origin {
        Origin::Customer if is_our_call => Work::Echo(Echoed(told)),
        Origin::Customer => Work::Message(told),
        Origin::Phone => Work::Echo(Echoed(told)),
        Origin::History { .. } => Work::Past(Imported(told)),
    }
}

/// A change; a file of the past that follows its placeholder is rather the item itself.
fn change(channel: Arc<Channel>, item: Box<Change>) -> Work {
    match (item.origin, &item.deed) {
        (
            Origin::History { .. },
            payload::Deed::Edit {
                content: content @ Content::Media { .. },
            },
        ) => {
            let item = Box::new(Inbound {
                phone_number_id: item.phone_number_id.clone(),
                wamid: item.target.clone(),
                sender: item.sender.clone(),
                at: item.at,
                content: content.clone(),
                circumstance: Circumstance::default(),
                group: item.group.clone(),
                origin: item.origin,
                raw: item.raw.clone(),
            });
            Work::Past(Imported(Told { channel, item }))
        }
        _ => Work::Change(Told { channel, item }),
    }
}

fn odd_one(odd: Odd, channel: impl Fn(&str) -> Option<Arc<Channel>>) -> Letter {
    let channel_id = odd
        .phone_number_id
        .and_then(|number| channel(&number))
        .map(|channel| channel.id);
    Letter {
        reason: odd.reason,
        detail: odd.detail,
        channel_id,
        contact_id: None,
        raw: odd.raw,
    }
}

fn stranger(detail: &str, raw: Bytes) -> Work {
    Work::Letter(Letter {
        reason: Reason::UnknownChannel,
        detail: detail.to_owned(),
        channel_id: None,
        contact_id: None,
        raw,
    })
}
