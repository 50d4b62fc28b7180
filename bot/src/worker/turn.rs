//! One turn: read, decide, ask the ERP if need be, write.
//!
//! Promises: no transaction is open while the ERP is asked; a turn that cannot be read for good goes to people instead of
//! failing for ever. Does not: decide (`policy`) or write (`write`).

use std::time::{Duration, Instant};

use balcao_core::limits::LimitKey;
use balcao_core::metrics::{BOT_TURN, BOT_TURNS};
use balcao_core::model::{Content, ConversationStatus, Direction, Handler, HandoffReason};
use balcao_core::store::bot_state::{self, Beginning};
use balcao_core::store::bot_turn::{self, Turn as Lease};
use balcao_core::store::contact::{self, IdentityKind};
use balcao_core::store::message::{self, Item};
use balcao_core::store::{self, Refusal};
use chrono::{DateTime, TimeDelta, Utc};
use compliance::mask::Phone;

use super::{Bot, TURN_LIMIT_MS, write};
use crate::Error;
use crate::erp::Query;
use crate::policy::{self, Action, Decision, Turn};

/// Most items of the timeline that one turn looks at, the newest.
const MAX_ITEMS: i64 = 50;
/// Over the limit of answers the turn waits so long, in seconds, without a word.
const POSTPONE_SECONDS: f64 = 20.0;
/// Whoever waited so long already is not made to wait again but given to people.
const POSTPONED_AFTER_SECONDS: i64 = 15;
/// A turn that failed is tried again after so long, in seconds.
const RETRY_SECONDS: f64 = 2.0;

/// What became of a turn, as in the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The bot answered.
    Replied,
    /// People take over.
    HandedOff,
    /// The bot closed the case.
    Closed,
    /// There was nothing to answer.
    Nothing,
    /// A person took over meanwhile, or the case was closed or erased: the bot is silent.
    Dropped,
    /// It had been answered before a crash.
    Repeated,
    /// Another node has it.
    LostLease,
    /// Over the limit of answers: later.
    Postponed,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Replied => "reply",
            Self::HandedOff => "hand_off",
            Self::Closed => "close",
            Self::Nothing => "nothing",
            Self::Dropped => "dropped",
            Self::Repeated => "repeated",
            Self::LostLease => "lost_lease",
            Self::Postponed => "postponed",
        }
    }
}

/// Runs a leased turn to its end.
pub(super) async fn run(bot: &Bot, lease: Lease) {
    let started = Instant::now();
    let limited = tokio::time::timeout(
        Duration::from_millis(TURN_LIMIT_MS),
        Box::pin(answer(bot, lease)),
    )
    .await;
    let word = match limited.unwrap_or(Err(Error::TooSlow)) {
        Ok(outcome) => outcome.word(),
        Err(error) => {
            tracing::warn!(conversation = %lease.conversation_id, %error, "a bot turn failed and is tried again");
            if let Err(error) = postpone(bot, lease, RETRY_SECONDS).await {
                tracing::warn!(conversation = %lease.conversation_id, %error, "it waits until its lease ends");
            }
            "failed"
        }
    };
    metrics::counter!(BOT_TURNS, "decision" => word).increment(1);
    metrics::histogram!(BOT_TURN).record(started.elapsed().as_secs_f64());
}

async fn postpone(bot: &Bot, lease: Lease, seconds: f64) -> Result<(), Error> {
    let mut conn = bot.ctx.store.bot.acquire().await?;
    Ok(bot_turn::postpone(&mut conn, lease, seconds).await?)
}

async fn answer(bot: &Bot, lease: Lease) -> Result<Outcome, Error> {
    let beginning = {
        let mut conn = bot.ctx.store.bot.acquire().await?;
        bot_state::begin(&mut conn, lease.conversation_id).await?
    };
    let Some(beginning) =
        beginning.filter(|b| b.handler == Handler::Bot && b.status == ConversationStatus::Open)
    else {
        return write::drop_turn(bot, lease).await;
    };
    let state = beginning.state.as_ref();
    let current = state.map(|state| state.flow.as_str());
    let flow = bot.shelf.now().choose(current, &beginning.phone_number_id);
    let items = match unanswered(bot, lease, &beginning).await {
        Ok(items) => Some(items),
        Err(Error::Store(error)) if is_for_good(&error) => {
            tracing::error!(conversation = %lease.conversation_id, %error, "what the customer wrote cannot be opened; people take over");
            None
        }
        Err(error) => return Err(error),
    };
    let said: Vec<Content> = items
        .iter()
        .flatten()
        .filter_map(|item| Some(item.body.as_ref()?.content.clone()))
        .collect();
    let now = bot.ctx.clock.now();
    let protocol = beginning.protocol.as_deref();
    let turn = Turn {
        flow: &flow,
        state,
        said: &said,
        protocol,
        now,
    };
    let decision = match &items {
        None => policy::give_up(&turn, HandoffReason::BotUnavailable),
        Some(items) => match within_limit(bot, &turn, &beginning, items).await {
            Some(decision) => look_up(bot, &turn, decision, &beginning).await?,
            None => {
                postpone(bot, lease, POSTPONE_SECONDS).await?;
                return Ok(Outcome::Postponed);
            }
        },
    };
    // the ERP may have taken seconds
    let now = bot.ctx.clock.now();
    let plan = write::Plan {
        lease,
        beginning: &beginning,
        flow: &flow,
        decision: &decision,
        now,
    };
    match Box::pin(write::commit(bot, plan)).await {
        Err(Error::Store(store::Error::Refused(Refusal::NotFound))) => {
            write::drop_turn(bot, lease).await
        }
        outcome => outcome,
    }
}

