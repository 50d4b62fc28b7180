//! What Meta's answers say about a number, in plain words with what to do. Pure.
//!
//! Promises: one line for each thing that was looked at; what cannot be known because the token is dead is not told as a
//! fault of its own; only what keeps messages from being sent stops a number.
//! Does not: repeat names or texts that are not Meta's vocabulary, but for the words of a health error and the name that
//! customers see anyway.

mod account;
mod number;
mod token;

use balcao_core::store::channel_health::{Facts, Finding, Grade};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::inspector::{Answers, Asked, Number, Reached};

/// Messages a second of a number on the usual level, in and out together.
const STANDARD_PER_SECOND: i32 = 80;
/// And of one that Meta raised.
const HIGH_PER_SECOND: i32 = 1_000;
/// And of one that is used on a telephone too.
const COEXISTENCE_PER_SECOND: i32 = 20;

/// What an inspection found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// A line for each thing.
    pub findings: Vec<Finding>,
    /// What Meta says of the number.
    pub facts: Facts,
    /// As people dial it.
    pub display_phone_number: Option<String>,
    /// Why nothing can be sent: a stable word.
    pub refused: Option<&'static str>,
    /// Meta answered, be it with a refusal. Else nothing is known.
    pub was_answered: bool,
    /// The app is not subscribed: `--fix` can repair that.
    pub is_unsubscribed: bool,
    /// Where Meta calls for this number.
    callback: Option<String>,
    /// The number is used on a telephone too.
    is_on_telephone: bool,
}

impl Inspection {
    /// The worst of its lines.
    #[must_use]
    pub fn grade(&self) -> Grade {
        self.findings
            .iter()
            .map(|finding| finding.grade)
            .max()
            .unwrap_or_default()
    }

    fn say(&mut self, check: &str, grade: Grade, says: impl Into<String>) {
        self.findings.push(Finding {
            check: check.to_owned(),
            grade,
            says: says.into(),
        });
    }

    fn refuse(&mut self, reason: &'static str) {
        self.refused.get_or_insert(reason);
    }

    /// How many messages a second to use, now that Meta's level is known. A smaller number that somebody chose stays.
    #[must_use]
    pub fn throughput_for(&self, current: i32) -> i32 {
        match self.facts.throughput.as_deref() {
            _ if self.is_on_telephone => current.min(COEXISTENCE_PER_SECOND),
            Some("HIGH") if current == STANDARD_PER_SECOND => HIGH_PER_SECOND,
            Some("STANDARD") => current.min(STANDARD_PER_SECOND),
            _ => current,
        }
    }

    /// Adds whether Meta calls the address that we think is ours.
    pub fn calls(&mut self, public_url: Option<&str>) {
        let (Some(public_url), Some(callback)) = (public_url, self.callback.clone()) else {
            return;
        };
        if callback == public_url {
            self.say("callback", Grade::Ok, "Meta calls webhook.public_url");
        } else {
            self.say(
                "callback",
                Grade::Fail,
                format!(
                    "Meta calls {callback} for this number, not webhook.public_url ({public_url}): correct the callback in the \
                     app's WhatsApp configuration, or webhook.public_url"
                ),
            );
        }
    }

    /// Adds whether the webhook is reached from outside.
    pub fn reached(&mut self, reached: &Reached) {
        match reached {
            Reached::Yes => self.say("webhook", Grade::Ok, "our webhook answers from outside"),
            Reached::NotConfigured => self.say(
                "webhook",
                Grade::Ok,
                "not tried: set webhook.public_url to the address that Meta calls",
            ),
            Reached::Wrong(403) => self.say(
                "webhook",
                Grade::Fail,
                "webhook.public_url answers, but not to our verify token: another installation, or an old webhook.verify_token",
            ),
            Reached::Wrong(status) => self.say(
                "webhook",
                Grade::Fail,
                format!("webhook.public_url answers {status} instead of the challenge: is it the webhook's own path, and does a proxy stand in between?"),
            ),
            Reached::No => self.say(
                "webhook",
                Grade::Fail,
                "nobody answers at webhook.public_url: check the name, the certificate, the proxy, and that a node with the gateway role runs",
            ),
        }
    }
}

/// Judges the answers about a number.
#[must_use]
pub fn judge(answers: &Answers, number: &Number, now: DateTime<Utc>) -> Inspection {
    let mut inspection = Inspection {
        was_answered: [
            &answers.token,
            &answers.number,
            &answers.numbers,
            &answers.apps,
        ]
        .iter()
        .all(|asked| !matches!(trouble(asked), Some(Trouble::Silent | Trouble::TooOften))),
        ..Inspection::default()
    };
    if answers.token == Asked::Silent {
        inspection.say(
            "graph",
            Grade::Warn,
            "the Graph API does not answer: check whatsapp.graph_base_url and the way out of this network; tried again soon",
        );
        return inspection;
    }
    if !token::judge(&mut inspection, &answers.token, number, now) {
        return inspection;
    }
    number::judge(&mut inspection, &answers.number);
    account::judge(&mut inspection, answers, number);
    inspection.callback = account::callback(&answers.number).map(str::to_owned);
    inspection
}

/// Why a question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// No answer, or Meta's own fault.
    Silent,
    /// Asked too often.
    TooOften,
    /// The token is not good.
    Token,
    /// A permission is missing.
    Permission,
    /// No such thing, or not for this token.
    Unknown,
    /// Anything else.
    Other(i64),
}

fn trouble(asked: &Asked) -> Option<Trouble> {
    let Asked::Refused { http_status, code } = asked else {
        return (*asked == Asked::Silent).then_some(Trouble::Silent);
    };
    Some(match (code, http_status) {
        (Some(4 | 17 | 613 | 80_007), _) | (None, 429) => Trouble::TooOften,
        (Some(0 | 190), _) | (None, 401) => Trouble::Token,
        (Some(3 | 10 | 200..=299 | 131_005), _) => Trouble::Permission,
        (Some(33 | 100 | 803), _) => Trouble::Unknown,
        (None | Some(1 | 2), 500..) => Trouble::Silent,
        (Some(code), _) => Trouble::Other(*code),
        (None, status) => Trouble::Other(i64::from(*status)),
    })
}

/// A question that has no answer becomes a line; the answer otherwise.
fn said<'a>(
    inspection: &mut Inspection,
    check: &str,
    asked: &'a Asked,
    unknown: &str,
) -> Option<&'a Value> {
    if let Asked::Said(value) = asked {
        return Some(value);
    }
    match trouble(asked)? {
        Trouble::Silent => inspection.say(
            check,
            Grade::Warn,
            "the Graph API did not answer this; tried again soon",
        ),
        Trouble::TooOften => inspection.say(
            check,
            Grade::Warn,
            "Meta says that we asked too often; tried again later",
        ),
        // Said once, by the check of the token.
        Trouble::Token => {}
        Trouble::Permission => inspection.say(
            check,
            Grade::Fail,
            "the token may not see this: give its system user the account (full control) and whatsapp_business_management, then make a new token",
        ),
        Trouble::Unknown => inspection.say(check, Grade::Fail, unknown),
        Trouble::Other(code) => inspection.say(
            check,
            Grade::Fail,
            format!("Meta refuses to say (code {code}); look it up in Meta's error codes"),
        ),
    }
    None
}

/// A text of an object, if it looks like a word of Meta's.
fn word(value: &Value, key: &str) -> Option<String> {
    let word = value.get(key)?.as_str()?;
    let is_word = (1..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word.then(|| word.to_owned())
}

#[cfg(test)]
mod tests;
