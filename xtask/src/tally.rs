//! Counts tests from what test programs print, while it is shown.
//!
//! Promises: understands cargo-nextest, `cargo test`, vitest and Playwright; what it does not understand counts as
//! one check. Output passes through line by line.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result};

use crate::workspace::shown;

/// How many passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// One check by its result.
    pub(crate) fn one(passed: bool) -> Tally {
        Tally {
            passed: u64::from(passed),
            failed: u64::from(!passed),
        }
    }

    pub(crate) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Whose closing lines to read; a failed test's own output may look like another program's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Prints {
    Nextest,
    CargoTest,
    Vitest,
    Playwright,
    /// `facts: N passed, M failed`, as our own scripts close.
    Facts,
    /// Nothing that counts: one check.
    Nothing,
}

/// Runs a test program and counts. A program that fails without a failed test counts as one failure.
///
/// # Errors
/// It cannot be started.
pub(crate) fn count(command: &mut Command, prints: Prints) -> Result<Tally> {
    let (status, mut tally) = watch(command, prints)?;
    if status.success() && tally == Tally::default() {
        return Ok(Tally::one(true));
    }
    if !status.success() && tally.failed == 0 {
        eprintln!("{}: {status}", shown(command));
        tally.failed = 1;
    }
    Ok(tally)
}

fn watch(command: &mut Command, prints: Prints) -> Result<(ExitStatus, Tally)> {
    let name = shown(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("running {name}"))?;
    let (out, err) = (
        child.stdout.take().context("stdout is piped")?,
        child.stderr.take().context("stderr is piped")?,
    );
    let tally = std::thread::scope(|scope| {
        let other = scope.spawn(move || pass_on(err, prints));
        let mut tally = pass_on(out, prints);
        tally.add(other.join().unwrap_or_default());
        tally
    });
    Ok((child.wait()?, tally))
}

fn pass_on(stream: impl Read, prints: Prints) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        tally.add(counts_in(&plain(&line), prints));
    }
    tally
}

/// The counts of a line that sums up; nothing for all other lines.
fn counts_in(line: &str, prints: Prints) -> Tally {
    let line = line.trim();
    let sums_up = match prints {
        Prints::Nextest => line.starts_with("Summary ["),
        Prints::CargoTest => line.starts_with("test result:"),
        Prints::Vitest => line.starts_with("Tests "),
        Prints::Playwright => is_playwright_sum(line),
        Prints::Facts => line.starts_with("facts:"),
        Prints::Nothing => false,
    };
    if !sums_up {
        return Tally::default();
    }
    let mut tally = Tally::default();
    let words: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .collect();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else {
            continue;
        };
        match pair[1] {
            "passed" => tally.passed += number,
            "failed" | "flaky" => tally.failed += number,
            _ => {}
        }
    }
    tally
}

/// Playwright's last lines: `2 failed`, `1 flaky`, `12 passed (4.1s)`.
fn is_playwright_sum(line: &str) -> bool {
    let mut words = line.split(' ');
    let number = words.next().is_some_and(|word| word.parse::<u64>().is_ok());
    let verb = words
        .next()
        .is_some_and(|word| ["passed", "failed", "flaky"].contains(&word));
    number && verb && words.next().is_none_or(|word| word.starts_with('('))
}

/// Without colours.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("\u{1b}[") {
        text.push_str(&rest[..start]);
        let sequence = &rest[start + 2..];
        let end = sequence
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(sequence.len(), |end| end + 1);
        rest = &sequence[end..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_s_sum_is_understood() {
        use Prints::{CargoTest, Nextest, Nothing, Playwright, Vitest};
        let cases = [
            (
                Nextest,
                "     Summary [   1.204s] 14 tests run: 12 passed, 2 failed, 0 skipped",
                12,
                2,
            ),
            (
                Nextest,
                "     Summary [   1.204s] 13 tests run: 13 passed (1 slow), 0 skipped",
                13,
                0,
            ),
            (
                Nextest,
                "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured",
                0,
                0,
            ),
            (
                CargoTest,
                "test result: ok. 8 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
                8,
                0,
            ),
            (Vitest, "      Tests  1 failed | 30 passed (31)", 30, 1),
            (Vitest, " Test Files  3 passed (3)", 0, 0),
            (Playwright, "  12 passed (4.1s)", 12, 0),
            (Playwright, "  2 failed", 0, 2),
            (Playwright, "  1 flaky", 0, 1),
            (Playwright, "5 passed the door", 0, 0),
            (Nothing, "  12 passed (4.1s)", 0, 0),
        ];
        for (prints, line, passed, failed) in cases {
            assert_eq!(
                counts_in(&plain(line), prints),
                Tally { passed, failed },
                "{line}"
            );
        }
    }

    #[test]
    fn colours_are_taken_off() {
        assert_eq!(
            plain("\u{1b}[32m12 passed\u{1b}[39m (1s)"),
            "12 passed (1s)"
        );
    }

    #[test]
    fn a_program_that_fails_silently_is_one_failure() {
        assert_eq!(
            count(&mut Command::new("false"), Prints::Nextest).unwrap(),
            Tally {
                passed: 0,
                failed: 1
            }
        );
        assert_eq!(
            count(&mut Command::new("true"), Prints::Nothing).unwrap(),
            Tally {
                passed: 1,
                failed: 0
            }
        );
    }
}
