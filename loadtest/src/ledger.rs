//! What the simulator (Meta and the phones) wrote down: which sends it got, and how its own webhooks were answered.
//!
//! Promises: counts from the end of the file at the time of opening; half a line waits for its other half.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

const PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// The simulator's file, read onwards.
pub(crate) struct Ledger {
    file: File,
    half: Vec<u8>,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// Messages that the Graph API took.
    pub(crate) sends: u64,
    /// Messages that it refused.
    pub(crate) refused: u64,
    /// Status webhooks that were acknowledged.
    pub(crate) statuses: u64,
    /// Posts of the simulator's own that were not answered with 200.
    pub(crate) failed_posts: u64,
}

/// A send that the Graph API took.
pub(crate) struct Send {
    pub(crate) at: DateTime<Utc>,
    /// The request, as JSON.
    pub(crate) request: String,
}

#[derive(Deserialize)]
struct Line<'a> {
    kind: &'a str,
    at: &'a str,
    http: Option<u16>,
    wamid: Option<&'a str>,
    #[serde(borrow)]
    callback_data: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    events: Option<Vec<&'a str>>,
}

impl Ledger {
    /// Opens the ledger of a demo at its end.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn at_end(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("simulator/ledger.jsonl");
        let mut file = File::open(&path)
            .with_context(|| format!("cannot read the simulator's ledger {}", path.display()))?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            half: Vec::new(),
        })
    }

    /// Adds what was written since the last call; sends go to `each` too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn advance(
        &mut self,
        tally: &mut Tally,
        mut each: impl FnMut(Send),
    ) -> anyhow::Result<()> {
        // In pieces: an hour's ledger is larger than memory.
        while (&self.file).take(PIECE_BYTES).read_to_end(&mut self.half)? > 0 {
            let end = self.half.iter().rposition(|byte| *byte == b'\n');
            let whole = end.map_or(0, |at| at + 1);
            for line in self.half[..whole].split(|byte| *byte == b'\n') {
                if let Ok(line) = serde_json::from_slice::<Line<'_>>(line) {
                    line.count(tally, &mut each);
                }
            }
            self.half.drain(..whole);
        }
        Ok(())
    }
}

impl Line<'_> {
    fn count(&self, tally: &mut Tally, each: &mut impl FnMut(Send)) {
        let good = self.http == Some(200);
        match self.kind {
            // Read marks have no callback data.
            "graph" if self.callback_data.is_some_and(|data| data.get() != "null") => {
                if good && self.wamid.is_some() {
                    tally.sends += 1;
                    if let (Ok(at), Some(request)) = (self.at.parse(), self.request) {
                        each(Send {
                            at,
                            request: request.get().to_owned(),
                        });
                    }
                } else {
                    tally.refused += 1;
                }
            }
            "attempt" if good => {
                let events = self.events.iter().flatten();
                tally.statuses +=
                    events.filter(|event| event.starts_with("status:")).count() as u64;
            }
            "attempt" => tally.failed_posts += 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn only_what_comes_after_opening_counts_and_half_lines_wait() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("simulator")).unwrap();
        let mut file = File::create(dir.path().join("simulator/ledger.jsonl")).unwrap();
        let send = r#"{"at":"2026-11-30T12:00:00.000001Z","callback_data":"v1.c.1.1","http":200,"kind":"graph","n":1,"request":{"to":"1"},"wamid":"w"}"#;
        writeln!(file, "{send}").unwrap();
        let mut ledger = Ledger::at_end(dir.path()).unwrap();
        let lines = [
            send,
            &send.replace("200", "429").replace(r#""w""#, "null"),
            r#"{"at":"2026-11-30T12:00:00Z","callback_data":null,"http":200,"kind":"graph","wamid":null}"#,
            r#"{"at":"2026-11-30T12:00:00Z","events":["status:w:sent","message:x"],"http":200,"kind":"attempt"}"#,
            r#"{"at":"2026-11-30T12:00:00Z","events":["status:w:read"],"http":503,"kind":"attempt"}"#,
        ];
        writeln!(file, "{}", lines.join("\n")).unwrap();
        write!(file, "{}", &send[..20]).unwrap();
        let (mut tally, mut requests) = (Tally::default(), Vec::new());
        ledger
            .advance(&mut tally, |send| requests.push(send.request))
            .unwrap();
        let expected = Tally {
            sends: 1,
            refused: 1,
            statuses: 1,
            failed_posts: 1,
        };
        assert_eq!(
            (tally, requests.as_slice()),
            (expected, [r#"{"to":"1"}"#.to_owned()].as_slice())
        );
        writeln!(file, "{}", &send[20..]).unwrap();
        ledger.advance(&mut tally, |_| {}).unwrap();
        assert_eq!(tally.sends, 2);
    }
}