/// What the customer wrote since the last answer and did not take back, opened.
async fn unanswered(bot: &Bot, lease: Lease, beginning: &Beginning) -> Result<Vec<Item>, Error> {
    let answered = beginning
        .state
        .as_ref()
        .map_or(0, |state| state.answered_seq);
    let first = answered.max(lease.upto_seq - MAX_ITEMS) + 1;
    let wanted: Vec<_> = (first..=lease.upto_seq)
        .map(|seq| (lease.conversation_id, seq))
        .collect();
    let mut conn = bot.ctx.store.bot.acquire().await?;
    let mut items = message::items(&bot.ctx.store, &mut conn, &wanted).await?;
    items.retain(|item| item.direction == Direction::In && !item.revoked);
    Ok(items)
}

/// Decides within the limit of answers per contact. Over it the turn is put off once, without a word; whoever is still
/// over it then goes to people. Who is given to people is never made to wait. `None` = put it off.
async fn within_limit(
    bot: &Bot,
    turn: &Turn<'_>,
    beginning: &Beginning,
    items: &[Item],
) -> Option<Decision> {
    let decision = policy::decide(turn);
    if matches!(decision.action, Action::HandOff(_)) || turn.said.is_empty() {
        return Some(decision);
    }
    let key = LimitKey::id(beginning.contact_id.0);
    if bot.ctx.limits.check(&bot.replies, &key, 1).await.allowed {
        return Some(decision);
    }
    let oldest = items.first().map(|item| item.received_at);
    was_put_off(oldest, turn.now).then(|| policy::give_up(turn, HandoffReason::NoProgress))
}

/// A turn is due a moment after the first message it answers; one that is much later was put off before.
fn was_put_off(oldest: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    oldest.is_some_and(|at| now - at > TimeDelta::seconds(POSTPONED_AFTER_SECONDS))
}

/// Asks the ERP if the decision is to do so.
async fn look_up(
    bot: &Bot,
    turn: &Turn<'_>,
    decision: Decision,
    beginning: &Beginning,
) -> Result<Decision, Error> {
    let Action::CallErp(call) = &decision.action else {
        return Ok(decision);
    };
    let phone = phone(bot, beginning).await?;
    let query: Query = call.query;
    let answer = bot.erp.ask(query, phone.as_ref()).await;
    Ok(policy::conclude(turn, decision, &answer))
}

/// The customer's phone, if they have one: people may be known by user name alone.
async fn phone(bot: &Bot, beginning: &Beginning) -> Result<Option<Phone>, Error> {
    let mut conn = bot.ctx.store.bot.acquire().await?;
    let opened = contact::open(&bot.ctx.store, &mut conn, &[beginning.contact_id]).await?;
    let mut identities = opened.into_iter().flat_map(|contact| contact.identities);
    Ok(identities
        .find(|(kind, _)| *kind == IdentityKind::Phone)
        .map(|(_, value)| Phone::new(value)))
}

/// Whether trying again cannot help.
fn is_for_good(error: &store::Error) -> bool {
    use compliance::Error as Vault;
    matches!(
        error,
        store::Error::Damaged(_)
            | store::Error::Vault(
                Vault::DoesNotOpen { .. } | Vault::KeyBroken(_) | Vault::Malformed { .. }
            )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_turn_that_is_late_was_put_off() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        assert!(!was_put_off(Some(now - TimeDelta::seconds(3)), now));
        assert!(was_put_off(Some(now - TimeDelta::seconds(21)), now));
        assert!(!was_put_off(None, now));
    }

    #[test]
    fn a_database_that_is_away_is_not_for_good() {
        assert!(!is_for_good(&store::Error::Vault(
            compliance::Error::ProviderAway
        )));
        assert!(is_for_good(&store::Error::Damaged("message body")));
    }
}
