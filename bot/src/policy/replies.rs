//! Words a decision: questions as buttons or lists, invoices and line status from what the ERP said.
//!
//! Promises: what is built fits WhatsApp, also where the ERP's own words are longer; texts that may stand in one message
//! do, because Meta paces messages to one customer. Does not: choose what to say (`decide` and `conclude` do).

use balcao_core::model::{Button, Content, ListRow, ListSection, Locale};
use chrono::{DateTime, FixedOffset, Timelike, Utc};

use super::money;
use crate::erp::{Invoice, Line, LineStatus};
use crate::flow::{BUTTONS_TEXT_CHARS, Flow, InvoiceWords, LineWords, TEXT_CHARS};

/// Most invoices told in one answer; the oldest due first.
pub(super) const MAX_INVOICES: usize = 5;
/// Longest link of an invoice, in characters; a longer one is left out.
const URL_CHARS: usize = 500;
/// Longest sentence of the ERP that is passed on, in characters.
const MESSAGE_CHARS: usize = 500;

/// A plain text.
pub(super) fn text(words: &str) -> Vec<Content> {
    vec![Content::Text {
        text: clip(words, TEXT_CHARS),
    }]
}

/// A question of the flow, as buttons or as a list; ids are `<node>.<option>`, so that a tap on an old question still
/// leads somewhere.
pub(super) fn question(flow: &Flow, node: &str, locale: Locale) -> Vec<Content> {
    let Some(ask) = flow.question(node) else {
        return Vec::new();
    };
    let text = ask.text.get(locale).to_owned();
    let options = ask.options.iter().map(|option| &option.value);
    let id = |option: &str| format!("{node}.{option}");
    let content = match &ask.open_label {
        None => Content::buttons(
            text,
            options
                .map(|option| Button {
                    id: id(&option.id),
                    title: option.title.get(locale).to_owned(),
                })
                .collect(),
        ),
        Some(label) => {
            let open_label = label.get(locale).to_owned();
            let rows = options
                .map(|option| ListRow {
                    id: id(&option.id),
                    title: option.title.get(locale).to_owned(),
                    description: option
                        .description
                        .as_ref()
                        .map(|text| text.get(locale).to_owned()),
                })
                .collect();
            // WhatsApp shows the heading above the rows; the label says the same
            let sections = vec![ListSection {
                title: open_label.clone(),
                rows,
            }];
            Content::list(text, open_label, sections)
        }
    };
    vec![content]
}

/// Puts words before the first message, inside it where they fit.
pub(super) fn open_with(replies: &mut Vec<Content>, words: &str) {
    let (text, limit_chars) = match replies.first_mut() {
        Some(Content::Text { text } | Content::List { text, .. }) => (text, TEXT_CHARS),
        Some(Content::Buttons { text, .. }) => (text, BUTTONS_TEXT_CHARS),
        _ => {
            return replies.insert(
                0,
                Content::Text {
                    text: clip(words, TEXT_CHARS),
                },
            );
        }
    };
    let joined = format!("{words}\n\n{text}");
    if joined.chars().count() <= limit_chars {
        *text = joined;
    } else {
        replies.insert(
            0,
            Content::Text {
                text: clip(words, TEXT_CHARS),
            },
        );
    }
}

/// Answers and then a question; a single text is put into the question's own message.
pub(super) fn followed_by(mut answers: Vec<Content>, mut question: Vec<Content>) -> Vec<Content> {
    if let [Content::Text { text }] = answers.as_slice() {
        open_with(&mut question, text);
        return question;
    }
    answers.append(&mut question);
    answers
}

/// The greeting by the customer's time of day.
pub(super) fn greeting(flow: &Flow, locale: Locale, now: DateTime<Utc>, protocol: &str) -> String {
    let texts = &flow.texts;
    let time_of_day = match now.with_timezone(&flow.utc_offset.0).hour() {
        5..12 => &texts.morning,
        12..18 => &texts.afternoon,
        _ => &texts.evening,
    };
    texts.greeting.fill(
        locale,
        &[
            ("time_of_day", time_of_day.get(locale)),
            ("protocol", protocol),
        ],
    )
}

