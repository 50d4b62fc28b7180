//! The Graph API, as far as a support gateway uses it: `/v{N}.{M}/...`.
//!
//! Promises: a wrong token answers 190, a wrong id 100/33, an unknown path 2500, all in Meta's JSON.
//! Does not: tell versions apart; every one behaves like v26.0.

mod account;
pub(crate) mod buckets;
pub(crate) mod error;
mod interactive;
mod media;
mod messages;
mod recipient;
pub(crate) mod templates;
mod validate;

pub(crate) use media::url as media_url;

use crate::state::Sim;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use error::GraphError;
use std::sync::Arc;

/// Largest upload Meta takes (documents), plus room for the form around it.
const UPLOAD_BYTES_MAX: usize = 101 * 1024 * 1024;

pub(crate) fn routes(sim: &Arc<Sim>) -> Router<Arc<Sim>> {
    Router::new()
        .route("/{version}/{id}/messages", post(messages::send))
        .route(
            "/{version}/{id}/media",
            post(media::upload).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)),
        )
        .route(
            "/{version}/{id}/subscribed_apps",
            get(account::subscriptions)
                .post(account::subscribe)
                .delete(account::unsubscribe),
        )
        .route(
            "/{version}/{id}/message_templates",
            get(templates::list).post(templates::create),
        )
        .route("/{version}/{id}/phone_numbers", get(account::numbers))
        .route(
            "/{version}/{id}/whatsapp_business_profile",
            get(account::profile),
        )
        .route("/{version}/{id}", get(account::node).delete(media::delete))
        .route_layer(axum::middleware::from_fn_with_state(sim.clone(), gate))
        .route("/media/{id}", get(media::download))
        .fallback(unknown_path)
}

/// Version and token, before anything else.
async fn gate(
    State(sim): State<Arc<Sim>>,
    request: Request,
    next: Next,
) -> Result<Response, GraphError> {
    if !is_versioned(request.uri().path()) {
        return Err(GraphError::unknown_path(request.uri().path()));
    }
    check_token(&sim, &request)?;
    Ok(next.run(request).await)
}

/// Refuses anything but our bearer token.
fn check_token(sim: &Sim, request: &Request) -> Result<(), GraphError> {
    let header = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    match header.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) if token.trim() == sim.secrets.access_token => Ok(()),
        Some(_) => Err(GraphError::bad_token()),
        None => Err(GraphError::no_token()),
    }
}

fn is_versioned(path: &str) -> bool {
    let version = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    version
        .strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .is_some_and(|(major, minor)| {
            [major, minor]
                .iter()
                .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
}

async fn unknown_path(request: Request) -> GraphError {
    GraphError::unknown_path(request.uri().path())
}

#[cfg(test)]
mod tests {
    use super::is_versioned;

    #[test]
    fn only_versions_open_the_graph() {
        assert!(is_versioned("/v26.0/1/messages") && is_versioned("/v3.1/1"));
        assert!(
            !is_versioned("/26.0/1")
                && !is_versioned("/v26/1")
                && !is_versioned("/sim/x")
                && !is_versioned("/")
        );
    }
}
