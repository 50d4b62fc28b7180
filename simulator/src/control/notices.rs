//! What Meta tells about accounts, numbers and templates: `/sim/notices`, `/sim/templates`.
//!
//! Promises: any field, the value as given; about an account it gets a time, about a number the number's metadata.
//! Does not: act on it, but for templates, which change as they are told to.

use super::contacts::number;
use crate::error::Error;
use crate::graph::templates;
use crate::state::{Sim, lock};
use crate::webhook::{self, Event, Place};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    waba_id: Option<String>,
    /// For fields about a number: the value gets `messaging_product` and `metadata`.
    phone_number_id: Option<String>,
    field: String,
    value: Value,
}

/// `POST /sim/notices {waba_id?, phone_number_id?, field, value}`.
pub(super) async fn notice(
    State(sim): State<Arc<Sim>>,
    Json(mut notice): Json<Notice>,
) -> Result<(StatusCode, Json<Value>), Error> {
    if !notice.value.is_object() || notice.field.is_empty() {
        return Err(Error::BadInput(
            r#"send {"field":"account_update","value":{"event":"ACCOUNT_VIOLATION"}}"#.to_owned(),
        ));
    }
    let about = match &notice.waba_id {
        Some(waba_id) if notice.phone_number_id.is_none() => {
            let numbers = sim.numbers.of_account(waba_id);
            numbers.first().cloned().ok_or_else(|| {
                Error::NotFound("no account has this id: POST /sim/numbers first".to_owned())
            })?
        }
        _ => number(&sim, notice.phone_number_id.as_deref())?,
    };
    if notice.phone_number_id.is_some() {
        let value = &mut notice.value;
        if value.get("metadata").is_none() {
            value["messaging_product"] = json!("whatsapp");
            value["metadata"] = json!({"display_phone_number": about.display_phone_number, "phone_number_id": about.id});
        }
    }
    let event = Event::notice(about, Place::whole(&notice.field), notice.value);
    let identity = event.identity.clone();
    webhook::publish(&sim, event);
    Ok((StatusCode::CREATED, Json(json!({"identity": identity}))))
}

/// `GET /sim/templates`: of all accounts.
pub(super) async fn templates(State(sim): State<Arc<Sim>>) -> Json<Value> {
    let mut seen = Vec::new();
    let mut all = Vec::new();
    for number in sim.numbers.all() {
        let account = &number.account;
        if seen.contains(&account.id) {
            continue;
        }
        seen.push(account.id.clone());
        all.extend(lock(&account.templates).iter().map(|template| {
            let mut template = template.clone();
            template["waba_id"] = json!(account.id);
            template
        }));
    }
    Json(json!({"templates": all}))
}

/// `POST /sim/templates/{id} {status?, quality?, category?, reason?}`.
pub(super) async fn template(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
    Json(order): Json<Value>,
) -> Result<Json<Value>, Error> {
    let known = ["status", "quality", "category"];
    if !known.iter().any(|key| order[key].is_string()) {
        return Err(Error::BadInput(
            r#"send {"status":"PAUSED"}, {"quality":"RED"} or {"category":"MARKETING"}"#.to_owned(),
        ));
    }
    templates::change(&sim, &id, &order).map(Json)
}
