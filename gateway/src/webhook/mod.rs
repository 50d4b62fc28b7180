//! Receives Meta's webhooks.
//!
//! Promises: 200 only after COMMIT of everything in the body; unsure, late or full is 503 and Meta repeats; what is not
//! signed costs little: no header, no body is read, and its address has a budget. A rightly signed call never gets 429.
//! Does not: judge what a signed body says (that becomes rows or dead letters), or talk to bot, hub or Graph API.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use balcao_core::context::Context;
use balcao_core::limits::{Door, Limit, client_address};
use balcao_core::metrics;
use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use compliance::Mutant;
use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::catch_panic::CatchPanicLayer;

use crate::Error;
use crate::channels::Channels;
use crate::ingest::{self, Queue, Receipt, Work};
use crate::{payload, signature};

/// Bodies being read and stored at the same time, in KiB (256 MiB).
const MAX_BODIES_KIB: usize = 256 * 1024;
/// Bodies above this are verified and parsed beside the event loop.
const LARGE_BODY_BYTES: usize = 64 * 1024;
/// Nobody waits longer for a receipt, plus a millisecond an item; what is stored after that is absorbed when Meta
/// repeats it.
const RECEIPT_TIMEOUT_MS: u64 = 10_000;
/// What a 503 tells Meta, in seconds.
const RETRY_AFTER_SECONDS: u64 = 2;
/// A challenge of Meta's is a short number.
const MAX_CHALLENGE_BYTES: usize = 128;

/// What the handlers share.
#[derive(Clone)]
pub struct Webhook(Arc<Inner>);

struct Inner {
    ctx: Context,
    app_secrets: Arc<[SecretString]>,
    verify_token: SecretString,
    door: Door,
    bodies: Arc<Semaphore>,
    channels: Channels,
    queue: Queue<Work>,
}

impl Webhook {
    /// Reads what the handlers need from the configuration.
    ///
    /// # Errors
    /// [`Error::MissingSecret`].
    pub fn new(ctx: &Context, channels: Channels, queue: Queue<Work>) -> Result<Self, Error> {
        let config = &ctx.config;
        let mut app_secrets = config.webhook.app_secrets().to_vec();
        app_secrets.truncate(if Mutant::OneSecretOnly.lives() {
            1
        } else {
            usize::MAX
        });
        let app_secrets: Arc<[SecretString]> = app_secrets.into();
        let verify_token = config
            .webhook
            .verify_token
            .clone()
            .filter(|token| !token.expose_secret().is_empty());
        let (false, Some(verify_token)) = (app_secrets.is_empty(), verify_token) else {
            return Err(Error::MissingSecret);
        };
        let unsigned = config.limits.unsigned_webhooks_per_minute_per_address;
        Ok(Self(Arc::new(Inner {
            app_secrets,
            verify_token,
            door: Door::new(Limit::per_minute("unsigned_webhooks", unsigned)),
            bodies: Arc::new(Semaphore::new(MAX_BODIES_KIB)),
            channels,
            queue,
            ctx: ctx.clone(),
        })))
    }
}

/// The routes: the webhook at every configured path, and `/healthz`.
///
/// # Errors
/// [`Error::Path`] for a path that cannot be routed.
pub fn router(webhook: Webhook) -> Result<Router, Error> {
    let mut router = Router::new().route("/healthz", get(|| async { "ok" }));
    let config = Arc::clone(&webhook.0.ctx.config);
    for path in config.webhook.paths() {
        let is_plain = path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte));
        if !path.starts_with('/') || !is_plain || path == "/healthz" {
            return Err(Error::Path(path.to_owned()));
        }
        router = router.route(path, get(verify).post(receive));
    }
    Ok(router.with_state(webhook).layer(CatchPanicLayer::new()))
}

/// Anything but 200. Bodies are empty: whoever calls without a signature learns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused {
    status: StatusCode,
    retry_after_seconds: Option<u64>,
}

