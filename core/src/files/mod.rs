//! Takes a file in, wherever it comes from: seals it as it comes, hashes it, judges it by its content, has it scanned,
//! makes a small picture, keeps it.
//!
//! Promises: nothing lies anywhere in clear; a file that was not scanned although a scanner is configured is not kept;
//! what is shown in a page is a whole picture, film, sound or PDF and nothing else.
//! Does not: fetch anything, or decide who may see a file.

mod boxes;
pub mod judge;
pub mod outbound;
pub mod picture;
mod scanner;

use compliance::Mutant;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

pub use scanner::{Away, Scanner};

use crate::config;
use crate::model::{MediaId, MediaKind, MediaReason};
use crate::object_store::{self, Incoming, ObjectStore, Spooled};
use crate::store::media::{Facts, Thumbnail};

/// Pictures larger than this are not decoded, in bytes.
const MAX_PICTURE_BYTES: u64 = 25 * 1024 * 1024;
/// Pictures decoded at the same time: each may take a quarter of a gigabyte.
const PARALLEL_DECODERS: usize = 2;

/// Why a file could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 413, 503: the bytes are too many, or could not be kept.
    #[error(transparent)]
    Store(#[from] object_store::Error),
    /// 503: the scanner did not answer; the file waits.
    #[error(transparent)]
    Scanner(#[from] Away),
}

/// Object store, scanner and decoders of a node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    store: ObjectStore,
    scanner: Option<Scanner>,
    decoders: Arc<Semaphore>,
}

/// A file that is coming in.
pub struct Intake {
    incoming: Incoming,
    hash: Sha256,
    head: Vec<u8>,
}

/// A file that came in whole.
pub struct Whole {
    spooled: Spooled,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its first bytes.
    pub head: Vec<u8>,
}

/// A file that was looked at.
pub struct Examined {
    whole: Whole,
    /// What sort of file it is treated as.
    pub kind: MediaKind,
    /// MIME type by content.
    pub mime_type: String,
    /// Why it must not be shown.
    pub fault: Option<MediaReason>,
    /// Whether a browser may show it.
    pub is_inline: bool,
    small: Option<(Spooled, picture::Small)>,
}

/// A file in the object store.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Where.
    pub object_key: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// Where its small picture lies.
    pub thumbnail_key: Option<String>,
    /// What it is, to be sealed.
    pub facts: Facts,
}

impl Intake {
    /// Takes bytes.
    ///
    /// # Errors
    /// [`object_store::Error::TooLarge`] at the first byte too many.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let room = judge::HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.hash.update(bytes);
        Ok(self.incoming.write(bytes).await?)
    }

    /// The first bytes so far.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Lowers the limit, when the first bytes said what it is.
    pub fn limit(&mut self, max_bytes: u64) {
        self.incoming.limit(max_bytes);
    }

    /// There is no more.
    ///
    /// # Errors
    /// [`object_store::Error::Io`].
    pub async fn finish(self) -> Result<Whole, Error> {
        Ok(Whole {
            spooled: self.incoming.finish().await?,
            sha256: self.hash.finalize().into(),
            head: self.head,
        })
    }
}

impl Whole {
    /// How many bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.spooled.size_bytes()
    }
}

impl Files {
    /// As configured.
    ///
    /// # Errors
    /// As [`ObjectStore::open`].
    pub fn open(config: &config::Media) -> Result<Self, object_store::Error> {
        Ok(Self {
            store: ObjectStore::open(config)?,
            scanner: Scanner::configured(config),
            decoders: Arc::new(Semaphore::new(PARALLEL_DECODERS)),
        })
    }

    /// Where the bytes lie.
    #[must_use]
    pub fn store(&self) -> &ObjectStore {
        &self.store
    }

    /// Whether files can be examined now.
    ///
    /// # Errors
    /// [`Away`] while the configured scanner does not answer.
    pub async fn ready(&self) -> Result<(), Away> {
        match &self.scanner {
            Some(scanner) => scanner.ping().await,
            None => Ok(()),
        }
    }

