//! Message templates: a few to start with, creation, and the words a phone shows.
//!
//! Promises: a known template is rendered with its parameters; an unknown one is accepted unless `strict_templates`.
//! Does not: review; what is created is approved at once.

use super::account::expect_account;
use super::error::GraphError;
use crate::identity::numeric_id;
use crate::state::{Sim, lock};
use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;

const TEMPLATES_MAX: usize = 250;

/// Approved templates of the account.
pub(crate) struct Templates(Vec<Value>);

impl Templates {
    /// What a provider would have on the first day.
    pub(crate) fn seeded() -> Self {
        let seed = |name: &str, category: &str, text: &str, example: Value| {
            json!({
                "id": numeric_id(), "name": name, "language": "pt_BR", "status": "APPROVED", "category": category,
                "parameter_format": "POSITIONAL", "quality_score": {"score": "GREEN"},
                "components": [{"type": "BODY", "text": text, "example": {"body_text": [example]}}],
            })
        };
        Templates(vec![
            seed(
                "retomar_atendimento",
                "UTILITY",
                "Olá, {{1}}! Temos novidades sobre o seu atendimento {{2}}. Podemos continuar por aqui?",
                json!(["Ana", "20261120-0001"]),
            ),
            seed(
                "aviso_manutencao",
                "UTILITY",
                "Manutenção programada na sua região em {{1}}, das {{2}} às {{3}}.",
                json!(["20/11", "1h", "5h"]),
            ),
            seed(
                "lembrete_fatura",
                "UTILITY",
                "Sua fatura de {{1}} vence em {{2}}. Responda aqui para receber o código Pix.",
                json!(["R$ 99,90", "10/12"]),
            ),
        ])
    }

    fn find(&self, name: &str, language: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|template| template["name"] == name && template["language"] == language)
    }
}

/// `GET /{waba}/message_templates`.
pub(super) async fn list(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
) -> Result<Json<Value>, GraphError> {
    expect_account(&sim, &id, "get")?;
    let data = lock(&sim.templates).0.clone();
    Ok(Json(
        json!({"data": data, "paging": {"cursors": {"before": "MAZDZD", "after": "MjQZD"}}}),
    ))
}

/// `POST /{waba}/message_templates`.
pub(super) async fn create(
    State(sim): State<Arc<Sim>>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, GraphError> {
    expect_account(&sim, &id, "post")?;
    let mut template: Value = serde_json::from_slice(&body)
        .map_err(|_| GraphError::parameter("The body must be a JSON object."))?;
    for key in ["name", "language", "category"] {
        if !template[key].is_string() {
            return Err(GraphError::parameter(format!(
                "The parameter {key} is required."
            )));
        }
    }
    if !template["components"].is_array() {
        return Err(GraphError::parameter(
            "The parameter components is required.",
        ));
    }
    template["id"] = json!(numeric_id());
    template["status"] = json!("APPROVED");
    let mut templates = lock(&sim.templates);
    if templates
        .find(
            template["name"].as_str().unwrap_or_default(),
            template["language"].as_str().unwrap_or_default(),
        )
        .is_some()
    {
        return Err(GraphError::parameter(
            "There is already content in this language for this template.",
        ));
    }
    if templates.0.len() >= TEMPLATES_MAX {
        return Err(GraphError::new(
            80_007,
            format!("The account has {TEMPLATES_MAX} templates, the most it may have."),
        ));
    }
    let answer =
        json!({"id": template["id"], "status": "APPROVED", "category": template["category"]});
    templates.0.push(template);
    Ok(Json(answer))
}

/// The payload with `rendered`, the words of a known template.
pub(super) fn rendered(sim: &Sim, payload: &Value) -> Result<Value, GraphError> {
    let name = payload["name"].as_str().unwrap_or_default();
    let language = payload["language"]["code"].as_str().unwrap_or_default();
    let templates = lock(&sim.templates);
    let mut payload = payload.clone();
    let Some(template) = templates.find(name, language) else {
        if sim.faults.now().strict_templates {
            return Err(GraphError::new(
                132_001,
                format!("template name ({name}) does not exist in {language}"),
            ));
        }
        return Ok(payload);
    };
    let text = component(&template["components"], "BODY")
        .and_then(|body| body["text"].as_str())
        .unwrap_or_default();
    let empty = Vec::new();
    let parameters = component(&payload["components"], "body")
        .and_then(|body| body["parameters"].as_array())
        .unwrap_or(&empty);
    let expected = text.matches("{{").count();
    if parameters.len() != expected {
        return Err(GraphError::new(
            132_000,
            format!(
                "body: number of localizable_params ({}) does not match the expected number of params ({expected})",
                parameters.len()
            ),
        ));
    }
    let mut words = text.to_owned();
    for (n, parameter) in parameters.iter().enumerate() {
        let value = parameter["text"].as_str().unwrap_or_default();
        let slot = parameter["parameter_name"]
            .as_str()
            .map_or_else(|| (n + 1).to_string(), str::to_owned);
        words = words.replace(&format!("{{{{{slot}}}}}"), value);
    }
    payload["rendered"] = json!(words);
    Ok(payload)
}

fn component<'v>(components: &'v Value, kind: &str) -> Option<&'v Value> {
    components.as_array()?.iter().find(|component| {
        component["type"]
            .as_str()
            .is_some_and(|given| given.eq_ignore_ascii_case(kind))
    })
}
