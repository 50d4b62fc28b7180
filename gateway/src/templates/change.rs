//! Carries out what people ordered: a new template, a change of one, its end.

use balcao_core::store::job::{self, Claimed};
use balcao_core::store::template::{self, Outcome, Template};
use balcao_core::store::{self, Refusal};
use reqwest::Method;
use serde_json::{Value, json};

use super::{MAX_TRIES, Templates, Tried};
use crate::cloud_api::Managed;

/// What is kept of a change that could not be made.
const GIVEN_UP: &str = "WhatsApp could not be asked for hours. Try again.";
const NO_NUMBER: &str =
    "No number of this account is in use. Repair it first: balcao channel check.";

impl Templates {
    /// Carries out one order.
    pub(super) async fn change(&self, job: &Claimed) -> Result<Tried, store::Error> {
        let Ok(id) = job.key.parse() else {
            return self.end(job, None, None).await;
        };
        let mut conn = self.ctx.store.worker.acquire().await?;
        let known = match template::by_id(&mut conn, id).await {
            Ok(known) => known,
            // Gone meanwhile: nothing is left to do.
            Err(store::Error::Refused(Refusal::NotFound)) => {
                drop(conn);
                return self.end(job, None, None).await;
            }
            Err(error) => return Err(error),
        };
        drop(conn);
        let Some(channel) = self.number_of(&known.waba_id).await? else {
            return self.refused(job, &known, NO_NUMBER).await;
        };
        let call = call(job, &known);
        let answer = self
            .api
            .manage(
                &channel.access_token,
                call.method.clone(),
                &call.path,
                &call.query(),
                call.message.as_ref(),
            )
            .await;
        match answer {
            Managed::Done(answer) => {
                let outcome = done(job, &known, &answer);
                self.end(job, Some(&known), Some(outcome)).await
            }
            // A repeat of what was done before its answer was lost.
            Managed::Refused { .. } if job.kind == template::DELETE && known.meta_id.is_none() => {
                self.end(job, Some(&known), Some(Outcome::Deleted)).await
            }
            Managed::Refused { words, .. } if job.kind == template::CREATE && job.attempts > 1 => {
                // It may be there since an earlier try: the reading that follows tells.
                self.refused(job, &known, &words).await?;
                let mut conn = self.ctx.store.worker.acquire().await?;
                template::hurry(&mut conn, Some(channel.id)).await?;
                Ok(Tried::Ended)
            }
            Managed::Refused { words, .. } => self.refused(job, &known, &words).await,
            Managed::Later { .. } if job.attempts >= MAX_TRIES => {
                self.refused(job, &known, GIVEN_UP).await
            }
            Managed::Later { .. } => Ok(Tried::Again("a change of a template")),
        }
    }

    async fn refused(
        &self,
        job: &Claimed,
        known: &Template,
        words: &str,
    ) -> Result<Tried, store::Error> {
        let outcome = if job.kind == template::CREATE {
            Outcome::NotCreated(words)
        } else {
            Outcome::NotChanged(words)
        };
        self.end(job, Some(known), Some(outcome)).await
    }

    /// Notes how it ended and ends the job, in one transaction.
    async fn end(
        &self,
        job: &Claimed,
        known: Option<&Template>,
        outcome: Option<Outcome<'_>>,
    ) -> Result<Tried, store::Error> {
        let mut tx = self.ctx.store.worker.begin().await?;
        let is_refused = matches!(
            outcome,
            None | Some(Outcome::NotCreated(_) | Outcome::NotChanged(_))
        );
        if let (Some(known), Some(outcome)) = (known, outcome) {
            template::settle(&mut tx, known.id, outcome).await?;
        }
        let is_ours = if is_refused {
            job::fail(&mut tx, job).await?
        } else {
            job::finish(&mut tx, job, None).await?
        };
        if is_ours {
            tx.commit().await?;
        }
        Ok(Tried::Ended)
    }
}

/// A call of the Graph API.
struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    message: Option<Value>,
}

impl Call {
    fn query(&self) -> Vec<(&str, &str)> {
        self.query
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect()
    }
}

fn call(job: &Claimed, known: &Template) -> Call {
    let edge = format!("{}/message_templates", known.waba_id);
    match job.kind.as_str() {
        template::EDIT => {
            let mut message = json!({});
            for key in ["components", "category"] {
                if !job.payload[key].is_null() {
                    message[key] = job.payload[key].clone();
                }
            }
            Call {
                method: Method::POST,
                path: known.meta_id.clone().unwrap_or_default(),
                query: Vec::new(),
                message: Some(message),
            }
        }
        template::DELETE => {
            let mut query = vec![("name", known.name.clone())];
            // Without it Meta deletes the name in all languages.
            query.extend(known.meta_id.clone().map(|id| ("hsm_id", id)));
            Call {
                method: Method::DELETE,
                path: edge,
                query,
                message: None,
            }
        }
        _ => Call {
            method: Method::POST,
            path: edge,
            query: Vec::new(),
            message: Some(json!({
                "name": known.name,
                "language": known.language,
                "category": known.category,
                "parameter_format": known.parameter_format,
                "components": known.components,
            })),
        },
    }
}

fn done<'a>(job: &'a Claimed, known: &'a Template, answer: &'a Value) -> Outcome<'a> {
    match job.kind.as_str() {
        template::EDIT => Outcome::Edited {
            components: Some(&job.payload["components"]).filter(|all| all.is_array()),
            category: job.payload["category"].as_str(),
        },
        template::DELETE => Outcome::Deleted,
        _ => match answer["id"].as_str() {
            Some(meta_id) => Outcome::Created {
                meta_id,
                status: answer["status"].as_str().unwrap_or("PENDING"),
                category: answer["category"].as_str().or(Some(&known.category)),
            },
            None => {
                Outcome::NotCreated("WhatsApp answered without an id; read the templates again.")
            }
        },
    }
}
