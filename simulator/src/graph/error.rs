//! Errors in Meta's JSON, for answers and for `failed` statuses.
//!
//! Promises: code and HTTP status as in Meta's table; `fbtrace_id` is always there.
//! Does not: translate; Meta answers in English.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde_json::{Value, json};

/// A refusal of the Graph API.
#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    pub(crate) http: u16,
    pub(crate) code: i64,
    subcode: Option<i64>,
    kind: &'static str,
    message: String,
    details: Option<String>,
    /// What Meta shows to people who fill in forms.
    user: Option<Box<(String, String)>>,
}

/// Code, HTTP status, title.
const TABLE: &[(i64, u16, &str)] = &[
    (0, 401, "AuthException"),
    (1, 400, "API Unknown"),
    (2, 503, "API Service"),
    (3, 403, "API Method"),
    (4, 400, "Application request limit reached"),
    (
        10,
        403,
        "Application does not have permission for this action",
    ),
    (33, 400, "Parameter value is not valid"),
    (100, 400, "Invalid parameter"),
    (190, 401, "Access token has expired"),
    (
        200,
        403,
        "You do not have the necessary permissions to perform this action",
    ),
    (368, 403, "Temporarily blocked for policies violations"),
    (613, 429, "Calls to this api have exceeded the rate limit."),
    (80007, 400, "Rate limit issues"),
    (130403, 400, "User is blocked"),
    (130429, 400, "Rate limit hit"),
    (130472, 400, "User's number is part of an experiment"),
    (
        130497,
        403,
        "Business account is restricted from messaging users in this country.",
    ),
    (131000, 500, "Something went wrong"),
    (131005, 403, "Access denied"),
    (131008, 400, "Required parameter is missing"),
    (131009, 400, "Parameter value is not valid"),
    (131016, 500, "Service unavailable"),
    (131020, 400, "Invalid group"),
    (131021, 400, "Recipient cannot be sender"),
    (131026, 400, "Message undeliverable"),
    (131030, 400, "Recipient phone number not in allowed list"),
    (131031, 403, "Account has been locked"),
    (
        131037,
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
    ),
    (131042, 400, "Business eligibility payment issue"),
    (131045, 500, "Incorrect certificate"),
    (131047, 400, "Re-engagement message"),
    (131048, 400, "Spam rate limit hit"),
    (
        131049,
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
    ),
    (131050, 400, "User has stopped receiving marketing messages"),
    (131051, 400, "Unsupported message type"),
    (131052, 400, "Media download error"),
    (131053, 400, "Media upload error"),
    (131055, 400, "Method not allowed"),
    (
        131056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
    ),
    (131057, 500, "Account in maintenance mode"),
    (131060, 400, "This message is unavailable"),
    (
        131062,
        400,
        "Business-scoped user ID is not supported for this message",
    ),
    (131063, 400, "Marketing templates are disabled on Cloud API"),
    (
        131064,
        400,
        "Message failed to send because of template classification violations",
    ),
    (
        132000,
        400,
        "Number of parameters does not match the expected number of params",
    ),
    (
        132001,
        404,
        "Template name does not exist in the translation",
    ),
    (132005, 400, "Translated text too long"),
    (132007, 400, "Template content policy violated"),
    (132008, 400, "Parameter value is invalid"),
    (
        132012,
        400,
        "Parameter format does not match format in the created template",
    ),
    (132015, 400, "Template is paused"),
    (132016, 400, "Template is disabled"),
    (
        132018,
        400,
        "Template parameters do not match the template's content",
    ),
    (132068, 400, "Flow is in blocked state"),
    (132069, 400, "Flow is in throttled state"),
    (133005, 400, "Two step verification PIN mismatch"),
    (133010, 400, "Phone number not registered"),
    (
        133016,
        400,
        "Registration or deregistration failed because there were too many attempts",
    ),
    (137000, 400, "Recipient identity key hash mismatch"),
    (139100, 400, "Failed to block or unblock some users"),
    (147001, 400, "The username is not available"),
];

fn row(code: i64) -> (u16, &'static str) {
    TABLE
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or((400, "Error"), |(_, http, title)| (*http, title))
}

impl GraphError {
    /// A refusal with the table's HTTP status and title.
    pub(crate) fn new(code: i64, details: impl Into<String>) -> Self {
        let (http, title) = row(code);
        GraphError {
            http,
            code,
            subcode: None,
            kind: "OAuthException",
            message: format!("(#{code}) {title}"),
            details: Some(details.into()),
            user: None,
        }
    }

    /// 100 with a subcode and words for people: refusals around templates.
    pub(crate) fn form(subcode: i64, title: &str, words: impl Into<String>) -> Self {
        GraphError {
            subcode: Some(subcode),
            message: "Invalid parameter".to_owned(),
            details: None,
            user: Some(Box::new((title.to_owned(), words.into()))),
            ..Self::new(100, "")
        }
    }

