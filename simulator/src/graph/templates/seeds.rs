//! The templates an invented internet provider has on its first day: one of each kind that matters.

use crate::identity::fixed_id;
use serde_json::{Value, json};

/// Approved, in Portuguese, with ids that are the same after a restart.
pub(super) fn all(waba_id: &str) -> Vec<Value> {
    let mut templates: Vec<Value> =
        serde_json::from_str(include_str!("seeds.json")).expect("built in and read by a test");
    for template in &mut templates {
        template["id"] = json!(fixed_id(&format!("{waba_id}|{}", template["name"])));
        template["language"] = json!("pt_BR");
        template["status"] = json!("APPROVED");
        template["rejected_reason"] = json!("NONE");
        template["quality_score"] = json!({"score": "GREEN", "date": 1_790_000_000});
    }
    templates
}
