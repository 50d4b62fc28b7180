//! What belongs to the app: `debug_token`, its subscriptions, resumable uploads for template samples.
//!
//! Promises: a dead token is told as such to another token, and refused when it asks about itself.
//! Does not: keep uploaded samples; only their handle matters.

use super::access::{self, Caller, Standing};
use super::account;
use super::error::GraphError;
use crate::state::Sim;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Answer = Result<Json<Value>, GraphError>;

const THREE_DAYS_S: i64 = 3 * 24 * 3600;

#[derive(Deserialize)]
pub(super) struct Asked {
    input_token: Option<String>,
}

/// `GET /debug_token?input_token=`.
pub(super) async fn debug_token(
    State(sim): State<Arc<Sim>>,
    Extension(_caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Answer {
    let token = asked
        .input_token
        .ok_or_else(|| GraphError::parameter("The parameter input_token is required."))?;
    let now = sim.clock.now().timestamp();
    let expires = match access::standing(&sim, &token) {
        Standing::Good => 0,
        Standing::ExpiresSoon => now + THREE_DAYS_S,
        Standing::Dead => {
            return Ok(invalid(
                "Error validating access token: Session has expired.",
                463,
            ));
        }
        Standing::Unknown => {
            return Ok(invalid(
                "Invalid OAuth access token - Cannot parse access token",
                467,
            ));
        }
    };
    let numbers: Vec<_> = sim
        .numbers
        .all()
        .into_iter()
        .filter(|number| number.access_token == token)
        .collect();
    let Some(first) = numbers.first() else {
        return Ok(invalid("The access token could not be decrypted", 467));
    };
    let mut accounts: Vec<&str> = numbers
        .iter()
        .map(|number| number.account.id.as_str())
        .collect();
    accounts.dedup();
    let scopes = access::scopes(sim.faults.now().numbers.get(&first.id));
    let granular: Vec<Value> = scopes
        .iter()
        .map(|scope| json!({"scope": scope, "target_ids": accounts}))
        .collect();
    Ok(Json(json!({"data": {
        "app_id": first.app.id, "type": "SYSTEM_USER", "application": "simulated",
        "expires_at": expires, "data_access_expires_at": 0, "is_valid": true, "issued_at": now - 3600,
        "scopes": scopes, "granular_scopes": granular, "user_id": "122100000000001",
    }})))
}

fn invalid(message: &str, subcode: i64) -> Json<Value> {
    let error = json!({"code": 190, "message": message, "subcode": subcode});
    Json(json!({"data": {"is_valid": false, "error": error, "scopes": []}}))
}

/// `POST /{app_id}/subscriptions`: the app's own callback.
pub(super) async fn subscriptions(
    State(sim): State<Arc<Sim>>,
    Extension(_caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    Query(query): Query<Value>,
    body: Bytes,
) -> Answer {
    let app = sim
        .numbers
        .all()
        .into_iter()
        .find(|number| number.app.id == id)
        .map(|number| number.app.clone())
        .ok_or_else(|| GraphError::unknown_object("post", &id))?;
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let given = |key: &str| {
        body[key]
            .as_str()
            .or(query[key].as_str())
            .map(str::to_owned)
    };
    let url = given("callback_url")
        .ok_or_else(|| GraphError::parameter("The parameter callback_url is required."))?;
    let token = given("verify_token")
        .ok_or_else(|| GraphError::parameter("The parameter verify_token is required."))?;
    account::verify(&sim, &url, &token).await?;
    app.set_callback(url);
    sim.agenda.hurry_redeliveries();
    Ok(Json(json!({"success": true})))
}

/// `POST /{app_id}/uploads`: begins the upload of a sample.
pub(super) async fn begin_upload(
    State(sim): State<Arc<Sim>>,
    Extension(_caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    if !sim.numbers.all().iter().any(|number| number.app.id == id) && id != "app" {
        return Err(GraphError::unknown_object("post", &id));
    }
    Ok(Json(
        json!({"id": format!("upload:{}", crate::identity::numeric_id())}),
    ))
}

/// `POST /upload:...`: the sample itself; the answer is the handle that `example.header_handle` takes.
pub(super) fn upload(id: &str) -> Json<Value> {
    Json(json!({"h": format!("4::{}", id.trim_start_matches("upload:"))}))
}
