//! A flow: what the bot says and asks, written by people in YAML, in every language it speaks.
//!
//! Promises: a flow that was loaded is whole: every reference leads somewhere, every text fits WhatsApp, and the first
//! menu leads to a person. Does not: decide anything (`policy`), nor keep a secret: flows hold no credentials.

mod check;
mod load;
mod watch;

use std::collections::BTreeMap;

use balcao_core::model::Locale;
use chrono::FixedOffset;
use serde::Deserialize;
use serde_saphyr::Spanned;

pub(crate) use check::{BUTTONS_TEXT_CHARS, TEXT_CHARS};
pub use load::{Flows, Mistake, parse};
pub(crate) use watch::{Shelf, keep_fresh};

/// One flow, as its file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Version of this format: 1.
    pub version: Spanned<u32>,
    /// Its name, unique in the folder; a conversation remembers it.
    pub name: Spanned<String>,
    /// Meta's ids of the numbers it answers for; empty = all that no other flow names.
    #[serde(default)]
    pub numbers: Vec<Spanned<String>>,
    /// The customers' offset from UTC, for greetings and times of day.
    pub utc_offset: Offset,
    /// The language in which staff read the summary of a hand-off.
    pub staff_locale: Locale,
    /// The first question.
    pub start: Spanned<String>,
    /// Where thanks and farewells lead.
    pub goodbye: Spanned<String>,
    /// What is said outside any node.
    pub texts: Texts,
    /// Questions and answers by name.
    pub nodes: BTreeMap<String, Spanned<Node>>,
}

/// An offset from UTC, written `-03:00`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Offset(pub FixedOffset);

impl TryFrom<String> for Offset {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| format!("{text:?} is not an offset from UTC; write one like \"-03:00\""))
    }
}

/// A text in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[serde(rename = "pt-BR")]
    pt_br: Spanned<String>,
    en: Spanned<String>,
}

impl Text {
    /// The words in a language; Portuguese where the flow has none.
    #[must_use]
    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en.value,
            Locale::PtBr | Locale::Es => &self.pt_br.value,
        }
    }

    /// The words with `{name}` replaced; what is filled in is never read again for further names.
    #[must_use]
    pub fn fill(&self, locale: Locale, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        let mut rest = self.get(locale);
        while let Some((before, name, after)) = next_name(rest) {
            filled.push_str(before);
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => filled.push_str(value),
                None => filled.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// The words in every language.
    #[must_use]
    pub fn in_all_languages(&self) -> [&str; 2] {
        [&self.pt_br.value, &self.en.value]
    }

    fn all(&self) -> [(&'static str, &Spanned<String>); 2] {
        [("pt-BR", &self.pt_br), ("en", &self.en)]
    }
}

/// Splits at the first `{name}`: what stands before it, the name, what follows.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('{')?;
    let end = start + text[start..].find('}')?;
    Some((&text[..start], &text[start + 1..end], &text[end + 1..]))
}

/// What is said outside any node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Once per case, before the first answer; `{time_of_day}` and `{protocol}`.
    pub greeting: Text,
    /// `{time_of_day}` before noon.
    pub morning: Text,
    /// `{time_of_day}` before six.
    pub afternoon: Text,
    /// `{time_of_day}` from six on.
    pub evening: Text,
    /// Before the menu, when nothing was recognised.
    pub not_understood: Text,
    /// Before the menu, when the customer sent a file or a place.
    pub cannot_read: Text,
    /// The customer asked for a person, or the flow gives the case to people; `{position}` and `{protocol}`.
    pub handed_off: Text,
    /// The bot got nowhere; `{position}` and `{protocol}`.
    pub handed_off_stuck: Text,
    /// A system did not answer; `{position}` and `{protocol}`.
    pub handed_off_down: Text,
}

/// A step of the conversation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A question with answers to tap: up to three as buttons, up to ten as a list.
    Ask(Ask),
    /// Looks the customer's open invoices up in the ERP.
    Invoices(Box<InvoiceWords>),
    /// Looks the customer's connection up in the ERP.
    Line(Box<LineWords>),
    /// Changes the language.
    Language(Onward),
    /// Gives the conversation to people.
    HandOff(ToPeople),
    /// Says goodbye and closes the case.
    End(Farewell),
}

/// A question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The question.
    pub text: Text,
    /// The label that opens the list; absent for buttons.
    #[serde(default)]
    pub open_label: Option<Text>,
    /// The answers.
    pub options: Vec<Spanned<Answer>>,
}

/// An answer that the customer may tap, or type by number, by title or by keyword.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Short name, unique in its question.
    pub id: String,
    /// The label.
    pub title: Text,
    /// A second line, in lists only.
    #[serde(default)]
    pub description: Option<Text>,
    /// Words and phrases, of any language, that mean this answer wherever they stand in a message.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Words and phrases that mean this answer only when they are the whole message.
    #[serde(default)]
    pub exact: Vec<String>,
    /// The node it leads to.
    pub goto: Spanned<String>,
}

/// What is said about invoices; `{count}`, and per invoice `{amount}`, `{due}`, `{url}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceWords {
    /// Nothing is open.
    pub none: Text,
    /// Heading of one.
    pub one: Text,
    /// Heading of several.
    pub many: Text,
    /// One that is not due yet.
    pub open: Text,
    /// One that is overdue.
    pub overdue: Text,
    /// Announces the Pix code, which follows as a message of its own so that it can be copied; `{due}`.
    pub pix: Text,
    /// The customer is not known by this phone.
    pub not_found: Text,
    /// The question asked afterwards.
    pub then: Spanned<String>,
}

/// What is said about a connection; `{message}` is the ERP's own sentence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineWords {
    /// It works; `{plan}`, `{signal}`.
    pub online: Text,
    /// It works badly; `{signal}`.
    pub degraded: Text,
    /// It is out, and the end is not known.
    pub outage: Text,
    /// It is out `{until}`.
    pub outage_until: Text,
    /// Any status that this version does not know.
    pub other: Text,
    /// The customer is not known by this phone.
    pub not_found: Text,
    /// The question asked afterwards.
    pub then: Spanned<String>,
}

/// Leads on to a question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onward {
    /// The question asked afterwards.
    pub then: Spanned<String>,
}

/// To people.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToPeople {
    /// Slug of the team; absent = the team of the number.
    #[serde(default)]
    pub team: Option<Spanned<String>>,
}

/// Goodbye.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Farewell {
    /// The words.
    pub text: Text,
}

impl Flow {
    /// The node of that name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name).map(|node| &node.value)
    }

    /// The question of that name.
    #[must_use]
    pub fn question(&self, name: &str) -> Option<&Ask> {
        match self.node(name) {
            Some(Node::Ask(ask)) => Some(ask),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
