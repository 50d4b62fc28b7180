//! Meta's media endpoints as an attacker, or a bad day, would have them: `GET /{version}/{id}` says where a file is,
//! `GET /file/{id}` gives its bytes; each file answers as it was told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

/// How a file answers.
#[derive(Clone, Default)]
pub struct Manner {
    /// Where Meta says it is, instead of here.
    pub place: Option<String>,
    /// A redirect instead of the bytes.
    pub redirect: Option<String>,
    /// A status instead of the bytes, so many times.
    pub status: Option<(u16, usize)>,
    /// Other bytes than those that were announced, so many times.
    pub wrong: usize,
    /// So many zero bytes more, without saying how many there will be.
    pub endless: u64,
}

struct File {
    bytes: Vec<u8>,
    manner: Manner,
    downloads: usize,
}

#[derive(Default)]
struct Shelf {
    token: String,
    files: HashMap<String, File>,
    strangers: Vec<String>,
}

/// The host.
#[derive(Clone)]
pub struct MediaHost {
    /// `http://host:port`.
    pub url: String,
    /// `host:port`.
    pub place: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl MediaHost {
    /// Starts it; it wants this bearer token.
    pub async fn start(token: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place = listener.local_addr().expect("an address").to_string();
        let host = Self {
            url: format!("http://{place}"),
            place,
            shelf: Arc::default(),
        };
        host.expects(token);
        let app = Router::new()
            .route("/{version}/{id}", get(look_up))
            .route("/file/{id}", get(download))
            .with_state(host.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        host
    }

    /// It wants this bearer token from now on.
    pub fn expects(&self, token: &str) {
        token.clone_into(&mut self.shelf().token);
    }

    /// Puts a file on the shelf.
    pub fn put(&self, id: &str, bytes: &[u8], manner: Manner) {
        let file = File {
            bytes: bytes.to_vec(),
            manner,
            downloads: 0,
        };
        self.shelf().files.insert(id.to_owned(), file);
    }

    /// How often its bytes were asked for.
    #[must_use]
    pub fn downloads(&self, id: &str) -> usize {
        self.shelf().files.get(id).map_or(0, |file| file.downloads)
    }

    /// Requests without the right token, for files whose id begins so.
    #[must_use]
    pub fn strangers(&self, begin: &str) -> usize {
        let shelf = self.shelf();
        let of_these = shelf.strangers.iter().filter(|id| id.starts_with(begin));
        of_these.count()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows(&self, id: &str, headers: &HeaderMap) -> bool {
        let wanted = format!("Bearer {}", self.shelf().token);
        let known = headers
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value.as_bytes() == wanted.as_bytes());
        if !known {
            self.shelf().strangers.push(id.to_owned());
        }
        known
    }
}

/// SHA-256 as webhooks write it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}

async fn look_up(
    State(host): State<MediaHost>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !host.knows(&id, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let shelf = host.shelf();
    let Some(file) = shelf.files.get(&id) else {
        let error =
            json!({"error": {"code": 100, "error_subcode": 33, "message": "no such object"}});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    let here = format!("{}/file/{id}", host.url);
    Json(json!({
        "id": id,
        "messaging_product": "whatsapp",
        "url": file.manner.place.clone().unwrap_or(here),
        "sha256": hex::encode(Sha256::digest(&file.bytes)),
        "file_size": file.bytes.len().to_string(),
    }))
    .into_response()
}

async fn download(
    State(host): State<MediaHost>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !host.knows(&id, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut shelf = host.shelf();
    let Some(file) = shelf.files.get_mut(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    file.downloads += 1;
    if let Some(to) = &file.manner.redirect {
        return (StatusCode::FOUND, [(header::LOCATION, to.clone())]).into_response();
    }
    if let Some((status, times)) = file.manner.status
        && file.downloads <= times
    {
        return StatusCode::from_u16(status)
            .expect("a status")
            .into_response();
    }
    let mut bytes = file.bytes.clone();
    if file.downloads <= file.manner.wrong {
        bytes.push(0);
    }
    match file.manner.endless {
        0 => bytes.into_response(),
        more => endless(bytes, more),
    }
}

/// Without Content-Length: only who counts notices.
fn endless(first: Vec<u8>, more: u64) -> Response {
    const PIECE: u64 = 1 << 20;
    let begin = stream::iter([Ok::<_, std::io::Error>(first)]);
    let pieces = (0..more.div_ceil(PIECE)).map(move |n| {
        Ok(vec![
            0;
            usize::try_from((more - n * PIECE).min(PIECE))
                .unwrap_or(0)
        ])
    });
    Body::from_stream(futures_util::StreamExt::chain(begin, stream::iter(pieces))).into_response()
}
