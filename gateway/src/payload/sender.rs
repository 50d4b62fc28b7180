//! Who wrote a message, from what Meta says in two places: the message itself and the list of contacts beside it.
//!
//! Promises: an identity that is not what it claims to be is refused, not cleaned (only a `+` before a number's digits
//! is dropped, and a blank of the documentation counts as absent); a contact that belongs to somebody else is not mixed
//! in.
//! Does not: look anybody up. Usernames change hands, so they are no identity here.

use std::borrow::Cow;

use balcao_core::store::contact::IdentityKind;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Reason, loose, strict};
use crate::identity::{self, Address};

/// WhatsApp profile names are shorter; what is longer is cut.
const MAX_NAME_CHARS: usize = 256;

/// Who wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender {
    /// Every identity Meta gave.
    pub identities: Vec<(IdentityKind, String)>,
    /// Where replies go.
    pub address: Address,
    /// Profile name.
    pub name: Option<String>,
    /// The name the person chose for others to find them by, without `@`: for display. It changes hands, so it is no
    /// identity.
    pub username: Option<String>,
}

/// Never the person's data.
impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sender({} identities)", self.identities.len())
    }
}

/// What Meta says of a person beside their messages.
#[derive(Default)]
pub(super) struct Contact {
    name: Option<String>,
    username: Option<String>,
    phone: Option<String>,
    user: Option<String>,
    parent: Option<String>,
}

impl Contact {
    /// Reads one. One that cannot be read is as good as absent: a message names its author itself.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        let contact = strict::read(raw).ok()?;
        let profile = contact.get("profile").unwrap_or(&Value::Null);
        Some(Self {
            name: loose::owned(profile, "name"),
            username: loose::first(profile, &["username"])
                .or_else(|| loose::owned(&contact, "username")),
            phone: named(&contact, "wa_id").ok()?,
            user: named(&contact, "user_id").ok()?,
            parent: named(&contact, "parent_user_id").ok()?,
        })
    }
}

/// Reads who wrote `message`.
///
/// # Errors
/// [`Reason::BadIdentity`] when an identity is malformed, [`Reason::NoSender`] when there is none.
pub(super) fn of(message: &Value, contacts: &[Contact]) -> Result<Sender, Reason> {
    let keys = ["from", "from_user_id", "from_parent_user_id"];
    named_in(message, keys, contacts)
}

/// Reads a person named as such: a wish, or an announcement.
///
/// # Errors
/// As [`of`].
pub(super) fn person(object: &Value, contacts: &[Contact]) -> Result<Sender, Reason> {
    named_in(object, ["wa_id", "user_id", "parent_user_id"], contacts)
}

/// Reads the customer's side of a conversation that changed hands.
///
/// # Errors
/// As [`of`].
pub(super) fn of_side(side: &Value) -> Result<Sender, Reason> {
    let mut parts = Parts {
        phone: named(side, "phone_number")?.or(named(side, "wa_id")?),
        user: named(side, "user_id")?,
        parent: named(side, "parent_user_id")?,
    };
    if parts.phone.is_none() && parts.user.is_none() {
        let id = named(side, "id")?;
        parts.user = id.clone().filter(|id| identity::is_bsuid(id));
        parts.phone = id.filter(|id| identity::is_phone(id.trim_start_matches('+')));
    }
    parts.completed(None)
}

/// Reads whom our side wrote to. Some writers turn `from` and `to` round: whoever is not our own number is meant.
///
/// # Errors
/// As [`of`].
pub(super) fn addressee(
    message: &Value,
    contacts: &[Contact],
    ours: Option<&str>,
) -> Result<Sender, Reason> {
    let is_ours = |key: &str| {
        loose::text(message, key).is_some_and(|phone| {
            let phone = loose::digits(&phone);
            ours.is_some_and(|ours| {
                phone.is_some_and(|phone| identity::same_subscriber(&phone, ours))
            })
        })
    };
    let phone = if is_ours("to") { "from" } else { "to" };
    named_in(
        message,
        [phone, "to_user_id", "to_parent_user_id"],
        contacts,
    )
}

/// Reads whom a status is about. It belongs to a send of ours whatever it says here, so nothing is refused.
pub(super) fn recipient(status: &Value, contacts: &[Contact]) -> Option<Sender> {
    let parent = [
        "recipient_parent_user_id",
        "parent_recipient_user_id",
        "recipient_parent_id",
    ];
    let parent = parent
        .into_iter()
        .find(|key| status.get(key).is_some())
        .unwrap_or(parent[0]);
    named_in(
        status,
        ["recipient_id", "recipient_user_id", parent],
        contacts,
    )
    .ok()
}

/// Reads who called, or was called: the contact beside it, else whoever is not our own number.
///
/// # Errors
/// As [`of`].
pub(super) fn of_call(
    call: &Value,
    contacts: &[Contact],
    ours: Option<&str>,
    inbound: bool,
) -> Result<Sender, Reason> {
    if let [only] = contacts
        && let Ok(sender) = Parts::default().completed(Some(only))
    {
        return Ok(sender);
    }
    if call.get("recipient_id").is_some() {
        return recipient(call, contacts).ok_or(Reason::NoSender);
    }
    if inbound {
        of(call, contacts)
    } else {
        addressee(call, contacts, ours)
    }
}

