//! What Meta does to templates: review, quality, pauses, categories; each with its webhook.
//!
//! Promises: a template is changed and in the ledger before the webhook is made; a review that was overtaken by an edit
//! or a deletion does nothing.

use super::{Templates, record};
use crate::agenda::Job;
use crate::business::Number;
use crate::error::Error;
use crate::faults::Review;
use crate::state::{Sim, lock};
use crate::webhook::{self, Event, Place};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Enters the review of a template that is PENDING now.
pub(super) fn plan(sim: &Sim, number: &Arc<Number>, id: &str) {
    let faults = sim.faults.now();
    let status = match faults.template_review {
        Review::Approve => "APPROVED",
        Review::Reject => "REJECTED",
        Review::Pending => return,
    };
    let due = Instant::now() + Duration::from_millis(faults.template_review_ms);
    let job = Job::Review {
        number: number.clone(),
        template: id.to_owned(),
        status,
    };
    sim.agenda.schedule(due, job);
}

/// The review is over.
pub(crate) fn decide(sim: &Sim, number: &Arc<Number>, id: &str, status: &'static str) {
    let reason = if status == "REJECTED" {
        "INVALID_FORMAT"
    } else {
        "NONE"
    };
    let template = {
        let mut templates = lock(&number.account.templates);
        let Some(template) = templates
            .by_id_mut(id)
            .filter(|template| template["status"] == "PENDING")
        else {
            return;
        };
        template["status"] = json!(status);
        template["rejected_reason"] = json!(reason);
        template.clone()
    };
    record(sim, &number.account.id, &template);
    tell_status(sim, number, &template, status, reason);
}

/// `POST /sim/templates/{id}`: Meta paused it, judged it, moved it to another category.
pub(crate) fn change(sim: &Sim, id: &str, order: &Value) -> Result<Value, Error> {
    let find = |templates: &Templates| templates.by_id(id).is_some();
    let number = sim
        .numbers
        .all()
        .into_iter()
        .find(|number| find(&lock(&number.account.templates)))
        .ok_or_else(|| Error::NotFound("no template has this id".to_owned()))?;
    let text = |key: &str| order[key].as_str().map(str::to_owned);
    let (status, quality, category) = (text("status"), text("quality"), text("category"));
    let reason = text("reason").unwrap_or_else(|| "NONE".to_owned());
    let (before, after) = {
        let mut templates = lock(&number.account.templates);
        let template = templates
            .by_id_mut(id)
            .ok_or_else(|| Error::NotFound("no template has this id".to_owned()))?;
        let before = template.clone();
        for (key, value) in [("status", &status), ("category", &category)] {
            if let Some(value) = value {
                template[key] = json!(value);
            }
        }
        if let Some(score) = &quality {
            template["quality_score"]["score"] = json!(score);
        }
        if status.is_some() {
            template["rejected_reason"] = json!(reason);
        }
        (before, template.clone())
    };
    record(sim, &number.account.id, &after);
    if let Some(status) = &status {
        tell_status(sim, &number, &after, status, &reason);
    }
    if let Some(score) = &quality {
        let previous = &before["quality_score"]["score"];
        let scores = json!({"previous_quality_score": previous, "new_quality_score": score});
        tell(
            sim,
            &number,
            "message_template_quality_update",
            &after,
            scores,
        );
    }
    if let Some(category) = &category {
        let categories = json!({"previous_category": before["category"], "new_category": category});
        tell(sim, &number, "template_category_update", &after, categories);
    }
    Ok(after)
}

/// `message_template_status_update`.
pub(super) fn tell_status(
    sim: &Sim,
    number: &Arc<Number>,
    template: &Value,
    event: &str,
    reason: &str,
) {
    let mut news = json!({
        "event": event, "reason": reason, "message_template_category": template["category"],
    });
    if event == "REJECTED" {
        news["rejection_info"] = json!({
            "reason": "The simulator was told to reject it.",
            "recommendation": "Set template_review to approve and edit the template.",
        });
    }
    tell(
        sim,
        number,
        "message_template_status_update",
        template,
        news,
    );
}

fn tell(sim: &Sim, number: &Arc<Number>, field: &str, template: &Value, mut news: Value) {
    let id = template["id"]
        .as_str()
        .and_then(|id| id.parse::<u64>().ok());
    news["message_template_id"] = json!(id);
    news["message_template_name"] = template["name"].clone();
    news["message_template_language"] = template["language"].clone();
    webhook::publish(
        sim,
        Event::notice(number.clone(), Place::whole(field), news),
    );
}
