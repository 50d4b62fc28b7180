//! Renewing a log-in: the refresh token is spent and another takes its place.
//!
//! Promises: a token works once; the one spent just before (two tabs at once, an answer lost on the way) answers the
//! same new pair for a few seconds; any older one means that somebody else holds a copy, and ends the whole session.
//! Rotations of one session happen one after the other, under its row lock.

use std::sync::Arc;

use balcao_core::bell::Hint;
use balcao_core::model::{RequestId, SessionId};
use balcao_core::store::refresh_token::{self, Presented};
use balcao_core::store::session::{self, Client, End, Session};
use balcao_core::store::{PgConnection, agent};
use chrono::{DateTime, Duration, Utc};
use compliance::audit::{self, Action, Event, ObjectKind, Outcome};
use compliance::mask::Secret;
use compliance::{Mutant, Place, SubjectKey};

use super::token::{Access, Issued};
use super::{caller_of, secret};
use crate::error::Error;
use crate::people::{AgentCard, People};

/// A renewed log-in.
#[derive(Debug)]
pub struct Renewed {
    /// The session.
    pub session: Session,
    /// Whose.
    pub card: Arc<AgentCard>,
    /// The next access token.
    pub access: Issued,
    /// The next refresh token.
    pub refresh: Secret,
}

/// What a presented token deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// The next pair.
    Rotate,
    /// The same pair as a moment ago.
    Repeat(DateTime<Utc>),
    /// Nothing: the session is over.
    Over,
    /// Nothing, and the session ends now.
    End(End),
}

fn judge(presented: &Presented, now: DateTime<Utc>, idle: Duration, grace: Duration) -> Judgement {
    let session = &presented.session;
    if session.revoked || session.expires_at <= now {
        return Judgement::Over;
    }
    match presented.used_at {
        None if session.client == Client::Browser && presented.created_at + idle <= now => {
            Judgement::End(End::Idle)
        }
        None => Judgement::Rotate,
        Some(used_at) if now - used_at <= grace && presented.successor_sealed.is_some() => {
            Judgement::Repeat(used_at)
        }
        Some(_) if Mutant::RefreshReplayed.lives() => Judgement::Rotate,
        Some(_) => Judgement::End(End::Replayed),
    }
}

/// Spends a refresh token.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is not good (any more).
pub async fn rotate(people: &People, token: &str, request_id: RequestId) -> Result<Renewed, Error> {
    let hash = secret::hash(secret::REFRESH, token).ok_or(Error::Unauthenticated)?;
    let config = &people.ctx.config.session;
    let idle = Duration::minutes(i64::try_from(config.idle_minutes).unwrap_or(30));
    let grace = Duration::seconds(i64::try_from(config.refresh_grace_seconds).unwrap_or(5));
    let mut tx = people.ctx.store.api.begin().await?;
    let presented = refresh_token::present(&mut tx, &hash)
        .await?
        .ok_or(Error::Unauthenticated)?;
    // After the lock: whoever waited for it must not judge by an older clock.
    let now = people.ctx.clock.now();
    let (at, refresh) = match judge(&presented, now, idle, grace) {
        Judgement::Rotate => (
            now,
            next(people, &mut tx, &presented.session, &hash, now).await?,
        ),
        Judgement::Repeat(used_at) => match repeat(people, &mut tx, &presented, &hash).await? {
            Some(refresh) => (used_at, refresh),
            None => {
                end(&mut tx, &presented.session, End::Replayed, request_id).await?;
                tx.commit().await?;
                return Err(ended(people, presented.session.id));
            }
        },
        Judgement::Over => return Err(Error::Unauthenticated),
        Judgement::End(why) => {
            end(&mut tx, &presented.session, why, request_id).await?;
            tx.commit().await?;
            return Err(ended(people, presented.session.id));
        }
    };
    tx.commit().await?;
    super::count("refreshed");
    let session = presented.session;
    let card = caller_of(people, session.agent_id).await?;
    let access = Access {
        agent_id: session.agent_id,
        session_id: session.id,
    };
    let access = people.tokens.issue(access, at, session.expires_at)?;
    Ok(Renewed {
        session,
        card,
        access,
        refresh,
    })
}

