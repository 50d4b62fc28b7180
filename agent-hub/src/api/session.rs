//! `/session`, `/ws-tickets`: logging in, renewing, logging out.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, extract::DefaultBodyLimit};
use balcao_core::model::{Locale, Problem, RequestId, SessionId};
use balcao_core::store::session as stored;
use chrono::{DateTime, Utc};
use compliance::mask::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::edge::ClientAddress;
use super::extract::{Json, MaybeJson};
use crate::auth::{self, Cookies, Issued};
use crate::error::Error;
use crate::people::{AgentCard, Caller, People};
use crate::protocol::AgentView;

/// Largest body of a log-in.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(log_in, show, log_out).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)))
        .routes(routes!(renew).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)))
        .routes(routes!(ticket))
}

/// How a client keeps its refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// In a cookie.
    #[default]
    Browser,
    /// In its own hands: it gets it in the body.
    Api,
}

/// A log-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// E-mail of the account.
    #[schema(value_type = String, max_length = 254)]
    pub email: Secret,
    /// Password, 1 to 128 characters, compared byte for byte.
    #[schema(value_type = String, min_length = 1, max_length = 128)]
    pub password: Secret,
    /// Six digits of a second factor. Accepted and not looked at yet: no account can enrol one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub totp: Option<Secret>,
    /// How the refresh token is kept.
    #[serde(default)]
    pub client: ClientKind,
}

/// The refresh token of an API client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// The token.
    #[schema(value_type = String)]
    pub refresh_token: Secret,
}

/// Somebody is logged in.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// Goes into `Authorization: Bearer`.
    pub access_token: String,
    /// Its life, in seconds.
    pub expires_in: i64,
    /// For client `api` only; browsers have it in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Who.
    pub agent: AgentView,
    /// Their language.
    pub locale: Locale,
}

/// The session of the access token.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// Who.
    pub agent: AgentView,
    /// Their language.
    pub locale: Locale,
    /// Which session.
    pub session_id: SessionId,
    /// When it ends whatever happens.
    pub expires_at: DateTime<Utc>,
}

/// A ticket that opens one socket.
#[derive(Serialize, ToSchema)]
pub struct Ticket {
    /// Offered as the subprotocol `ticket.<this>` beside `balcao.v1`.
    pub ticket: String,
    /// Its life, in seconds.
    pub expires_in: u64,
}

fn entered(
    people: &People,
    session: &stored::Session,
    card: &AgentCard,
    access: Issued,
    refresh: &Secret,
) -> (LoggedIn, Vec<String>) {
    let api = session.client == stored::Client::Api;
    let cookies = Cookies::new(people.ctx.config.console.cookie_secure);
    let left = (session.expires_at - people.ctx.clock.now())
        .num_seconds()
        .max(0);
    let set = if api {
        Vec::new()
    } else {
        vec![cookies.set_refresh(refresh.expose(), left)]
    };
    let body = LoggedIn {
        access_token: access.token,
        expires_in: access.expires_in,
        refresh_token: api.then(|| refresh.expose().to_owned()),
        agent: card.view(people.hub.presence.of(card.id)),
        locale: card.locale,
    };
    (body, set)
}

fn with_cookies(cookies: Vec<String>, answer: impl IntoResponse) -> Response {
    (
        AppendHeaders(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie))),
        answer,
    )
        .into_response()
}

