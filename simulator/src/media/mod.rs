//! The shelf of media: what the business uploaded and what customers sent.
//!
//! Promises: bounded memory; the oldest medium leaves first.
//! Does not: survive a restart of the simulator; Meta forgets media too.

pub(crate) mod multipart;
mod samples;

pub(crate) use samples::sample;

use base64::Engine as _;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, VecDeque};

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

/// Media by id.
#[derive(Default)]
pub(crate) struct Shelf {
    media: HashMap<String, Medium>,
    order: VecDeque<String>,
    bytes: usize,
}

impl Shelf {
    /// Keeps a medium and names it.
    pub(crate) fn put(&mut self, medium: Medium) -> String {
        let id = crate::identity::numeric_id();
        self.bytes += medium.bytes.len();
        self.order.push_back(id.clone());
        self.media.insert(id.clone(), medium);
        while self.bytes > SHELF_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.forget(&oldest);
        }
        id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Medium> {
        self.media.get(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.order.retain(|known| known != id);
        self.forget(id)
    }

    fn forget(&mut self, id: &str) -> bool {
        let removed = self.media.remove(id);
        self.bytes -= removed.as_ref().map_or(0, |medium| medium.bytes.len());
        removed.is_some()
    }
}
