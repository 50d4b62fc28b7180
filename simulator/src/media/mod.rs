//! The shelf of media: what the business uploaded and what customers sent.
//!
//! Promises: bounded on disk; the oldest medium leaves first; what is there survives a restart.

pub(crate) mod multipart;
mod samples;
mod sniff;

pub(crate) use samples::sample;
pub(crate) use sniff::contradicts;

use base64::Engine as _;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

const SHELF_BYTES_MAX: usize = 512 * 1024 * 1024;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Medium {
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
}

impl Medium {
    /// As `GET /{media_id}` tells it.
    pub(crate) fn sha256_hex(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }

    /// As webhooks tell it.
    pub(crate) fn sha256_base64(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&self.bytes))
    }
}

/// Media by id, on disk beside the ledger.
pub(crate) struct Shelf {
    dir: PathBuf,
    /// Mime type and size, oldest first.
    order: VecDeque<(String, usize)>,
    mimes: HashMap<String, String>,
    bytes: usize,
}

impl Shelf {
    /// What lies in `DIR/media` already is on the shelf.
    pub(crate) fn open(data: &Path) -> std::io::Result<Self> {
        let dir = data.join("media");
        std::fs::create_dir_all(&dir)?;
        let mut shelf = Shelf {
            dir,
            order: VecDeque::new(),
            mimes: HashMap::new(),
            bytes: 0,
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&shelf.dir)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(id) = name.strip_suffix(".mime")
                && let Ok(mime) = std::fs::read_to_string(entry.path())
                && let Ok(file) = std::fs::metadata(shelf.dir.join(id))
            {
                found.push((file.modified().ok(), id.to_owned(), mime, file.len()));
            }
        }
        found.sort();
        for (_, id, mime, length) in found {
            shelf.note(&id, mime, usize::try_from(length).unwrap_or(usize::MAX));
        }
        Ok(shelf)
    }

    /// Keeps a medium under this id.
    pub(crate) fn put(&mut self, id: &str, medium: Medium) {
        let written = std::fs::write(self.dir.join(id), &medium.bytes)
            .and_then(|()| std::fs::write(self.dir.join(format!("{id}.mime")), &medium.mime));
        if let Err(error) = written {
            tracing::error!(%error, "a medium cannot be kept");
            return;
        }
        self.note(id, medium.mime, medium.bytes.len());
        while self.bytes > SHELF_BYTES_MAX {
            let Some((oldest, _)) = self.order.front().cloned() else {
                break;
            };
            self.remove(&oldest);
        }
    }

    fn note(&mut self, id: &str, mime: String, bytes: usize) {
        self.bytes += bytes;
        self.order.push_back((id.to_owned(), bytes));
        self.mimes.insert(id.to_owned(), mime);
    }

    pub(crate) fn get(&self, id: &str) -> Option<Medium> {
        let mime = self.mimes.get(id)?.clone();
        let bytes = std::fs::read(self.dir.join(id)).ok()?.into();
        Some(Medium { mime, bytes })
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let Some(at) = self.order.iter().position(|(known, _)| known == id) else {
            return false;
        };
        if let Some((_, bytes)) = self.order.remove(at) {
            self.bytes -= bytes;
        }
        self.mimes.remove(id);
        for name in [id.to_owned(), format!("{id}.mime")] {
            if let Err(error) = std::fs::remove_file(self.dir.join(name)) {
                tracing::warn!(%error, "a medium cannot be removed");
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let medium = Medium {
            mime: "text/plain".into(),
            bytes: Bytes::from_static(b"oi"),
        };
        Shelf::open(dir.path()).unwrap().put("7", medium);
        let mut again = Shelf::open(dir.path()).unwrap();
        assert_eq!(again.get("7").unwrap().bytes, "oi");
        assert!(again.remove("7") && !again.remove("7") && again.get("7").is_none());
    }
}
