//! REST /api/v1. One file a noun; the rules are in `auth`, `desk` and `views`, a handler reads, calls and answers.
//!
//! Promises: every error is problem+json, those of axum too; bodies end at 64 KiB; every route is in the OpenAPI
//! document, because it enters the router through it.
//! Does not: speak to other origins (no CORS at all).

mod audit;
mod channels;
mod contacts;
mod conversations;
mod deeds;
pub mod edge;
mod error_codes;
mod extract;
mod floor;
mod items;
mod media;
mod session;
mod templates;
mod zip;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::error::Error;
use crate::people::People;
use crate::{console, openapi};

/// Largest body.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Where the API lives.
pub const PREFIX: &str = "/api/v1";

/// All documented routes, below [`PREFIX`].
pub(crate) fn documented() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .merge(session::routes())
        .merge(conversations::routes())
        .merge(deeds::routes())
        .merge(items::routes())
        .merge(templates::routes())
        .merge(error_codes::routes())
        .merge(contacts::routes())
        .merge(floor::routes())
        .merge(audit::routes())
        .merge(media::routes())
        .merge(channels::routes())
}

/// Everything that listens on the console's address: API, sockets, console, `/healthz`.
pub fn router(people: People) -> Router {
    let edge = edge::Edge::new(people.ctx.clone());
    let (documented, _) = documented().split_for_parts();
    let api = documented
        .route("/openapi.json", get(document))
        .route("/ws", any(crate::session::connect))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(edge::note_route));
    Router::new()
        .route("/healthz", get(healthy))
        .nest(PREFIX, api)
        .route("/api", any(no_route))
        .route("/api/{*rest}", any(no_route))
        .merge(console::router())
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(edge, edge::pass))
        .with_state(people)
}

/// The OpenAPI document.
async fn document() -> Json<OpenApi> {
    Json(openapi::document())
}

/// The process answers. Whether it is ready is the operations listener's to say.
async fn healthy(State(_): State<People>) -> &'static str {
    "ok\n"
}

async fn no_route(_: Request) -> Error {
    Error::NoRoute
}

async fn wrong_method(_: Request) -> Response {
    axum::response::IntoResponse::into_response(Error::MethodNotAllowed)
}
