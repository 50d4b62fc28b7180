//! Calls that manage an account: not sends, so they may be repeated, and Meta's words are for the people who asked.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::{CloudApi, MAX_ANSWER_BYTES, body};

/// Pages of templates are larger than other answers.
const MAX_PAGE_BYTES: usize = 64 * MAX_ANSWER_BYTES;
/// Longest words of Meta's that are kept, in characters.
const MAX_WORDS: usize = 500;

/// What is known of such a call.
#[derive(Debug)]
pub enum Managed {
    /// Meta did it.
    Done(Value),
    /// Meta refused it, for good.
    Refused {
        /// Meta's code.
        code: Option<i32>,
        /// Meta's own words, for the people who asked.
        words: String,
    },
    /// Not now: Meta is away, limits calls, or refuses the token.
    Later {
        /// Meta's code.
        code: Option<i32>,
        /// HTTP status; 0 without an answer.
        http_status: u16,
    },
}

#[derive(Deserialize)]
struct Failure {
    error: Detail,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    code: Option<i32>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error_user_title: Option<String>,
    #[serde(default)]
    error_user_msg: Option<String>,
    #[serde(default)]
    is_transient: bool,
}

impl CloudApi {
    /// Calls an edge of the Graph API: `path` below the version, e.g. `123/message_templates`.
    pub async fn manage(
        &self,
        token: &SecretString,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        message: Option<&Value>,
    ) -> Managed {
        let mut request = self
            .http
            .request(method, format!("{}/{path}", self.root))
            .query(query)
            .bearer_auth(token.expose_secret());
        if let Some(message) = message {
            request = request.json(message);
        }
        let Ok(response) = request.send().await else {
            return Managed::Later {
                code: None,
                http_status: 0,
            };
        };
        let status = response.status();
        let answer = body(response, MAX_PAGE_BYTES).await.unwrap_or_default();
        if status.is_success() {
            return match serde_json::from_slice(&answer) {
                Ok(answer) => Managed::Done(answer),
                Err(_) => Managed::Later {
                    code: None,
                    http_status: status.as_u16(),
                },
            };
        }
        judged(status.as_u16(), &answer)
    }
}

/// Limits, tokens and Meta's own troubles pass; everything else is a no.
fn judged(http_status: u16, answer: &[u8]) -> Managed {
    let detail = serde_json::from_slice::<Failure>(answer)
        .ok()
        .map(|failure| failure.error);
    let code = detail.as_ref().and_then(|detail| detail.code);
    let passes = matches!(
        code,
        Some(0..=4 | 10 | 17 | 190 | 200..=299 | 368 | 613 | 80_000..=80_999)
    ) || http_status == 429
        || http_status >= 500
        || detail.as_ref().is_none_or(|detail| detail.is_transient);
    if passes {
        return Managed::Later { code, http_status };
    }
    let words = detail.map(|detail| {
        let told: Vec<String> = [detail.error_user_title, detail.error_user_msg]
            .into_iter()
            .flatten()
            .collect();
        if told.is_empty() {
            detail.message.unwrap_or_default()
        } else {
            told.join(": ")
        }
    });
    Managed::Refused {
        code,
        words: words.unwrap_or_default().chars().take(MAX_WORDS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_carries_metas_own_words() {
        let answer = br#"{"error":{"message":"Invalid parameter","code":100,"error_user_title":"Name taken","error_user_msg":"Choose another."}}"#;
        let Managed::Refused { code, words } = judged(400, answer) else {
            panic!("refused");
        };
        assert_eq!(
            (code, words.as_str()),
            (Some(100), "Name taken: Choose another.")
        );
        let answer = br#"{"error":{"message":"Invalid parameter","code":100}}"#;
        assert!(
            matches!(judged(400, answer), Managed::Refused { words, .. } if words == "Invalid parameter")
        );
    }

    #[test]
    fn limits_tokens_and_troubles_pass() {
        for (http_status, answer) in [
            (400, r#"{"error":{"message":"x","code":80007}}"#),
            (400, r#"{"error":{"message":"x","code":4}}"#),
            (401, r#"{"error":{"message":"x","code":190}}"#),
            (429, r#"{"error":{"message":"x","code":100}}"#),
            (500, r#"{"error":{"message":"x","code":100}}"#),
            (
                400,
                r#"{"error":{"message":"x","code":100,"is_transient":true}}"#,
            ),
            (502, "<html>"),
            (400, "<html>"),
        ] {
            assert!(
                matches!(
                    judged(http_status, answer.as_bytes()),
                    Managed::Later { .. }
                ),
                "{http_status} {answer}"
            );
        }
    }
}
