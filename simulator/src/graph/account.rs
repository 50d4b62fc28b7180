//! Nodes and edges around accounts and numbers: fields, lists, subscriptions.
//!
//! Promises: `fields=` selects; saving a callback verifies it first, as Meta does; the faults of a number show in its
//! fields.
//! Does not: page; an account has few numbers.

use super::access::{Caller, MANAGEMENT};
use super::error::GraphError;
use crate::business::{Account, Number};
use crate::state::{Sim, lock};
use crate::webhook;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Fields {
    fields: Option<String>,
}

type Answer = Result<Json<Value>, GraphError>;

/// `GET /{id}`: a number, an account, a template or a medium.
pub(super) async fn node(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    Query(query): Query<Fields>,
) -> Answer {
    let fields = query.fields.as_deref();
    if sim.numbers.get(&id).is_some() {
        let number = caller.number(&sim, &id, MANAGEMENT, "get")?;
        return Ok(Json(select(self::number(&sim, &number), fields)));
    }
    if !sim.numbers.of_account(&id).is_empty() {
        let (account, number) = caller.account(&sim, &id, "get")?;
        return Ok(Json(select(self::account(&sim, &account, &number), fields)));
    }
    for account in caller.accounts(&sim) {
        if let Some(template) = lock(&account.templates).by_id(&id) {
            return Ok(Json(super::templates::select(template, fields)));
        }
    }
    super::media::resolve(&sim, &id).map(Json)
}

/// `GET /{waba}/phone_numbers`.
pub(super) async fn numbers(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    Query(query): Query<Fields>,
) -> Answer {
    caller.account(&sim, &id, "get")?;
    let numbers: Vec<Value> = sim
        .numbers
        .of_account(&id)
        .iter()
        .map(|number| select(self::number(&sim, number), query.fields.as_deref()))
        .collect();
    Ok(Json(
        json!({"data": numbers, "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}}),
    ))
}

/// `GET /{waba}/subscribed_apps`.
pub(super) async fn subscriptions(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let (account, number) = caller.account(&sim, &id, "get")?;
    let faults = sim.faults.now();
    let refused = sim.numbers.of_account(&id).iter().any(|number| {
        faults
            .numbers
            .get(&number.id)
            .and_then(|fault| fault.subscribed)
            == Some(false)
    });
    if refused || !account.is_subscribed() {
        return Ok(Json(json!({"data": []})));
    }
    let mut app = json!({"whatsapp_business_api_data": {
        "id": number.app.id, "name": "simulated", "link": format!("https://www.facebook.com/games/?app_id={}", number.app.id),
    }});
    if let Some(url) = account.callback() {
        app["override_callback_uri"] = json!(url);
    }
    Ok(Json(json!({"data": [app]})))
}

/// `POST /{waba}/subscribed_apps`, with an optional callback of its own.
pub(super) async fn subscribe(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let (account, _) = caller.account(&sim, &id, "post")?;
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let callback = verified_callback(&sim, &body).await?;
    account.subscribe(true, callback);
    for number in sim.numbers.of_account(&id) {
        sim.faults.mend_subscription(&number.id);
    }
    sim.agenda.hurry_redeliveries();
    Ok(Json(json!({"success": true})))
}

/// The override in a body, once its GET was answered rightly.
pub(super) async fn verified_callback(
    sim: &Sim,
    body: &Value,
) -> Result<Option<String>, GraphError> {
    let Some(url) = body["override_callback_uri"]
        .as_str()
        .filter(|url| !url.is_empty())
    else {
        return Ok(None);
    };
    let token = body["verify_token"]
        .as_str()
        .ok_or_else(|| GraphError::missing("verify_token"))?;
    verify(sim, url, token).await?;
    Ok(Some(url.to_owned()))
}

/// Asks the callback for the challenge.
pub(super) async fn verify(sim: &Sim, url: &str, token: &str) -> Result<(), GraphError> {
    webhook::check_url(url).map_err(GraphError::invalid)?;
    let outcome = webhook::verify::verify(sim, url, token).await;
    sim.ledger.append(
        "verify",
        sim.clock.now(),
        json!({"ok": outcome.is_ok(), "reason": outcome.as_ref().err(), "attempts": 1}),
    );
    outcome.map_err(|reason| {
        GraphError::parameter(format!("The callback could not be verified: {reason}."))
    })
}

/// `DELETE /{waba}/subscribed_apps`: no webhook until it is subscribed again.
pub(super) async fn unsubscribe(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    let (account, _) = caller.account(&sim, &id, "delete")?;
    account.subscribe(false, None);
    Ok(Json(json!({"success": true})))
}

fn account(sim: &Sim, account: &Account, number: &Number) -> Value {
    let faults = sim.faults.now();
    let fault = faults.numbers.get(&number.id);
    let review = fault.and_then(|fault| fault.account_review_status.clone());
    json!({
        "id": account.id, "name": account.name, "timezone_id": "25", "currency": "BRL",
        "message_template_namespace": "simulated",
        "account_review_status": review.unwrap_or_else(|| "APPROVED".to_owned()),
        "business_verification_status": "verified", "country": "BR", "ownership_type": "SELF",
        "health_status": fault.and_then(|fault| fault.health.clone()).unwrap_or_else(|| health(number)),
    })
}

fn number(sim: &Sim, number: &Number) -> Value {
    let registered = number.state().registered;
    let mut configuration = json!({"application": number.app.callback()});
    if let Some(url) = number.account.callback() {
        configuration["whatsapp_business_account"] = json!(url);
    }
    if let Some(url) = number.own_callback() {
        configuration["phone_number"] = json!(url);
    }
    let mut node = json!({
        "id": number.id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.name,
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "quality_rating": "GREEN",
        "quality_score": {"score": "GREEN"},
        "platform_type": if registered { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": {"level": if registered { number.throughput_level() } else { "NOT_APPLICABLE" }},
        "status": if registered { "CONNECTED" } else { "DISCONNECTED" },
        "account_mode": "LIVE",
        "is_official_business_account": false,
        "is_on_biz_app": false,
        "is_pin_enabled": number.state().pin.is_some(),
        "messaging_limit_tier": "TIER_UNLIMITED",
        "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
        "webhook_configuration": configuration,
        "health_status": health(number),
    });
    if let Some(fault) = sim.faults.now().numbers.get(&number.id) {
        for (key, value) in fault.fields() {
            node[key] = value;
        }
    }
    node
}

fn health(number: &Number) -> Value {
    json!({
        "can_send_message": "AVAILABLE",
        "entities": [
            {"entity_type": "PHONE_NUMBER", "id": number.id, "can_send_message": "AVAILABLE"},
            {"entity_type": "WABA", "id": number.account.id, "can_send_message": "AVAILABLE"},
            {"entity_type": "BUSINESS", "id": number.account.portfolio, "can_send_message": "AVAILABLE"},
            {"entity_type": "APP", "id": number.app.id, "can_send_message": "AVAILABLE"},
        ],
    })
}

/// The fields asked for, and always the id; without `fields` Meta's short default set.
fn select(node: Value, fields: Option<&str>) -> Value {
    let short = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,webhook_configuration,name,timezone_id,message_template_namespace";
    let wanted: Vec<&str> = fields.unwrap_or(short).split(',').map(str::trim).collect();
    match node {
        Value::Object(node) => node
            .into_iter()
            .filter(|(key, _)| key == "id" || wanted.contains(&key.as_str()))
            .collect(),
        other => other,
    }
}
