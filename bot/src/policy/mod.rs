//! What the bot does next: values in, a decision out. No I/O, no clock, no randomness.
//!
//! Promises: whoever asks for a person gets one, at any point and before anything else is asked; three turns without
//! progress, or twenty turns in all, go to people; one turn yields at most [`MAX_REPLIES`] messages, however many the
//! customer wrote. Does not: send, store or look anything up: `worker` does, and comes back with the ERP's answer.

mod money;
mod reading;
mod replies;
mod summary;
mod words;

use balcao_core::model::{Content, HandoffReason, Locale};
use balcao_core::store::bot_state::State;
use chrono::{DateTime, Utc};

pub use summary::{Said, summary};
pub use words::fold;

use self::reading::Meaning;
use crate::erp::{Answer, Query};
use crate::flow::{Flow, Node};

/// Most messages in one turn.
pub const MAX_REPLIES: usize = 4;
/// Turns without progress after which people take over.
pub const MAX_TURNS_WITHOUT_PROGRESS: i32 = 3;
/// Turns without a person after which people take over: two bots that talk to each other do not notice.
pub const MAX_TURNS: i32 = 20;

/// Words of one language more than of the other that tell it at the first turn, and later.
const LANGUAGE_MARGIN_FIRST: usize = 1;
const LANGUAGE_MARGIN_LATER: usize = 2;

/// What a decision is made from.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The flow of this case.
    pub flow: &'a Flow,
    /// Where the bot stands; `None` at its first turn in this case.
    pub state: Option<&'a State>,
    /// What the customer wrote since the last answer, oldest first.
    pub said: &'a [Content],
    /// The number of the case.
    pub protocol: Option<&'a str>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What to say and do.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Messages to the customer, in order.
    pub replies: Vec<Content>,
    /// Where the bot stands afterwards.
    pub next: State,
    /// What to do besides.
    pub action: Action,
}

/// What to do besides answering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// Ask the ERP, then [`conclude`].
    CallErp(Call),
    /// Give the case to people; the notice to the customer is [`notice`], once the place in the queue is known.
    HandOff(HandOff),
    /// Close the case.
    Close,
}

/// A question to the ERP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What to look up.
    pub query: Query,
    /// The node that words the answer.
    node: String,
}

/// A case for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOff {
    /// Why.
    pub reason: HandoffReason,
    /// Slug of the team; `None` = the team of the number.
    pub team: Option<String>,
    /// What could not be looked up.
    pub tried: Option<Query>,
}

/// Decides a turn.
#[must_use]
pub fn decide(turn: &Turn<'_>) -> Decision {
    let mut next = begin(turn);
    next.turns = next.turns.saturating_add(1);
    let meaning = reading::read(turn.flow, &next.node, turn.said);
    match meaning {
        Meaning::Nothing => Decision {
            replies: Vec::new(),
            next,
            action: Action::None,
        },
        Meaning::Person => hand_off(turn, next, HandoffReason::Requested),
        _ if next.turns > MAX_TURNS => hand_off(turn, next, HandoffReason::NoProgress),
        Meaning::Goto { node, chosen } => {
            next.turns_without_progress = 0;
            enter(turn, next, node, chosen)
        }
        Meaning::Menu => {
            next.turns_without_progress = 0;
            ask(turn, next, &turn.flow.start.value, None)
        }
        // "obrigado" after the farewell opens the case again: it is closed without a second one
        Meaning::Thanks if was_closed(turn) => close(turn, next, Vec::new()),
        Meaning::Thanks => enter(turn, next, &turn.flow.goodbye.value, true),
        Meaning::Greeting if turn.state.is_none() => ask(turn, next, &turn.flow.start.value, None),
        Meaning::Greeting | Meaning::Unclear | Meaning::Unreadable => stuck(turn, next, &meaning),
    }
}

