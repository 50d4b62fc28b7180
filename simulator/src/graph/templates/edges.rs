//! Listing, creating, editing and deleting templates.
//!
//! Promises: pages by cursor, in the order of creation; a created or edited template is PENDING until its review.

use super::{TEMPLATES_MAX, record, review, rules, select};
use crate::graph::access::Caller;
use crate::graph::error::GraphError;
use crate::identity::numeric_id;
use crate::state::{Sim, lock};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE: usize = 25;
const PAGE_MAX: usize = 1_000;

type Answer = Result<Json<Value>, GraphError>;

#[derive(Deserialize)]
pub(crate) struct Listing {
    fields: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    before: Option<String>,
    name: Option<String>,
    status: Option<String>,
    category: Option<String>,
    language: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Named {
    name: Option<String>,
    hsm_id: Option<String>,
}

/// `GET /{waba}/message_templates`.
pub(crate) async fn list(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((version, id)): Path<(String, String)>,
    Query(listing): Query<Listing>,
) -> Answer {
    let (account, _) = caller.account(&sim, &id, "get")?;
    let templates = lock(&account.templates);
    let is = |wanted: &Option<String>, value: &Value| {
        wanted.as_ref().is_none_or(|wanted| {
            value
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case(wanted))
        })
    };
    let fitting: Vec<&Value> = templates
        .0
        .iter()
        .filter(|template| {
            is(&listing.status, &template["status"])
                && is(&listing.category, &template["category"])
                && is(&listing.language, &template["language"])
                && listing.name.as_ref().is_none_or(|name| {
                    template["name"]
                        .as_str()
                        .is_some_and(|text| text.contains(name.as_str()))
                })
        })
        .collect();
    let limit = listing.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let from = match (&listing.after, &listing.before) {
        (Some(after), _) => place(after)?,
        (None, Some(before)) => place(before)?.saturating_sub(limit),
        (None, None) => 0,
    };
    let data: Vec<Value> = fitting
        .iter()
        .skip(from)
        .take(limit)
        .map(|template| select(template, listing.fields.as_deref()))
        .collect();
    let to = from + data.len();
    let mut answer = json!({"data": data});
    if !data.is_empty() {
        answer["paging"] = json!({"cursors": {"before": cursor(from), "after": cursor(to)}});
    }
    let fields = listing
        .fields
        .as_ref()
        .map(|fields| format!("&fields={fields}"))
        .unwrap_or_default();
    let page = |cursor: String| {
        format!(
            "{}/{version}/{id}/message_templates?limit={limit}{fields}&{cursor}",
            sim.public_url
        )
    };
    if to < fitting.len() {
        answer["paging"]["next"] = json!(page(format!("after={}", cursor(to))));
    }
    if from > 0 && !data.is_empty() {
        answer["paging"]["previous"] = json!(page(format!("before={}", cursor(from))));
    }
    Ok(Json(answer))
}

fn cursor(at: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("at:{at}"))
}

fn place(cursor: &str) -> Result<usize, GraphError> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| {
            String::from_utf8(bytes)
                .ok()?
                .strip_prefix("at:")?
                .parse()
                .ok()
        })
        .ok_or_else(|| GraphError::parameter("Invalid cursors values"))
}

fn object(body: &Bytes) -> Result<Value, GraphError> {
    serde_json::from_slice(body)
        .map_err(|_| GraphError::parameter("The body must be a JSON object."))
}

