//! Media edges: upload, resolve, download, delete.
//!
//! Promises: a resolved URL lives five minutes by the simulator's clock and wants the same bearer token.
//! Does not: convert or look into files beyond their type and size.

use super::access::{Caller, MESSAGING};
use super::error::GraphError;
use crate::faults::MediaStep;
use crate::identity::numeric_id;
use crate::media::{Medium, multipart};
use crate::state::{Sim, lock};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long a resolved URL works.
const URL_LIFETIME_S: i64 = 300;

/// Bytes a type may have when the business sends it.
fn bytes_max(mime: &str) -> Option<usize> {
    const MB: usize = 1024 * 1024;
    match mime.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" | "image/png" => Some(5 * MB),
        "image/webp" => Some(MB / 2),
        "video/mp4" | "video/3gpp" | "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4"
        | "audio/ogg" => Some(16 * MB),
        mime if mime.starts_with("text/plain") || mime.starts_with("application/") => {
            Some(100 * MB)
        }
        _ => None,
    }
}

/// `POST /{phone_number_id}/media`.
pub(super) async fn upload(
    State(sim): State<Arc<Sim>>,
    Extension(caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, GraphError> {
    caller.number(&sim, &id, MESSAGING, "post")?;
    if let Some(http) = sim.faults.take_media_error(MediaStep::Upload) {
        return Err(GraphError::ordered(131_053, http));
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let parts = multipart::parse(content_type, &body).map_err(GraphError::parameter)?;
    let field = |name: &str| parts.iter().find(|part| part.name == name);
    if field("messaging_product").is_none_or(|part| part.body.as_ref() != b"whatsapp") {
        return Err(GraphError::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    let file =
        field("file").ok_or_else(|| GraphError::parameter("The parameter file is required."))?;
    let declared = field("type").map(|part| String::from_utf8_lossy(&part.body).into_owned());
    let mime = file
        .content_type
        .clone()
        .or(declared)
        .ok_or_else(|| GraphError::parameter("The file part needs a Content-Type."))?;
    let mime = mime.trim().to_ascii_lowercase();
    let limit = bytes_max(&mime).ok_or_else(|| {
        GraphError::parameter(format!(
            "Param file must be a file with one of the supported types, not {mime}."
        ))
    })?;
    if file.body.len() > limit {
        return Err(GraphError::new(
            131_053,
            format!(
                "The file has {} bytes; {limit} are allowed for {mime}.",
                file.body.len()
            ),
        ));
    }
    let medium = Medium {
        mime,
        bytes: file.body.clone(),
    };
    let media_id = numeric_id();
    lock(&sim.media).put(&media_id, medium);
    sim.ledger.append(
        "graph",
        sim.clock.now(),
        json!({"call": format!("POST /{id}/media"), "http": 200, "reply": {"id": media_id}}),
    );
    let hold = Duration::from_millis(sim.faults.now().upload_slow_ms);
    tokio::select! {
        () = tokio::time::sleep(hold) => {}
        () = sim.shutdown.cancelled() => {}
    }
    Ok(Json(json!({"id": media_id})))
}

/// `GET /{media_id}`.
pub(super) fn resolve(sim: &Sim, id: &str) -> Result<Value, GraphError> {
    let medium = lock(&sim.media)
        .get(id)
        .ok_or_else(|| GraphError::unknown_object("get", id))?;
    if let Some(http) = sim.faults.take_media_error(MediaStep::Resolve) {
        return Err(GraphError::ordered(
            if http == 404 { 100 } else { 131_000 },
            http,
        ));
    }
    let sha256 = match sim.faults.now().media_wrong_hash {
        true => "0".repeat(64),
        false => medium.sha256_hex(),
    };
    let expires = sim.clock.now().timestamp() + URL_LIFETIME_S;
    Ok(json!({
        "messaging_product": "whatsapp",
        "url": url(sim, id, expires),
        "mime_type": medium.mime,
        "sha256": sha256,
        "file_size": medium.bytes.len().to_string(),
        "id": id,
    }))
}

/// The address of a medium until `expires` (Unix seconds).
pub(crate) fn url(sim: &Sim, id: &str, expires: i64) -> String {
    let elsewhere = sim.faults.now().media_url;
    let base = elsewhere.as_deref().unwrap_or(&sim.public_url);
    format!(
        "{}/media/{id}?source=simulator&ext={expires}",
        base.trim_end_matches('/')
    )
}

/// `DELETE /{media_id}`.
pub(super) async fn delete(
    State(sim): State<Arc<Sim>>,
    Extension(_caller): Extension<Caller>,
    Path((_version, id)): Path<(String, String)>,
) -> Result<Json<Value>, GraphError> {
    if lock(&sim.media).remove(&id) {
        Ok(Json(json!({"success": true})))
    } else {
        Err(GraphError::unknown_object("delete", &id))
    }
}

#[derive(Deserialize)]
pub(super) struct Expiry {
    ext: Option<i64>,
}

/// `GET /media/{id}`: what `lookaside.fbsbx.com` does.
pub(super) async fn download(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
    Query(expiry): Query<Expiry>,
    request: Request,
) -> Response {
    if let Err(error) = super::caller(&sim, &request) {
        return error.into_response();
    }
    let named = request.headers().get(header::USER_AGENT);
    if named.is_none_or(header::HeaderValue::is_empty) {
        return (StatusCode::BAD_REQUEST, "send a User-Agent").into_response();
    }
    let faults = sim.faults.now();
    if faults.media_slow_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(faults.media_slow_ms)) => {}
            () = sim.shutdown.cancelled() => {}
        }
    }
    if let Some(http) = sim.faults.take_media_error(MediaStep::Download) {
        let status = StatusCode::from_u16(http).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return (status, "this error was ordered with PUT /sim/faults").into_response();
    }
    if let Some(elsewhere) = &faults.media_redirect {
        return (StatusCode::FOUND, [(header::LOCATION, elsewhere.clone())]).into_response();
    }
    let fresh = expiry
        .ext
        .is_some_and(|until| sim.clock.now().timestamp() < until);
    let found = lock(&sim.media).get(&id);
    match found {
        Some(medium) if fresh => file(medium, faults.media_truncated),
        _ => (
            StatusCode::NOT_FOUND,
            "the URL expired or never existed: resolve the media id again",
        )
            .into_response(),
    }
}

/// The file; `truncated` promises all bytes and sends half of them.
fn file(medium: Medium, truncated: bool) -> Response {
    let kind = header::HeaderValue::from_str(&medium.mime)
        .unwrap_or(header::HeaderValue::from_static("application/octet-stream"));
    if !truncated {
        return ([(header::CONTENT_TYPE, kind)], medium.bytes).into_response();
    }
    let half = medium.bytes.slice(..medium.bytes.len() / 2);
    let parts = [
        Ok(half),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ];
    (
        [(header::CONTENT_TYPE, kind)],
        Body::from_stream(futures_util::stream::iter(parts)),
    )
        .into_response()
}