/// Decides what the ERP's answer means for a turn whose decision was to ask it.
#[must_use]
pub fn conclude(turn: &Turn<'_>, asked: Decision, answer: &Answer) -> Decision {
    let Action::CallErp(call) = &asked.action else {
        return asked;
    };
    let mut next = asked.next.clone();
    let worded = match (turn.flow.node(&call.node), answer) {
        (Some(Node::Invoices(words)), Answer::Invoices(invoices)) => Some((
            replies::invoices(words, next.locale, invoices),
            &words.then.value,
        )),
        (Some(Node::Invoices(words)), Answer::NotFound) => Some((
            replies::text(words.not_found.get(next.locale)),
            &words.then.value,
        )),
        (Some(Node::Line(words)), Answer::Line(line)) => {
            let local_now = turn.now.with_timezone(&turn.flow.utc_offset.0);
            Some((
                replies::text(&replies::line(words, next.locale, line, local_now)),
                &words.then.value,
            ))
        }
        (Some(Node::Line(words)), Answer::NotFound) => Some((
            replies::text(words.not_found.get(next.locale)),
            &words.then.value,
        )),
        _ => None,
    };
    let Some((answers, then)) = worded else {
        let reason = match answer {
            Answer::NotConnected => HandoffReason::Flow,
            _ => HandoffReason::BotUnavailable,
        };
        let tried = Some(call.query);
        return with_tried(hand_off(turn, next, reason), tried);
    };
    next.node.clone_from(then);
    let mut all = replies::followed_by(answers, replies::question(turn.flow, then, next.locale));
    if let Some(greeting) = greeting(turn, next.locale) {
        replies::open_with(&mut all, &greeting);
    }
    Decision {
        replies: all,
        next,
        action: Action::None,
    }
}

/// What the customer reads when people take over.
#[must_use]
pub fn notice(
    flow: &Flow,
    locale: Locale,
    reason: HandoffReason,
    position: i64,
    protocol: Option<&str>,
) -> Content {
    let text = match reason {
        HandoffReason::NoProgress => &flow.texts.handed_off_stuck,
        HandoffReason::BotUnavailable => &flow.texts.handed_off_down,
        HandoffReason::Requested | HandoffReason::Flow | HandoffReason::Manual => {
            &flow.texts.handed_off
        }
    };
    let position = position.to_string();
    let text = text.fill(
        locale,
        &[
            ("position", &position),
            ("protocol", protocol.unwrap_or(NO_PROTOCOL)),
        ],
    );
    Content::Text { text }
}

/// Gives the case to people whatever was said: the bot itself cannot go on.
#[must_use]
pub fn give_up(turn: &Turn<'_>, reason: HandoffReason) -> Decision {
    hand_off(turn, begin(turn), reason)
}

/// Shown where a case has no number, which ingest does not let happen.
const NO_PROTOCOL: &str = "-";

/// Where the turn starts from: the state, in the language that the customer plainly writes.
fn begin(turn: &Turn<'_>) -> State {
    let flow = turn.flow;
    let mut next = turn.state.cloned().unwrap_or_else(|| State {
        flow: flow.name.value.clone(),
        node: flow.start.value.clone(),
        locale: Locale::PtBr,
        turns: 0,
        turns_without_progress: 0,
        answered_seq: 0,
    });
    // the flow may have been changed or replaced since the last turn
    if next.flow != flow.name.value || flow.question(&next.node).is_none() {
        next.flow.clone_from(&flow.name.value);
        next.node.clone_from(&flow.start.value);
    }
    let typed = turn.said.iter().filter_map(|content| match content {
        Content::Text { text } => Some(words::fold(text)),
        _ => None,
    });
    let margin = if turn.state.is_some() {
        LANGUAGE_MARGIN_LATER
    } else {
        LANGUAGE_MARGIN_FIRST
    };
    if let Some(locale) = words::language(&typed.collect::<Vec<_>>().join(" "), margin) {
        next.locale = locale;
    }
    next
}

