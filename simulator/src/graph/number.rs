//! What a business does to its number: registration, callback, profile, username, blocked people.
//!
//! Promises: ten registrations in 72 hours, then 133016; a wrong PIN is refused; only people who wrote within a day can
//! be blocked.
//! Does not: send codes by text message; `request_code` and `verify_code` say yes.

use super::access::{Caller, MANAGEMENT, MESSAGING};
use super::account::verified_callback;
use super::error::GraphError;
use crate::state::Sim;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;

type Answer = Result<Json<Value>, GraphError>;

const REGISTRATIONS_MAX: usize = 10;
const REGISTRATIONS_WITHIN_S: i64 = 72 * 3600;
const BLOCKED_MAX: usize = 64_000;

fn object(body: &Bytes) -> Result<Value, GraphError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        _ => Err(GraphError::parameter("The body must be a JSON object.")),
    }
}

fn pin(body: &Value) -> Result<String, GraphError> {
    match body["pin"].as_str() {
        Some(pin) if pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(pin.to_owned())
        }
        Some(_) => Err(GraphError::parameter("Param pin must be 6 digits.")),
        None => Err(GraphError::parameter("The parameter pin is required.")),
    }
}

/// `POST /{phone_number_id}`: PIN, callback override; other settings are taken and forgotten.
pub(super) async fn update(sim: &Sim, caller: &Caller, id: &str, body: &Bytes) -> Answer {
    let number = caller.number(sim, id, MANAGEMENT, "post")?;
    let body = object(body)?;
    if body.get("pin").is_some() {
        number.state().pin = Some(pin(&body)?);
    }
    if let Some(configuration) = body.get("webhook_configuration") {
        let url = verified_callback(sim, configuration).await?;
        number.set_callback(url);
        sim.agenda.hurry_redeliveries();
    }
    Ok(Json(json!({"success": true})))
}

/// `POST /{phone_number_id}/register`.
pub(super) async fn register(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let number = caller.number(&sim, &id, MANAGEMENT, "post")?;
    let body = object(&body)?;
    let pin = pin(&body)?;
    let now = sim.clock.now().timestamp();
    let mut state = number.state();
    state
        .registrations
        .retain(|at| now - at < REGISTRATIONS_WITHIN_S);
    if state.registrations.len() >= REGISTRATIONS_MAX {
        return Err(GraphError::new(
            133_016,
            "Ten registrations in 72 hours: wait until the oldest is older.",
        ));
    }
    state.registrations.push_back(now);
    if state.pin.as_ref().is_some_and(|set| *set != pin) {
        return Err(GraphError::new(
            133_005,
            "The PIN is not the one of two-step verification.",
        ));
    }
    state.pin = Some(pin);
    state.registered = true;
    Ok(Json(json!({"success": true})))
}

/// `POST /{phone_number_id}/deregister`.
pub(super) async fn deregister(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let number = caller.number(&sim, &id, MANAGEMENT, "post")?;
    let mut state = number.state();
    if !state.registered {
        return Err(GraphError::new(133_010, "The number is not registered."));
    }
    state.registered = false;
    Ok(Json(json!({"success": true})))
}

/// `POST /{phone_number_id}/request_code` and `verify_code`.
pub(super) async fn code(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    caller.number(&sim, &id, MANAGEMENT, "post")?;
    Ok(Json(json!({"success": true})))
}

/// `GET /{phone_number_id}/whatsapp_business_profile`.
pub(super) async fn profile(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let number = caller.number(&sim, &id, MANAGEMENT, "get")?;
    let mut profile = number.state().profile.clone();
    profile.insert("messaging_product".into(), json!("whatsapp"));
    Ok(Json(json!({"data": [profile]})))
}

/// `POST /{phone_number_id}/whatsapp_business_profile`.
pub(super) async fn set_profile(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    const LIMITS: [(&str, usize); 4] = [
        ("about", 139),
        ("address", 256),
        ("description", 512),
        ("email", 128),
    ];
    let number = caller.number(&sim, &id, MANAGEMENT, "post")?;
    let body = object(&body)?;
    for (key, max) in LIMITS {
        if body[key]
            .as_str()
            .is_some_and(|text| text.chars().count() > max)
        {
            return Err(GraphError::parameter(format!(
                "Param {key} must be at most {max} characters long."
            )));
        }
    }
    if let Value::Object(fields) = body {
        let taken = fields
            .into_iter()
            .filter(|(key, _)| key != "messaging_product");
        number.state().profile.extend(taken);
    }
    Ok(Json(json!({"success": true})))
}

