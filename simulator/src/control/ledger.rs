//! `GET /sim/ledger?kind=&follow=`: the ledger as JSON Lines.
//!
//! Promises: only finished lines; with `follow=true` new lines as they come, until shutdown.
//! Does not: read the file into memory.

use crate::error::Error;
use crate::state::Sim;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Lines are gathered up to this size.
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Deserialize)]
pub(super) struct Selection {
    kind: Option<String>,
    #[serde(default)]
    follow: bool,
}

struct Reader {
    file: BufReader<File>,
    at: u64,
    length: watch::Receiver<u64>,
    wanted: Option<String>,
    follow: bool,
    shutdown: CancellationToken,
}

pub(super) async fn lines(
    State(sim): State<Arc<Sim>>,
    Query(selection): Query<Selection>,
) -> Result<Response, Error> {
    let reader = Reader {
        file: BufReader::with_capacity(CHUNK_BYTES, File::open(sim.ledger.path()).await?),
        at: 0,
        length: sim.ledger.length(),
        wanted: selection.kind.map(|kind| format!("\"kind\":\"{kind}\"")),
        follow: selection.follow,
        shutdown: sim.shutdown.clone(),
    };
    let body = Body::from_stream(stream::try_unfold(reader, |mut reader| async move {
        Ok::<_, std::io::Error>(reader.chunk().await?.map(|chunk| (chunk, reader)))
    }));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

impl Reader {
    /// Some lines, or `None` at the end.
    async fn chunk(&mut self) -> std::io::Result<Option<Bytes>> {
        let mut chunk = Vec::new();
        loop {
            let end = *self.length.borrow_and_update();
            while self.at < end && chunk.len() < CHUNK_BYTES {
                let start = chunk.len();
                let read = self.file.read_until(b'\n', &mut chunk).await?;
                if read == 0 {
                    break;
                }
                self.at += read as u64;
                if !self.is_wanted(&chunk[start..]) {
                    chunk.truncate(start);
                }
            }
            if !chunk.is_empty() {
                return Ok(Some(chunk.into()));
            }
            if self.at >= end && !self.follow {
                return Ok(None);
            }
            tokio::select! {
                changed = self.length.changed(), if self.at >= end => if changed.is_err() { return Ok(None) },
                () = self.shutdown.cancelled() => return Ok(None),
                else => {}
            }
        }
    }

    fn is_wanted(&self, line: &[u8]) -> bool {
        match &self.wanted {
            None => true,
            Some(mark) => line
                .windows(mark.len())
                .any(|window| window == mark.as_bytes()),
        }
    }
}