/// `POST /{waba}/message_templates`.
pub(crate) async fn create(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let (account, number) = caller.account(&sim, &id, "post")?;
    let mut template = object(&body)?;
    rules::head(&template)?;
    rules::components(&template)?;
    let template_id = numeric_id();
    template["id"] = json!(template_id);
    template["status"] = json!("PENDING");
    template["quality_score"] = json!({"score": "UNKNOWN"});
    template["rejected_reason"] = json!("NONE");
    if !template["parameter_format"].is_string() {
        template["parameter_format"] = json!("POSITIONAL");
    }
    {
        let mut templates = lock(&account.templates);
        let text = |key: &str| template[key].as_str().unwrap_or_default();
        if templates.find(text("name"), text("language")).is_some() {
            return Err(GraphError::form(
                2_388_024,
                "Content in This Language Already Exists",
                "There is already content in this language for this template. Create a new template and try again.",
            ));
        }
        if templates.0.len() >= TEMPLATES_MAX {
            return Err(GraphError::new(
                80_008,
                format!("The account has {TEMPLATES_MAX} templates, the most it may have."),
            ));
        }
        templates.put(template.clone());
    }
    record(&sim, &account.id, &template);
    review::plan(&sim, &number, &template_id);
    Ok(Json(
        json!({"id": template_id, "status": "PENDING", "category": template["category"]}),
    ))
}

/// `POST /{template_id}`; `None` when no template of the caller has this id.
pub(crate) fn edit(sim: &Sim, caller: &Caller, id: &str, body: &Bytes) -> Option<Answer> {
    let account = caller
        .accounts(sim)
        .into_iter()
        .find(|account| lock(&account.templates).by_id(id).is_some())?;
    Some(edited(sim, caller, &account.id, id, body))
}

fn edited(sim: &Sim, caller: &Caller, waba_id: &str, id: &str, body: &Bytes) -> Answer {
    let (account, number) = caller.account(sim, waba_id, "post")?;
    let change = object(body)?;
    let template = {
        let mut templates = lock(&account.templates);
        let known = templates
            .by_id_mut(id)
            .ok_or_else(|| GraphError::unknown_object("post", id))?;
        if !matches!(
            known["status"].as_str(),
            Some("APPROVED" | "REJECTED" | "PAUSED")
        ) {
            return Err(GraphError::form(
                2_388_025,
                "Message Template Cannot Be Edited",
                "Only approved, rejected and paused templates can be edited.",
            ));
        }
        let mut next = known.clone();
        for key in [
            "components",
            "category",
            "parameter_format",
            "message_send_ttl_seconds",
        ] {
            if let Some(value) = change.get(key) {
                next[key] = value.clone();
            }
        }
        if known["status"] == "APPROVED" && known["category"] != next["category"] {
            return Err(GraphError::form(
                2_388_026,
                "Category Cannot Be Changed",
                "An approved template keeps its category.",
            ));
        }
        rules::category(&next)?;
        rules::components(&next)?;
        next["status"] = json!("PENDING");
        known.clone_from(&next);
        next
    };
    record(sim, waba_id, &template);
    review::plan(sim, &number, id);
    Ok(Json(
        json!({"success": true, "id": id, "name": template["name"], "category": template["category"]}),
    ))
}

/// `DELETE /{waba}/message_templates?name=[&hsm_id=]`: all languages, or the one with this id.
pub(crate) async fn delete(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    Query(named): Query<Named>,
) -> Answer {
    let (account, number) = caller.account(&sim, &id, "delete")?;
    let name = named
        .name
        .ok_or_else(|| GraphError::parameter("The parameter name is required."))?;
    let gone: Vec<Value> = {
        let mut templates = lock(&account.templates);
        let fits = |template: &&Value| {
            template["name"] == name && named.hsm_id.as_ref().is_none_or(|id| template["id"] == *id)
        };
        let gone: Vec<Value> = templates.0.iter().filter(fits).cloned().collect();
        for template in &gone {
            templates.remove(template["id"].as_str().unwrap_or_default());
        }
        gone
    };
    if gone.is_empty() {
        return Err(GraphError::form(
            2_593_002,
            "Message template not found",
            "No template of this account has this name.",
        ));
    }
    for template in &gone {
        sim.ledger.append(
            "template",
            sim.clock.now(),
            json!({"waba_id": account.id, "deleted": template["id"]}),
        );
        review::tell_status(&sim, &number, template, "DELETED", "NONE");
    }
    Ok(Json(json!({"success": true})))
}
