//! Writes a decision: one transaction, under the conversation's lock.
//!
//! Promises: all of it or nothing; nothing when a person took over since the turn began, nothing twice after a crash (the
//! first reply's `client_ref` is `turn:<upto_seq>`). A hand-off is state, queue, reason, a line for staff and a message
//! with the place in the queue, together. Lock order: conversation, then bot_turn.

use balcao_core::bell::Hint;
use balcao_core::metrics::HANDOFFS;
use balcao_core::model::{
    Author, Content, ConversationStatus, Direction, Handler, PRIORITY_BOT, SendSource, SystemLine,
};
use balcao_core::store::bot_state::{self, Beginning, State};
use balcao_core::store::bot_turn::{self, Turn as Lease};
use balcao_core::store::conversation::{self, Locked};
use balcao_core::store::message::{self, Dispatch, Draft, Words};
use balcao_core::store::{PgConnection, Tx, team};
use chrono::{DateTime, Utc};
use compliance::Mutant;

use super::Bot;
use super::turn::Outcome;
use crate::Error;
use crate::flow::Flow;
use crate::policy::{self, Action, Decision, HandOff, MAX_REPLIES, Said};

/// Closing reason of a case that the bot settled.
const SETTLED: &str = "settled_by_bot";
/// Items that the summary of a hand-off is written from, the newest.
const HISTORY_ITEMS: i64 = 30;
const DISPATCH: Dispatch = Dispatch {
    source: SendSource::Bot,
    priority: PRIORITY_BOT,
};

/// A decision on its way into the store.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub(super) lease: Lease,
    pub(super) beginning: &'a Beginning,
    pub(super) flow: &'a Flow,
    pub(super) decision: &'a Decision,
    pub(super) now: DateTime<Utc>,
}

/// Writes it and rings.
pub(super) async fn commit(bot: &Bot, plan: Plan<'_>) -> Result<Outcome, Error> {
    if plan.decision.replies.is_empty() && plan.decision.action == Action::None {
        drop_turn(bot, plan.lease).await?;
        return Ok(Outcome::Nothing);
    }
    let sealed = seal(bot, &plan).await?;
    let mut tx = bot.ctx.store.bot.begin().await?;
    let mut locked = conversation::lock(&mut tx, plan.lease.conversation_id).await?;
    let outcome = if !is_still_the_bots(&locked, plan.beginning) {
        Outcome::Dropped
    } else if message::find_client_ref(&mut tx, locked.id, Author::BOT, &reference(&plan, 0))
        .await?
        .is_some()
    {
        Outcome::Repeated
    } else {
        let outcome = apply(bot, &mut tx, &mut locked, &plan, &sealed).await?;
        let answered_seq = plan.lease.upto_seq;
        bot_state::put(
            &mut tx,
            locked.id,
            &State {
                answered_seq,
                ..plan.decision.next.clone()
            },
        )
        .await?;
        outcome
    };
    if !bot_turn::finish(&mut tx, plan.lease).await? {
        tx.rollback().await?;
        return Ok(Outcome::LostLease);
    }
    tx.commit().await?;
    if matches!(outcome, Outcome::Dropped | Outcome::Repeated) {
        return Ok(outcome);
    }
    bot.ctx.bell.ring(&[locked.wake()]);
    bot.ctx.bell.hint(Hint::Outbox {
        channel_id: locked.channel_id,
    });
    if let Action::HandOff(to) = &plan.decision.action {
        bot.ctx.bell.hint(Hint::Floor);
        metrics::counter!(HANDOFFS, "reason" => to.reason.as_str()).increment(1);
    }
    Ok(outcome)
}

/// Ends a turn that needs no answer.
pub(super) async fn drop_turn(bot: &Bot, lease: Lease) -> Result<Outcome, Error> {
    let mut tx = bot.ctx.store.bot.begin().await?;
    if !bot_turn::finish(&mut tx, lease).await? {
        tx.rollback().await?;
        return Ok(Outcome::LostLease);
    }
    tx.commit().await?;
    Ok(Outcome::Dropped)
}

fn is_still_the_bots(locked: &Locked, beginning: &Beginning) -> bool {
    Mutant::BotSpeaksOverPeople.lives()
        || locked.handler == Handler::Bot
            && locked.status == ConversationStatus::Open
            && locked.epoch == beginning.epoch
}

/// The reference of a turn's n-th reply, from 0.
fn reference(plan: &Plan<'_>, n: usize) -> String {
    match n {
        0 => format!("turn:{}", plan.lease.upto_seq),
        n => format!("turn:{}:{}", plan.lease.upto_seq, n + 1),
    }
}

/// What is known before the lock, sealed.
struct Sealed {
    replies: Vec<Draft>,
    /// The line for staff when the bot closes the case.
    closing: Option<Draft>,
    /// What people read when they take over.
    summary: String,
}

