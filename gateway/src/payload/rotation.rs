//! Who is now who: a customer changed the telephone number, and with it the business-scoped user id.
//!
//! Promises: old and new identities are kept apart; what does not say both a change and somebody new is no rotation.
//! Does not: re-key anything. Security-code changes (`customer_identity_changed`) are another matter.

use balcao_core::store::contact::IdentityKind;
use serde_json::Value;

use super::sender::{Contact, Parts, named};
use super::{Reason, Sender, loose};

/// The identities in `system` of an announcement: those from now on, and those until now.
pub(super) struct Rotated {
    pub(super) sender: Sender,
    pub(super) previous: Vec<(IdentityKind, String)>,
    pub(super) phone_changed: bool,
}

/// Reads who is now who. `None`: it announces something else.
///
/// # Errors
/// [`Reason::BadIdentity`] when an identity is malformed.
pub(super) fn of(message: &Value, contacts: &[Contact]) -> Result<Option<Rotated>, Reason> {
    let Some(change) = message.get("system").filter(|change| change.is_object()) else {
        return Ok(None);
    };
    let kind = loose::text(change, "type").unwrap_or_default();
    if kind == "customer_identity_changed" {
        return Ok(None);
    }
    let from = named(message, "from")?.or(named(change, "customer")?);
    let mut now = Parts {
        phone: named(change, "new_wa_id")?.or(named(change, "wa_id")?),
        user: named(change, "user_id")?,
        parent: named(change, "parent_user_id")?,
    };
    let mut before = Parts {
        phone: from.filter(|from| now.phone.as_deref() != Some(from)),
        user: named(change, "previous_user_id")?,
        parent: named(change, "previous_parent_user_id")?,
    };
    let from_user = named(message, "from_user_id")?;
    if now.user.is_none() && from_user != before.user {
        now.user = from_user;
    } else if before.user.is_none() && from_user != now.user {
        before.user = from_user;
    }
    before.user = before.user.filter(|user| now.user.as_ref() != Some(user));
    before.parent = before
        .parent
        .filter(|parent| now.parent.as_ref() != Some(parent));
    let is_change = kind.contains("changed") || before.user.is_some();
    if !is_change || (now.phone.is_none() && now.user.is_none()) {
        return Ok(None);
    }
    let phone_changed = now.phone.is_some() && kind != "user_changed_user_id";
    let previous = before.found()?.identities;
    let person = match contacts {
        [only] => Some(only.shown_only()),
        _ => None,
    };
    let sender = now.completed(person.as_ref())?;
    Ok(Some(Rotated {
        sender,
        previous,
        phone_changed,
    }))
}

/// Reads a stray announcement of the withdrawn field `user_id_update`.
///
/// # Errors
/// [`Reason::BadIdentity`] when an identity is malformed.
pub(super) fn stray(update: &Value) -> Result<Option<Rotated>, Reason> {
    let side = |key: &str, side: &str| update.get(key).map_or(Ok(None), |both| named(both, side));
    let now = Parts {
        phone: named(update, "wa_id")?,
        user: side("user_id", "current")?,
        parent: side("parent_user_id", "current")?,
    };
    let before = Parts {
        phone: None,
        user: side("user_id", "previous")?,
        parent: side("parent_user_id", "previous")?,
    };
    if now.user.is_none() || before.user.is_none() {
        return Ok(None);
    }
    Ok(Some(Rotated {
        previous: before.found()?.identities,
        sender: now.completed(None)?,
        phone_changed: false,
    }))
}