/// Log in.
#[utoipa::path(
    post, path = "/session", tag = "session", security(()), request_body = LogIn,
    responses(
        (status = 200, description = "Logged in; for browsers with the refresh token in a cookie", body = LoggedIn),
        (status = 401, description = "invalid_credentials", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another site sent it", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 16 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "too_long", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "rate_limited, with Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn log_in(
    State(people): State<People>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    Json(body): Json<LogIn>,
) -> Result<Response, Error> {
    auth::origin::same_site(&people.ctx.config.console, &headers, false)?;
    let cookies = Cookies::new(people.ctx.config.console.cookie_secure);
    let client = match body.client {
        ClientKind::Browser => stored::Client::Browser,
        ClientKind::Api => stored::Client::Api,
    };
    let device = cookies.device(&headers);
    if body.totp.is_some() {
        tracing::debug!(%request_id, "a second factor was sent; none can be enrolled yet");
    }
    let attempt = auth::login::Attempt {
        email: body.email,
        password: body.password,
        client,
        address,
        device,
        request_id,
    };
    let done = Box::pin(auth::login::log_in(&people, attempt)).await?;
    let (body, mut set) = entered(
        &people,
        &done.session,
        &done.card,
        done.access,
        &done.refresh,
    );
    set.extend(
        done.device
            .map(|device| cookies.set_device(device.cookie())),
    );
    Ok(with_cookies(set, Answer(body)))
}

/// Renew the access token. The refresh token is spent; the answer brings the next one.
#[utoipa::path(
    post, path = "/session/refresh", tag = "session", security(()), request_body = Option<Renewal>,
    responses(
        (status = 200, description = "Renewed", body = LoggedIn),
        (status = 401, description = "unauthenticated: log in again", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another site sent it", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn renew(
    State(people): State<People>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<Renewal>,
) -> Result<Response, Error> {
    let cookies = Cookies::new(people.ctx.config.console.cookie_secure);
    let (token, cookie) = match body {
        Some(body) => (body.refresh_token, false),
        None => (
            cookies
                .refresh(&headers)
                .map(Secret::new)
                .ok_or(Error::Unauthenticated)?,
            true,
        ),
    };
    auth::origin::same_site(&people.ctx.config.console, &headers, cookie)?;
    match Box::pin(auth::refresh::rotate(&people, token.expose(), request_id)).await {
        Ok(done) => {
            let (body, set) = entered(
                &people,
                &done.session,
                &done.card,
                done.access,
                &done.refresh,
            );
            Ok(with_cookies(set, Answer(body)))
        }
        Err(Error::Unauthenticated) if cookie => Ok(with_cookies(
            vec![cookies.clear_refresh()],
            Error::Unauthenticated,
        )),
        Err(error) => Err(error),
    }
}

/// Who is logged in.
#[utoipa::path(
    operation_id = "show_session",
    get, path = "/session", tag = "session",
    responses(
        (status = 200, description = "The session of the access token", body = SessionView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn show(State(people): State<People>, caller: Caller) -> Result<Answer<SessionView>, Error> {
    let card = auth::caller_of(&people, caller.agent_id).await?;
    let mut conn = people.ctx.store.api.acquire().await?;
    let session = stored::get(&mut conn, caller.session_id)
        .await?
        .ok_or(Error::Unauthenticated)?;
    Ok(Answer(SessionView {
        agent: card.view(people.hub.presence.of(card.id)),
        locale: card.locale,
        session_id: session.id,
        expires_at: session.expires_at,
    }))
}

/// Log out: the session ends everywhere within a second, its sockets too.
#[utoipa::path(
    delete, path = "/session", tag = "session",
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn log_out(State(people): State<People>, caller: Caller) -> Result<Response, Error> {
    auth::login::log_out(&people, &caller).await?;
    let cookies = Cookies::new(people.ctx.config.console.cookie_secure);
    Ok(with_cookies(
        vec![cookies.clear_refresh()],
        StatusCode::NO_CONTENT,
    ))
}

/// A single-use ticket for `GET /ws`.
#[utoipa::path(
    post, path = "/ws-tickets", tag = "session",
    responses(
        (status = 200, description = "Good once", body = Ticket),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn ticket(State(people): State<People>, caller: Caller) -> Result<Answer<Ticket>, Error> {
    let ticket = auth::ticket::issue(&people, &caller).await?;
    let expires_in = people.ctx.config.session.ticket_seconds;
    Ok(Answer(Ticket {
        ticket: ticket.expose().to_owned(),
        expires_in,
    }))
}
