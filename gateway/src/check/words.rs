//! Words for what was read: kinds, Meta's own words for events, reasons. Never what people wrote.

use balcao_core::model::{CallOutcome, Content};

use super::{Finding, Outcome};
use crate::payload::{Change, Deed, Inbound, Item, Notice, Odd, Origin, Reason};

/// What would become of an item.
pub fn finding(item: &Item) -> Finding {
    match item {
        Item::Message(inbound) => message(inbound),
        Item::Change(change) => deed(change),
        Item::Rotation(rotation) => {
            let kind = if rotation.phone_changed {
                "phone"
            } else {
                "user_id"
            };
            Finding::new(Outcome::Rotation, kind, None)
        }
        Item::Preference(preference) => {
            let kind = if preference.stop { "stop" } else { "resume" };
            Finding::new(Outcome::Preference, kind, Some("marketing".to_owned()))
        }
        Item::Status(report) => {
            let code = report.error_code.map(|code| format!("error {code}"));
            let group = report
                .participant
                .as_ref()
                .map(|_| "of a group's member".to_owned());
            let kind = format!("{:?}", report.rank).to_lowercase();
            Finding::new(Outcome::Status, kind, code.or(group))
        }
        Item::Notice(notice) => told(notice),
        Item::Odd(odd) => dead_letter(odd),
    }
}

fn message(inbound: &Inbound) -> Finding {
    let mut about = Vec::new();
    match &inbound.content {
        Content::Unsupported { type_name, .. } => about.push(type_name.clone()),
        Content::Form { name, .. } => about.push(effective(name)),
        Content::Call {
            inbound, outcome, ..
        } => {
            about.push(if *inbound { "from" } else { "to" }.to_owned() + " the customer");
            about.push(outcome_word(*outcome).to_owned());
        }
        _ => {}
    }
    if inbound.group.is_some() {
        about.push("in a group".to_owned());
    }
    if inbound.circumstance.quotes.is_some() {
        about.push("quotes".to_owned());
    }
    if inbound.circumstance.forwarded.is_some() {
        about.push("forwarded".to_owned());
    }
    if inbound.circumstance.referral.is_some() {
        about.push("from an advertisement".to_owned());
    }
    let faults = &inbound.circumstance.faults;
    about.extend(faults.iter().map(|fault| format!("error {}", fault.code)));
    about.extend(origin(inbound.origin));
    Finding::new(
        Outcome::Message,
        word(&inbound.content),
        (!about.is_empty()).then(|| about.join(", ")),
    )
}

fn deed(change: &Change) -> Finding {
    let (kind, detail) = match &change.deed {
        Deed::Reaction { emoji: Some(_) } => ("reaction", None),
        Deed::Reaction { emoji: None } => ("reaction", Some("taken back".to_owned())),
        Deed::Edit { content } => ("edit", Some(word(content))),
        Deed::Revoke => ("revoke", None),
    };
    let about: Vec<String> = detail.into_iter().chain(origin(change.origin)).collect();
    Finding::new(
        Outcome::Change,
        kind,
        (!about.is_empty()).then(|| about.join(", ")),
    )
}

fn told(notice: &Notice) -> Finding {
    let effect = format!("{:?}", notice.effect);
    // The variant's name: what follows may quote the company's own words.
    let effect: String = effect
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let effect = Some(effect).filter(|effect| effect != "Nothing");
    let about: Vec<String> = notice
        .event
        .clone()
        .into_iter()
        .chain(effect.map(|effect| format!("effect {effect}")))
        .chain(std::iter::once(notice.severity.word().to_owned()))
        .collect();
    Finding::new(
        Outcome::Notice,
        notice.field.clone(),
        Some(about.join(", ")),
    )
}

fn dead_letter(odd: &Odd) -> Finding {
    let is_lost = !is_broken(odd.reason);
    let verdict = if is_lost {
        "a valid payload would be lost"
    } else {
        "broken: no payload that Meta sends"
    };
    Finding {
        item: Outcome::DeadLetter,
        kind: odd.reason.word().to_owned(),
        detail: Some(format!("{}; {verdict}", odd.detail)),
        is_lost,
    }
}

/// Whether the payload itself is at fault. What is merely large, old or plenty is a fault of ours if it is refused.
const fn is_broken(reason: Reason) -> bool {
    match reason {
        Reason::Malformed
        | Reason::DuplicateKey
        | Reason::TooDeep
        | Reason::UnknownObject
        | Reason::NoNumber
        | Reason::BadWamid
        | Reason::BadTimestamp
        | Reason::BadIdentity
        | Reason::NoSender => true,
        Reason::TooLarge
        | Reason::Stale
        | Reason::UnknownChannel
        | Reason::ManyBad
        | Reason::RefusedByDatabase
        | Reason::KeyBroken => false,
    }
}

fn origin(origin: Origin) -> Option<String> {
    match origin {
        Origin::Customer => None,
        Origin::Phone => Some("written on the phone".to_owned()),
        Origin::History { outbound: true, .. } => Some("history, ours".to_owned()),
        Origin::History { .. } => Some("history".to_owned()),
    }
}

/// The kind as stored.
fn word(content: &Content) -> String {
    let kind = serde_json::to_value(content.kind()).unwrap_or_default();
    kind.as_str().unwrap_or_default().to_owned()
}

const fn outcome_word(outcome: CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Ringing => "ringing",
        CallOutcome::Missed => "missed",
        CallOutcome::Rejected => "rejected",
        CallOutcome::Failed => "failed",
        CallOutcome::Completed => "completed",
    }
}

/// A form's name is ours or Meta's, but an odd one could be anything.
fn effective(name: &str) -> String {
    let is_word = name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { name } else { "form" }.to_owned()
}
