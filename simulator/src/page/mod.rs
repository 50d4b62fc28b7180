//! The phone page at `/`: plain HTML, CSS and JavaScript, built into the executable.
//!
//! Promises: loads nothing from elsewhere; its policy forbids inline code, so a customer's text can never become one.

use crate::state::Sim;
use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route(
            "/",
            get(|| async { asset("text/html; charset=utf-8", include_str!("index.html")) }),
        )
        .route(
            "/page.css",
            get(|| async { asset("text/css; charset=utf-8", include_str!("page.css")) }),
        )
        .route(
            "/page.js",
            get(|| async { asset("text/javascript; charset=utf-8", include_str!("page.js")) }),
        )
        .route(
            "/bubbles.js",
            get(|| async { asset("text/javascript; charset=utf-8", include_str!("bubbles.js")) }),
        )
        .route(
            "/content.js",
            get(|| async { script(include_str!("content.js")) }),
        )
        .route(
            "/deeds.js",
            get(|| async { script(include_str!("deeds.js")) }),
        )
        .route(
            "/faults.js",
            get(|| async { script(include_str!("faults.js")) }),
        )
        .route(
            "/sheets.js",
            get(|| async { script(include_str!("sheets.js")) }),
        )
        .route(
            "/tools.js",
            get(|| async { script(include_str!("tools.js")) }),
        )
        .route(
            "/words.js",
            get(|| async { script(include_str!("words.js")) }),
        )
        .route(
            "/icon.svg",
            get(|| async { asset("image/svg+xml", include_str!("icon.svg")) }),
        )
}

fn script(body: &'static str) -> Response {
    asset("text/javascript; charset=utf-8", body)
}

fn asset(kind: &'static str, body: &'static str) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}