/// Goes to a node.
fn enter(turn: &Turn<'_>, mut next: State, node: &str, chosen: bool) -> Decision {
    match turn.flow.node(node) {
        Some(Node::Ask(_)) | None => ask(turn, next, node, None),
        Some(Node::Language(onward)) => {
            let other = if next.locale == Locale::En {
                Locale::PtBr
            } else {
                Locale::En
            };
            next.locale = reading::named_language(turn.said).unwrap_or(other);
            ask(turn, next, &onward.then.value, None)
        }
        Some(Node::Invoices(_)) => call(next, Query::Invoices, node),
        Some(Node::Line(_)) => call(next, Query::Line, node),
        Some(Node::HandOff(people)) => {
            let reason = if chosen {
                HandoffReason::Requested
            } else {
                HandoffReason::Flow
            };
            let team = people.team.as_ref().map(|team| team.value.clone());
            give(
                next,
                turn.flow,
                HandOff {
                    reason,
                    team,
                    tried: None,
                },
            )
        }
        Some(Node::End(farewell)) => {
            let words = replies::text(farewell.text.get(next.locale));
            close(turn, next, words)
        }
    }
}

fn close(turn: &Turn<'_>, next: State, replies: Vec<Content>) -> Decision {
    Decision {
        replies,
        next: afresh(next, turn.flow),
        action: Action::Close,
    }
}

/// Whether the case was closed, or given to people, since the bot's last answer.
fn was_closed(turn: &Turn<'_>) -> bool {
    turn.state.is_some_and(|state| state.turns == 0)
}

fn call(next: State, query: Query, node: &str) -> Decision {
    let call = Call {
        query,
        node: node.to_owned(),
    };
    Decision {
        replies: Vec::new(),
        next,
        action: Action::CallErp(call),
    }
}

/// Asks a question, after the greeting if this is the first turn and after `first` if there is something to say first.
fn ask(turn: &Turn<'_>, mut next: State, node: &str, first: Option<&str>) -> Decision {
    next.node = node.to_owned();
    let mut all = replies::question(turn.flow, node, next.locale);
    if let Some(first) = first {
        replies::open_with(&mut all, first);
    }
    if let Some(greeting) = greeting(turn, next.locale) {
        replies::open_with(&mut all, &greeting);
    }
    Decision {
        replies: all,
        next,
        action: Action::None,
    }
}

/// A turn that led nowhere: the menu again, or people.
fn stuck(turn: &Turn<'_>, mut next: State, meaning: &Meaning<'_>) -> Decision {
    next.turns_without_progress = next.turns_without_progress.saturating_add(1);
    if next.turns_without_progress >= MAX_TURNS_WITHOUT_PROGRESS {
        return hand_off(turn, next, HandoffReason::NoProgress);
    }
    let texts = &turn.flow.texts;
    let first = match meaning {
        Meaning::Unreadable => Some(texts.cannot_read.get(next.locale)),
        Meaning::Unclear if turn.state.is_some() => Some(texts.not_understood.get(next.locale)),
        _ => None,
    };
    ask(turn, next, &turn.flow.start.value, first)
}

/// Gives the case to the people that the first question offers.
fn hand_off(turn: &Turn<'_>, next: State, reason: HandoffReason) -> Decision {
    let flow = turn.flow;
    let offered = flow
        .question(&flow.start.value)
        .into_iter()
        .flat_map(|ask| &ask.options);
    let team = offered
        .filter_map(|answer| match flow.node(&answer.value.goto.value) {
            Some(Node::HandOff(people)) => {
                Some(people.team.as_ref().map(|team| team.value.clone()))
            }
            _ => None,
        })
        .next()
        .flatten();
    give(
        next,
        flow,
        HandOff {
            reason,
            team,
            tried: None,
        },
    )
}

fn give(next: State, flow: &Flow, to: HandOff) -> Decision {
    Decision {
        replies: Vec::new(),
        next: afresh(next, flow),
        action: Action::HandOff(to),
    }
}

fn with_tried(mut decision: Decision, query: Option<Query>) -> Decision {
    if let Action::HandOff(to) = &mut decision.action {
        to.tried = query;
    }
    decision
}

/// The state at its start, should the case come back to the bot: the customer was greeted, and keeps the language.
fn afresh(next: State, flow: &Flow) -> State {
    State {
        node: flow.start.value.clone(),
        turns: 0,
        turns_without_progress: 0,
        ..next
    }
}

/// The greeting, once per case.
fn greeting(turn: &Turn<'_>, locale: Locale) -> Option<String> {
    if turn.state.is_some() {
        return None;
    }
    let protocol = turn.protocol.unwrap_or(NO_PROTOCOL);
    Some(replies::greeting(turn.flow, locale, turn.now, protocol))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