/// `GET /{phone_number_id}/username`.
pub(super) async fn username(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let number = caller.number(&sim, &id, MANAGEMENT, "get")?;
    let username = number.state().username.clone();
    Ok(Json(match username {
        Some(username) => json!({"username": username, "status": "approved"}),
        None => json!({}),
    }))
}

/// `POST /{phone_number_id}/username`.
pub(super) async fn set_username(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let number = caller.number(&sim, &id, MANAGEMENT, "post")?;
    let body = object(&body)?;
    let wanted = body["username"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches('@')
        .to_lowercase();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
    if !(3..=35).contains(&wanted.len()) || !wanted.chars().all(allowed) {
        return Err(GraphError::parameter(
            "A username has 3 to 35 letters, digits, dots and underscores.",
        ));
    }
    let taken = |other: &Arc<crate::business::Number>| {
        other.id != id && other.state().username.as_ref() == Some(&wanted)
    };
    if sim.numbers.all().iter().any(taken) {
        return Err(GraphError::new(
            147_001,
            "Another business has this username.",
        ));
    }
    number.state().username = Some(wanted);
    Ok(Json(json!({"status": "approved"})))
}

/// `DELETE /{phone_number_id}/username`.
pub(super) async fn delete_username(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let number = caller.number(&sim, &id, MANAGEMENT, "delete")?;
    number.state().username = None;
    Ok(Json(json!({"success": true})))
}

/// `GET /{phone_number_id}/block_users`.
pub(super) async fn blocked(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let number = caller.number(&sim, &id, MESSAGING, "get")?;
    let blocked = number.state().blocked.clone();
    let phones = sim.phones();
    let data: Vec<Value> = blocked
        .iter()
        .filter_map(|phone| phones.get(phone))
        .map(|contact| {
            json!({"messaging_product": "whatsapp", "wa_id": contact.wa_id, "user_id": contact.user_id(&number.account.portfolio)})
        })
        .collect();
    Ok(Json(
        json!({"data": data, "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}}),
    ))
}

/// `POST /{phone_number_id}/block_users`.
pub(super) async fn block(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    change_blocks(&sim, &caller, &id, &body, true)
}

/// `DELETE /{phone_number_id}/block_users`.
pub(super) async fn unblock(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    change_blocks(&sim, &caller, &id, &body, false)
}

fn change_blocks(sim: &Sim, caller: &Caller, id: &str, body: &Bytes, block: bool) -> Answer {
    let number = caller.number(sim, id, MESSAGING, if block { "post" } else { "delete" })?;
    let body = object(body)?;
    let users = body["block_users"]
        .as_array()
        .ok_or_else(|| GraphError::parameter("The parameter block_users is required."))?;
    let portfolio = &number.account.portfolio;
    let now = sim.clock.now();
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for user in users {
        let input = user["user"]
            .as_str()
            .or(user["user_id"].as_str())
            .unwrap_or_default();
        let phones = sim.phones();
        let found = match crate::identity::phone_digits(input) {
            Some(digits) => phones.get(&digits),
            None => phones.by_user_id(portfolio, input),
        };
        let mut state = number.state();
        match found {
            Some(contact) if !block || (contact.window_open(&number.id, now) && state.blocked.len() < BLOCKED_MAX) => {
                state.blocked.retain(|known| *known != contact.phone);
                if block {
                    state.blocked.push(contact.phone.clone());
                }
                done.push(json!({"input": input, "wa_id": contact.wa_id, "user_id": contact.user_id(portfolio)}));
            }
            _ => failed.push(json!({"input": input, "errors": [{
                "message": "Re-engagement required", "code": 131_047,
                "error_data": {"details": "Only people who wrote within the last 24 hours can be blocked."},
            }]})),
        }
    }
    let kind = if block {
        "added_users"
    } else {
        "removed_users"
    };
    let mut answer = json!({"messaging_product": "whatsapp", "block_users": {kind: done}});
    if !failed.is_empty() {
        if done.is_empty() {
            return Err(GraphError::new(
                139_100,
                "Nobody was changed: only people who wrote within 24 hours can be blocked.",
            ));
        }
        answer["block_users"]["failed_users"] = json!(failed);
    }
    Ok(Json(answer))
}
