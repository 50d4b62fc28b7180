//! A new file that is hashed as it is written, for exports.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::{
    fs::File,
    io::{AsyncWriteExt, BufWriter},
};

use crate::{Error, Result};

/// Writes a whole small file and returns its SHA-256 in hexadecimal.
pub(super) async fn write_text(dir: &Path, name: &'static str, text: &str) -> Result<String> {
    let mut sink = Sink::create(dir, name).await?;
    sink.write(text.as_bytes()).await?;
    sink.finish().await
}

/// A new file that is hashed as it is written.
pub(super) struct Sink {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
}

impl Sink {
    pub(super) async fn create(dir: &Path, name: &str) -> Result<Self> {
        let path = dir.join(name);
        let file = File::create_new(&path).await.map_err(Error::file(&path))?;
        Ok(Self {
            path,
            file: BufWriter::with_capacity(256 * 1024, file),
            hash: Sha256::new(),
        })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.file
            .write_all(bytes)
            .await
            .map_err(Error::file(&self.path))
    }

    /// Flushes to disk and returns the SHA-256 in hexadecimal.
    pub(super) async fn finish(mut self) -> Result<String> {
        self.file.flush().await.map_err(Error::file(&self.path))?;
        self.file
            .get_ref()
            .sync_all()
            .await
            .map_err(Error::file(&self.path))?;
        Ok(hex::encode(self.hash.finalize()))
    }
}
