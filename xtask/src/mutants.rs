//! `cargo xtask mutants`: each check of docs/mutants.md against the fault that it must notice.
//!
//! Promises: `balcao` is built once with all faults, beside the product's build and never in its place; a check that
//! does not pass without a fault counts for nothing; a check that passes with its fault is named as SURVIVED, and then
//! the exit status is 1. Does not: judge why a check failed; its first words are shown, so that a reader can.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::steps::Steps;
use crate::workspace::{Workspace, run as run_command};
use crate::{MutantsOptions, setup};

/// The table that this task reads.
pub(crate) const TABLE: &str = "docs/mutants.md";
/// Letters of a failed check's first words that are shown.
const SHOWN_LETTERS: usize = 110;
/// What `balcao` ends with when a fault's name is unknown.
const REFUSED: i32 = 78;

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub name: String,
    pub breaks: String,
    pub promise: String,
    pub check: String,
}

/// The rows of the table.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    let cells = |line: &str| -> Option<Row> {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let code = |cell: Option<&str>| Some(cell?.trim_matches('`').to_owned());
        Some(Row {
            name: code(cells.next())?,
            breaks: cells.next()?.to_owned(),
            promise: cells.next()?.to_owned(),
            check: code(cells.next())?,
        })
    };
    text.lines().filter_map(cells).collect()
}

/// # Errors
/// Something cannot be built, or a name is unknown. Survivors are exit status 1.
pub(crate) fn run(workspace: &Workspace, options: &MutantsOptions) -> Result<ExitCode> {
    let table = std::fs::read_to_string(workspace.root.join(TABLE)).context(TABLE)?;
    let rows = chosen(rows(&table), &options.names)?;
    if options.list {
        for row in rows {
            println!(
                "{:<26} {:<10} {}\n{:<37} {}",
                row.name, row.promise, row.breaks, "", row.check
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let steps = Steps::begin();
    steps.step("looking for the programs that tests need", "", || {
        setup::ensure(setup::TEST)
    })?;
    let trial = Trial {
        balcao: steps.step("building balcao with its faults", "", || mutated(workspace))?,
        checks: steps.step("building the checks", "", || checks(workspace))?,
        folder: workspace.root.join("tests"),
    };
    trial.knows(&rows)?;

    let once: BTreeSet<&str> = rows.iter().map(|row| row.check.as_str()).collect();
    let baseline: Vec<(&str, Option<&str>)> = once.into_iter().map(|check| (check, None)).collect();
    let unsound = trial.all(&steps, options.jobs, &baseline)?;
    let unsound: Vec<&Verdict> = unsound.iter().filter(|verdict| !verdict.passed).collect();
    for verdict in &unsound {
        println!(
            "UNSOUND  {} fails without any fault: {}",
            verdict.check, verdict.words
        );
    }

    let faults: Vec<(&str, Option<&str>)> = rows
        .iter()
        .filter(|row| unsound.iter().all(|verdict| verdict.check != row.check))
        .map(|row| (row.check.as_str(), Some(row.name.as_str())))
        .collect();
    let verdicts = trial.all(&steps, options.jobs, &faults)?;
    report(&rows, &verdicts);
    let survivors = verdicts.iter().filter(|verdict| verdict.passed).count();
    println!(
        "{} caught, {survivors} survived, {} checks unsound",
        verdicts.len() - survivors,
        unsound.len()
    );
    Ok(if survivors == 0 && unsound.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn chosen(rows: Vec<Row>, names: &[String]) -> Result<Vec<Row>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| rows.iter().all(|row| row.name != **name))
    {
        bail!("no mutant is called {unknown}: cargo xtask mutants --list");
    }
    Ok(rows
        .into_iter()
        .filter(|row| names.is_empty() || names.contains(&row.name))
        .collect())
}

fn report(rows: &[Row], verdicts: &[Verdict]) {
    println!();
    for row in rows {
        let is_this = |verdict: &&Verdict| {
            verdict.mutant.as_deref() == Some(row.name.as_str()) && verdict.check == row.check
        };
        let verdict = verdicts.iter().find(is_this);
        let (word, seconds, words) = match verdict {
            Some(verdict) if verdict.passed => ("SURVIVED", verdict.seconds, "the check passed"),
            Some(verdict) => ("caught", verdict.seconds, verdict.words.as_str()),
            None => ("not run", 0.0, "its check is unsound"),
        };
        println!(
            "{word:<8} {seconds:>6.1} s  {:<26} {:<10} {}\n{:<20}{words}",
            row.name, row.promise, row.check, ""
        );
    }
}

/// `balcao` with all faults, in a target folder of its own; what it shares with the product's build (all that is not
/// ours) is compiled once for both.
fn mutated(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("mutants");
    let build = workspace.metadata["build_directory"].as_str();
    let shared = build.map_or_else(|| workspace.target.clone(), PathBuf::from);
    let mut cargo = workspace.cargo(["build", "--workspace", "--bin", "balcao"]);
    cargo
        .args(["--features", "balcao/mutants", "--target-dir"])
        .arg(&folder)
        .env("CARGO_BUILD_BUILD_DIR", shared);
    run_command(&mut cargo)?;
    Ok(folder.join("debug/balcao"))
}

/// The simulator and the test program of the promises, as `cargo xtask test` builds them; returns the latter.
fn checks(workspace: &Workspace) -> Result<PathBuf> {
    run_command(&mut workspace.cargo(["build", "--workspace", "--bin", "simulator"]))?;
    let mut cargo = workspace.cargo(["test", "--workspace", "--test", "promises", "--no-run"]);
    cargo
        .arg("--message-format=json-render-diagnostics")
        .stderr(std::process::Stdio::inherit());
    let output = cargo.output().context("running cargo test --no-run")?;
    ensure!(output.status.success(), "the checks could not be built");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "promises")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo names no test program of the promises")
}

/// What a check said of one fault, or of none.
struct Verdict {
    check: String,
    mutant: Option<String>,
    passed: bool,
    seconds: f64,
    words: String,
}

/// The programs that are tried.
struct Trial {
    balcao: PathBuf,
    checks: PathBuf,
    folder: PathBuf,
}

impl Trial {
    /// A fault that `balcao` does not know would look caught: nothing would start.
    fn knows(&self, rows: &[Row]) -> Result<()> {
        let ends = |name: &str| -> Result<Option<i32>> {
            let mut command = Command::new(&self.balcao);
            let output = command.arg("openapi").env("BALCAO_MUTANT", name).output();
            Ok(output.context("running balcao")?.status.code())
        };
        ensure!(
            ends("no-such-fault")? == Some(REFUSED),
            "{} does not refuse a fault that does not exist: was it built with the feature?",
            self.balcao.display()
        );
        for row in rows {
            ensure!(
                ends(&row.name)? == Some(0),
                "balcao knows no mutant called {}",
                row.name
            );
        }
        Ok(())
    }

    /// Runs checks, `jobs` at a time, in their order.
    fn all(
        &self,
        steps: &Steps,
        jobs: usize,
        work: &[(&str, Option<&str>)],
    ) -> Result<Vec<Verdict>> {
        let next = Mutex::new(work.iter());
        let verdicts = Mutex::new(Vec::new());
        let take = || next.lock().ok().and_then(|mut next| next.next().copied());
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.max(1))
                .map(|_| {
                    scope.spawn(|| -> Result<()> {
                        while let Some((check, mutant)) = take() {
                            let verdict = self.one(check, mutant)?;
                            let word = match (mutant, verdict.passed) {
                                (None, true) => "sound",
                                (None, false) => "UNSOUND",
                                (Some(_), true) => "SURVIVED",
                                (Some(_), false) => "caught",
                            };
                            let name = mutant.unwrap_or(check);
                            steps.say(&format!("{name}: {word}, {:.1} s", verdict.seconds));
                            if let Ok(mut verdicts) = verdicts.lock() {
                                verdicts.push(verdict);
                            }
                        }
                        Ok(())
                    })
                })
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| match worker.join() {
                    Ok(result) => result,
                    Err(_) => bail!("a worker panicked"),
                })
        })?;
        verdicts
            .into_inner()
            .map_err(|_| anyhow::anyhow!("a worker panicked"))
    }

    fn one(&self, check: &str, mutant: Option<&str>) -> Result<Verdict> {
        let began = Instant::now();
        let mut command = Command::new(&self.checks);
        command
            .args([check, "--exact"])
            .current_dir(&self.folder)
            .env("BALCAO_UNDER_TEST", &self.balcao)
            .env_remove("BALCAO_MUTANT");
        if let Some(mutant) = mutant {
            command.env("BALCAO_MUTANT", mutant);
        }
        let output = command.output().context("running a check")?;
        Ok(Verdict {
            passed: passed(check, &output)?,
            words: words(&String::from_utf8_lossy(&output.stdout)),
            seconds: began.elapsed().as_secs_f64(),
            check: check.to_owned(),
            mutant: mutant.map(str::to_owned),
        })
    }
}