/// What is open: one text, and the Pix code of the oldest as a message of its own, ready to be copied.
pub(super) fn invoices(words: &InvoiceWords, locale: Locale, invoices: &[Invoice]) -> Vec<Content> {
    let mut by_due: Vec<&Invoice> = invoices.iter().collect();
    by_due.sort_by_key(|invoice| invoice.due_date);
    let Some(oldest) = by_due.first() else {
        return text(words.none.get(locale));
    };
    let count = by_due.len().to_string();
    let mut told = match by_due.len() {
        1 => words.one.get(locale).to_owned(),
        _ => words.many.fill(locale, &[("count", &count)]),
    };
    for invoice in by_due.iter().take(MAX_INVOICES) {
        let line = if invoice.overdue {
            &words.overdue
        } else {
            &words.open
        };
        let url = invoice
            .url
            .as_deref()
            .filter(|url| url.chars().count() <= URL_CHARS)
            .unwrap_or("-");
        let values = [
            (
                "amount",
                &*money::amount(invoice.amount_cents, &invoice.currency, locale),
            ),
            ("due", &*money::date(invoice.due_date, locale)),
            ("url", url),
        ];
        told.push_str("\n\n");
        told.push_str(&line.fill(locale, &values));
    }
    let Some(code) = oldest.pix_code.as_deref().filter(|code| fits_whole(code)) else {
        return text(&told);
    };
    let due = money::date(oldest.due_date, locale);
    let announced = format!("{told}\n\n{}", words.pix.fill(locale, &[("due", &due)]));
    vec![
        Content::Text {
            text: clip(&announced, TEXT_CHARS),
        },
        Content::Text {
            text: code.to_owned(),
        },
    ]
}

/// A code that is cut would be wrong: better none.
fn fits_whole(code: &str) -> bool {
    !code.trim().is_empty() && code.chars().count() <= TEXT_CHARS
}

/// How the connection is.
pub(super) fn line(
    words: &LineWords,
    locale: Locale,
    line: &Line,
    now: DateTime<FixedOffset>,
) -> String {
    let plan = line
        .plan_mbps
        .map(|mbps| format!(" ({mbps} Mega)"))
        .unwrap_or_default();
    let signal = line
        .signal_dbm
        .map(|dbm| format!(" ({})", decibels(dbm, locale)))
        .unwrap_or_default();
    let message = clip(&line.message, MESSAGE_CHARS);
    let end = line
        .estimated_end_at
        .map(|at| at.with_timezone(now.offset()))
        .filter(|at| *at > now);
    let until = end
        .map(|at| money::moment(at, now, locale))
        .unwrap_or_default();
    let text = match (line.status, end) {
        (LineStatus::Online, _) => &words.online,
        (LineStatus::Degraded, _) => &words.degraded,
        (LineStatus::Outage, Some(_)) => &words.outage_until,
        (LineStatus::Outage, None) => &words.outage,
        (LineStatus::Other, _) => &words.other,
    };
    text.fill(
        locale,
        &[
            ("plan", &plan),
            ("signal", &signal),
            ("until", &until),
            ("message", &message),
        ],
    )
}

fn decibels(dbm: f64, locale: Locale) -> String {
    let number = format!("{dbm:.1} dBm");
    match locale {
        Locale::En => number,
        Locale::PtBr | Locale::Es => number.replace('.', ","),
    }
}

fn clip(words: &str, limit_chars: usize) -> String {
    match words.char_indices().nth(limit_chars) {
        None => words.to_owned(),
        Some(_) => words
            .chars()
            .take(limit_chars - 1)
            .chain(std::iter::once('…'))
            .collect(),
    }
}
