//! A file that is coming in: sealed to disk as it comes, so that nothing of it lies anywhere in clear and its size
//! costs no memory.

use compliance::Mutant;
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::sealed::{self, FileKey, Sealer};
use super::{Error, folder};

/// A file that grows. Dropped before [`Incoming::finish`], it leaves nothing behind.
pub struct Incoming {
    scrap: Scrap,
    file: File,
    sealer: Sealer,
    key: FileKey,
    size_bytes: u64,
    max_bytes: u64,
    out: Vec<u8>,
}

/// A whole sealed file on disk, not yet in the store. Dropped, it is gone.
pub struct Spooled {
    scrap: Scrap,
    key: FileKey,
    size_bytes: u64,
}

/// Removes the file unless it went elsewhere.
struct Scrap(Option<PathBuf>);

impl Drop for Scrap {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What is left is sealed with a key that nobody has; the sweep takes it.
            drop(std::fs::remove_file(path));
        }
    }
}

impl Incoming {
    /// Begins a file of at most `max_bytes` in this folder.
    pub(super) async fn begin(folder: &Path, max_bytes: u64) -> Result<Self, Error> {
        let path = folder.join(uuid::Uuid::new_v4().to_string());
        let mut file = folder::create(&path).await?;
        let scrap = Scrap(Some(path));
        let key = FileKey::random()?;
        let (sealer, header) = Sealer::new(&key)?;
        file.write_all(&header).await?;
        Ok(Self {
            scrap,
            file,
            sealer,
            key,
            size_bytes: 0,
            max_bytes,
            out: Vec::new(),
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond the limit, at the first byte too many; [`Error::Io`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > self.max_bytes {
            return Err(Error::TooLarge);
        }
        if let (true, Some(path)) = (Mutant::MediaInClear.lives(), &self.scrap.0) {
            tokio::fs::write(path.with_extension("clear"), bytes).await?;
        }
        self.sealer.push(bytes, &mut self.out)?;
        self.flush().await
    }

    /// Lowers the limit, when the first bytes said what it is.
    pub fn limit(&mut self, max_bytes: u64) {
        self.max_bytes = self.max_bytes.min(max_bytes);
    }

    /// Ends the file; it is on disk for good then.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn finish(mut self) -> Result<Spooled, Error> {
        self.sealer.finish(&mut self.out)?;
        self.file.write_all(&self.out).await?;
        self.file.sync_all().await?;
        Ok(Spooled {
            scrap: self.scrap,
            key: self.key,
            size_bytes: self.size_bytes,
        })
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if !self.out.is_empty() {
            self.file.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }
}

impl Spooled {
    /// The file's own key.
    #[must_use]
    pub fn key(&self) -> &FileKey {
        &self.key
    }

    /// Bytes of the file itself.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(super) fn path(&self) -> Result<&Path, Error> {
        self.scrap.0.as_deref().ok_or(Error::Missing)
    }

    /// It was moved away: nothing to remove.
    pub(super) fn forget(mut self) {
        self.scrap.0 = None;
    }
}

/// Bytes of a file on disk.
pub(super) async fn range(path: &Path, range: std::ops::Range<u64>) -> Result<bytes::Bytes, Error> {
    let mut file = File::open(path).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::Missing,
        _ => Error::Io(error),
    })?;
    file.seek(std::io::SeekFrom::Start(range.start)).await?;
    let length =
        usize::try_from(range.end.saturating_sub(range.start)).map_err(|_| Error::TooLarge)?;
    let mut bytes = Vec::with_capacity(length.min(2 * sealed::SEALED_CHUNK_BYTES * 16));
    file.take(length as u64).read_to_end(&mut bytes).await?;
    Ok(bytes.into())
}