/// Makes the successor and spends the old one.
async fn next(
    people: &People,
    conn: &mut PgConnection,
    session: &Session,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Secret, Error> {
    let refresh = secret::new(secret::REFRESH)?;
    let new = secret::hash(secret::REFRESH, refresh.expose())
        .ok_or(Error::Internal("a token of another kind"))?;
    let key = key_of(people, &mut *conn, session).await?;
    let sealed = key.seal(
        Place::refresh_token_successor(hash),
        refresh.expose().as_bytes(),
    )?;
    refresh_token::put(&mut *conn, &new, session.id, now).await?;
    refresh_token::spend(conn, hash, now, &sealed).await?;
    Ok(refresh)
}

/// The successor again, if it is still the unspent one: else the presented token is not the one just before.
async fn repeat(
    people: &People,
    conn: &mut PgConnection,
    presented: &Presented,
    hash: &[u8],
) -> Result<Option<Secret>, Error> {
    let Some(sealed) = &presented.successor_sealed else {
        return Ok(None);
    };
    let key = key_of(people, &mut *conn, &presented.session).await?;
    let plain = key.open(Place::refresh_token_successor(hash), sealed)?;
    let refresh = Secret::new(String::from_utf8_lossy(&plain).into_owned());
    let Some(new) = secret::hash(secret::REFRESH, refresh.expose()) else {
        return Ok(None);
    };
    let unspent = refresh_token::is_unspent(conn, presented.session.id, &new).await?;
    Ok(unspent.then_some(refresh))
}

async fn key_of(
    people: &People,
    conn: &mut PgConnection,
    session: &Session,
) -> Result<SubjectKey, Error> {
    let subjects = agent::subjects(&mut *conn, &[session.agent_id]).await?;
    let subject = subjects
        .get(&session.agent_id)
        .copied()
        .ok_or(Error::Unauthenticated)?;
    let keys = people.ctx.store.vault.load(conn, &[subject]).await?;
    Ok(keys.require(subject)?.clone())
}

async fn end(
    conn: &mut PgConnection,
    session: &Session,
    why: End,
    request_id: RequestId,
) -> Result<(), Error> {
    session::revoke(&mut *conn, session.id, why).await?;
    let (action, outcome) = match why {
        End::Replayed => (Action::SessionReplayed, Outcome::Refused),
        _ => (Action::SessionClosed, Outcome::Ok),
    };
    super::count(if why == End::Replayed {
        "reused"
    } else {
        "ended"
    });
    let event = Event::by_agent(action, session.agent_id.0)
        .object(ObjectKind::Session, session.id.0)
        .session(session.id.0)
        .request(request_id.0)
        .outcome(outcome)
        .detail("why", why.word());
    audit::record(conn, &event).await?;
    Ok(())
}

fn ended(people: &People, id: SessionId) -> Error {
    people.sessions.end(&[id]);
    people.ctx.bell.hint(Hint::Sessions);
    Error::Unauthenticated
}

#[cfg(test)]
mod tests {
    use balcao_core::model::AgentId;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn presented(client: Client, age: Duration, used: Option<Duration>) -> Presented {
        Presented {
            session: Session {
                id: SessionId::new(),
                agent_id: AgentId::new(),
                client,
                expires_at: now() + Duration::hours(1),
                revoked: false,
            },
            created_at: now() - age,
            used_at: used.map(|ago| now() - ago),
            successor_sealed: used.map(|_| vec![1]),
        }
    }

    fn judged(presented: &Presented) -> Judgement {
        judge(
            presented,
            now(),
            Duration::minutes(30),
            Duration::seconds(5),
        )
    }

    #[test]
    fn an_unspent_token_rotates() {
        assert_eq!(
            judged(&presented(Client::Browser, Duration::minutes(5), None)),
            Judgement::Rotate
        );
        assert_eq!(
            judged(&presented(Client::Api, Duration::days(5), None)),
            Judgement::Rotate
        );
    }

    #[test]
    fn an_idle_browser_ends() {
        assert_eq!(
            judged(&presented(Client::Browser, Duration::minutes(30), None)),
            Judgement::End(End::Idle)
        );
    }

    #[test]
    fn a_spent_token_repeats_for_five_seconds_and_then_ends_the_session() {
        let used = |seconds| {
            presented(
                Client::Browser,
                Duration::minutes(5),
                Some(Duration::seconds(seconds)),
            )
        };
        assert_eq!(
            judged(&used(5)),
            Judgement::Repeat(now() - Duration::seconds(5))
        );
        assert_eq!(judged(&used(6)), Judgement::End(End::Replayed));
        let mut forgotten = used(1);
        forgotten.successor_sealed = None;
        assert_eq!(judged(&forgotten), Judgement::End(End::Replayed));
    }

    #[test]
    fn a_session_that_is_over_stays_over() {
        let mut revoked = presented(Client::Browser, Duration::minutes(5), None);
        revoked.session.revoked = true;
        assert_eq!(judged(&revoked), Judgement::Over);
        let mut expired = presented(Client::Browser, Duration::minutes(5), None);
        expired.session.expires_at = now();
        assert_eq!(judged(&expired), Judgement::Over);
    }
}