async fn seal(bot: &Bot, plan: &Plan<'_>) -> Result<Sealed, Error> {
    let mut conn = bot.ctx.store.bot.acquire().await?;
    let (store, id) = (&bot.ctx.store, plan.lease.conversation_id);
    let mut replies = Vec::with_capacity(MAX_REPLIES);
    for (n, content) in plan.decision.replies.iter().take(MAX_REPLIES).enumerate() {
        let words = to_customer(content.clone(), reference(plan, n));
        replies.push(message::draft(store, &mut conn, id, words, plan.now).await?);
    }
    let closing = match plan.decision.action {
        Action::Close => {
            let line = SystemLine::Resolved {
                by: None,
                reason: Some(SETTLED.to_owned()),
            };
            Some(message::draft(store, &mut conn, id, for_staff(line), plan.now).await?)
        }
        _ => None,
    };
    let summary = match &plan.decision.action {
        Action::HandOff(to) => {
            let history = history(bot, &mut conn, plan).await;
            policy::summary(plan.flow, to, &history, plan.beginning.protocol.as_deref())
        }
        _ => String::new(),
    };
    Ok(Sealed {
        replies,
        closing,
        summary,
    })
}

fn to_customer(content: Content, client_ref: String) -> Words {
    let client_ref = Some(client_ref);
    Words {
        author: Author::BOT,
        direction: Direction::Out,
        content,
        client_ref,
        reply_to_seq: None,
    }
}

pub(super) fn for_staff(line: SystemLine) -> Words {
    let content = Content::System { line };
    Words {
        author: Author::SYSTEM,
        direction: Direction::Internal,
        content,
        client_ref: None,
        reply_to_seq: None,
    }
}

/// The newest items of the case. A hand-off must not fail because an old item cannot be opened: then without them.
async fn history(bot: &Bot, conn: &mut PgConnection, plan: &Plan<'_>) -> Vec<Said> {
    let (id, upto) = (plan.lease.conversation_id, plan.lease.upto_seq);
    let wanted: Vec<_> = (1.max(upto - HISTORY_ITEMS + 1)..=upto)
        .map(|seq| (id, seq))
        .collect();
    let items = message::items(&bot.ctx.store, conn, &wanted)
        .await
        .unwrap_or_else(|error| {
            tracing::warn!(conversation = %id, %error, "a hand-off goes without its summary");
            Vec::new()
        });
    items
        .into_iter()
        .filter(|item| item.direction != Direction::Internal && !item.revoked)
        .filter_map(|item| {
            Some(Said {
                by_customer: item.direction == Direction::In,
                content: item.body?.content,
            })
        })
        .collect()
}

async fn apply(
    bot: &Bot,
    tx: &mut Tx,
    locked: &mut Locked,
    plan: &Plan<'_>,
    sealed: &Sealed,
) -> Result<Outcome, Error> {
    match &plan.decision.action {
        Action::HandOff(to) => {
            hand_off(bot, tx, locked, plan, (to, &sealed.summary)).await?;
            Ok(Outcome::HandedOff)
        }
        Action::Close => {
            // before the farewell, which must carry the epoch that holds when it leaves
            conversation::close(tx, locked, plan.beginning.epoch, Author::BOT, SETTLED).await?;
            say(tx, locked, &sealed.replies).await?;
            if let Some(line) = &sealed.closing {
                message::append(tx, locked, line).await?;
            }
            Ok(Outcome::Closed)
        }
        Action::None | Action::CallErp(_) => {
            say(tx, locked, &sealed.replies).await?;
            Ok(Outcome::Replied)
        }
    }
}

async fn say(tx: &mut Tx, locked: &mut Locked, replies: &[Draft]) -> Result<(), Error> {
    for reply in replies {
        message::enqueue(tx, locked, reply, DISPATCH).await?;
    }
    Ok(())
}

/// State, queue and reason; then the line for staff; then the message to the customer. The words are sealed here, under
/// the lock, because they name the place in the queue; the key is at hand since the turn was read.
async fn hand_off(
    bot: &Bot,
    tx: &mut Tx,
    locked: &mut Locked,
    plan: &Plan<'_>,
    (to, summary): (&HandOff, &str),
) -> Result<(), Error> {
    let store = &bot.ctx.store;
    let team_id = match &to.team {
        None => None,
        Some(slug) => team::by_slug(tx, slug).await?.or_else(|| {
            tracing::warn!(
                team = slug,
                "the flow names a team that is not there; the team of the number takes over"
            );
            None
        }),
    };
    let position = conversation::next_queue_position(tx, team_id.or(locked.team_id)).await?;
    conversation::hand_off(tx, locked, plan.beginning.epoch, team_id, to.reason).await?;
    let line = SystemLine::HandedOff {
        reason: to.reason,
        summary: summary.to_owned(),
        position,
    };
    let line = message::draft(store, tx, locked.id, for_staff(line), plan.now).await?;
    message::append(tx, locked, &line).await?;
    let locale = plan.decision.next.locale;
    let notice = policy::notice(
        plan.flow,
        locale,
        to.reason,
        position,
        plan.beginning.protocol.as_deref(),
    );
    let words = to_customer(notice, reference(plan, 0));
    let notice = message::draft(store, tx, locked.id, words, plan.now).await?;
    message::enqueue(tx, locked, &notice, DISPATCH).await?;
    Ok(())
}
