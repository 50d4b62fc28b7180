//! Meta's error codes as data: what each means for a send, what else follows from it, and a sentence for the agent.
//! Source: Meta, "Error codes" (Cloud API), as collected up to 2026-10; `graph_codes.json` is the one place of it.
//!
//! Promises: ranges ascend without overlap; every code has a sentence in each language of the console that says what to
//! do next.
//! Does not: judge HTTP statuses or do anything (the gateway does).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What to do with a send after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeClass {
    /// Certainly not sent: again after seconds, a few times.
    RetrySoon,
    /// Certainly not sent: again after minutes, a few times.
    RetryLater,
    /// Too many to the same customer: again after 4^tries seconds.
    PairWait,
    /// Nothing can be sent through this number until somebody acts: it waits, and an operator is told.
    StopChannel,
    /// Certainly not sent, and repeating cannot help.
    Fail,
    /// It may have been sent: a status settles it, or it shows as unknown.
    Ambiguous,
}

/// What else is known after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeEffect {
    /// The 24-hour window is closed, whatever we thought.
    ClosesWindow,
    /// The customer cannot be reached through this number.
    Undeliverable,
    /// The customer wants no marketing messages.
    MarketingStop,
    /// What we know of the templates is old.
    RefreshTemplates,
}

/// A sentence in each language of the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sentence {
    /// Portuguese of Brazil.
    #[serde(rename = "pt-BR")]
    pub pt_br: String,
    /// English.
    pub en: String,
    /// Spanish.
    pub es: String,
}

/// One code, or a range of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphCode {
    /// The first code.
    pub first: i32,
    /// The last code.
    pub last: i32,
    /// What becomes of the send.
    pub class: CodeClass,
    /// What else follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<CodeEffect>,
    /// What it means, for administrators.
    pub meaning: String,
    /// What the agent reads.
    pub sentence: Sentence,
}

/// The table.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphCodes {
    /// The codes, ascending.
    pub codes: Vec<GraphCode>,
    /// The sentence for every other code.
    pub otherwise: Sentence,
}

static TABLE: LazyLock<GraphCodes> = LazyLock::new(|| {
    // The text is part of the program and a test reads it; without it every code is judged by its HTTP status.
    serde_json::from_str(include_str!("graph_codes.json")).unwrap_or_else(|_| GraphCodes {
        codes: Vec::new(),
        otherwise: Sentence {
            pt_br: String::new(),
            en: String::new(),
            es: String::new(),
        },
    })
});

/// Ours, not Meta's: what is to be sent, or where, does not open.
pub const KEY_BROKEN: i32 = -100;

impl GraphCodes {
    /// The table.
    #[must_use]
    pub fn table() -> &'static Self {
        &TABLE
    }

    /// What is known of a code.
    #[must_use]
    pub fn find(&self, code: i32) -> Option<&GraphCode> {
        let after = self.codes.partition_point(|known| known.last < code);
        self.codes.get(after).filter(|known| known.first <= code)
    }

    /// docs/error-codes.md.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = String::from(
            "# Error codes of WhatsApp\n\nWhat Meta's codes mean for a message, and what the agent reads; those below nought are ours. Made from \
             `core/src/model/graph_codes.json` by `cargo run -p balcao-core --example reference`; \
             `GET /api/v1/error-codes` answers the same table.\n\n\
             Classes: `retry_soon` and `retry_later` leave again by themselves, a few times; `pair_wait` waits 4^n \
             seconds for this customer; `stop_channel` holds everything of the number until somebody acts; `fail` is \
             final; `ambiguous` may have been sent and is never repeated by itself.\n\n\
             | code | class | effect | meaning | the agent reads |\n|---|---|---|---|---|\n",
        );
        for code in &self.codes {
            let range = if code.first == code.last {
                code.first.to_string()
            } else {
                format!("{} to {}", code.first, code.last)
            };
            page.push_str(&format!(
                "| {range} | {} | {} | {} | {} |\n",
                word(&code.class),
                code.effect.as_ref().map(word).unwrap_or_default(),
                code.meaning,
                code.sentence.en,
            ));
        }
        page.push_str(&format!(
            "| every other | by HTTP status | | | {} |\n",
            self.otherwise.en
        ));
        page
    }
}

fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(|word| format!("`{word}`")))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ascends_without_overlap() {
        let table = GraphCodes::table();
        assert!(table.codes.len() > 60);
        for pair in table.codes.windows(2) {
            assert!(
                pair[0].first <= pair[0].last && pair[0].last < pair[1].first,
                "{} before {}",
                pair[0].first,
                pair[1].first
            );
        }
    }

    #[test]
    fn every_code_is_found_and_its_neighbours_are_not() {
        let table = GraphCodes::table();
        for code in &table.codes {
            assert_eq!(
                table.find(code.first).map(|found| found.first),
                Some(code.first)
            );
            assert_eq!(
                table.find(code.last).map(|found| found.first),
                Some(code.first)
            );
        }
        for unknown in [-1, 5, 300, 424_242, i32::MAX] {
            assert_eq!(table.find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_sentence_is_one_for_people_in_each_language() {
        let table = GraphCodes::table();
        let sentences = table.codes.iter().map(|code| &code.sentence);
        for sentence in sentences.chain([&table.otherwise]) {
            let all = [&sentence.pt_br, &sentence.en, &sentence.es];
            for text in all {
                assert!(text.ends_with('.') && text.chars().count() > 20, "{text}");
                assert!(text.chars().count() <= 160, "{text}");
            }
            assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        }
    }

    #[test]
    fn the_effects_are_those_of_the_contract() {
        let effect = |code| GraphCodes::table().find(code).and_then(|code| code.effect);
        assert_eq!(effect(131_047), Some(CodeEffect::ClosesWindow));
        assert_eq!(effect(131_026), Some(CodeEffect::Undeliverable));
        assert_eq!(effect(131_050), Some(CodeEffect::MarketingStop));
        assert_eq!(effect(132_015), Some(CodeEffect::RefreshTemplates));
        assert_eq!(effect(131_009), None);
    }

    #[test]
    fn the_page_is_made_from_the_table() {
        let page = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/error-codes.md"
        ));
        assert_eq!(
            page.unwrap_or_default(),
            GraphCodes::table().markdown(),
            "run: cargo run -p balcao-core --example reference"
        );
    }
}
