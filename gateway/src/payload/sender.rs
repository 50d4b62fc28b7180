//! Who wrote a message, from what Meta says in two places: the message itself and the list of contacts beside it.
//!
//! Promises: an identity that is not what it claims to be is refused, not cleaned; a contact that belongs to somebody
//! else is not mixed in.
//! Does not: look anybody up. Usernames change hands, so they are no identity here.

use balcao_core::store::contact::IdentityKind;
use serde_json::Value;

use super::Reason;
use super::wire::Contact;
use crate::identity::{self, Address};

/// WhatsApp profile names are shorter; what is longer is cut.
const MAX_NAME_CHARS: usize = 256;

/// Who wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender {
    /// Every identity Meta gave; old and new ones together when it announces a change.
    pub identities: Vec<(IdentityKind, String)>,
    /// Where replies go.
    pub address: Address,
    /// Profile name.
    pub name: Option<String>,
}

/// Never the person's data.
impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sender({} identities)", self.identities.len())
    }
}

/// Reads who wrote `message`.
///
/// # Errors
/// [`Reason::BadIdentity`] when an identity is malformed, [`Reason::NoSender`] when there is none.
pub(super) fn of(message: &Value, contacts: &[Contact]) -> Result<Sender, Reason> {
    let from = text(message, "from")?;
    let user = text(message, "from_user_id")?;
    let parent = text(message, "from_parent_user_id")?;
    let beside = beside(contacts, from, user);
    let mut found = Found::default();
    found.phone(from.or(beside.and_then(|contact| present(contact.wa_id.as_deref()))))?;
    found.bsuid(user.or(beside.and_then(|contact| present(contact.user_id.as_deref()))))?;
    found
        .parent(parent.or(beside.and_then(|contact| present(contact.parent_user_id.as_deref()))))?;
    if let Some(change) = message.get("system") {
        // Seen together, old and new are linked: the customer stays one contact.
        found.bsuid(text(change, "previous_user_id")?)?;
        found.bsuid(text(change, "user_id")?)?;
        found.parent(text(change, "previous_parent_user_id")?)?;
        found.parent(text(change, "parent_user_id")?)?;
        found.phone(text(change, "wa_id")?)?;
    }
    let name = beside
        .and_then(|contact| contact.profile.as_ref()?.name.as_deref())
        .map(str::trim);
    let name = name
        .filter(|name| !name.is_empty())
        .map(|name| name.chars().take(MAX_NAME_CHARS).collect());
    let address = found.address.or(found.bsuid).ok_or(Reason::NoSender)?;
    Ok(Sender {
        identities: found.identities,
        address,
        name,
    })
}

#[derive(Default)]
struct Found {
    identities: Vec<(IdentityKind, String)>,
    address: Option<Address>,
    bsuid: Option<Address>,
}

impl Found {
    fn phone(&mut self, value: Option<&str>) -> Result<(), Reason> {
        let Some(value) = value else { return Ok(()) };
        if !identity::is_phone(value) {
            return Err(Reason::BadIdentity);
        }
        self.address = Some(Address::of_phone(value));
        self.add(IdentityKind::Phone, value);
        Ok(())
    }

    fn bsuid(&mut self, value: Option<&str>) -> Result<(), Reason> {
        let Some(value) = value else { return Ok(()) };
        if !identity::is_bsuid(value) {
            return Err(Reason::BadIdentity);
        }
        self.bsuid = Some(Address::Recipient(value.to_owned()));
        self.add(IdentityKind::Bsuid, value);
        Ok(())
    }

    fn parent(&mut self, value: Option<&str>) -> Result<(), Reason> {
        let Some(value) = value else { return Ok(()) };
        if !identity::is_bsuid(value) {
            return Err(Reason::BadIdentity);
        }
        self.add(IdentityKind::ParentBsuid, value);
        Ok(())
    }

    fn add(&mut self, kind: IdentityKind, value: &str) {
        if !self
            .identities
            .iter()
            .any(|(known, other)| *known == kind && other == value)
        {
            self.identities.push((kind, value.to_owned()));
        }
    }
}

