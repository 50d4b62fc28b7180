//! Nodes and edges around the number: its fields, the account's numbers, subscriptions.
//!
//! Promises: `fields=` selects; saving a callback verifies it first, as Meta does.
//! Does not: page; there is one number.

use super::error::GraphError;
use crate::state::Sim;
use crate::webhook;
use axum::Json;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Fields {
    fields: Option<String>,
}

type Answer = Result<Json<Value>, GraphError>;

/// `GET /{id}`: the number, the account or a medium.
pub(super) async fn node(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
    Query(query): Query<Fields>,
) -> Answer {
    if id == sim.business.phone_number_id {
        return Ok(Json(select(number(&sim), query.fields.as_deref())));
    }
    if id == sim.business.waba_id {
        let account = json!({
            "id": id, "name": sim.business.name, "timezone_id": "25", "currency": "BRL",
            "message_template_namespace": "simulated", "account_review_status": "APPROVED",
            "health_status": health(&sim),
        });
        return Ok(Json(select(account, query.fields.as_deref())));
    }
    super::media::resolve(&sim, &id).map(Json)
}

/// `GET /{waba}/phone_numbers`.
pub(super) async fn numbers(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
    Query(query): Query<Fields>,
) -> Answer {
    expect_account(&sim, &id, "get")?;
    let number = select(number(&sim), query.fields.as_deref());
    Ok(Json(
        json!({"data": [number], "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}}),
    ))
}

/// `GET /{phone_number_id}/whatsapp_business_profile`.
pub(super) async fn profile(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    if id != sim.business.phone_number_id {
        return Err(GraphError::unknown_object("get", &id));
    }
    let profile = json!({"messaging_product": "whatsapp", "about": sim.business.name, "vertical": "PROF_SERVICES"});
    Ok(Json(json!({"data": [profile]})))
}

/// `GET /{waba}/subscribed_apps`.
pub(super) async fn subscriptions(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    expect_account(&sim, &id, "get")?;
    let app = json!({"whatsapp_business_api_data": {"id": "100000000000001", "name": "simulated"}, "override_callback_uri": sim.webhook_url()});
    Ok(Json(json!({"data": [app]})))
}

/// `POST /{waba}/subscribed_apps`, with an optional callback of its own.
pub(super) async fn subscribe(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    expect_account(&sim, &id, "post")?;
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if let Some(url) = body["override_callback_uri"].as_str() {
        let token = body["verify_token"]
            .as_str()
            .ok_or_else(|| GraphError::missing("verify_token"))?;
        webhook::check_url(url).map_err(GraphError::invalid)?;
        let outcome = webhook::verify::verify(&sim, url, token).await;
        sim.ledger.append(
            "verify",
            sim.clock.now(),
            json!({"ok": outcome.is_ok(), "reason": outcome.as_ref().err(), "attempts": 1}),
        );
        outcome.map_err(|reason| {
            GraphError::parameter(format!("The callback could not be verified: {reason}."))
        })?;
        sim.set_webhook_url(url.to_owned());
    }
    Ok(Json(json!({"success": true})))
}

/// `DELETE /{waba}/subscribed_apps`: accepted, without effect; a simulator without a receiver would be of no use.
pub(super) async fn unsubscribe(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
) -> Answer {
    expect_account(&sim, &id, "delete")?;
    Ok(Json(json!({"success": true})))
}

pub(super) fn expect_account(sim: &Sim, id: &str, method: &str) -> Result<(), GraphError> {
    if id == sim.business.waba_id {
        Ok(())
    } else {
        Err(GraphError::unknown_object(method, id))
    }
}

fn number(sim: &Sim) -> Value {
    json!({
        "id": sim.business.phone_number_id,
        "display_phone_number": sim.business.display_phone_number,
        "verified_name": sim.business.name,
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
        "account_mode": "LIVE",
        "is_on_biz_app": false,
        "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
        "webhook_configuration": {"application": sim.webhook_url()},
        "health_status": health(sim),
    })
}

fn health(sim: &Sim) -> Value {
    json!({
        "can_send_message": "AVAILABLE",
        "entities": [
            {"entity_type": "PHONE_NUMBER", "id": sim.business.phone_number_id, "can_send_message": "AVAILABLE"},
            {"entity_type": "WABA", "id": sim.business.waba_id, "can_send_message": "AVAILABLE"},
        ],
    })
}

/// The fields asked for, and always the id; without `fields` Meta's short default set.
fn select(node: Value, fields: Option<&str>) -> Value {
    let short = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,name,timezone_id,message_template_namespace";
    let wanted: Vec<&str> = fields.unwrap_or(short).split(',').map(str::trim).collect();
    match node {
        Value::Object(node) => node
            .into_iter()
            .filter(|(key, _)| key == "id" || wanted.contains(&key.as_str()))
            .collect(),
        other => other,
    }
}
