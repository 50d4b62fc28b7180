//! Faults, clock, webhook address and raw webhooks.

use super::contacts::number;
use crate::clock::rfc3339;
use crate::error::Error;
use crate::faults::Faults;
use crate::state::Sim;
use crate::webhook::{self, delivery, sign};
use axum::Json;
use axum::extract::{Query, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /sim/faults`.
pub(super) async fn faults(State(sim): State<Arc<Sim>>) -> Json<Faults> {
    Json(sim.faults.now())
}

/// `PUT /sim/faults`: replaces all; what is left out is off.
pub(super) async fn set_faults(
    State(sim): State<Arc<Sim>>,
    body: Bytes,
) -> Result<Json<Faults>, Error> {
    let faults: Faults =
        serde_json::from_slice(&body).map_err(|error| Error::BadInput(error.to_string()))?;
    let faults = faults.checked().map_err(Error::BadInput)?;
    sim.faults.set(faults.clone());
    sim.ledger
        .append("faults", sim.clock.now(), json!({"faults": faults}));
    sim.stream.faults(&faults);
    Ok(Json(faults))
}

/// `GET /sim/webhook`.
pub(super) async fn webhook(State(sim): State<Arc<Sim>>) -> Json<Value> {
    let url = sim.numbers.home().callback(true);
    Json(json!({"url": url, "unacknowledged": sim.queue.unacknowledged()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Destination {
    url: String,
    /// Only this number's webhooks.
    phone_number_id: Option<String>,
}

/// `PUT /sim/webhook {url, phone_number_id?}`: posts go there from now on, waiting redeliveries at once; without a
/// number every override is forgotten.
pub(super) async fn set_webhook(
    State(sim): State<Arc<Sim>>,
    Json(destination): Json<Destination>,
) -> Result<Json<Value>, Error> {
    webhook::check_url(&destination.url).map_err(Error::BadInput)?;
    match destination.phone_number_id.as_deref() {
        Some(id) => number(&sim, Some(id))?.set_callback(Some(destination.url.clone())),
        None => sim.numbers.redirect_all(&destination.url),
    }
    sim.agenda.hurry_redeliveries();
    Ok(Json(json!({"url": destination.url})))
}

/// `POST /sim/webhooks/redeliver`: waiting redeliveries are due now.
pub(super) async fn redeliver(State(sim): State<Arc<Sim>>) -> Json<Value> {
    sim.agenda.hurry_redeliveries();
    Json(json!({"unacknowledged": sim.queue.unacknowledged()}))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Signature {
    #[default]
    Right,
    Wrong,
    Missing,
}

#[derive(Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    signature: Signature,
    phone_number_id: Option<String>,
}

/// `POST /sim/webhooks/raw?signature=right|wrong|missing&phone_number_id=`: signs the body as it is and posts it once.
pub(super) async fn raw(
    State(sim): State<Arc<Sim>>,
    Query(signed): Query<Signed>,
    body: Bytes,
) -> Result<Json<Value>, Error> {
    let number = number(&sim, signed.phone_number_id.as_deref())?;
    let signature = match signed.signature {
        Signature::Right => Some(sign::signature(&number.app.secret, &body)),
        Signature::Wrong => Some(sign::signature("not the app secret", &body)),
        Signature::Missing => None,
    };
    let bytes = body.len();
    let outcome = delivery::send(&sim, &number.callback(true), body, signature).await;
    let answer = json!({"status": outcome.as_ref().ok(), "error": outcome.as_ref().err()});
    sim.ledger.append(
        "raw",
        sim.clock.now(),
        json!({"http": outcome.as_ref().ok(), "error": outcome.err(), "bytes": bytes}),
    );
    Ok(Json(answer))
}

/// `GET /sim/clock`.
pub(super) async fn clock(State(sim): State<Arc<Sim>>) -> Json<Value> {
    Json(json!({"now": rfc3339(sim.clock.now())}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    ms: i64,
}

/// `POST /sim/clock/advance {ms}`: the simulator's day passes faster; timers do not.
pub(super) async fn advance(
    State(sim): State<Arc<Sim>>,
    Json(advance): Json<Advance>,
) -> Result<Json<Value>, Error> {
    const YEAR_MS: i64 = 366 * 24 * 3600 * 1000;
    if advance.ms.abs() > YEAR_MS {
        return Err(Error::BadInput(
            "advance by at most a year of milliseconds at once".to_owned(),
        ));
    }
    sim.clock.advance(advance.ms);
    let now = rfc3339(sim.clock.now());
    sim.ledger
        .append("clock", sim.clock.now(), json!({"advanced_ms": advance.ms}));
    Ok(Json(json!({"now": now})))
}

/// `GET /sim/business`: the first number, which phones write to when nobody says otherwise.
pub(super) async fn business(State(sim): State<Arc<Sim>>) -> Json<Value> {
    Json(sim.numbers.home().to_json())
}
