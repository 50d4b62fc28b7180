//! What every request passes before a handler sees it, and every answer on its way out.
//!
//! Promises: a request id of ours on every answer; security headers on every answer; an address that knocks too often
//! is refused before its body is read; a foreign host name, a token in a query and a request that takes too long are
//! refused; a handler that panics answers 500 and the node lives on.
//! Does not: log paths with ids, queries or bodies: the method, the route's pattern and the status are enough.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use balcao_core::context::Context;
use balcao_core::limits::{Door, Limit, client_address};
use balcao_core::model::RequestId;

use crate::auth::origin;
use crate::error::Error;

/// Longest wait for the head of an answer, in seconds.
const REQUEST_S: u64 = 30;
/// The same for an export of the audit log, which reads all of it.
const EXPORT_S: u64 = 600;
const EXPORT_PATH: &str = "/api/v1/audit/export";
/// The same for an upload, which may have a hundred megabytes.
const UPLOAD_PATH: &str = "/api/v1/media";
/// Query parameters that would put a secret into logs and histories.
const SECRET_PARAMETERS: [&str; 5] = [
    "token",
    "access_token",
    "refresh_token",
    "ticket",
    "password",
];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// Only where the console is reached by https (RFC 6797 section 7.2).
const STRICT_TRANSPORT: &str = "max-age=31536000";
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// The client's address, behind proxies that we trust.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The parts that the edge needs.
#[derive(Clone)]
pub struct Edge {
    ctx: Context,
    door: Door,
    https: bool,
}

impl Edge {
    /// A door per client address, as configured.
    #[must_use]
    pub fn new(ctx: Context) -> Self {
        let door = Door::new(Limit::per_minute(
            "hub_door",
            ctx.config.limits.requests_per_minute_per_address,
        ));
        let https = ctx.config.console.public_url.starts_with("https://");
        Self { ctx, door, https }
    }

    fn admit(&self, request: &Request, client: IpAddr) -> Result<(), Error> {
        let decision = self.door.knock(client);
        if !decision.allowed {
            return Err(Error::RateLimited {
                retry_after_s: decision.retry_after_seconds(),
            });
        }
        // Whoever probes the node's health asks by whatever name they know.
        let probe = request.uri().path() == "/healthz";
        if !probe
            && !origin::host_is_ours(&self.ctx.config.console, request.uri(), request.headers())
        {
            return Err(Error::Misdirected);
        }
        if has_secret_parameter(request.uri().query().unwrap_or_default()) {
            return Err(Error::Malformed(
                "Query: no secret belongs into a URL; see the Authorization header.".to_owned(),
            ));
        }
        Ok(())
    }
}

fn has_secret_parameter(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        SECRET_PARAMETERS
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
    })
}

/// The outermost layer.
pub async fn pass(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::new();
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|peer| peer.0.ip());
    let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let client = client_address(
        peer,
        request.headers(),
        &edge.ctx.config.listen.trusted_proxies,
    );
    let api = request.uri().path().starts_with("/api");
    let patience = Duration::from_secs(match request.uri().path() {
        EXPORT_PATH | UPLOAD_PATH => EXPORT_S,
        _ => REQUEST_S,
    });
    let method = request.method().clone();
    request.extensions_mut().insert(id);
    request.extensions_mut().insert(ClientAddress(client));
    let mut response = match edge.admit(&request, client) {
        Err(refusal) => refusal.into_response(),
        Ok(()) => match tokio::time::timeout(patience, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Error::Unavailable("the request took too long").into_response(),
        },
    };
    if api {
        // What may be kept says so itself.
        response
            .headers_mut()
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        let route = response
            .extensions()
            .get::<Route>()
            .map_or("-", |route| route.0.as_str());
        let (status, elapsed_ms) = (response.status().as_u16(), started.elapsed().as_millis());
        tracing::debug!(request_id = %id, %method, route, status, elapsed_ms, "answered");
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // A file brings a stricter policy of its own.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if edge.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(STRICT_TRANSPORT),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The pattern of the route that answered: `/api/v1/conversations/{id}`.
#[derive(Clone, Debug)]
struct Route(String);

/// Notes the pattern of the route; a layer inside the router, where it is known.
pub async fn note_route(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response
            .extensions_mut()
            .insert(Route(path.as_str().to_owned()));
    }
    response
}

/// What a panic in a handler becomes.
#[must_use]
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    // the panic hook has logged where; the payload may hold anything and is not told
    Error::Internal("a handler panicked").into_response()
}

#[cfg(test)]
mod tests {
    use super::has_secret_parameter;

    #[test]
    fn a_secret_in_a_query_is_seen() {
        for query in ["token=x", "a=b&token=", "ACCESS_TOKEN=x", "ticket"] {
            assert!(has_secret_parameter(query), "{query}");
        }
        for query in ["", "cursor=token", "limit=5&scope=mine", "tokens=1"] {
            assert!(!has_secret_parameter(query), "{query}");
        }
    }
}
