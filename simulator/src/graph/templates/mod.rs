//! Message templates of an account: a few to start with, and what was created since.
//!
//! Promises: name and language name one template; those of the first day keep their ids across restarts; every change
//! is a line in the ledger.
//! Does not: review by itself; `review` does, by the agenda.

mod edges;
mod fill;
mod review;
mod rules;
mod seeds;

pub(super) use edges::{create, delete, edit, list};
pub(crate) use fill::fill;
pub(crate) use review::{change, decide};

use crate::state::Sim;
use serde_json::{Value, json};

const TEMPLATES_MAX: usize = 250;

/// Templates in the order of their creation.
pub(crate) struct Templates(Vec<Value>);

impl Templates {
    /// What a provider would have on the first day.
    pub(crate) fn seeded(waba_id: &str) -> Self {
        Templates(seeds::all(waba_id))
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Value> {
        self.0.iter().find(|template| template["id"] == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    fn by_id_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|template| template["id"] == id)
    }

    fn find(&self, name: &str, language: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|template| template["name"] == name && template["language"] == language)
    }

    /// Puts a template in its place, new or changed; from the ledger too.
    pub(crate) fn put(&mut self, template: Value) {
        let id = template["id"].as_str().unwrap_or_default();
        match self.by_id_mut(id) {
            Some(known) => *known = template,
            None => self.0.push(template),
        }
    }

    /// Takes a template out.
    pub(crate) fn remove(&mut self, id: &str) {
        self.0.retain(|template| template["id"] != id);
    }
}

/// The fields asked for, and always the id; without `fields` all but the quality score.
pub(super) fn select(template: &Value, fields: Option<&str>) -> Value {
    let mut node = template.clone();
    if let Some(node) = node.as_object_mut() {
        match fields {
            Some(fields) => {
                let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
                node.retain(|key, _| key == "id" || wanted.contains(&key.as_str()));
            }
            None => {
                node.remove("quality_score");
                node.remove("rejected_reason");
            }
        }
    }
    node
}

/// Writes a template down as it is now.
fn record(sim: &Sim, waba_id: &str, template: &Value) {
    let line = json!({"waba_id": waba_id, "template": template});
    sim.ledger.append("template", sim.clock.now(), line);
}

/// The component of this type, in any case of letters.
fn component<'v>(components: &'v Value, kind: &str) -> Option<&'v Value> {
    components.as_array()?.iter().find(|component| {
        component["type"]
            .as_str()
            .is_some_and(|given| given.eq_ignore_ascii_case(kind))
    })
}

/// The names between `{{` and `}}`, in order, each once.
fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for part in text.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            let name = name.trim();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}
