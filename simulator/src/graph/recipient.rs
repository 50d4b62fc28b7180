//! Whom a send is for: `to` (a phone, or a group) or `recipient` (a BSUID).
//!
//! Promises: `to` wins when both are given; a BSUID in `to` is answered with 200 and dropped, as Meta does.
//! Does not: invent people for unknown BSUIDs.

use super::error::GraphError;
use crate::business::Number;
use crate::identity;
use crate::state::Sim;
use serde_json::{Map, Value, json};

/// A resolved recipient.
#[derive(Debug)]
pub(crate) enum Recipient {
    /// A phone; the contact exists from now on.
    Phone {
        phone: String,
        wa_id: String,
        input: String,
    },
    /// A person without a phone.
    UserId { phone: String, input: String },
    /// A group the number is in.
    Group { id: String },
    /// A BSUID in `to`: Meta takes its digits for a phone, says yes and drops the message.
    Nowhere { digits: String, input: String },
}

impl Recipient {
    pub(crate) fn resolve(
        sim: &Sim,
        number: &Number,
        body: &Map<String, Value>,
    ) -> Result<Self, GraphError> {
        let given = |key: &str| match body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(GraphError::parameter(format!(
                "Param {key} must be a non-empty string."
            ))),
        };
        match body.get("recipient_type").map(Value::as_str) {
            None | Some(Some("individual")) => {}
            Some(Some("group")) => {
                let id = given("to")?
                    .ok_or_else(|| GraphError::parameter("The parameter to is required."))?;
                return Self::by_group(sim, number, id);
            }
            Some(_) => {
                return Err(GraphError::parameter(
                    "Param recipient_type must be one of {individual, group}",
                ));
            }
        }
        match (given("to")?, given("recipient")?) {
            (Some(to), _) => Self::by_phone(sim, number, to),
            (None, Some(recipient)) => Self::by_user_id(sim, number, recipient),
            (None, None) => Err(GraphError::parameter("The parameter to is required.")),
        }
    }

    fn by_group(sim: &Sim, number: &Number, id: String) -> Result<Self, GraphError> {
        let phones = sim.phones();
        let group = phones.get(&id).and_then(|contact| contact.group.as_ref());
        match group.filter(|group| group.number == number.id) {
            Some(group) if !group.members.is_empty() => Ok(Recipient::Group { id }),
            _ => Err(GraphError::new(
                131_020,
                "The group does not exist or has no other member.",
            )),
        }
    }

    fn by_phone(sim: &Sim, number: &Number, input: String) -> Result<Self, GraphError> {
        if identity::is_bsuid(&input) {
            let digits = input.chars().filter(char::is_ascii_digit).collect();
            return Ok(Recipient::Nowhere { digits, input });
        }
        let Some(digits) = identity::phone_digits(&input) else {
            return Err(GraphError::invalid(
                "Param to must be a phone number: country code and number, digits only.",
            ));
        };
        if digits == number.display_phone_number {
            return Err(GraphError::new(
                131_021,
                "Recipient phone number must differ from the sender's.",
            ));
        }
        let (faults, now) = (sim.faults.now(), sim.clock.now());
        let mut phones = sim.phones();
        let contact = phones.ensure(
            &number.account.portfolio,
            &digits,
            faults.strip_ninth_digit,
            now,
        );
        Ok(Recipient::Phone {
            phone: contact.phone.clone(),
            wa_id: contact.wa_id.clone(),
            input,
        })
    }

    fn by_user_id(sim: &Sim, number: &Number, input: String) -> Result<Self, GraphError> {
        if !identity::is_bsuid(&input) {
            return Err(GraphError::invalid(
                "Param recipient must be a business-scoped user id, e.g. BR.1234.",
            ));
        }
        let phones = sim.phones();
        let Some(contact) = phones.by_user_id(&number.account.portfolio, &input) else {
            return Err(GraphError::new(
                131_026,
                "No user with this business-scoped user id in this portfolio.",
            ));
        };
        Ok(Recipient::UserId {
            phone: contact.phone.clone(),
            input,
        })
    }

    /// The key of the contact or group, when the message goes anywhere.
    pub(crate) fn phone(&self) -> Option<&str> {
        match self {
            Recipient::Phone { phone, .. } | Recipient::UserId { phone, .. } => Some(phone),
            Recipient::Group { id } => Some(id),
            Recipient::Nowhere { .. } => None,
        }
    }

    /// Digits a wamid can be made of.
    pub(crate) fn digits(&self) -> &str {
        match self {
            Recipient::Phone { wa_id, .. } => wa_id,
            Recipient::UserId { phone, .. } => phone,
            Recipient::Group { id } => id.get(..20).unwrap_or(id),
            Recipient::Nowhere { digits, .. } => digits,
        }
    }

    /// `contacts[0]` of the answer.
    pub(crate) fn answer(&self) -> Value {
        match self {
            Recipient::Phone { wa_id, input, .. } => json!({"input": input, "wa_id": wa_id}),
            Recipient::UserId { input, .. } => json!({"input": input, "user_id": input}),
            Recipient::Group { id } => json!({"input": id, "wa_id": id}),
            Recipient::Nowhere { digits, input } => json!({"input": input, "wa_id": digits}),
        }
    }
}
