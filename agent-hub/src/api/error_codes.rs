//! `/error-codes`: what WhatsApp's codes mean, for consoles. Part of the program: it changes with a release only.

use axum::Json as Answer;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use balcao_core::model::{GraphCodes, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::people::{Caller, People};

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The error codes of WhatsApp: what becomes of a message, and a sentence for the agent in each language.
#[utoipa::path(
    operation_id = "error_codes",
    get, path = "/error-codes", tag = "messages",
    responses(
        (status = 200, description = "The table; may be kept for an hour", body = GraphCodes),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn list(_: Caller) -> impl IntoResponse {
    let kept = HeaderValue::from_static("private, max-age=3600");
    ([(header::CACHE_CONTROL, kept)], Answer(GraphCodes::table()))
}
