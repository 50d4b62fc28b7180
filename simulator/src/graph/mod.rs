//! The Graph API, as far as a support gateway uses it: `/v{N}.{M}/...`.
//!
//! Promises: a wrong token answers 190, a wrong id 100/33, a dead version 2635, an unknown path 2500, all in
//! Meta's JSON.
//! Does not: behave differently between versions; those that live all behave like v26.0.

mod access;
mod account;
mod app;
pub(crate) mod buckets;
pub(crate) mod error;
mod interactive;
mod media;
mod messages;
mod number;
mod recipient;
pub(crate) mod templates;
mod validate;
mod version;

pub(crate) use media::url as media_url;

use crate::state::Sim;
use access::Caller;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use bytes::Bytes;
use error::GraphError;
use serde_json::Value;
use std::sync::Arc;
use version::Version;

/// Largest upload Meta takes (documents), plus room for the form around it.
const UPLOAD_BYTES_MAX: usize = 101 * 1024 * 1024;

pub(crate) fn routes(sim: &Arc<Sim>) -> Router<Arc<Sim>> {
    Router::new()
        .route("/{version}/{id}/messages", post(messages::send))
        .route(
            "/{version}/{id}/marketing_messages",
            post(messages::send_marketing),
        )
        .route(
            "/{version}/{id}/media",
            post(media::upload).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        )
        .route("/{version}/{id}/phone_numbers", get(account::numbers))
        .route("/{version}/debug_token", get(app::debug_token))
        .route("/{version}/{id}/subscriptions", post(app::subscriptions))
        .route("/{version}/{id}/uploads", post(app::begin_upload))
        .merge(management())
        .route(
            "/{version}/{id}",
            get(account::node)
                .post(post_node)
                .delete(media::delete)
                .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        )
        .route_layer(axum::middleware::from_fn_with_state(sim.clone(), gate))
        .route("/media/{id}", get(media::download))
        .fallback(unknown_path)
}

fn management() -> Router<Arc<Sim>> {
    Router::new()
        .route(
            "/{version}/{id}/subscribed_apps",
            get(account::subscriptions)
                .post(account::subscribe)
                .delete(account::unsubscribe),
        )
        .route(
            "/{version}/{id}/message_templates",
            get(templates::list)
                .post(templates::create)
                .delete(templates::delete),
        )
        .route(
            "/{version}/{id}/whatsapp_business_profile",
            get(number::profile).post(number::set_profile),
        )
        .route(
            "/{version}/{id}/block_users",
            get(number::blocked)
                .post(number::block)
                .delete(number::unblock),
        )
        .route(
            "/{version}/{id}/username",
            get(number::username)
                .post(number::set_username)
                .delete(number::delete_username),
        )
        .route("/{version}/{id}/register", post(number::register))
        .route("/{version}/{id}/deregister", post(number::deregister))
        .route("/{version}/{id}/request_code", post(number::code))
        .route("/{version}/{id}/verify_code", post(number::code))
}

/// `POST /{id}`: a number's settings, a template's edit, a sample's bytes.
async fn post_node(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, GraphError> {
    if id.starts_with("upload:") {
        return Ok(app::upload(&id));
    }
    match templates::edit(&sim, &caller, &id, &body) {
        Some(answer) => answer,
        None => number::update(&sim, &caller, &id, &body).await,
    }
}

/// Version and token, before anything else.
async fn gate(
    State(sim): State<Arc<Sim>>,
    mut request: Request,
    next: Next,
) -> Result<Response, GraphError> {
    let path = request.uri().path();
    let segment = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    match version::judge(segment, sim.clock.now().date_naive()) {
        Version::Served => {}
        Version::Dead => return Err(GraphError::dead_version(segment)),
        Version::None => return Err(GraphError::unknown_path(path)),
    }
    let caller = caller(&sim, &request)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The bearer of the request's token.
fn caller(sim: &Sim, request: &Request) -> Result<Caller, GraphError> {
    let header = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    Caller::of(sim, header)
}

async fn unknown_path(request: Request) -> GraphError {
    GraphError::unknown_path(request.uri().path())
}
