//! The tree of an export: checkpoint, leaf hashes, and the proof that an earlier tree is its beginning.

use std::{fs::File, io::Read, path::Path};

use super::Failure;
use crate::audit::{
    note::{Checkpoint, MAX_NOTE_BYTES, Verifier, decimal, hash_line},
    tree::{self, Hash},
};

/// Reads a file that must not be longer than `max_bytes`.
pub(super) fn read(dir: &Path, name: &str, max_bytes: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(dir.join(name))
        .and_then(|file| file.take(max_bytes + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::new(name, format!("cannot be read ({error})")))?;
    if bytes.len() as u64 > max_bytes {
        return Err(Failure::new(
            name,
            format!("is longer than {max_bytes} bytes"),
        ));
    }
    Ok(bytes)
}

pub(super) fn checkpoint(dir: &Path, verifier: &Verifier) -> Result<Checkpoint, Failure> {
    let note = read(dir, "checkpoint", MAX_NOTE_BYTES as u64)?;
    open_checkpoint("checkpoint", &note, verifier)
}

fn open_checkpoint(name: &str, note: &[u8], verifier: &Verifier) -> Result<Checkpoint, Failure> {
    let wrong = |why: String| Failure::new(name, why);
    let checkpoint = verifier
        .open(note)
        .and_then(Checkpoint::parse)
        .map_err(|error| wrong(error.to_string()))?;
    if checkpoint.origin != verifier.name() {
        return Err(wrong(format!(
            "line 1: is of the log {}, the key is of {}",
            checkpoint.origin,
            verifier.name()
        )));
    }
    if checkpoint.size == 0 {
        return Err(wrong("line 2: a log of size 0 proves nothing".into()));
    }
    Ok(checkpoint)
}

/// The leaf hashes, once their root is the checkpoint's.
pub(super) fn leaves(dir: &Path, checkpoint: &Checkpoint) -> Result<Vec<Hash>, Failure> {
    let wrong = |why: String| Failure::new("leaves.bin", why);
    let wanted = checkpoint.size.checked_mul(32).ok_or_else(|| {
        Failure::new(
            "checkpoint",
            format!("line 2: {} leaves cannot be", checkpoint.size),
        )
    })?;
    let path = dir.join("leaves.bin");
    let actual = path
        .metadata()
        .map_err(|error| wrong(format!("cannot be read ({error})")))?
        .len();
    if actual != wanted {
        return Err(wrong(format!(
            "has {actual} bytes, the checkpoint's {} leaves need {wanted}",
            checkpoint.size
        )));
    }
    let bytes = read(dir, "leaves.bin", wanted)?;
    let (leaves, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty()
        || leaves.len() as u64 != checkpoint.size
        || tree::root(leaves) != checkpoint.root
    {
        return Err(wrong(format!(
            "the root of its {} hashes is not the checkpoint's",
            leaves.len()
        )));
    }
    Ok(leaves.to_vec())
}

/// The auditor's own earlier checkpoint must be of a tree that is the beginning of this one.
pub(super) fn continues_kept(
    note: &[u8],
    verifier: &Verifier,
    leaves: &[Hash],
) -> Result<(), Failure> {
    let kept = open_checkpoint("previous checkpoint", note, verifier)?;
    let start = usize::try_from(kept.size)
        .ok()
        .and_then(|size| leaves.get(..size));
    match start {
        Some(start) if tree::root(start) == kept.root => Ok(()),
        Some(_) => Err(Failure::new(
            "leaves.bin",
            format!(
                "leaves 0 to {} are not those of the previous checkpoint: history was rewritten",
                kept.size - 1
            ),
        )),
        None => Err(Failure::new(
            "checkpoint",
            format!(
                "line 2: has {} leaves, the previous checkpoint had {}",
                leaves.len(),
                kept.size
            ),
        )),
    }
}

/// Checks the file `consistency` against the leaves and returns its old size.
pub(super) fn consistency(dir: &Path, leaves: &[Hash]) -> Result<u64, Failure> {
    let wrong = |why: String| Failure::new("consistency", why);
    let bytes = read(dir, "consistency", 16 * 1024)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("is not ASCII".into()))?;
    let text = text
        .strip_suffix('\n')
        .ok_or_else(|| wrong("its last line has no line feed".into()))?;
    let mut lines = text.split('\n');
    let old = lines
        .next()
        .and_then(decimal)
        .ok_or_else(|| wrong("line 1: not a size in decimal without leading zeroes".into()))?;
    let start = usize::try_from(old)
        .ok()
        .filter(|start| *start <= leaves.len())
        .ok_or_else(|| {
            wrong(format!(
                "line 1: {old} is more than the tree's {} leaves",
                leaves.len()
            ))
        })?;
    let mut proof = Vec::new();
    for (index, line) in lines.enumerate() {
        let hash = hash_line(line)
            .ok_or_else(|| wrong(format!("line {}: not 32 bytes of base64", index + 2)))?;
        proof.push(hash);
    }
    let expected = tree::consistency_proof(leaves, start).unwrap_or_default();
    if proof.len() != expected.len() {
        return Err(wrong(format!(
            "has {} hashes, the proof from {old} needs {}",
            proof.len(),
            expected.len()
        )));
    }
    if let Some(index) = proof
        .iter()
        .zip(&expected)
        .position(|(has, needs)| has != needs)
    {
        return Err(wrong(format!(
            "line {}: is not the hash of that part of the tree",
            index + 2
        )));
    }
    Ok(old)
}
