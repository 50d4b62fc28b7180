//! What must hold in a flow beyond its shape: WhatsApp's limits, references, a way to a person.
//!
//! Limits: <https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages> and
//! `interactive-list-messages`. Characters are counted, not bytes. Does not: stop at the first mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_saphyr::{Location, Spanned};

use super::{Answer, Ask, Flow, InvoiceWords, LineWords, Mistake, Node, Text, next_name};

/// Longest plain text and longest question of a list, in characters.
pub(crate) const TEXT_CHARS: usize = 4096;
/// Longest question with buttons, in characters.
pub(crate) const BUTTONS_TEXT_CHARS: usize = 1024;
const BUTTONS: usize = 3;
const BUTTON_TITLE_CHARS: usize = 20;
const ROWS: usize = 10;
const ROW_TITLE_CHARS: usize = 24;
const ROW_DESCRIPTION_CHARS: usize = 72;
const OPEN_LABEL_CHARS: usize = 20;
const NAME_CHARS: usize = 40;
/// Room that a `{name}` is reckoned to need once it is filled in.
const FILLED_CHARS: usize = 60;

/// Checks one flow by itself.
pub(super) fn alone(file: &str, flow: &Flow) -> Vec<Mistake> {
    let mut check = Check {
        file,
        flow,
        mistakes: Vec::new(),
    };
    check.head();
    check.outside_nodes();
    for (name, node) in &flow.nodes {
        check.name(name, node.referenced, "node");
        check.node(&node.value);
    }
    check.unreachable();
    check.mistakes
}

/// Checks flows against each other.
pub(super) fn together(all: &[(&String, Arc<Flow>)]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut names = BTreeMap::new();
    let mut numbers = BTreeMap::new();
    let mut for_all: Option<&str> = None;
    for (file, flow) in all {
        if let Some(first) = names.insert(flow.name.value.as_str(), file.as_str()) {
            let what = format!("the flow {:?} is in {first} too", flow.name.value);
            mistakes.push(mistake(
                file,
                flow.name.referenced,
                what,
                "give one of them another name",
            ));
        }
        for id in &flow.numbers {
            if let Some(first) = numbers.insert(id.value.as_str(), file.as_str()) {
                let what = format!("the number {} is answered by {first} too", id.value);
                mistakes.push(mistake(
                    file,
                    id.referenced,
                    what,
                    "take it out of one of them",
                ));
            }
        }
        if flow.numbers.is_empty()
            && let Some(first) = for_all.replace(file)
        {
            let what = format!("{first} answers for all numbers too");
            mistakes.push(mistake(
                file,
                flow.name.referenced,
                what,
                "say in `numbers` which numbers are for this flow",
            ));
        }
    }
    mistakes
}

fn mistake(file: &str, at: Location, what: String, remedy: &str) -> Mistake {
    Mistake {
        file: file.to_owned(),
        line: at.line(),
        column: at.column(),
        what,
        remedy: remedy.to_owned(),
    }
}

