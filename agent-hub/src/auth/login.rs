//! Logging in and out.
//!
//! Promises: who does not exist, who was deactivated and who mistyped get the same answer after the same work; every
//! log-in and every refusal leaves an audit event in the transaction that makes it so.
//! Does not: know HTTP. A second factor is not asked for yet: the field is accepted and not looked at, because nothing
//! can enrol one; an account that has one (`agent.sealed_totp`) cannot exist.

use std::net::IpAddr;
use std::sync::Arc;

use balcao_core::bell::Hint;
use balcao_core::model::{RequestId, SessionId};
use balcao_core::store::agent::{self, Credentials};
use balcao_core::store::refresh_token;
use balcao_core::store::session::{self, Client, End, Session};
use chrono::Duration;
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind, Outcome};
use compliance::mask::Secret;
use compliance::{Mac, Mutant};

use super::attempts::Knock;
use super::device::Device;
use super::password::{self, Verdict};
use super::token::{Access, Issued};
use super::{caller_of, secret};
use crate::error::Error;
use crate::people::{AgentCard, Caller, People};

/// Longest e-mail, in characters (RFC 5321 section 4.5.3.1).
const MAX_EMAIL_CHARS: usize = 254;

/// Somebody who wants in.
#[derive(Debug)]
pub struct Attempt {
    /// What they say their e-mail is.
    pub email: Secret,
    /// What they say their password is.
    pub password: Secret,
    /// How they keep their refresh token.
    pub client: Client,
    /// From where.
    pub address: IpAddr,
    /// The device mark their browser brought.
    pub device: Option<String>,
    /// This call.
    pub request_id: RequestId,
}

/// Somebody who is in.
#[derive(Debug)]
pub struct Entered {
    /// Their session.
    pub session: Session,
    /// Who they are.
    pub card: Arc<AgentCard>,
    /// Access token.
    pub access: Issued,
    /// Refresh token.
    pub refresh: Secret,
    /// A new device mark, if their browser had none.
    pub device: Option<Device>,
}

/// Checks e-mail and password and opens a session.
///
/// # Errors
/// [`Error::InvalidCredentials`], [`Error::RateLimited`], [`Error::TooLong`], [`Error::Invalid`].
pub async fn log_in(people: &People, attempt: Attempt) -> Result<Entered, Error> {
    let email = attempt.email.expose();
    if email.chars().count() > MAX_EMAIL_CHARS {
        return Err(Error::TooLong {
            field: "email",
            max_chars: MAX_EMAIL_CHARS,
        });
    }
    password::check(attempt.password.expose())?;
    let store = &people.ctx.store;
    let mac = agent::email_mac(store, email);
    let found = {
        let mut conn = store.api.acquire().await?;
        agent::credentials(&mut conn, mac).await?
    };
    let known = attempt
        .device
        .as_deref()
        .and_then(|cookie| Device::read(&store.vault, mac, cookie));
    let knock = Knock {
        email: mac,
        address: attempt.address,
        device: known.as_ref(),
        last_login_at: found.as_ref().and_then(|found| found.last_login_at),
    };
    people
        .attempts
        .knock(&people.ctx.limits, &store.vault, knock)
        .await?;
    let stored = found.as_ref().map(|found| found.password_hash.clone());
    let core = people.passwords.core().await?;
    people.attempts.rested(&store.vault, attempt.address)?;
    let verdict = core.verify(attempt.password.clone(), stored).await?;
    let renewed = match (&found, verdict) {
        (
            Some(Credentials {
                deactivated: false, ..
            }),
            Verdict::Right,
        ) => None,
        (
            Some(Credentials {
                deactivated: false, ..
            }),
            Verdict::RightRenewed(hash),
        ) => Some(hash),
        _ => {
            people
                .attempts
                .failed(&people.ctx.limits, &store.vault, attempt.address)
                .await;
            refuse(people, found.as_ref(), &attempt).await?;
            if found.is_none() && Mutant::LoginTells.lives() {
                return Err(balcao_core::store::Refusal::NotFound.into());
            }
            return Err(Error::InvalidCredentials);
        }
    };
    let found = found.ok_or(Error::InvalidCredentials)?;
    let device = if known.is_none() && attempt.client == Client::Browser {
        Some(mac)
    } else {
        None
    };
    open(people, &found, &attempt, renewed, device).await
}

async fn refuse(
    people: &People,
    found: Option<&Credentials>,
    attempt: &Attempt,
) -> Result<(), Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    let mut event = Event::new(Action::SessionRefused, ActorKind::Agent, None)
        .object_kind(ObjectKind::Session)
        .request(attempt.request_id.0)
        .outcome(Outcome::Refused)
        .detail("client", client_word(attempt.client));
    if let Some(found) = found {
        // Not the actor: whoever it was did not prove to be them.
        event = event.object(ObjectKind::Agent, found.id.0);
    }
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    super::count("refused");
    Ok(())
}

async fn open(
    people: &People,
    found: &Credentials,
    attempt: &Attempt,
    renewed: Option<String>,
    device: Option<Mac>,
) -> Result<Entered, Error> {
    let card = caller_of(people, found.id).await?;
    let config = &people.ctx.config.session;
    let now = people.ctx.clock.now();
    let life = match attempt.client {
        Client::Browser => Duration::hours(i64::try_from(config.absolute_hours).unwrap_or(12)),
        Client::Api => Duration::days(i64::try_from(config.refresh_days).unwrap_or(30)),
    };
    let session = Session {
        id: SessionId::new(),
        agent_id: found.id,
        client: attempt.client,
        expires_at: now + life,
        revoked: false,
    };
    let refresh = secret::new(secret::REFRESH)?;
    let hash = secret::hash(secret::REFRESH, refresh.expose())
        .ok_or(Error::Internal("a token of another kind"))?;
    let mut tx = people.ctx.store.api.begin().await?;
    session::open(&mut tx, &session, now).await?;
    refresh_token::put(&mut tx, &hash, session.id, now).await?;
    if let Some(hash) = renewed {
        agent::rehash(&mut tx, found.id, &hash).await?;
    }
    let event = Event::by_agent(Action::SessionOpened, found.id.0)
        .object(ObjectKind::Session, session.id.0)
        .session(session.id.0)
        .request(attempt.request_id.0)
        .detail("client", client_word(attempt.client));
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    super::count("opened");
    let access = Access {
        agent_id: found.id,
        session_id: session.id,
    };
    let access = people.tokens.issue(access, now, session.expires_at)?;
    let device = device
        .map(|email| Device::new(&people.ctx.store.vault, email))
        .transpose()?;
    Ok(Entered {
        session,
        card,
        access,
        refresh,
        device,
    })
}

/// Ends the caller's session, here at once and elsewhere within a second.
///
/// # Errors
/// [`Error::Database`].
pub async fn log_out(people: &People, caller: &Caller) -> Result<(), Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    if session::revoke(&mut tx, caller.session_id, End::LoggedOut).await? {
        let event = caller
            .event(Action::SessionClosed)
            .object(ObjectKind::Session, caller.session_id.0);
        audit::record(&mut tx, &event.detail("why", End::LoggedOut.word())).await?;
    }
    tx.commit().await?;
    super::count("revoked");
    people.sessions.end(&[caller.session_id]);
    people.ctx.bell.hint(Hint::Sessions);
    Ok(())
}

fn client_word(client: Client) -> &'static str {
    match client {
        Client::Browser => "browser",
        Client::Api => "api",
    }
}