/// The person whom a thread of the history is with.
pub(super) fn of_thread(id: Option<&Value>, context: &Value) -> Contact {
    let phone = named(context, "wa_id").ok().flatten();
    let id = id.and_then(loose::words).map(Cow::into_owned);
    let user = named(context, "user_id").ok().flatten();
    let is_user = |id: &String| identity::is_bsuid(id);
    Contact {
        name: loose::owned(context, "name"),
        username: loose::owned(context, "username"),
        user: user.or_else(|| id.clone().filter(is_user)),
        phone: phone.or_else(|| id.filter(|id| identity::is_phone(id))),
        parent: named(context, "parent_user_id").ok().flatten(),
    }
}

impl Contact {
    /// Whether it is this person who wrote, as far as the message says.
    pub(super) fn wrote(&self, message: &Value) -> bool {
        let from = named(message, "from").ok().flatten();
        let user = named(message, "from_user_id").ok().flatten();
        (from.is_some() || user.is_some()) && agrees(self, from.as_deref(), user.as_deref())
    }

    /// Only what it shows, without who it is.
    pub(super) fn shown_only(&self) -> Self {
        Self {
            name: self.name.clone(),
            username: self.username.clone(),
            ..Self::default()
        }
    }

    /// The same as a sender.
    ///
    /// # Errors
    /// As [`of`].
    pub(super) fn sender(&self) -> Result<Sender, Reason> {
        Parts::default().completed(Some(self))
    }
}

/// Identities before they are judged.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) phone: Option<String>,
    pub(super) user: Option<String>,
    pub(super) parent: Option<String>,
}

impl Parts {
    /// With what the contact beside adds.
    pub(super) fn completed(self, beside: Option<&Contact>) -> Result<Sender, Reason> {
        let or = |own: Option<String>, other: Option<&String>| own.or_else(|| other.cloned());
        let found = Self {
            phone: or(
                self.phone,
                beside.and_then(|contact| contact.phone.as_ref()),
            ),
            user: or(self.user, beside.and_then(|contact| contact.user.as_ref())),
            parent: or(
                self.parent,
                beside.and_then(|contact| contact.parent.as_ref()),
            ),
        }
        .found()?;
        let name = beside.and_then(|contact| contact.name.as_deref());
        let username = beside.and_then(|contact| contact.username.as_deref());
        Ok(Sender {
            identities: found.identities,
            address: found.address.ok_or(Reason::NoSender)?,
            name: name.and_then(shown),
            username: username.and_then(|name| shown(name.trim_start_matches('@'))),
        })
    }

    /// Judged.
    pub(super) fn found(&self) -> Result<Found, Reason> {
        let mut found = Found::default();
        if let Some(phone) = &self.phone {
            let phone = phone.strip_prefix('+').unwrap_or(phone);
            found.add(IdentityKind::Phone, phone, identity::is_phone(phone))?;
            found.address = Some(Address::of_phone(phone));
        }
        if let Some(user) = &self.user {
            found.add(IdentityKind::Bsuid, user, identity::is_bsuid(user))?;
            let address = || Address::Recipient(user.clone());
            found.address.get_or_insert_with(address);
        }
        if let Some(parent) = &self.parent {
            found.add(
                IdentityKind::ParentBsuid,
                parent,
                identity::is_bsuid(parent),
            )?;
        }
        Ok(found)
    }
}

/// Identities that are what they claim to be.
#[derive(Default)]
pub(super) struct Found {
    pub(super) identities: Vec<(IdentityKind, String)>,
    address: Option<Address>,
}

impl Found {
    fn add(&mut self, kind: IdentityKind, value: &str, is_sound: bool) -> Result<(), Reason> {
        if !is_sound {
            return Err(Reason::BadIdentity);
        }
        self.identities.push((kind, value.to_owned()));
        Ok(())
    }
}

fn named_in(object: &Value, keys: [&str; 3], contacts: &[Contact]) -> Result<Sender, Reason> {
    let [phone, user, parent] = keys;
    let parts = Parts {
        phone: named(object, phone)?,
        user: named(object, user)?,
        parent: named(object, parent)?,
    };
    let beside = beside(contacts, parts.phone.as_deref(), parts.user.as_deref());
    parts.completed(beside)
}

/// The contact that belongs to the message: same user id, else same phone, else the only one, unless it contradicts.
fn beside<'a>(
    contacts: &'a [Contact],
    from: Option<&str>,
    user: Option<&str>,
) -> Option<&'a Contact> {
    let by_user = contacts
        .iter()
        .find(|contact| user.is_some() && contact.user.as_deref() == user);
    let by_phone = || {
        contacts
            .iter()
            .find(|contact| from.is_some() && contact.phone.as_deref() == from)
    };
    by_user.or_else(by_phone).or_else(|| match contacts {
        [only] if agrees(only, from, user) => Some(only),
        _ => None,
    })
}

fn agrees(contact: &Contact, from: Option<&str>, user: Option<&str>) -> bool {
    let other_user = user
        .zip(contact.user.as_deref())
        .is_some_and(|(one, other)| one != other);
    let other_phone = from
        .zip(contact.phone.as_deref())
        .is_some_and(|(one, other)| !identity::same_subscriber(one, other));
    !other_user && !other_phone
}

/// What stands under a key that names a person.
pub(super) fn named(object: &Value, key: &str) -> Result<Option<String>, Reason> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value @ (Value::String(_) | Value::Number(_))) => Ok(loose::words(value)
            .filter(|text| !loose::is_placeholder(text))
            .map(Cow::into_owned)),
        Some(_) => Err(Reason::BadIdentity),
    }
}

fn shown(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty() && !loose::is_placeholder(name))
        .then(|| name.chars().take(MAX_NAME_CHARS).collect())
}
