//! Reads what Meta has: all pages of an account, then one transaction.

use balcao_core::store;
use balcao_core::store::job::{self, Back, Claimed};
use balcao_core::store::template::{self, Read};
use reqwest::Method;
use serde_json::Value;

use super::{READ_EVERY_S, Templates, Tried, jittered};
use crate::cloud_api::Managed;

const FIELDS: &str =
    "id,name,language,status,category,components,quality_score,rejected_reason,parameter_format";
const PAGE: &str = "100";
/// An account has at most some thousand templates.
const MAX_PAGES: usize = 100;

impl Templates {
    /// Reads an account's templates and comes back in an hour.
    pub(super) async fn read(&self, job: &Claimed) -> Result<Tried, store::Error> {
        let Some(channel) = self.number_of(&job.key).await? else {
            // Disabled or stopped: looked at again with the next round.
            return self.ended(job).await;
        };
        let began = self.ctx.clock.now();
        let mut found = Vec::new();
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let mut query = vec![("fields", FIELDS), ("limit", PAGE)];
            if !after.is_empty() {
                query.push(("after", &after));
            }
            let path = format!("{}/message_templates", job.key);
            let answer = self
                .api
                .manage(&channel.access_token, Method::GET, &path, &query, None)
                .await;
            let page = match answer {
                Managed::Done(page) => page,
                Managed::Refused { code, .. } => {
                    tracing::warn!(waba_id = %job.key, code, "Meta does not tell this account's templates; ask: balcao channel check");
                    return self.ended(job).await;
                }
                Managed::Later { code, http_status } => {
                    tracing::info!(waba_id = %job.key, code, http_status, "the templates could not be read now");
                    return Ok(Tried::Again("templates could not be read"));
                }
            };
            found.extend(templates(&page));
            match next(&page) {
                Some(cursor) if cursor != after => after = cursor,
                _ => {
                    return self.store(job, &found, began).await;
                }
            }
        }
        Ok(Tried::Again("the pages have no end"))
    }

    async fn store(
        &self,
        job: &Claimed,
        found: &[Read],
        began: chrono::DateTime<chrono::Utc>,
    ) -> Result<Tried, store::Error> {
        let mut tx = self.ctx.store.worker.begin().await?;
        template::store_reading(&mut tx, &job.key, found, began).await?;
        let is_ours = job::put_back(&mut tx, job, jittered(READ_EVERY_S), Back::Untried).await?;
        if is_ours {
            tx.commit().await?;
            tracing::debug!(waba_id = %job.key, templates = found.len(), "templates were read");
        }
        Ok(Tried::Ended)
    }

    async fn ended(&self, job: &Claimed) -> Result<Tried, store::Error> {
        let mut conn = self.ctx.store.worker.acquire().await?;
        job::put_back(&mut conn, job, jittered(READ_EVERY_S), Back::Untried).await?;
        Ok(Tried::Ended)
    }
}

/// The templates of a page; what has no id, name or language is left out.
fn templates(page: &Value) -> Vec<Read> {
    let data = page["data"].as_array();
    data.into_iter().flatten().filter_map(template).collect()
}

fn template(one: &Value) -> Option<Read> {
    let word = |key: &str| one[key].as_str().map(str::to_owned);
    let upper =
        |key: &str, otherwise: &str| one[key].as_str().unwrap_or(otherwise).to_ascii_uppercase();
    let meta_id = match &one["id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    Some(Read {
        meta_id,
        name: word("name")?,
        // Meta's notices write pt-BR and pt_BR.
        language: word("language")?.replace('-', "_"),
        category: upper("category", "UTILITY"),
        status: upper("status", "PENDING"),
        quality: one["quality_score"]["score"]
            .as_str()
            .unwrap_or("UNKNOWN")
            .to_ascii_uppercase(),
        parameter_format: upper("parameter_format", "POSITIONAL"),
        components: one["components"].clone(),
        rejected_reason: word("rejected_reason"),
    })
}

/// The cursor of the next page; `None` on the last one.
fn next(page: &Value) -> Option<String> {
    page["paging"]["next"].as_str()?;
    let after = page["paging"]["cursors"]["after"].as_str()?;
    Some(after.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_is_read_whole_and_leads_to_the_next() {
        let page = json!({
            "data": [
                {"id": "1", "name": "a", "language": "pt-BR", "status": "APPROVED", "category": "MARKETING",
                 "quality_score": {"score": "GREEN"}, "components": [{"type": "BODY", "text": "x"}], "rejected_reason": "NONE"},
                {"id": 2, "name": "b", "language": "en_US", "parameter_format": "named"},
                {"name": "no id", "language": "en"},
            ],
            "paging": {"cursors": {"before": "x", "after": "y"}, "next": "https://graph.example/..."},
        });
        let found = templates(&page);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].language.as_str(), found[0].quality.as_str()),
            ("pt_BR", "GREEN")
        );
        assert_eq!(
            (
                found[1].meta_id.as_str(),
                found[1].parameter_format.as_str()
            ),
            ("2", "NAMED")
        );
        assert_eq!(next(&page).as_deref(), Some("y"));
    }

    #[test]
    fn the_last_page_has_cursors_and_no_next() {
        let page = json!({"data": [], "paging": {"cursors": {"before": "x", "after": "y"}}});
        assert_eq!(next(&page), None);
        assert_eq!(next(&json!({})), None);
    }
}
