//! `balcao webhook check`: what would become of payload files, without a database, a configuration or a network.
//!
//! Promises: one line an item, kinds and reasons only, never words or numbers of people; exit 1 if a valid payload of
//! the Cloud API would be lost, or a file cannot be read.
//! Does not: store, send or follow links to folders elsewhere.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use balcao_core::clock::Clock;
use clap::Subcommand;
use gateway::check::{Finding, Outcome, check};
use serde_json::json;

use crate::cli::{Failure, Settings};

/// A payload file may be no larger: four times what the webhook accepts.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Folders are searched no deeper.
const MAX_DEPTH: usize = 16;

/// What can be asked about webhooks.
#[derive(Subcommand)]
pub enum Verb {
    /// Say what would become of payload files: stored as what, or a dead letter and why
    Check {
        /// Files, or folders that are searched for `.json` files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure::Check`] when a valid payload would be lost or a file cannot be read.
pub fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    let Verb::Check { paths } = verb;
    let mut files = Vec::new();
    let mut summary = Summary::default();
    for path in &paths {
        if let Err(error) = collect(path, MAX_DEPTH, true, &mut files) {
            eprintln!("balcao: {}: {error}", path.display());
            summary.unreadable += 1;
        }
    }
    let now = Clock::system().now();
    let mut out = std::io::stdout().lock();
    for file in &files {
        match read(file) {
            Ok(bytes) => {
                for finding in check(&bytes, now) {
                    writeln!(out, "{}", line(file, &finding, settings.json))?;
                    summary.add(&finding);
                }
                summary.files += 1;
            }
            Err(error) => {
                eprintln!("balcao: {}: {error}", file.display());
                summary.unreadable += 1;
            }
        }
    }
    if settings.json {
        writeln!(out, "{}", summary.json())?;
    } else {
        writeln!(out, "{}", summary.words())?;
    }
    if summary.lost > 0 || summary.unreadable > 0 {
        return Err(Failure::Check);
    }
    Ok(())
}

/// Files as they are named; of folders, every `.json` file, in order of name.
fn collect(
    path: &Path,
    depth: usize,
    is_named: bool,
    files: &mut Vec<PathBuf>,
) -> std::io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        if depth == 0 {
            return Err(std::io::Error::other("the folders are nested too deeply"));
        }
        let entries: std::io::Result<Vec<_>> = std::fs::read_dir(path)?.collect();
        let mut inner: Vec<PathBuf> = entries?.into_iter().map(|entry| entry.path()).collect();
        inner.sort();
        for path in inner {
            collect(&path, depth - 1, false, files)?;
        }
    } else if is_named
        || path
            .extension()
            .is_some_and(|extension| extension == "json")
    {
        files.push(path.to_path_buf());
    }
    Ok(())
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(
            "larger than 16 MiB: no webhook is; the limit of Meta's bodies is 3 MB",
        ));
    }
    Ok(bytes)
}

fn line(file: &Path, finding: &Finding, in_json: bool) -> String {
    let file = file.display();
    if in_json {
        return json!({
            "file": file.to_string(),
            "item": finding.item,
            "kind": finding.kind,
            "detail": finding.detail,
            "is_lost": finding.is_lost,
        })
        .to_string();
    }
    let lost = if finding.is_lost { "LOST: " } else { "" };
    let detail = finding.detail.as_deref();
    let detail = detail.map_or_else(String::new, |detail| format!(" ({detail})"));
    format!(
        "{file}: {lost}{} {}{detail}",
        finding.item.words(),
        finding.kind
    )
}

/// How it went in all.
#[derive(Default)]
struct Summary {
    files: usize,
    unreadable: usize,
    lost: usize,
    outcomes: BTreeMap<Outcome, usize>,
}

impl Summary {
    fn add(&mut self, finding: &Finding) {
        *self.outcomes.entry(finding.item).or_default() += 1;
        self.lost += usize::from(finding.is_lost);
    }

    fn words(&self) -> String {
        let counts: Vec<String> = self
            .outcomes
            .iter()
            .map(|(outcome, count)| format!("{} {count}", outcome.words()))
            .collect();
        format!(
            "{} files: {}; valid payloads lost: {}; unreadable files: {}",
            self.files,
            counts.join(", "),
            self.lost,
            self.unreadable
        )
    }

    fn json(&self) -> serde_json::Value {
        json!({"summary": {
            "files": self.files,
            "unreadable": self.unreadable,
            "lost": self.lost,
            "items": self.outcomes.iter().map(|(outcome, count)| (outcome.words().replace(' ', "_"), json!(count))).collect::<serde_json::Map<_, _>>(),
        }})
    }
}
