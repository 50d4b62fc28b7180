//! What whoever takes the case must know, so that the customer repeats nothing: what was asked, what was looked up, what
//! the bot said last, in the customer's own words where there are any.
//!
//! Promises: facts of this case only, at most [`MAX_CHARS`]. Does not: interpret; it is sealed like any message, because
//! it quotes the customer.

use balcao_core::model::{Content, Locale};

use super::HandOff;
use super::reading::{text_of, wish_in};
use crate::erp::Query;
use crate::flow::{Flow, Node};

/// Longest summary, in characters.
pub const MAX_CHARS: usize = 1_200;
/// Most quotes of the customer, the newest.
const MAX_QUOTES: usize = 5;
/// Longest quote, in characters.
const QUOTE_CHARS: usize = 160;

/// An item of the case, as the summary needs it.
#[derive(Clone, Debug)]
pub struct Said {
    /// The customer's words, else the bot's.
    pub by_customer: bool,
    /// What it says.
    pub content: Content,
}

/// The labels, in the language of the staff.
struct Labels {
    about: &'static str,
    no_answer: &'static str,
    customer: &'static str,
    bot: &'static str,
    unreadable: &'static str,
}

const PORTUGUESE: Labels = Labels {
    about: "Assunto",
    no_answer: "Sistema sem resposta ao consultar",
    customer: "Cliente escreveu",
    bot: "Última resposta do bot",
    unreadable: "arquivo ou localização",
};
const ENGLISH: Labels = Labels {
    about: "About",
    no_answer: "The system did not answer about",
    customer: "The customer wrote",
    bot: "The bot's last answer",
    unreadable: "a file or a place",
};

/// Writes the summary of a case from its newest items, oldest first.
#[must_use]
pub fn summary(flow: &Flow, to: &HandOff, history: &[Said], protocol: Option<&str>) -> String {
    let locale = flow.staff_locale;
    let labels = if locale == Locale::En {
        &ENGLISH
    } else {
        &PORTUGUESE
    };
    let customers = || {
        history
            .iter()
            .filter(|said| said.by_customer)
            .map(|said| &said.content)
    };

    let mut wishes: Vec<&str> = Vec::new();
    for answer in customers().filter_map(|content| wish_in(flow, content)) {
        let title = answer.title.get(locale);
        if !wishes.contains(&title) {
            wishes.push(title);
        }
    }
    let quotes: Vec<String> = customers().map(|content| quote(content, labels)).collect();
    let newest = &quotes[quotes.len().saturating_sub(MAX_QUOTES)..];

    let mut lines = Vec::new();
    if !wishes.is_empty() {
        lines.push(format!("{}: {}", labels.about, wishes.join(", ")));
    }
    if let Some(query) = to.tried {
        lines.push(format!(
            "{}: {}",
            labels.no_answer,
            name_of(flow, query, locale)
        ));
    }
    if !newest.is_empty() {
        lines.push(format!("{}: {}", labels.customer, newest.join(" · ")));
    }
    if let Some(answer) = last_answer(flow, history, protocol) {
        lines.push(format!("{}: {answer}", labels.bot));
    }
    lines.join("\n").chars().take(MAX_CHARS).collect()
}

fn quote(content: &Content, labels: &Labels) -> String {
    match text_of(content) {
        Some(_) => format!("“{}”", content.preview(QUOTE_CHARS)),
        None => format!("[{}]", labels.unreadable),
    }
}

/// The title of the answer that leads to this query.
fn name_of(flow: &Flow, query: Query, locale: Locale) -> &str {
    let asks = |node: &str| {
        matches!(
            (flow.node(node), query),
            (Some(Node::Invoices(_)), Query::Invoices) | (Some(Node::Line(_)), Query::Line)
        )
    };
    let options = flow
        .question(&flow.start.value)
        .into_iter()
        .flat_map(|ask| &ask.options);
    let found = options
        .map(|option| &option.value)
        .find(|answer| asks(&answer.goto.value));
    found.map_or("ERP", |answer| answer.title.get(locale))
}

/// The bot's last words that were more than a greeting (which names the protocol), a question of the flow or a Pix code.
fn last_answer(flow: &Flow, history: &[Said], protocol: Option<&str>) -> Option<String> {
    let is_question = |text: &str| {
        let mut questions = flow.nodes.values().filter_map(|node| match &node.value {
            Node::Ask(ask) => Some(&ask.text),
            _ => None,
        });
        questions.any(|question| question.in_all_languages().contains(&text))
    };
    let told = |content: &Content| {
        let (Content::Text { text } | Content::Buttons { text, .. }) = content else {
            return None;
        };
        let paragraphs = text.split("\n\n").filter(|paragraph| {
            let greets = protocol.is_some_and(|protocol| paragraph.contains(protocol));
            // a Pix code is one word
            paragraph.contains(' ') && !greets && !is_question(paragraph)
        });
        let text = paragraphs.collect::<Vec<_>>().join(" ");
        let text = without_marks(&text);
        (!text.is_empty()).then(|| Content::Text { text }.preview(QUOTE_CHARS))
    };
    let bots = history.iter().rev().filter(|said| !said.by_customer);
    bots.map(|said| &said.content).find_map(told)
}

/// Words without WhatsApp's marks for bold, italic and struck out: staff read plain text.
fn without_marks(text: &str) -> String {
    let is_mark = |c: char| matches!(c, '*' | '_' | '~');
    let words = text
        .split_whitespace()
        .map(|word| word.trim_matches(is_mark));
    words.collect::<Vec<_>>().join(" ")
}
