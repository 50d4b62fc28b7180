//! Tickets: how a socket proves who it is without a token in a URL.
//!
//! Promises: a ticket works once, for `session.ticket_seconds`, and only while its session lives.
//! Does not: check the Origin; `origin` does, before the ticket is spent.

use std::sync::Arc;

use balcao_core::model::RequestId;
use balcao_core::store::ws_ticket;
use compliance::Mutant;
use compliance::audit::{self, Action, ObjectKind, Outcome};
use compliance::mask::Secret;

use super::{caller_of, secret};
use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{AgentView, Presence};

/// A ticket for the caller's session.
///
/// # Errors
/// [`Error::Database`], [`Error::Internal`].
pub async fn issue(people: &People, caller: &Caller) -> Result<Secret, Error> {
    let ticket = secret::new(secret::TICKET)?;
    let hash = secret::hash(secret::TICKET, ticket.expose())
        .ok_or(Error::Internal("a ticket of another kind"))?;
    let mut conn = people.ctx.store.api.acquire().await?;
    let seconds = super::seconds(people.ctx.config.session.ticket_seconds);
    ws_ticket::put(
        &mut conn,
        &hash,
        caller.session_id,
        caller.agent_id,
        seconds,
    )
    .await?;
    Ok(ticket)
}

/// Spends a ticket: who holds it, and how colleagues see them.
///
/// # Errors
/// [`Error::Unauthenticated`] when it was spent, ran out, or its session has ended; [`Error::Database`].
pub async fn spend(people: &People, ticket: &str) -> Result<(Caller, AgentView), Error> {
    let hash = secret::hash(secret::TICKET, ticket).ok_or(Error::Unauthenticated)?;
    let mut tx = people.ctx.store.api.begin().await?;
    let spent = ws_ticket::spend(&mut tx, &hash).await?;
    if let (Some((session_id, agent_id)), true) = (spent, Mutant::TicketTwice.lives()) {
        ws_ticket::put(&mut tx, &hash, session_id, agent_id, 30.0).await?;
    }
    let request_id = RequestId::new();
    if spent.is_none() {
        let event = audit::Event::new(Action::AccessRefused, audit::ActorKind::Agent, None)
            .object_kind(ObjectKind::Session)
            .request(request_id.0)
            .outcome(Outcome::Refused)
            .detail("why", "ticket");
        audit::record(&mut tx, &event).await?;
    }
    tx.commit().await?;
    let (session_id, agent_id) = spent.ok_or(Error::Unauthenticated)?;
    if people.sessions.ended(session_id) {
        return Err(Error::Unauthenticated);
    }
    let card = caller_of(people, agent_id).await?;
    let caller = Caller {
        agent_id,
        session_id,
        role: card.role,
        team_ids: Arc::clone(&card.team_ids),
        locale: card.locale,
        request_id,
    };
    Ok((caller, card.view(Presence::Online)))
}
