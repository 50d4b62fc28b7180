//! The ledger: one JSON line for everything the simulator generated, tried or was asked.
//!
//! Promises: a line is written before its effect is visible outside; each line is one write to the file, so a crash
//! loses no finished line; lines carry `n` (rising), `at`, `kind`.
//! Does not: rotate or shrink; a test takes a new folder.

use crate::clock::rfc3339;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// Append-only JSON Lines file.
pub(crate) struct Ledger {
    path: PathBuf,
    tail: Mutex<Tail>,
    length: watch::Sender<u64>,
    broken: AtomicBool,
}

struct Tail {
    file: File,
    n: u64,
}

impl Ledger {
    /// Opens or makes `DIR/ledger.jsonl`; a torn last line (power cut) is ended so that the next one stands alone.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join("ledger.jsonl");
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(&path)?;
        let (lines, torn) = count_lines(&path)?;
        if torn {
            file.write_all(b"\n")?;
        }
        let length = file.metadata()?.len();
        Ok(Ledger {
            path,
            tail: Mutex::new(Tail { file, n: lines }),
            length: watch::Sender::new(length),
            broken: AtomicBool::new(false),
        })
    }

    /// Adds a line. A disk error is logged and makes `/healthz` answer 503: tests must not trust a ledger with holes.
    pub(crate) fn append(&self, kind: &str, at: DateTime<Utc>, fields: Value) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.n += 1;
        let mut line = json!({"n": tail.n, "kind": kind, "at": rfc3339(at)});
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        match tail.file.write_all(&bytes) {
            Ok(()) => self
                .length
                .send_modify(|length| *length += bytes.len() as u64),
            Err(error) => {
                self.broken.store(true, Ordering::Relaxed);
                tracing::error!(%error, "the ledger cannot be written");
            }
        }
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Follows the length in bytes of all finished lines.
    pub(crate) fn length(&self) -> watch::Receiver<u64> {
        self.length.subscribe()
    }

    /// True after a line could not be written.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Calls `each` with every readable line; a line that is not JSON (torn by a crash) is skipped.
    pub(crate) fn read(&self, mut each: impl FnMut(Value)) -> io::Result<()> {
        for line in io::BufReader::new(File::open(&self.path)?).split(b'\n') {
            if let Ok(value) = serde_json::from_slice(&line?) {
                each(value);
            }
        }
        Ok(())
    }
}

fn count_lines(path: &Path) -> io::Result<(u64, bool)> {
    let mut reader = io::BufReader::new(File::open(path)?);
    let (mut lines, mut torn) = (0, false);
    loop {
        let block = reader.fill_buf()?;
        let Some(last) = block.last() else {
            return Ok((lines + u64::from(torn), torn));
        };
        torn = *last != b'\n';
        lines += block.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = block.len();
        reader.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn lines_survive_a_restart_and_numbers_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let now = Clock::default().now();
        Ledger::open(dir.path())
            .unwrap()
            .append("event", now, json!({"identity": "a"}));
        std::fs::OpenOptions::new()
            .append(true)
            .open(dir.path().join("ledger.jsonl"))
            .unwrap()
            .write_all(b"{torn")
            .unwrap();
        let again = Ledger::open(dir.path()).unwrap();
        again.append("event", now, json!({"identity": "b"}));
        let mut seen = Vec::new();
        again
            .read(|line| seen.push((line["n"].as_u64(), line["identity"].clone())))
            .unwrap();
        assert_eq!(seen, [(Some(1), json!("a")), (Some(3), json!("b"))]);
    }
}
