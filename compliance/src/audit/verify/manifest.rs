//! The manifest of an export: its signature, its claims, and the files it names.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Failure, folder};
use crate::audit::{
    Filter,
    export::manifest_text,
    leaf,
    note::{MAX_NOTE_BYTES, Verifier},
};

const MAX_MANIFEST_BYTES: u64 = 1024 * 1024;
const NAME: &str = "manifest.json";
/// Files that every manifest must name.
const REQUIRED: [&str; 3] = ["events.jsonl", "leaves.bin", "checkpoint"];

#[derive(Deserialize)]
struct Raw {
    origin: String,
    from: String,
    to: String,
    filter: Value,
    events: u64,
    files: BTreeMap<String, String>,
    vkey: String,
    witnesses: Value,
}

/// A manifest whose signature and claims are sound.
pub(super) struct Manifest {
    pub(super) from: String,
    pub(super) to: String,
    /// The period in the form of leaves, so that text order is time order.
    pub(super) first: String,
    pub(super) end: String,
    pub(super) filter: Filter,
    pub(super) events: u64,
    pub(super) witnesses: u64,
    files: BTreeMap<String, String>,
}

/// Reads `manifest.json`, which must be what `manifest.note` signed.
pub(super) fn read(dir: &Path, verifier: &Verifier, vkey: &str) -> Result<Manifest, Failure> {
    let bytes = signed_bytes(dir, verifier)?;
    let wrong = |why: String| Failure::new(NAME, why);
    let raw: Raw = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("is not a manifest: {error}")))?;
    if raw.origin != verifier.name() {
        return Err(wrong(format!(
            "origin: is {}, the key is of {}",
            raw.origin,
            verifier.name()
        )));
    }
    if raw.vkey != vkey {
        return Err(wrong("vkey: is not the key given".into()));
    }
    let instant = |key: &str, text: &str| {
        DateTime::parse_from_rfc3339(text)
            .map(|at| leaf::instant(at.with_timezone(&Utc)))
            .map_err(|_| wrong(format!("{key}: is not an RFC 3339 instant")))
    };
    let (first, end) = (instant("from", &raw.from)?, instant("to", &raw.to)?);
    let filter = match raw.filter {
        Value::Object(_) => {
            serde_json::from_value(raw.filter).map_err(|error| wrong(format!("filter: {error}")))?
        }
        Value::Null => Filter::default(),
        _ => return Err(wrong("filter: is not an object".into())),
    };
    let witnesses = match raw.witnesses {
        Value::Number(ref number) => number.as_u64(),
        Value::Array(ref names) => Some(names.len() as u64),
        _ => None,
    };
    let witnesses =
        witnesses.ok_or_else(|| wrong("witnesses: is neither a number nor a list".into()))?;
    if let Some(missing) = REQUIRED.iter().find(|name| !raw.files.contains_key(**name)) {
        return Err(wrong(format!("files: does not name {missing}")));
    }
    let Raw {
        from,
        to,
        events,
        files,
        ..
    } = raw;
    Ok(Manifest {
        from,
        to,
        first,
        end,
        filter,
        events,
        witnesses,
        files,
    })
}

/// The bytes of `manifest.json`, once `manifest.note` signed them.
fn signed_bytes(dir: &Path, verifier: &Verifier) -> Result<Vec<u8>, Failure> {
    let bytes = folder::read(dir, NAME, MAX_MANIFEST_BYTES)?;
    let note = folder::read(dir, "manifest.note", MAX_NOTE_BYTES as u64)?;
    let text = verifier
        .open(&note)
        .map_err(|error| Failure::new("manifest.note", error.to_string()))?;
    let wanted = manifest_text(verifier.name(), &bytes);
    if text != wanted {
        let same_log = text.lines().next() == wanted.lines().next();
        let (file, why) = if same_log && text.lines().count() == 2 {
            (NAME, "is not the manifest that manifest.note signed")
        } else {
            (
                "manifest.note",
                "line 1: is not about an export of this log",
            )
        };
        return Err(Failure::new(file, why));
    }
    Ok(bytes)
}

/// Every file the manifest names must be there with the SHA-256 it names. Signatures of unknown keys that were added to
/// the checkpoint since are left out of its hash.
pub(super) fn check_files(
    dir: &Path,
    manifest: &Manifest,
    verifier: &Verifier,
) -> Result<(), Failure> {
    for (name, wanted) in &manifest.files {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(Failure::new(NAME, "files: names a file outside the folder"));
        }
        let actual = sha256(&dir.join(name))
            .map_err(|error| Failure::new(name, format!("cannot be read ({error})")))?;
        let cosigned = || -> Result<bool, Failure> {
            let note = folder::read(dir, name, MAX_NOTE_BYTES as u64)?;
            Ok(hex::encode(Sha256::digest(verifier.without_unknown(&note))) == *wanted)
        };
        if actual != *wanted && !(name == "checkpoint" && cosigned()?) {
            return Err(Failure::new(
                name,
                "does not have the SHA-256 that the manifest names",
            ));
        }
    }
    Ok(())
}

fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}
