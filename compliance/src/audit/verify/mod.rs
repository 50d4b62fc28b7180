//! Checks an export folder, offline and from nothing but its bytes and a key.
//!
//! Promises: everything is recomputed, nothing is believed; parsing accepts the exact forms only; what is wrong is
//! named by file and line or leaf. `verify.py` beside the exporter does the same in another language, and the tests
//! hold both to the same answers. Does not: fetch keys, read a clock, or trust the `verify.py` inside the folder.

mod folder;
mod line;
mod manifest;

use std::{fmt, path::Path};

use serde::Serialize;

use super::{note::Verifier, tree::Hash};

/// What a sound folder says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The log.
    pub origin: String,
    /// Events disclosed.
    pub events: u64,
    /// Leaves in the tree.
    pub size: u64,
    /// The tree's root, in hexadecimal.
    pub root: String,
    /// The period, as the manifest writes it: inclusive.
    pub from: String,
    /// Exclusive.
    pub to: String,
    /// Size of the earlier tree this one is shown to continue; 0 if none.
    pub continues: u64,
    /// Witnesses that cosigned; 0 means that only the operator vouches for there being one log.
    pub witnesses: u64,
}

/// Where a folder is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file, or `key` for the key that was given.
    pub file: String,
    /// The place in it and what is wrong there.
    pub why: String,
}

impl Failure {
    fn new(file: &str, why: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.why)
    }
}

impl std::error::Error for Failure {}

/// Verifies an export against a key that came by another way than the export did.
///
/// # Errors
/// The first thing that is wrong.
pub fn folder(dir: &Path, vkey: &str) -> Result<Report, Failure> {
    check(dir, vkey, None)
}

/// Like [`folder`], and the tree must continue the one of a checkpoint that the auditor kept from earlier.
///
/// # Errors
/// The first thing that is wrong; `previous checkpoint` names the one that was kept.
pub fn folder_since(dir: &Path, vkey: &str, previous: &[u8]) -> Result<Report, Failure> {
    check(dir, vkey, Some(previous))
}

fn check(dir: &Path, vkey: &str, previous: Option<&[u8]>) -> Result<Report, Failure> {
    let verifier = Verifier::parse(vkey).map_err(|error| Failure::new("key", error.to_string()))?;
    let checkpoint = folder::checkpoint(dir, &verifier)?;
    let leaves: Vec<Hash> = folder::leaves(dir, &checkpoint)?;
    if let Some(previous) = previous {
        folder::continues_kept(previous, &verifier, &leaves)?;
    }
    let continues = folder::consistency(dir, &leaves)?;
    let manifest = manifest::read(dir, &verifier, vkey)?;
    let events = line::check_all(dir, &manifest, &leaves)?;
    manifest::check_files(dir, &manifest, &verifier)?;
    Ok(Report {
        origin: checkpoint.origin,
        events,
        size: checkpoint.size,
        root: hex::encode(checkpoint.root),
        from: manifest.from,
        to: manifest.to,
        continues,
        witnesses: manifest.witnesses,
    })
}
