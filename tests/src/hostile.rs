//! The table of hostile inputs: what came, what must be answered, what was answered. One test fills it and prints it.
//!
//! Promises: the whole table is printed, also when rows fail; a row without a fact, and a number without a row, fail.
//! Does not: ask anything itself.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::ops::RangeInclusive;

/// A printed answer is cut here.
const MAX_SHOWN_CHARS: usize = 60;

/// The table.
#[derive(Default)]
pub struct Table {
    rows: BTreeMap<u8, Row>,
}

/// A hostile input and the facts about its answer.
pub struct Row {
    input: &'static str,
    expected: &'static str,
    facts: Vec<Fact>,
}

struct Fact {
    what: String,
    answer: String,
    wanted: Option<String>,
}

impl Table {
    /// The row of this number; made when it is new.
    pub fn row(&mut self, number: u8, input: &'static str, expected: &'static str) -> &mut Row {
        self.rows.entry(number).or_insert(Row {
            input,
            expected,
            facts: Vec::new(),
        })
    }

    /// Prints all rows and judges them.
    ///
    /// # Panics
    /// When a fact is not as it must be, or one of these numbers has no row or a row no fact.
    pub fn close(&self, numbers: RangeInclusive<u8>) {
        println!("{}", self.printed());
        let missing: Vec<u8> = numbers
            .filter(|number| self.rows.get(number).is_none_or(|row| row.facts.is_empty()))
            .collect();
        let failed: Vec<u8> = self
            .rows
            .iter()
            .filter(|(_, row)| !row.holds())
            .map(|(number, _)| *number)
            .collect();
        assert!(
            missing.is_empty() && failed.is_empty(),
            "rows that do not hold: {failed:?}; rows without a fact: {missing:?}; the table:\n{}",
            self.printed()
        );
    }

    fn printed(&self) -> String {
        let mut text = String::from("  # | holds | input -> expected\n");
        for (number, row) in &self.rows {
            let verdict = if row.holds() { "yes" } else { "NO" };
            let line = writeln!(
                text,
                "{number:>3} | {verdict:<5} | {} -> {}",
                row.input, row.expected
            );
            line.expect("text takes text");
            for fact in &row.facts {
                let wanted = fact.wanted.as_ref();
                let wanted = wanted.map_or_else(String::new, |wanted| format!(", NOT {wanted}"));
                writeln!(
                    text,
                    "    |       |   {}: {}{wanted}",
                    fact.what, fact.answer
                )
                .expect("text takes text");
            }
        }
        text
    }
}

impl Row {
    /// A fact: what was asked, what came, what had to come.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a caller compares fresh values; references would only be noise in the table"
    )]
    pub fn is<T: Debug + PartialEq>(&mut self, what: &str, came: T, wanted: T) -> &mut Self {
        let is_so = came == wanted;
        self.facts.push(Fact {
            what: what.to_owned(),
            answer: shown(&came),
            wanted: (!is_so).then(|| shown(&wanted)),
        });
        self
    }

    /// A fact that is or is not.
    pub fn holds_that(&mut self, what: &str, is_so: bool) -> &mut Self {
        self.is(what, is_so, true)
    }

    fn holds(&self) -> bool {
        self.facts.iter().all(|fact| fact.wanted.is_none())
    }
}

fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    if text.chars().count() <= MAX_SHOWN_CHARS {
        return text;
    }
    let mut cut: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_whose_facts_hold_closes() {
        let mut table = Table::default();
        table.row(1, "a", "200").is("status", 200, 200);
        table.row(2, "b", "401").holds_that("refused", true);
        table.close(1..=2);
        assert!(table.printed().contains("  1 | yes   | a -> 200"));
    }

    #[test]
    #[should_panic(expected = "rows that do not hold: [1]")]
    fn a_fact_that_does_not_hold_fails_the_table() {
        let mut table = Table::default();
        table.row(1, "a", "200").is("status", 500, 200);
        table.close(1..=1);
    }

    #[test]
    #[should_panic(expected = "rows without a fact: [2, 3]")]
    fn a_row_without_a_fact_fails_the_table() {
        let mut table = Table::default();
        table.row(1, "a", "200").is("status", 200, 200);
        table.row(2, "b", "200");
        table.close(1..=3);
    }
}
