//! Who is calling: passwords, access and refresh tokens, tickets, sessions.
//!
//! Promises: every request is checked against a session that was good at most a second ago; nothing secret is stored,
//! logged or put into a URL. Rules and numbers: docs/threat-model.md and `[session]` of the configuration.
//! Does not: decide what a role may do.

mod attempts;
mod cookie;
mod device;
pub mod login;
pub mod origin;
pub mod password;
mod provider;
pub mod refresh;
mod secret;
mod sessions;
pub mod ticket;
mod token;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use balcao_core::limits::{Limit, LimitKey};
use balcao_core::model::{AgentId, RequestId};

pub use attempts::Attempts;
pub use cookie::Cookies;
pub use password::Passwords;
pub use sessions::Sessions;
pub use token::{Access, Issued, Tokens};

use crate::error::Error;
use crate::people::{AgentCard, Caller, People};

/// The card of somebody who may act now. Who is new, or back, since the directory was read is looked for once.
pub(crate) async fn caller_of(people: &People, id: AgentId) -> Result<Arc<AgentCard>, Error> {
    let active = || people.directory.agent(id).filter(|card| card.active);
    if let Some(card) = active() {
        return Ok(card);
    }
    people.directory.refresh(&people.ctx).await?;
    active().ok_or(Error::Unauthenticated)
}

/// Counts what happened to a session.
fn count(outcome: &'static str) {
    ::metrics::counter!(balcao_core::metrics::SESSION, "outcome" => outcome).increment(1);
}

/// Configuration's whole numbers as the database takes seconds.
fn seconds(seconds: u64) -> f64 {
    Duration::from_secs(seconds).as_secs_f64()
}

/// This call's id, given by the edge.
pub(crate) fn request_id(parts: &Parts) -> RequestId {
    parts
        .extensions
        .get::<RequestId>()
        .copied()
        .unwrap_or_default()
}

/// `Authorization: Bearer <access token>` of a session that lives.
impl FromRequestParts<People> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, people: &People) -> Result<Self, Error> {
        let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(header), None) = (headers.next(), headers.next()) else {
            return Err(Error::Unauthenticated);
        };
        let (scheme, token) = header
            .to_str()
            .ok()
            .and_then(|header| header.split_once(' '))
            .ok_or(Error::Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Unauthenticated);
        }
        let access = people.tokens.read(token.trim())?;
        if people.sessions.ended(access.session_id) {
            return Err(Error::Unauthenticated);
        }
        let limit = Limit::per_minute(
            "api_session",
            people.ctx.config.limits.requests_per_minute_per_session,
        );
        let decision = people
            .ctx
            .limits
            .check(&limit, &LimitKey::id(access.session_id.0), 1)
            .await;
        if !decision.allowed {
            return Err(Error::RateLimited {
                retry_after_s: decision.retry_after_seconds(),
            });
        }
        let card = caller_of(people, access.agent_id).await?;
        Ok(Self {
            agent_id: access.agent_id,
            session_id: access.session_id,
            role: card.role,
            team_ids: Arc::clone(&card.team_ids),
            locale: card.locale,
            request_id: request_id(parts),
        })
    }
}