impl Refused {
    const fn plain(status: StatusCode) -> Self {
        Self {
            status,
            retry_after_seconds: None,
        }
    }

    const fn busy() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after_seconds: Some(RETRY_AFTER_SECONDS),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Meta checks that the address is ours: it sends the word we gave it and a challenge to echo.
async fn verify(
    State(webhook): State<Webhook>,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Response {
    let address = webhook.client(&request);
    let answer = query
        .map_err(|_| StatusCode::BAD_REQUEST)
        .and_then(|Query(pairs)| webhook.challenge(&pairs));
    match answer {
        Ok(challenge) => {
            let nosniff = (
                HeaderName::from_static("x-content-type-options"),
                HeaderValue::from_static("nosniff"),
            );
            ([nosniff], challenge).into_response()
        }
        Err(StatusCode::FORBIDDEN) => webhook
            .unsigned(address, StatusCode::FORBIDDEN)
            .into_response(),
        Err(status) => status.into_response(),
    }
}

/// Meta tells what happened.
async fn receive(State(webhook): State<Webhook>, request: Request) -> Response {
    let answer = webhook.receive(request).await;
    if Mutant::MetricUnlisted.lives() {
        ::metrics::counter!("balcao_surprises_total").increment(1);
    }
    let status = answer.map_or_else(|refused| refused.status, |()| StatusCode::OK);
    ::metrics::counter!(metrics::WEBHOOK_REQUESTS, "answer" => status.as_str().to_owned())
        .increment(1);
    match answer {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => refused.into_response(),
    }
}

impl Webhook {
    fn challenge(&self, pairs: &[(String, String)]) -> Result<String, StatusCode> {
        let mode = single(pairs, "hub.mode")?;
        let token = single(pairs, "hub.verify_token")?;
        let challenge = single(pairs, "hub.challenge")?;
        // Digests have one length: the comparison does not tell how long the token is.
        let (given, ours) = (
            Sha256::digest(token),
            Sha256::digest(self.0.verify_token.expose_secret()),
        );
        if mode != "subscribe" || !bool::from(given.as_slice().ct_eq(ours.as_slice())) {
            return Err(StatusCode::FORBIDDEN);
        }
        let is_plain = challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if !is_plain || !(1..=MAX_CHALLENGE_BYTES).contains(&challenge.len()) {
            return Err(StatusCode::BAD_REQUEST);
        }
        Ok(challenge.to_owned())
    }

    async fn receive(&self, request: Request) -> Result<(), Refused> {
        let config = &self.0.ctx.config.webhook;
        let address = self.client(&request);
        let claimed = signature::claimed(request.headers());
        let claimed = claimed.ok_or_else(|| self.unsigned(address, StatusCode::UNAUTHORIZED))?;
        if !Mutant::HeadersIgnored.lives() {
            acceptable(request.headers(), config.max_body_bytes).map_err(Refused::plain)?;
        }

        let patience = match Mutant::SlowBodyAwaited.lives() {
            true => Duration::MAX,
            false => Duration::from_millis(config.body_timeout_ms),
        };
        let read = tokio::time::timeout(patience, self.read(request.into_body())).await;
        let (body, _room) = read.map_err(|_| Refused::plain(StatusCode::REQUEST_TIMEOUT))??;
        let received = Instant::now();
        let outcome = self.take(body, claimed, address).await;
        ::metrics::histogram!(metrics::WEBHOOK).record(received.elapsed());
        outcome
    }

    /// Verifies, parses, queues and waits for the receipt.
    async fn take(
        &self,
        body: Bytes,
        claimed: signature::Claimed,
        address: IpAddr,
    ) -> Result<(), Refused> {
        let bytes = body.len();
        let items = if bytes > LARGE_BODY_BYTES {
            let webhook = self.clone();
            let job = tokio::task::spawn_blocking(move || webhook.items(&body, claimed));
            job.await.map_err(|_| Refused::busy())?
        } else {
            self.items(&body, claimed)
        };
        let items = items.ok_or_else(|| self.unsigned(address, StatusCode::UNAUTHORIZED))?;
        if items.is_empty() {
            return Ok(());
        }
        if self.0.queue.is_late() {
            return Err(Refused::busy());
        }
        let work = ingest::assign(items, &self.0.channels).await.map_err(|error| {
            tracing::warn!(%error, "the channel of a webhook could not be looked up; Meta will send it again");
            Refused::busy()
        })?;
        let patience = Duration::from_millis(RECEIPT_TIMEOUT_MS.saturating_add(work.len() as u64));
        if Mutant::AckBeforeCommit.lives() {
            let later = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                drop(later.0.queue.put(work, bytes));
            });
            return Ok(());
        }
        let receipt = self.0.queue.put(work, bytes).map_err(|_| Refused::busy())?;
        match tokio::time::timeout(patience, receipt).await {
            Ok(Ok(Receipt::Stored)) => Ok(()),
            _ => Err(Refused::busy()),
        }
    }

