//! What people do with single items and beside them: react, send again, take back, and the sign that somebody writes.

use std::time::Duration;

use balcao_core::bell::Hint;
use balcao_core::limits::{Limit, LimitKey};
use balcao_core::model::{ConversationId, SendState, limits};
use balcao_core::store::outbox::{self, Wish};
use balcao_core::store::{Refusal, message};
use compliance::audit::Action;

use super::{Deed, say, take_for_send, visible};
use crate::error::Error;
use crate::people::{Caller, People};

/// One sign that somebody writes goes to WhatsApp in so long, however many keys are pressed.
const TYPING: Limit = Limit::new("typing", 1, Duration::from_secs(20));

/// Puts an emoji on an item, or takes ours off. What stands there already, or is on its way, is not sent again.
///
/// # Errors
/// `not_found`, `invalid`, `not_owner`, `window_closed`.
pub async fn react(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    seq: i64,
    emoji: Option<String>,
) -> Result<(), Error> {
    if let Some(emoji) = &emoji {
        limits::check_emoji(emoji)?;
    }
    let store = &people.ctx.store;
    let mut deed = Deed::begin(people, caller, id, None).await?;
    not_a_colleagues(&deed)?;
    let item = message::items(store, &mut deed.tx, &[(id, seq)])
        .await?
        .into_iter()
        .next()
        .ok_or(Refusal::NotFound)?;
    if item.body.is_none_or(|body| body.wamid.is_none()) {
        return Err(Error::Invalid(
            "seq: only messages that WhatsApp has can be reacted to; wait until it was sent.",
        ));
    }
    say::window(&mut deed).await?;
    let stands = outbox::own_reaction(store, &mut deed.tx, (id, seq)).await?;
    let is_wanted = match &stands {
        Some((there, state)) => {
            *there == emoji
                && matches!(
                    state,
                    SendState::Queued | SendState::Sending | SendState::Sent
                )
        }
        None => emoji.is_none(),
    };
    if is_wanted {
        return Ok(());
    }
    let wish = Wish {
        emoji,
        target_seq: seq,
    };
    outbox::react(
        store,
        &mut deed.tx,
        &mut deed.locked,
        caller.agent_id,
        &wish,
    )
    .await?;
    let channel_id = deed.locked.channel_id;
    deed.commit(Action::MessageReacted, seq).await?;
    people.ctx.bell.hint(Hint::Outbox { channel_id });
    Ok(())
}

/// Sends a message once more that failed or whose outcome is unknown.
///
/// # Errors
/// `not_found`, `not_ended`, `resolved`, `window_closed`, `not_owner`.
pub async fn send_again(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    seq: i64,
) -> Result<(), Error> {
    let store = &people.ctx.store;
    let mut deed = Deed::begin(people, caller, id, None).await?;
    deed.locked.unresolved()?;
    let item = message::items(store, &mut deed.tx, &[(id, seq)])
        .await?
        .into_iter()
        .next()
        .ok_or(Refusal::NotFound)?;
    let is_template = item.kind == balcao_core::model::MessageKind::Template;
    if !is_template {
        say::window(&mut deed).await?;
    }
    take_for_send(&mut deed, None).await?;
    outbox::send_again(&mut deed.tx, &mut deed.locked, seq).await?;
    let channel_id = deed.locked.channel_id;
    deed.commit(Action::MessageResent, seq).await?;
    people.ctx.bell.hint(Hint::Outbox { channel_id });
    Ok(())
}

/// Takes a message back that has not left yet.
///
/// # Errors
/// `not_found`, `too_late`, `not_owner`.
pub async fn cancel(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    seq: i64,
) -> Result<(), Error> {
    let mut deed = Deed::begin(people, caller, id, None).await?;
    not_a_colleagues(&deed)?;
    outbox::cancel(&mut deed.tx, &mut deed.locked, seq).await?;
    deed.commit(Action::MessageCancelled, seq).await?;
    Ok(())
}

/// Shows the customer that somebody writes. Best effort: too often, or outside the window, it does nothing.
///
/// # Errors
/// `not_found`, `not_owner`.
pub async fn typing(people: &People, caller: &Caller, id: ConversationId) -> Result<(), Error> {
    let mut conn = people.ctx.store.api.acquire().await?;
    let place = visible(people, caller, &mut conn, id).await?;
    drop(conn);
    if place.agent_id.is_some_and(|owner| owner != caller.agent_id) && !caller.role.supervises() {
        return Err(Refusal::NotOwner.into());
    }
    let turn = people
        .ctx
        .limits
        .check(&TYPING, &LimitKey::id(id.0), 1)
        .await;
    if turn.allowed {
        people.ctx.bell.hint(Hint::Typing {
            conversation_id: id,
        });
    }
    Ok(())
}

/// What a colleague owns is theirs; supervisors may.
fn not_a_colleagues(deed: &Deed<'_>) -> Result<(), Error> {
    let owner = deed.locked.agent_id;
    if owner.is_some_and(|owner| owner != deed.caller.agent_id) && !deed.caller.role.supervises() {
        return Err(Refusal::NotOwner.into());
    }
    Ok(())
}
