//! Whom a send is for: `to` (a phone) or `recipient` (a BSUID).
//!
//! Promises: `to` wins when both are given; a BSUID in `to` is answered with 200 and dropped, as Meta does.
//! Does not: invent people for unknown BSUIDs.

use super::error::GraphError;
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
    UserId {
        phone: String,
        user_id: String,
        input: String,
    },
    /// A BSUID in `to`: Meta takes its digits for a phone, says yes and drops the message.
    Nowhere { digits: String, input: String },
}

impl Recipient {
    pub(crate) fn resolve(sim: &Sim, body: &Map<String, Value>) -> Result<Self, GraphError> {
        if body
            .get("recipient_type")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind != "individual")
        {
            return Err(GraphError::new(
                131_051,
                "Only recipient_type individual is simulated.",
            ));
        }
        let given = |key: &str| match body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(GraphError::parameter(format!(
                "Param {key} must be a non-empty string."
            ))),
        };
        match (given("to")?, given("recipient")?) {
            (Some(to), _) => Self::by_phone(sim, to),
            (None, Some(recipient)) => Self::by_user_id(sim, recipient),
            (None, None) => Err(GraphError::parameter("The parameter to is required.")),
        }
    }

    fn by_phone(sim: &Sim, input: String) -> Result<Self, GraphError> {
        if identity::is_bsuid(&input) {
            let digits = input.chars().filter(char::is_ascii_digit).collect();
            return Ok(Recipient::Nowhere { digits, input });
        }
        let Some(digits) = identity::phone_digits(&input) else {
            return Err(GraphError::invalid(
                "Param to must be a phone number: country code and number, digits only.",
            ));
        };
        if digits == sim.business.display_phone_number {
            return Err(GraphError::new(
                131_021,
                "Recipient phone number must differ from the sender's.",
            ));
        }
        let (faults, now) = (sim.faults.now(), sim.clock.now());
        let mut phones = sim.phones();
        let contact = phones.ensure(
            &sim.business.waba_id,
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

    fn by_user_id(sim: &Sim, input: String) -> Result<Self, GraphError> {
        if !identity::is_bsuid(&input) {
            return Err(GraphError::invalid(
                "Param recipient must be a business-scoped user id, e.g. BR.1234.",
            ));
        }
        let phones = sim.phones();
        let Some(contact) = phones.by_user_id(&input) else {
            return Err(GraphError::new(
                131_026,
                "No user with this business-scoped user id in this portfolio.",
            ));
        };
        Ok(Recipient::UserId {
            phone: contact.phone.clone(),
            user_id: input.clone(),
            input,
        })
    }

    /// The key of the contact, when the message goes anywhere.
    pub(crate) fn phone(&self) -> Option<&str> {
        match self {
            Recipient::Phone { phone, .. } | Recipient::UserId { phone, .. } => Some(phone),
            Recipient::Nowhere { .. } => None,
        }
    }

    /// Digits a wamid can be made of.
    pub(crate) fn digits(&self) -> &str {
        match self {
            Recipient::Phone { wa_id, .. } => wa_id,
            Recipient::UserId { phone, .. } => phone,
            Recipient::Nowhere { digits, .. } => digits,
        }
    }

    /// `contacts[0]` of the answer.
    pub(crate) fn answer(&self) -> Value {
        match self {
            Recipient::Phone { wa_id, input, .. } => json!({"input": input, "wa_id": wa_id}),
            Recipient::UserId { user_id, input, .. } => json!({"input": input, "user_id": user_id}),
            Recipient::Nowhere { digits, input } => json!({"input": input, "wa_id": digits}),
        }
    }
}
