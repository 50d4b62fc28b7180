//! The console's files, embedded: the browser gets the precompressed copy it understands.
//!
//! Promises: hashed assets never change, `index.html` is never cached; every other path is the console's own route.
//! Does not: need Node to compile; without a built console it says how to build one.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Files;

const MISSING: &str = "The console is not built into this program.\n\
    Build it with: cargo xtask demo   (or: cd agent-hub/console && npm ci && npm run build, then cargo build)\n";

/// Serves everything that is not the API.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().fallback(file)
}

async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    match find(path, &headers) {
        Some(response) => response,
        // A missing asset is an error; any other path is a page of the console.
        None if path.starts_with("assets/") => StatusCode::NOT_FOUND.into_response(),
        None => find("index.html", &headers)
            .unwrap_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, MISSING).into_response()),
    }
}

fn find(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Files::get(path)?;
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(accepted, coding))
        .find_map(|(coding, ending)| Some((coding, Files::get(&format!("{path}.{ending}"))?)));
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let kind = plain.metadata.mimetype().to_owned();
    let head = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    Some(match packed {
        Some((coding, file)) => {
            (head, [(header::CONTENT_ENCODING, coding)], file.data).into_response()
        }
        None => (head, plain.data).into_response(),
    })
}

fn accepts(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut pieces = part.split(';').map(str::trim);
        pieces.next() == Some(coding)
            && pieces
                .next()
                .is_none_or(|quality| quality != "q=0" && quality != "q=0.0")
    })
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn a_coding_that_is_refused_is_not_sent() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("brotli", "br"));
    }
}