    /// The items of a rightly signed body.
    fn items(&self, body: &Bytes, claimed: signature::Claimed) -> Option<Vec<payload::Item>> {
        let max_age = TimeDelta::days(self.0.ctx.config.retention.stale_days.into());
        let of_numbers = self.0.channels.app_secrets();
        let secrets = self.0.app_secrets.iter().chain(of_numbers.iter());
        signature::is_ours(secrets, body, claimed)
            .then(|| payload::parse(body, self.0.ctx.clock.now(), max_age))
    }

    /// Reads a body up to the cap. Its room is given back when it was answered.
    async fn read(&self, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refused> {
        let max_bytes = self.0.ctx.config.webhook.max_body_bytes;
        let mut bytes = BytesMut::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refused::plain(StatusCode::BAD_REQUEST))?;
            if bytes.len() + chunk.len() > max_bytes {
                return Err(Refused::plain(StatusCode::PAYLOAD_TOO_LARGE));
            }
            bytes.extend_from_slice(&chunk);
            let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more =
                u32::try_from(bytes.len().div_ceil(1024).saturating_sub(held)).unwrap_or(u32::MAX);
            let permit = Arc::clone(&self.0.bodies)
                .try_acquire_many_owned(more)
                .map_err(|_| Refused::busy())?;
            match &mut room {
                Some(room) => room.merge(permit),
                None => room = Some(permit),
            }
        }
        Ok((bytes.freeze(), room))
    }

    /// Spends the budget of an address: `status`, or 429 when it is spent.
    fn unsigned(&self, address: IpAddr, status: StatusCode) -> Refused {
        let decision = self.0.door.knock(address);
        if decision.allowed || Mutant::UnsignedUnlimited.lives() {
            return Refused::plain(status);
        }
        Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after_seconds: Some(decision.retry_after_seconds()),
        }
    }

    fn client(&self, request: &Request) -> IpAddr {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
            peer.ip()
        });
        client_address(
            peer,
            request.headers(),
            &self.0.ctx.config.listen.trusted_proxies,
        )
    }
}

/// What can be refused by the headers alone, before a byte of the body.
fn acceptable(headers: &HeaderMap, max_bytes: usize) -> Result<(), StatusCode> {
    // The signature is over the bytes as sent, and a small body must not become a large one.
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > max_bytes as u64) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(())
}

/// The one value of a parameter; twice, or as an array (`hub.mode[]`), is a bad request.
fn single<'a>(pairs: &'a [(String, String)], name: &str) -> Result<&'a str, StatusCode> {
    let array = |key: &str| {
        key.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('['))
    };
    if pairs.iter().any(|(key, _)| array(key)) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let mut values = pairs.iter().filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(value),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

#[cfg(test)]
mod tests;