    /// Begins a file of at most `max_bytes`.
    ///
    /// # Errors
    /// [`object_store::Error::Io`].
    pub async fn begin(&self, max_bytes: u64) -> Result<Intake, Error> {
        Ok(Intake {
            incoming: self.store.incoming(max_bytes).await?,
            hash: Sha256::new(),
            head: Vec::new(),
        })
    }

    /// Looks at a file that should be of this sort.
    ///
    /// # Errors
    /// [`Error::Scanner`] when the scanner does not answer; [`Error::Store`] when the file cannot be read back.
    pub async fn examine(&self, whole: Whole, kind: MediaKind) -> Result<Examined, Error> {
        let judgement = judge::judge(&whole.head, kind);
        let found = match &self.scanner {
            Some(scanner) if !Mutant::MediaUnscanned.lives() => {
                let bytes = whole.spooled.read(0..whole.size_bytes()).await?;
                scanner.scan(bytes).await?
            }
            _ => None,
        };
        // What the scanner finds weighs more: an infected page is never released.
        let fault = found.or(judgement
            .fault
            .filter(|_| !Mutant::MediaTypeBelieved.lives()));
        let mut examined = Examined {
            whole,
            kind,
            mime_type: judgement.mime_type,
            fault,
            is_inline: false,
            small: None,
        };
        if fault.is_none() && judgement.may_be_inline {
            self.look_closer(&mut examined).await?;
            examined.is_inline |= Mutant::MediaInlineUnproven.lives();
        }
        Ok(examined)
    }

    /// Whether the file is as whole as its first bytes promise.
    async fn look_closer(&self, examined: &mut Examined) -> Result<(), Error> {
        let spooled = &examined.whole.spooled;
        match examined.mime_type.as_str() {
            "image/jpeg" | "image/png" | "image/webp" => {
                if let Some(small) = self.picture(spooled, &examined.mime_type).await? {
                    let mut incoming = self.store.incoming(MAX_PICTURE_BYTES).await?;
                    incoming.write(&small.bytes).await?;
                    examined.small = Some((incoming.finish().await?, small));
                    examined.is_inline = true;
                }
            }
            "video/mp4" | "video/3gpp" | "video/x-m4v" | "audio/mp4" | "audio/3gpp" => {
                examined.is_inline = has_sound_boxes(spooled).await?;
            }
            _ => examined.is_inline = true,
        }
        Ok(())
    }

    async fn picture(
        &self,
        spooled: &Spooled,
        mime_type: &str,
    ) -> Result<Option<picture::Small>, Error> {
        if spooled.size_bytes() > MAX_PICTURE_BYTES {
            return Ok(None);
        }
        // The semaphore is never closed; without a permit nothing is decoded.
        let Ok(_permit) = self.decoders.acquire().await else {
            return Ok(None);
        };
        let bytes = all(spooled).await?;
        let mime_type = mime_type.to_owned();
        // A decoder that panics ends here and not with the node.
        let seen = tokio::task::spawn_blocking(move || picture::look(&bytes, &mime_type)).await;
        Ok(match seen {
            Ok(picture::Seen::Sound(small)) => Some(small),
            Ok(picture::Seen::TooLarge | picture::Seen::Broken) | Err(_) => None,
        })
    }

