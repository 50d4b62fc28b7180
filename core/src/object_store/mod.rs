//! Where the bytes of files lie: a folder, or a bucket of an S3-compatible service; sealed before they get there.
//!
//! Promises: nothing is ever written in clear, not even while it comes in; a read opens only the chunks it needs and
//! checks each; deleting what is not there is no error.
//! Does not: know what a file is or whose (`store::media` does), or keep keys: whoever lost a [`FileKey`] lost the file.

mod folder;
mod incoming;
mod s3;
mod sealed;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::stream::try_unfold;

use crate::config;
pub use incoming::{Incoming, Spooled};
pub use sealed::FileKey;
use sealed::{CHUNK_BYTES, HEADER_BYTES, Opener, SEALED_CHUNK_BYTES, sealed_bytes};

/// Chunks read at once: 1 MiB.
const CHUNKS_AT_ONCE: u64 = 16;

/// What can go wrong with bytes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 503: the disk refused.
    #[error("the object store's folder failed: {0}")]
    Io(#[from] std::io::Error),
    /// 503: the bucket refused or did not answer.
    #[error("the object store's bucket failed: {0}")]
    Bucket(#[from] ::object_store::Error),
    /// 404: there is no such object.
    #[error("no such object")]
    Missing,
    /// 500: the bytes were altered, or belong to another key.
    #[error("an object does not open")]
    DoesNotOpen,
    /// 413: more bytes than allowed.
    #[error("too many bytes")]
    TooLarge,
    /// 503: the operating system gives no random bytes.
    #[error("no random bytes")]
    NoRandomness,
    /// 78: `media.dir` is not set.
    #[error("media.dir is not set; name a folder for the sealed files")]
    NoFolder,
}

/// The object store of a node. Cheap to clone.
#[derive(Clone)]
pub struct ObjectStore(Arc<Inner>);

struct Inner {
    folder: folder::Folder,
    bucket: Option<s3::Bucket>,
}

impl std::fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectStore")
    }
}

impl ObjectStore {
    /// Opens the folder, and the bucket when one is configured; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`Error::NoFolder`], [`Error::Io`] when the folder cannot be made, [`Error::Bucket`] for settings that contradict
    /// each other.
    pub fn open(config: &config::Media) -> Result<Self, Error> {
        let dir: &PathBuf = config.dir.as_ref().ok_or(Error::NoFolder)?;
        let bucket = match config.store {
            config::MediaStore::Folder => None,
            config::MediaStore::S3 => Some(s3::Bucket::open(config)?),
        };
        Ok(Self(Arc::new(Inner {
            folder: folder::Folder::open(dir)?,
            bucket,
        })))
    }

    /// Begins a file of at most `max_bytes`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn incoming(&self, max_bytes: u64) -> Result<Incoming, Error> {
        Incoming::begin(&self.0.folder.incoming(), max_bytes).await
    }

    /// Puts a whole file under this key: `<uuid>` and up to 28 further characters.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Bucket`].
    pub async fn put(&self, key: &str, spooled: Spooled) -> Result<(), Error> {
        check_key(key)?;
        match &self.0.bucket {
            None => self.0.folder.put(key, spooled).await,
            Some(bucket) => bucket.put(key, &spooled).await,
        }
    }

    /// Deletes an object; one that is not there is deleted.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Bucket`].
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        check_key(key)?;
        match &self.0.bucket {
            None => self.0.folder.delete(key).await,
            Some(bucket) => bucket.delete(key).await,
        }
    }

    /// Removes what nodes that died left half written; how many files.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn sweep(&self) -> Result<usize, Error> {
        self.0.folder.sweep().await
    }

    /// The bytes of an object of `size_bytes` in `range`, opened, a megabyte at a time.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::DoesNotOpen`] at once for the header; in the stream for what follows.
    pub async fn read(
        &self,
        key: &str,
        file_key: &FileKey,
        size_bytes: u64,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + Unpin + 'static, Error> {
        check_key(key)?;
        let source = Source::Stored(self.clone(), key.to_owned());
        Reader::open(source, file_key, size_bytes, range).await
    }

    async fn range(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        match &self.0.bucket {
            None => self.0.folder.range(key, range).await,
            Some(bucket) => bucket.range(key, range).await,
        }
    }
}

/// Keys become paths: an id, then letters, digits, dots and dashes only.
fn check_key(key: &str) -> Result<(), Error> {
    const MAX_BYTES: usize = 64;
    let is_id = key
        .get(..36)
        .is_some_and(|id| uuid::Uuid::parse_str(id).is_ok());
    let is_plain = key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    if is_id && is_plain && key.len() <= MAX_BYTES {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}

impl Spooled {
    /// The bytes of the file in `range`, opened, a megabyte at a time.
    ///
    /// # Errors
    /// As [`ObjectStore::read`].
    pub async fn read(
        &self,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + Unpin + 'static, Error> {
        let source = Source::Spooled(self.path()?.to_owned());
        Reader::open(source, self.key(), self.size_bytes(), range).await
    }
}

/// Where sealed bytes are read from.
enum Source {
    Stored(ObjectStore, String),
    Spooled(PathBuf),
}

impl Source {
    async fn range(&self, range: Range<u64>) -> Result<Bytes, Error> {
        match self {
            Self::Stored(store, key) => store.range(key, range).await,
            Self::Spooled(path) => incoming::range(path, range).await,
        }
    }
}

struct Reader {
    source: Source,
    opener: Opener,
    size_bytes: u64,
    at: u64,
    end: u64,
}

impl Reader {
    async fn open(
        source: Source,
        file_key: &FileKey,
        size_bytes: u64,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + Unpin + 'static, Error> {
        let header = source.range(0..HEADER_BYTES as u64).await?;
        let reader = Self {
            source,
            opener: Opener::new(file_key, &header, size_bytes)?,
            size_bytes,
            at: range.start,
            end: range.end.min(size_bytes),
        };
        Ok(Box::pin(try_unfold(reader, |mut reader| async move {
            Ok(reader.next().await?.map(|bytes| (bytes, reader)))
        })))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.at >= self.end {
            return Ok(None);
        }
        let chunk = CHUNK_BYTES as u64;
        let first = self.at / chunk;
        let last = ((self.end - 1) / chunk)
            .min(first + CHUNKS_AT_ONCE - 1)
            .min(u64::from(self.opener.last()));
        let sealed_chunk = SEALED_CHUNK_BYTES as u64;
        let from = HEADER_BYTES as u64 + first * sealed_chunk;
        let to =
            (HEADER_BYTES as u64 + (last + 1) * sealed_chunk).min(sealed_bytes(self.size_bytes));
        let sealed = self.source.range(from..to).await?;
        let mut plaintext = BytesMut::with_capacity(sealed.len());
        for (number, piece) in (first..=last).zip(sealed.chunks(SEALED_CHUNK_BYTES)) {
            let number = u32::try_from(number).map_err(|_| Error::TooLarge)?;
            plaintext.extend_from_slice(&self.opener.open(number, piece)?);
        }
        let skip = usize::try_from(self.at - first * chunk).map_err(|_| Error::TooLarge)?;
        let wanted = usize::try_from(self.end - self.at).map_err(|_| Error::TooLarge)?;
        if plaintext.len() <= skip {
            return Err(Error::DoesNotOpen);
        }
        let mut bytes = plaintext.freeze().slice(skip..);
        bytes.truncate(wanted);
        self.at += bytes.len() as u64;
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests;
