//! `/media`: files, opened for whoever may see them, and uploads to be sent.
//!
//! Promises: bytes go out with headers that keep them harmless, whatever they are: only verified pictures, sound, film
//! and PDF are shown in a page, everything else is a download under a name of our making; one range at most.

mod name;
mod range;
mod upload;

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use balcao_core::files;
use balcao_core::model::{MediaId, MediaKind, Problem};
use balcao_core::object_store;
use compliance::Mutant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Path, Query};
use crate::error::Error;
use crate::files::{Released, Variant, note, release, retry as fetch_again};
use crate::people::{Caller, People};
use range::Wanted;

/// What is opened by itself, outside our pages, may do nothing (CSP level 3, `sandbox`).
const SANDBOX: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; sandbox";
/// Digits of the id in a name that we make.
const ID_DIGITS: usize = 8;

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(send))
        .routes(routes!(file))
        .routes(routes!(thumbnail))
        .routes(routes!(retry))
}

/// As which sort of file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// What it is sent as; absent: what its content says.
    #[serde(default)]
    kind: Option<MediaKind>,
}

/// An upload, to be named as `file` in a message within a day.
#[derive(Serialize, ToSchema)]
pub struct UploadView {
    /// `media.file` of the message that carries it.
    pub id: MediaId,
    /// What it is sent as.
    pub kind: MediaKind,
    /// Judged by its content.
    pub mime_type: String,
    /// How large.
    pub size_bytes: u64,
}

/// Upload a file to be sent: the body itself (its name in Content-Disposition), or the field `file` of a form.
#[utoipa::path(
    operation_id = "upload_media",
    post, path = "/media", tag = "media", params(UploadParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file, or multipart/form-data with the field `file`"),
    responses(
        (status = 201, description = "It is here; a message may carry it within 24 hours", body = UploadView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "too_large: 5 MB for images, 16 MB for sound and film, 100 KB for stickers (500 KB moving), 100 MB for documents", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid: WhatsApp does not take its type; quarantined: the scanner found something", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn send(
    State(people): State<People>,
    caller: Caller,
    Query(params): Query<UploadParams>,
    request: Request,
) -> Result<(StatusCode, Answer<UploadView>), Error> {
    crate::views::answers(&people, &caller).await?;
    let received = Box::pin(upload::receive(&people, request, params.kind)).await?;
    let examined = people.files.examine(received.whole, received.kind).await?;
    if let Some(reason) = examined.fault {
        return Err(Error::FileRefused(reason));
    }
    let id = MediaId::new();
    let object_key = upload::object_key(id);
    let stored = people
        .files
        .keep(examined, &object_key, received.file_name)
        .await?;
    if let Err(error) = note(&people, &caller, id, &stored).await {
        for key in std::iter::once(&stored.object_key).chain(&stored.thumbnail_key) {
            people.files.store().delete(key).await?;
        }
        return Err(error);
    }
    let view = UploadView {
        id,
        kind: stored.facts.kind,
        mime_type: stored.facts.mime_type,
        size_bytes: stored.size_bytes,
    };
    Ok((StatusCode::CREATED, Answer(view)))
}

/// A file; recorded in the audit log.
#[utoipa::path(
    operation_id = "open_media",
    get, path = "/media/{id}", tag = "media",
    params(("id" = MediaId, Path), ("Range" = Option<String>, Header, description = "One range of bytes")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "A part of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "quarantined: not for this role, or for nobody", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_ready: on its way, or failed", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "invalid: several ranges, or none of this file", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn file(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<MediaId>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let released = release(&people, &caller, id, Variant::File).await?;
    serve(&people, released, &headers).await
}

/// A small picture of a file, JPEG; recorded in the audit log.
#[utoipa::path(
    operation_id = "open_media_thumbnail",
    get, path = "/media/{id}/thumbnail", tag = "media", params(("id" = MediaId, Path)),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "quarantined", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found: no such file, or no picture of it", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_ready", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn thumbnail(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<MediaId>,
) -> Result<Response, Error> {
    let released = release(&people, &caller, id, Variant::Thumbnail).await?;
    serve(&people, released, &HeaderMap::new()).await
}

/// Fetch a file again that failed or is in quarantine.
#[utoipa::path(
    operation_id = "retry_media",
    post, path = "/media/{id}/retry", tag = "media", params(("id" = MediaId, Path)),
    responses(
        (status = 202, description = "It is on its way"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid: on its way, ready, or an upload of our own", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "rate_limited: once in ten minutes", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn retry(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<MediaId>,
) -> Result<StatusCode, Error> {
    fetch_again(&people, &caller, id).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn serve(people: &People, released: Released, asked: &HeaderMap) -> Result<Response, Error> {
    let size_bytes = released.size_bytes;
    let (status, part) = match range::wanted(asked, size_bytes) {
        Wanted::All => (StatusCode::OK, 0..size_bytes),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Refused => return Ok(unsatisfiable(size_bytes)),
    };
    let bytes = people
        .files
        .store()
        .read(
            &released.object_key,
            &released.facts.file_key,
            size_bytes,
            part.clone(),
        )
        .await
        .map_err(|error| match error {
            object_store::Error::Missing => Error::Internal("the bytes of a file are missing"),
            error => Error::from(error),
        })?;
    let mut headers = safe_headers(&released)?;
    headers.insert(
        header::CONTENT_LENGTH,
        HeaderValue::from(part.end - part.start),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        let told = format!("bytes {}-{}/{size_bytes}", part.start, part.end - 1);
        headers.insert(header::CONTENT_RANGE, text(&told)?);
    }
    Ok((status, headers, Body::from_stream(bytes)).into_response())
}

/// Headers that keep a file harmless.
fn safe_headers(released: &Released) -> Result<HeaderMap, Error> {
    let facts = &released.facts;
    let id = released.id.0.simple().to_string();
    let fallback = format!("{}-{}", word(facts.kind), &id[id.len() - ID_DIGITS..]);
    let extension = files::extension(&facts.mime_type);
    let mut file_name = name::safe(facts.file_name.as_deref(), &fallback, extension);
    if let (true, Some(told)) = (Mutant::MediaNameBelieved.lives(), &facts.file_name) {
        told.clone_into(&mut file_name);
    }
    // A browser that guesses types is told what to do with the file, not what the sender thinks it is.
    let content_type = if released.is_inline {
        text(&facts.mime_type)?
    } else {
        HeaderValue::from_static("application/octet-stream")
    };
    let disposition = name::disposition(released.is_inline, &file_name);
    Ok(HeaderMap::from_iter([
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_DISPOSITION, text(&disposition)?),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(SANDBOX),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]))
}

fn text(value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| Error::Internal("a header cannot be told"))
}

fn word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Sticker => "sticker",
    }
}

fn unsatisfiable(size_bytes: u64) -> Response {
    let mut response = Error::Range.into_response();
    if let Ok(told) = HeaderValue::from_str(&format!("bytes */{size_bytes}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, told);
    }
    response
}