    /// 2635: the version is no longer served.
    pub(crate) fn dead_version(version: &str) -> Self {
        GraphError {
            message: format!(
                "(#2635) You are calling a deprecated version of the Graph API ({version}). Please update to the \
                 latest version: v26.0."
            ),
            details: None,
            ..Self::new(2635, "")
        }
    }

    /// 10 or 200: the token lacks a scope.
    pub(crate) fn no_scope(scope: &str) -> Self {
        let code = if scope.ends_with("messaging") {
            10
        } else {
            200
        };
        GraphError {
            details: None,
            message: format!("(#{code}) {}: {scope} is required.", row(code).1),
            ..Self::new(code, "")
        }
    }

    /// 80007, for management calls.
    pub(crate) fn management_limited() -> Self {
        Self::new(
            80_007,
            "There have been too many calls to this WhatsApp Business account. Wait a bit and try again.",
        )
    }

    /// 131008: something required is not there.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::new(131_008, format!("The parameter {parameter} is required."))
    }

    /// 131009: something has a value that is not allowed.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::new(131_009, details)
    }

    /// 100: the request is not one Meta understands.
    pub(crate) fn parameter(details: impl Into<String>) -> Self {
        let details = details.into();
        GraphError {
            message: format!("(#100) {details}"),
            ..Self::new(100, details)
        }
    }

    /// The error a fault asked for.
    pub(crate) fn ordered(code: i64, http: u16) -> Self {
        GraphError {
            http,
            ..Self::new(code, "This error was ordered with PUT /sim/faults.")
        }
    }

    /// 190/463: the token was good once.
    pub(crate) fn expired_token() -> Self {
        GraphError {
            subcode: Some(463),
            message:
                "Error validating access token: Session has expired. The current time is later."
                    .to_owned(),
            details: None,
            ..Self::new(190, "")
        }
    }

    pub(crate) fn bad_token() -> Self {
        GraphError {
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            details: None,
            ..Self::new(190, "")
        }
    }

    pub(crate) fn no_token() -> Self {
        GraphError {
            code: 190,
            message: "An access token is required to request this resource.".to_owned(),
            details: None,
            ..Self::new(190, "")
        }
    }

    /// 100/33: the id is not one of ours.
    pub(crate) fn unknown_object(method: &str, id: &str) -> Self {
        GraphError {
            subcode: Some(33),
            kind: "GraphMethodException",
            message: format!(
                "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
                 permissions, or does not support this operation."
            ),
            details: None,
            ..Self::new(100, "")
        }
    }

    /// 2500: there is nothing at this path.
    pub(crate) fn unknown_path(path: &str) -> Self {
        GraphError {
            http: 404,
            message: format!("Unknown path components: {path}"),
            details: None,
            ..Self::new(2500, "")
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({"message": self.message, "type": self.kind, "code": self.code});
        if let Some(details) = &self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = json!(subcode);
        }
        if let Some((title, words)) = self.user.as_deref() {
            error["error_user_title"] = json!(title);
            error["error_user_msg"] = json!(words);
        }
        if matches!(self.code, 1 | 2 | 131_000 | 131_016 | 131_057) {
            error["is_transient"] = json!(true);
        }
        error["fbtrace_id"] = json!(trace_id());
        json!({"error": error})
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let http = StatusCode::from_u16(self.http).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (http, Json(self.to_json())).into_response();
        if matches!(self.code, 4 | 80_007) {
            let usage = r#"{"102290129340398":[{"type":"whatsapp","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":1}]}"#;
            response
                .headers_mut()
                .insert("x-business-use-case-usage", HeaderValue::from_static(usage));
        }
        response
    }
}

/// `errors[0]` of a `failed` status.
pub(crate) fn in_status(code: i64) -> Value {
    let (_, title) = row(code);
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": format!("Message failed to send: {title}.")},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}

fn trace_id() -> String {
    let random = rand::random::<[u8; 17]>();
    format!(
        "A{}",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
    )
    .chars()
    .take(23)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_metas_shape() {
        let error = GraphError::new(130_429, "slow down").to_json();
        assert_eq!(error["error"]["message"], "(#130429) Rate limit hit");
        assert_eq!(error["error"]["code"], 130_429);
        assert_eq!(
            error["error"]["error_data"]["messaging_product"],
            "whatsapp"
        );
        assert_eq!(
            error["error"]["fbtrace_id"].as_str().map(str::len),
            Some(23)
        );
        assert_eq!(GraphError::bad_token().http, 401);
    }

    #[test]
    fn an_ordered_error_keeps_its_http_status() {
        assert_eq!(GraphError::ordered(613, 429).http, 429);
        assert_eq!(GraphError::ordered(999_999, 418).code, 999_999);
    }
}