/// # Errors
/// No such check: it can neither pass nor fail.
fn passed(check: &str, output: &Output) -> Result<bool> {
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("test result: ok. 1 passed") {
        Ok(true)
    } else if text.contains("0 passed; 1 failed") {
        Ok(false)
    } else {
        bail!("{check} is no check of tests/tests/promises; see {TABLE}")
    }
}

/// What a failed check said first: the line after the first panic's place.
fn words(output: &str) -> String {
    let mut lines = output
        .lines()
        .skip_while(|line| !line.contains("panicked at"));
    lines.next();
    let line = lines.next().unwrap_or_default().trim();
    line.chars().take(SHOWN_LETTERS).collect()
}

/// Checks that a table names a test that exists, for lint: `file::test` below `promises`.
pub(crate) fn exists(promises: &Path, check: &str) -> bool {
    let Some((file, test)) = check.split_once("::") else {
        return false;
    };
    std::fs::read_to_string(promises.join(file).with_extension("rs"))
        .is_ok_and(|text| text.contains(&format!("async fn {test}()")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_and_the_rest_of_the_page_is_not() {
        let page = "# Mutants\n| mutant | what | promise | check |\n|---|---|---|---|\n| `a-b` | breaks a, b | 6, 10 | `file::test` |\n";
        let row = Row {
            name: "a-b".to_owned(),
            breaks: "breaks a, b".to_owned(),
            promise: "6, 10".to_owned(),
            check: "file::test".to_owned(),
        };
        assert_eq!(rows(page), [row]);
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let page = "| `a` | x | 1 | `f::t` |\n| `b` | x | 1 | `f::t` |\n";
        assert_eq!(chosen(rows(page), &[]).unwrap().len(), 2);
        assert_eq!(chosen(rows(page), &["b".to_owned()]).unwrap()[0].name, "b");
        assert!(chosen(rows(page), &["c".to_owned()]).is_err());
    }

    #[test]
    fn the_words_of_a_failure_follow_its_place() {
        let output = "running 1 test\nthread 'x' (1) panicked at a.rs:1:2:\nassertion failed: one\n  left: 1\n";
        assert_eq!(words(output), "assertion failed: one");
        assert_eq!(words("ok"), "");
    }
}