/// The contact that belongs to the message: same user id, else same phone, else the only one, unless it contradicts.
fn beside<'a>(
    contacts: &'a [Contact],
    from: Option<&str>,
    user: Option<&str>,
) -> Option<&'a Contact> {
    let by_user = contacts
        .iter()
        .find(|contact| user.is_some() && contact.user_id.as_deref() == user);
    let by_phone = || {
        contacts
            .iter()
            .find(|contact| from.is_some() && contact.wa_id.as_deref() == from)
    };
    by_user.or_else(by_phone).or_else(|| match contacts {
        [only] if agrees(only, from, user) => Some(only),
        _ => None,
    })
}

fn agrees(contact: &Contact, from: Option<&str>, user: Option<&str>) -> bool {
    let other_user = user
        .zip(contact.user_id.as_deref())
        .is_some_and(|(one, other)| one != other);
    let other_phone = from
        .zip(contact.wa_id.as_deref())
        .is_some_and(|(one, other)| !identity::same_subscriber(one, other));
    !other_user && !other_phone
}

fn text<'a>(object: &'a Value, key: &str) -> Result<Option<&'a str>, Reason> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(present(Some(text))),
        Some(_) => Err(Reason::BadIdentity),
    }
}

fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contact(json: Value) -> Contact {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_phone_is_where_replies_go_and_both_identities_are_known() {
        let beside = contact(
            json!({"wa_id": "5511987654321", "user_id": "BR.1", "profile": {"name": " Maria "}}),
        );
        let sender = of(&json!({"from": "5511987654321"}), &[beside]).unwrap();
        assert!(sender.address == Address::To("+5511987654321".into()));
        assert_eq!(sender.name.as_deref(), Some("Maria"));
        let kinds: Vec<IdentityKind> = sender.identities.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [IdentityKind::Phone, IdentityKind::Bsuid]);
    }

    #[test]
    fn without_a_phone_the_bsuid_is_enough() {
        let sender = of(
            &json!({"from_user_id": "BR.1", "from_parent_user_id": "BR.ENT.2"}),
            &[],
        )
        .unwrap();
        assert!(sender.address == Address::Recipient("BR.1".into()));
        assert_eq!(sender.identities.len(), 2);
    }

    #[test]
    fn somebody_elses_contact_is_not_mixed_in() {
        let other = contact(
            json!({"wa_id": "5521987654321", "user_id": "BR.2", "profile": {"name": "Outra"}}),
        );
        let sender = of(&json!({"from": "5511987654321"}), &[other]).unwrap();
        assert_eq!((sender.identities.len(), sender.name), (1, None));
    }

    #[test]
    fn the_only_contact_may_spell_the_number_without_the_ninth_digit() {
        let beside = contact(json!({"wa_id": "553187654321", "profile": {"name": "Maria"}}));
        let sender = of(&json!({"from": "5531987654321"}), &[beside]).unwrap();
        assert_eq!(sender.name.as_deref(), Some("Maria"));
    }

    #[test]
    fn a_change_of_identity_names_old_and_new_together() {
        let message = json!({
            "from": "5511987654321",
            "system": {"type": "user_changed_number", "wa_id": "5511912345678", "user_id": "BR.2", "previous_user_id": "BR.1"},
        });
        let sender = of(&message, &[]).unwrap();
        assert_eq!(sender.identities.len(), 4);
        assert!(sender.address == Address::To("+5511912345678".into()));
    }

    #[test]
    fn what_is_no_identity_is_refused() {
        let long = format!("BR.{}", "1".repeat(129));
        for message in [
            json!({"from": "' OR 1=1--"}),
            json!({"from": "../../x"}),
            json!({"from": "1".repeat(1_000_000)}),
            json!({"from": 5_511_987_654_321_u64}),
            json!({"from_user_id": long}),
            json!({"from": "5511987654321", "from_user_id": "BR"}),
        ] {
            assert_eq!(of(&message, &[]).unwrap_err(), Reason::BadIdentity);
        }
        assert_eq!(of(&json!({"from": ""}), &[]).unwrap_err(), Reason::NoSender);
    }
}