struct Check<'a> {
    file: &'a str,
    flow: &'a Flow,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    fn add(&mut self, at: Location, what: String, remedy: &str) {
        self.mistakes.push(mistake(self.file, at, what, remedy));
    }

    fn head(&mut self) {
        let flow = self.flow;
        if flow.version.value != 1 {
            let what = format!("version {} is not known", flow.version.value);
            self.add(flow.version.referenced, what, "write version: 1");
        }
        self.name(&flow.name.value, flow.name.referenced, "flow");
        self.leads_to_question("start", &flow.start);
        match flow.node(&flow.goodbye.value) {
            None => self.missing("goodbye", &flow.goodbye),
            Some(Node::End(_)) => {}
            Some(_) => {
                let what = format!(
                    "goodbye leads to {:?}, which does not end",
                    flow.goodbye.value
                );
                self.add(flow.goodbye.referenced, what, "name a node of kind `end`");
            }
        }
        let offers_person = |ask: &Ask| {
            ask.options
                .iter()
                .any(|option| matches!(flow.node(&option.value.goto.value), Some(Node::HandOff(_))))
        };
        if flow
            .question(&flow.start.value)
            .is_some_and(|ask| !offers_person(ask))
        {
            let what = format!(
                "the first question {:?} does not offer a person",
                flow.start.value
            );
            self.add(
                flow.start.referenced,
                what,
                "add an option that leads to a node of kind `hand_off`",
            );
        }
    }

    fn outside_nodes(&mut self) {
        let texts = &self.flow.texts;
        self.text(
            &texts.greeting,
            BUTTONS_TEXT_CHARS,
            &["time_of_day", "protocol"],
        );
        for text in [&texts.morning, &texts.afternoon, &texts.evening] {
            self.text(text, FILLED_CHARS, &[]);
        }
        for text in [&texts.not_understood, &texts.cannot_read] {
            self.text(text, BUTTONS_TEXT_CHARS, &[]);
        }
        for text in [
            &texts.handed_off,
            &texts.handed_off_stuck,
            &texts.handed_off_down,
        ] {
            self.text(text, TEXT_CHARS, &["position", "protocol"]);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Ask(ask) => self.question(ask),
            Node::Invoices(words) => self.invoices(words),
            Node::Line(words) => self.line(words),
            Node::Language(onward) => self.leads_to_question("then", &onward.then),
            Node::End(farewell) => self.text(&farewell.text, TEXT_CHARS, &[]),
            Node::HandOff(people) => {
                if let Some(team) = &people.team {
                    self.name(&team.value, team.referenced, "team");
                }
            }
        }
    }

    fn invoices(&mut self, words: &InvoiceWords) {
        for text in [&words.none, &words.one, &words.not_found] {
            self.text(text, BUTTONS_TEXT_CHARS, &[]);
        }
        self.text(&words.many, BUTTONS_TEXT_CHARS, &["count"]);
        self.text(&words.pix, BUTTONS_TEXT_CHARS, &["due"]);
        for text in [&words.open, &words.overdue] {
            self.text(text, BUTTONS_TEXT_CHARS, &["amount", "due", "url"]);
        }
        self.leads_to_question("then", &words.then);
    }

    fn line(&mut self, words: &LineWords) {
        self.text(
            &words.online,
            BUTTONS_TEXT_CHARS,
            &["plan", "signal", "message"],
        );
        self.text(&words.degraded, BUTTONS_TEXT_CHARS, &["signal", "message"]);
        self.text(&words.outage, BUTTONS_TEXT_CHARS, &["message"]);
        self.text(
            &words.outage_until,
            BUTTONS_TEXT_CHARS,
            &["until", "message"],
        );
        self.text(&words.other, BUTTONS_TEXT_CHARS, &["message"]);
        self.text(&words.not_found, BUTTONS_TEXT_CHARS, &[]);
        self.leads_to_question("then", &words.then);
    }

    fn question(&mut self, ask: &Ask) {
        let (limit, options, titles) = match &ask.open_label {
            Some(label) => {
                self.text(label, OPEN_LABEL_CHARS, &[]);
                (TEXT_CHARS, ROWS, ROW_TITLE_CHARS)
            }
            None => (BUTTONS_TEXT_CHARS, BUTTONS, BUTTON_TITLE_CHARS),
        };
        self.text(&ask.text, limit, &[]);
        let at = ask.text.all()[0].1.referenced;
        if ask.options.is_empty() {
            self.add(
                at,
                "a question without options".to_owned(),
                "add at least one",
            );
        }
        if ask.options.len() > options {
            let what = format!("{} options are too many for WhatsApp", ask.options.len());
            let remedy = match ask.open_label {
                Some(_) => format!("keep at most {ROWS}, or lead to a second question"),
                None => format!(
                    "keep at most {BUTTONS}, or add `open_label` to make a list of at most {ROWS}"
                ),
            };
            self.add(at, what, &remedy);
        }
        let (mut ids, mut seen) = (BTreeSet::new(), BTreeSet::new());
        for option in &ask.options {
            for (language, title) in option.value.title.all() {
                if !seen.insert((language, title.value.as_str())) {
                    let what = format!("the title {:?} is twice in this question", title.value);
                    self.add(
                        title.referenced,
                        what,
                        "WhatsApp wants them to differ: change one of them",
                    );
                }
            }
            if !ids.insert(option.value.id.as_str()) {
                let what = format!("the id {:?} is twice in this question", option.value.id);
                self.add(option.referenced, what, "give one of them another id");
            }
            self.option(
                &option.value,
                option.referenced,
                titles,
                ask.open_label.is_some(),
            );
        }
    }

    fn option(&mut self, option: &Answer, at: Location, title_chars: usize, in_list: bool) {
        self.name(&option.id, at, "id");
        self.text(&option.title, title_chars, &[]);
        if let Some(description) = &option.description {
            self.text(description, ROW_DESCRIPTION_CHARS, &[]);
            if !in_list {
                self.add(
                    at,
                    "buttons have no description".to_owned(),
                    "remove it, or add `open_label` to the question",
                );
            }
        }
        if option
            .keywords
            .iter()
            .chain(&option.exact)
            .any(|word| crate::policy::fold(word).is_empty())
        {
            self.add(
                at,
                "a keyword without letters or digits".to_owned(),
                "remove it",
            );
        }
        if self.flow.node(&option.goto.value).is_none() {
            self.missing("goto", &option.goto);
        }
    }

    fn leads_to_question(&mut self, key: &str, target: &Spanned<String>) {
        match self.flow.node(&target.value) {
            None => self.missing(key, target),
            Some(Node::Ask(_)) => {}
            Some(_) => {
                let what = format!(
                    "{key} leads to {:?}, which does not ask anything",
                    target.value
                );
                self.add(target.referenced, what, "name a node of kind `ask`");
            }
        }
    }

    fn missing(&mut self, key: &str, target: &Spanned<String>) {
        let known: Vec<&str> = self.flow.nodes.keys().map(String::as_str).collect();
        let what = format!("{key} leads to {:?}, which is not there", target.value);
        self.add(
            target.referenced,
            what,
            &format!("name one of: {}", known.join(", ")),
        );
    }

    fn name(&mut self, name: &str, at: Location, of: &str) {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if name.is_empty() || name.len() > NAME_CHARS || !name.chars().all(good) {
            let what = format!("{name:?} is not a name of a {of}");
            self.add(
                at,
                what,
                &format!("use 1 to {NAME_CHARS} of a-z, 0-9, _ and -"),
            );
        }
    }

    fn text(&mut self, text: &Text, limit_chars: usize, names: &[&str]) {
        for (language, words) in text.all() {
            let (mut rest, mut chars) = (words.value.as_str(), words.value.chars().count());
            if rest.trim().is_empty() {
                self.add(
                    words.referenced,
                    format!("the text in {language} is empty"),
                    "write it",
                );
            }
            while let Some((_, name, after)) = next_name(rest) {
                if names.contains(&name) {
                    chars = chars.saturating_sub(name.chars().count() + 2) + FILLED_CHARS;
                } else {
                    let remedy = match names {
                        [] => "nothing is filled in here: remove the braces".to_owned(),
                        names => format!("what is filled in here: {{{}}}", names.join("}, {")),
                    };
                    self.add(
                        words.referenced,
                        format!("{{{name}}} is not known in this text"),
                        &remedy,
                    );
                }
                rest = after;
            }
            if chars > limit_chars {
                let what = format!("{chars} characters in {language} are too many for WhatsApp");
                self.add(
                    words.referenced,
                    what,
                    &format!("keep at most {limit_chars}"),
                );
            }
        }
    }

    /// Nodes that no option and no question leads to: mostly a misspelt `goto` elsewhere.
    fn unreachable(&mut self) {
        let flow = self.flow;
        let mut reached = BTreeSet::new();
        let mut waiting = vec![flow.start.value.as_str(), flow.goodbye.value.as_str()];
        while let Some(name) = waiting.pop() {
            if !reached.insert(name) {
                continue;
            }
            match flow.node(name) {
                Some(Node::Ask(ask)) => waiting.extend(
                    ask.options
                        .iter()
                        .map(|option| option.value.goto.value.as_str()),
                ),
                Some(Node::Invoices(words)) => waiting.push(&words.then.value),
                Some(Node::Line(words)) => waiting.push(&words.then.value),
                Some(Node::Language(onward)) => waiting.push(&onward.then.value),
                Some(Node::HandOff(_) | Node::End(_)) | None => {}
            }
        }
        for (name, node) in &flow.nodes {
            if !reached.contains(name.as_str()) {
                self.add(
                    node.referenced,
                    format!("nothing leads to {name:?}"),
                    "lead an option to it, or remove it",
                );
            }
        }
    }
}
