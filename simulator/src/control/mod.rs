//! What tests, scripts and the phone page use to move the outside world: `/sim/...`.
//!
//! Promises: JSON in and out; every refusal says what to send instead.
//! Does not: ask for a token; it listens on the loopback interface and holds invented people only.

mod calls;
mod coexistence;
mod compose;
mod contacts;
mod groups;
mod ledger;
mod notices;
mod numbers;
mod rotation;
pub(crate) mod stream;
mod switches;

pub(crate) use numbers::Described;

use crate::state::Sim;
use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use serde_json::{Value, json};
use std::sync::Arc;

/// A customer's document of 100 MB in base64, with room for the JSON around it.
const BODY_BYTES_MAX: usize = 140 * 1024 * 1024;

pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route("/sim/contacts", get(contacts::list))
        .route(
            "/sim/contacts/{phone}",
            get(contacts::one).put(contacts::change),
        )
        .route(
            "/sim/contacts/{phone}/messages",
            get(contacts::thread).post(contacts::write),
        )
        .route("/sim/contacts/{phone}/rotate", post(rotation::rotate))
        .route("/sim/contacts/{phone}/advance", post(contacts::advance))
        .route("/sim/contacts/{phone}/calls", post(calls::call))
        .route("/sim/contacts/{phone}/preferences", post(calls::prefer))
        .route("/sim/contacts/{phone}/echoes", post(coexistence::echo))
        .route("/sim/history", post(coexistence::history))
        .route("/sim/state-sync", post(coexistence::state_sync))
        .route("/sim/groups", post(groups::create))
        .route("/sim/groups/{id}/participants", post(groups::change))
        .route("/sim/notices", post(notices::notice))
        .route("/sim/templates", get(notices::templates))
        .route("/sim/templates/{id}", post(notices::template))
        .route("/sim/numbers", get(numbers::list).post(numbers::add))
        .route("/sim/contacts/{phone}/read", post(contacts::read))
        .route("/sim/contacts/{phone}/statuses", post(contacts::status))
        .route("/sim/media", post(compose::shelve))
        .route("/sim/media/{id}", get(contacts::medium))
        .route(
            "/sim/faults",
            get(switches::faults).put(switches::set_faults),
        )
        .route(
            "/sim/webhook",
            get(switches::webhook).put(switches::set_webhook),
        )
        .route("/sim/webhooks/raw", post(switches::raw))
        .route("/sim/webhooks/redeliver", post(switches::redeliver))
        .route("/sim/clock", get(switches::clock))
        .route("/sim/clock/advance", post(switches::advance))
        .route("/sim/business", get(switches::business))
        .route("/sim/ledger", get(ledger::lines))
        .route("/sim/stream", get(stream::events))
        .route("/sim/{*path}", put(nothing).get(nothing).post(nothing))
        .route("/healthz", get(health))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn nothing() -> crate::error::Error {
    crate::error::Error::NotFound("there is no such control; see `simulator --help`".to_owned())
}

/// 200 while the ledger can be trusted.
async fn health(State(sim): State<Arc<Sim>>) -> (StatusCode, Json<Value>) {
    let status = if sim.ledger.is_broken() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    let contacts = sim.phones().len();
    (
        status,
        Json(
            json!({"ok": status == 200, "contacts": contacts, "unacknowledged": sim.queue.unacknowledged()}),
        ),
    )
}