    /// Puts a file and its small picture into the object store, under `<id>-<suffix>`. On an error nothing is left.
    ///
    /// # Errors
    /// [`object_store::Error`].
    pub async fn keep(
        &self,
        examined: Examined,
        object_key: &str,
        file_name: Option<String>,
    ) -> Result<Stored, object_store::Error> {
        let whole = examined.whole;
        let mut facts = Facts {
            v: 1,
            kind: examined.kind,
            mime_type: examined.mime_type,
            is_inline: examined.is_inline,
            file_name,
            sha256: hex::encode(whole.sha256),
            file_key: whole.spooled.key().clone(),
            thumbnail: None,
        };
        let size_bytes = whole.spooled.size_bytes();
        self.store.put(object_key, whole.spooled).await?;
        let mut thumbnail_key = None;
        if let Some((spooled, small)) = examined.small {
            let key = thumbnail_of(object_key);
            facts.thumbnail = Some(Thumbnail {
                file_key: spooled.key().clone(),
                size_bytes: spooled.size_bytes(),
                width: small.width,
                height: small.height,
            });
            if let Err(error) = self.store.put(&key, spooled).await {
                self.store.delete(object_key).await?;
                return Err(error);
            }
            thumbnail_key = Some(key);
        }
        Ok(Stored {
            object_key: object_key.to_owned(),
            size_bytes,
            thumbnail_key,
            facts,
        })
    }
}

/// Where a file lies. `suffix` differs between attempts, so that a late one never overwrites the one that counts.
#[must_use]
pub fn object_key(id: MediaId, suffix: i64) -> String {
    format!("{id}-{suffix}")
}

/// Where the small picture of an object lies.
#[must_use]
pub fn thumbnail_of(object_key: &str) -> String {
    format!("{object_key}.t")
}

/// How a file of this type ends, for the names that we give.
#[must_use]
pub fn extension(mime_type: &str) -> &'static str {
    const KNOWN: [(&str, &str); 34] = [
        ("application/gzip", "gz"),
        ("application/msword", "doc"),
        ("application/pdf", "pdf"),
        ("application/rtf", "rtf"),
        ("application/vnd.ms-excel", "xls"),
        ("application/vnd.ms-powerpoint", "ppt"),
        ("application/vnd.oasis.opendocument.presentation", "odp"),
        ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
        ("application/vnd.oasis.opendocument.text", "odt"),
        (
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "pptx",
        ),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
        ),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "docx",
        ),
        ("application/vnd.rar", "rar"),
        ("application/x-7z-compressed", "7z"),
        ("application/zip", "zip"),
        ("audio/3gpp", "3gp"),
        ("audio/aac", "aac"),
        ("audio/amr", "amr"),
        ("audio/mp4", "m4a"),
        ("audio/mpeg", "mp3"),
        ("audio/ogg", "ogg"),
        ("audio/x-wav", "wav"),
        ("image/bmp", "bmp"),
        ("image/gif", "gif"),
        ("image/heif", "heic"),
        ("image/jpeg", "jpg"),
        ("image/png", "png"),
        ("image/tiff", "tiff"),
        ("image/webp", "webp"),
        ("text/plain", "txt"),
        ("text/xml", "xml"),
        ("video/3gpp", "3gp"),
        ("video/mp4", "mp4"),
        ("video/quicktime", "mov"),
    ];
    KNOWN
        .iter()
        .find(|(known, _)| *known == mime_type)
        .map_or("bin", |(_, extension)| extension)
}

async fn all(spooled: &Spooled) -> Result<Vec<u8>, object_store::Error> {
    let pieces: Vec<bytes::Bytes> = spooled
        .read(0..spooled.size_bytes())
        .await?
        .try_collect()
        .await?;
    Ok(pieces.concat())
}

async fn has_sound_boxes(spooled: &Spooled) -> Result<bool, object_store::Error> {
    let size_bytes = spooled.size_bytes();
    let (mut at, mut has_index) = (0, false);
    for _ in 0..boxes::MAX_BOXES {
        if at == size_bytes {
            return Ok(has_index);
        }
        let pieces: Vec<bytes::Bytes> = spooled
            .read(at..(at + boxes::HEAD_BYTES).min(size_bytes))
            .await?
            .try_collect()
            .await?;
        let Some(found) = boxes::outer(&pieces.concat(), at, size_bytes) else {
            return Ok(false);
        };
        has_index |= found.is_index;
        at = found.next;
    }
    Ok(false)
}
