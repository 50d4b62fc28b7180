//! `/sim/numbers`: further numbers of this or another business.
//!
//! Promises: adding a number twice is no error; what is left out is as on the command line.

use crate::business::NewNumber;
use crate::error::Error;
use crate::identity::phone_digits;
use crate::state::Sim;
use crate::webhook;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Described {
    phone_number_id: String,
    waba_id: String,
    display_phone_number: String,
    name: Option<String>,
    /// Numbers of another portfolio see other user ids.
    portfolio: Option<String>,
    app_secret: Option<String>,
    access_token: Option<String>,
    webhook_url: Option<String>,
}

impl Described {
    pub(crate) fn checked(self, name: &str) -> Result<NewNumber, String> {
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        if !is_id(&self.phone_number_id) || !is_id(&self.waba_id) {
            return Err("phone_number_id and waba_id are digits".to_owned());
        }
        let Some(display_phone_number) = phone_digits(&self.display_phone_number) else {
            return Err("display_phone_number has 7 to 15 digits, country code first".to_owned());
        };
        if let Some(url) = &self.webhook_url {
            webhook::check_url(url)?;
        }
        Ok(NewNumber {
            phone_number_id: self.phone_number_id,
            waba_id: self.waba_id,
            display_phone_number,
            name: self.name.unwrap_or_else(|| name.to_owned()),
            portfolio: self.portfolio,
            app_secret: self.app_secret.filter(|secret| !secret.is_empty()),
            access_token: self.access_token.filter(|token| !token.is_empty()),
            callback: self.webhook_url,
        })
    }
}

/// `GET /sim/numbers`.
pub(super) async fn list(State(sim): State<Arc<Sim>>) -> Json<Value> {
    let numbers: Vec<Value> = sim
        .numbers
        .all()
        .iter()
        .map(|number| number.to_json())
        .collect();
    Json(json!({"numbers": numbers}))
}

/// `POST /sim/numbers`: 201 when new, 200 when known.
pub(super) async fn add(
    State(sim): State<Arc<Sim>>,
    Json(described): Json<Described>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let new = described
        .checked(&sim.numbers.home().name)
        .map_err(Error::BadInput)?;
    let (number, is_new) = sim.numbers.add(&new);
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    sim.stream.resync();
    Ok((status, Json(number.to_json())))
}
