//! Errors of the control and ERP surfaces; the Graph API has Meta's own shapes in `graph::error`.
//!
//! Promises: every refusal says what to send instead.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 400: the request cannot be understood; the text says what to send.
    #[error("{0}")]
    BadInput(String),
    /// 404: no such contact, message, medium or invoice.
    #[error("{0}")]
    NotFound(String),
    /// 500: the ledger cannot be read.
    #[error("the ledger cannot be read: {0}")]
    Ledger(#[from] std::io::Error),
    /// Any status: a fault that was asked for.
    #[error("{1}")]
    Ordered(StatusCode, String),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Error::BadInput(_) => StatusCode::BAD_REQUEST,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Ledger(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Error::Ordered(status, _) => *status,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}
