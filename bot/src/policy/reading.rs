//! What the customer's messages since the last answer mean, taken together.
//!
//! Promises: a wish for a person beats everything, whichever message it stands in; several short messages are read as
//! one. Does not: guess: what no keyword, number, title or tap says is not understood.

use balcao_core::model::{Content, Locale};

use super::words;
use crate::flow::{Answer, Ask, Flow, Node};

/// What was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// A person is asked for.
    Person,
    /// An answer was given.
    Goto {
        /// The node that it leads to.
        node: &'a str,
        /// It was tapped, numbered or named, rather than told by a keyword.
        chosen: bool,
    },
    /// The menu is asked for.
    Menu,
    /// A greeting and nothing else.
    Greeting,
    /// Thanks or a farewell and nothing else.
    Thanks,
    /// Only files, places and the like.
    Unreadable,
    /// Words that mean nothing to the flow.
    Unclear,
    /// Nothing was said.
    Nothing,
}

/// Reads what was said after the question `asked`.
pub(super) fn read<'a>(flow: &'a Flow, asked: &str, said: &[Content]) -> Meaning<'a> {
    let texts: Vec<String> = said
        .iter()
        .filter_map(text_of)
        .map(words::fold)
        .filter(|text| !text.is_empty())
        .collect();
    let whole = texts.join(" ");
    if said.is_empty() {
        return Meaning::Nothing;
    }
    // phrases may be split over two messages, a word alone may be lost in the whole
    if words::wants_person(&whole) || texts.iter().any(|text| words::wants_person(text)) {
        return Meaning::Person;
    }
    let tap = said.iter().rev().find_map(|content| tapped(flow, content));
    if let Some(node) = tap.or_else(|| texts.iter().rev().find_map(|text| typed(flow, asked, text)))
    {
        return Meaning::Goto { node, chosen: true };
    }
    if let Some(node) = by_keyword(flow, asked, &whole) {
        return Meaning::Goto {
            node,
            chosen: false,
        };
    }
    if texts.iter().any(|text| words::wants_menu(text)) {
        Meaning::Menu
    } else if words::greets(&whole) {
        Meaning::Greeting
    } else if words::thanks(&whole) {
        Meaning::Thanks
    } else if texts.is_empty()
        && said
            .iter()
            .all(|content| matches!(content, Content::Call { .. }))
    {
        // whoever calls a number that writes is shown what can be written
        Meaning::Menu
    } else if said
        .iter()
        .any(|content| !matches!(content, Content::Text { .. } | Content::Choice { .. }))
    {
        Meaning::Unreadable
    } else {
        Meaning::Unclear
    }
}

/// The words of an item, if it has any that the customer chose.
pub(crate) fn text_of(content: &Content) -> Option<&str> {
    match content {
        Content::Text { text } => Some(text),
        Content::Choice { title, .. } => Some(title),
        Content::Media { media } => media.caption.as_deref(),
        Content::Form { text, .. } | Content::Product { text, .. } if !text.is_empty() => {
            Some(text)
        }
        _ => None,
    }
}

/// The language that somebody asks for by its name.
pub(super) fn named_language(said: &[Content]) -> Option<Locale> {
    said.iter()
        .rev()
        .filter_map(text_of)
        .find_map(|text| words::named_language(&words::fold(text)))
}

/// Where a tap leads, also one on an older question.
fn tapped<'a>(flow: &'a Flow, content: &Content) -> Option<&'a str> {
    let Content::Choice { id, .. } = content else {
        return None;
    };
    let (node, option) = id.split_once('.')?;
    let answer = flow
        .question(node)?
        .options
        .iter()
        .find(|answer| answer.value.id == option)?;
    Some(&answer.value.goto.value)
}

/// Where a whole message leads: the number of an answer, its title, or a phrase that means it only alone.
fn typed<'a>(flow: &'a Flow, asked: &str, text: &str) -> Option<&'a str> {
    let ask = flow.question(asked)?;
    let by_number = words::number(text).and_then(|number| ask.options.get(number - 1));
    let by_phrase = || ask.options.iter().find(|answer| says(&answer.value, text));
    by_number
        .or_else(by_phrase)
        .map(|answer| answer.value.goto.value.as_str())
}

fn says(answer: &Answer, text: &str) -> bool {
    let titles = answer.title.in_all_languages();
    titles
        .into_iter()
        .chain(answer.exact.iter().map(String::as_str))
        .any(|phrase| words::fold(phrase) == text)
}

/// Where keywords lead, of the question asked and of the first one: the answer with the most of them, the earlier of
/// two with equally many.
fn by_keyword<'a>(flow: &'a Flow, asked: &str, whole: &str) -> Option<&'a str> {
    let questions = [flow.question(asked), flow.question(&flow.start.value)];
    let mut best: Option<(&Answer, usize)> = None;
    for answer in questions
        .into_iter()
        .flatten()
        .flat_map(|ask: &Ask| &ask.options)
    {
        let found = answer
            .value
            .keywords
            .iter()
            .filter(|keyword| words::contains(whole, &words::fold(keyword)))
            .count();
        if found > best.map_or(0, |(_, most)| most) {
            best = Some((&answer.value, found));
        }
    }
    best.map(|(answer, _)| answer.goto.value.as_str())
}

/// The title of the answer that an item gives, in words of the flow; for the summary of a hand-off.
pub(crate) fn wish_in<'a>(flow: &'a Flow, content: &Content) -> Option<&'a Answer> {
    let start = flow.question(&flow.start.value)?;
    let target = match tapped(flow, content) {
        Some(target) => target,
        None => by_keyword(flow, &flow.start.value, &words::fold(text_of(content)?))?,
    };
    let looks_up = matches!(flow.node(target), Some(Node::Invoices(_) | Node::Line(_)));
    start
        .options
        .iter()
        .map(|answer| &answer.value)
        .find(|answer| looks_up && answer.goto.value == target)
}
