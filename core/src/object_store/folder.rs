//! Objects as files: `<dir>/<xx>/<key>`, xx the last two digits of the id in the key (UUIDv7 begins with the time).
//!
//! Promises: an object is there whole or not at all, and still there after a power cut (fsync of file and folder,
//! atomic rename); only we may read the folder.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::fs::{self, File};

use super::{Error, Spooled, incoming};

/// What a node that died left half written is removed after so long.
const LEFT_OVER: Duration = Duration::from_secs(6 * 3_600);

/// The folder.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it when it is missing.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(dir.join("incoming"))?;
        if std::fs::metadata(dir)?.permissions().mode() & 0o077 != 0 {
            std::fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        }
        Ok(Self(dir.to_owned()))
    }

    pub(super) fn incoming(&self) -> PathBuf {
        self.0.join("incoming")
    }

    fn path(&self, key: &str) -> PathBuf {
        self.0.join(shard(key)).join(key)
    }

    pub(super) async fn put(&self, key: &str, spooled: Spooled) -> Result<(), Error> {
        let path = self.path(key);
        let shard = self.0.join(shard(key));
        if !fs::try_exists(&shard).await? {
            fs::create_dir_all(&shard).await?;
            sync(&self.0).await?;
        }
        fs::rename(spooled.path()?, &path).await?;
        spooled.forget();
        sync(&shard).await
    }

    pub(super) async fn range(
        &self,
        key: &str,
        range: std::ops::Range<u64>,
    ) -> Result<bytes::Bytes, Error> {
        incoming::range(&self.path(key), range).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Error> {
        match fs::remove_file(self.path(key)).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => Ok(removed?),
        }
    }

    /// Removes what nodes that died left half written.
    pub(super) async fn sweep(&self) -> Result<usize, Error> {
        let mut swept = 0;
        let mut entries = fs::read_dir(self.incoming()).await?;
        while let Some(entry) = entries.next_entry().await? {
            let modified = entry.metadata().await?.modified()?;
            if modified.elapsed().is_ok_and(|age| age > LEFT_OVER) {
                fs::remove_file(entry.path()).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

fn shard(key: &str) -> &str {
    // The key is `<uuid>` and something; `check_key` saw to that.
    key.get(34..36).unwrap_or("00")
}

/// A new file that only we may read.
pub(super) async fn create(path: &Path) -> Result<File, Error> {
    Ok(fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .await?)
}

/// The entries of a folder reach the disk.
async fn sync(dir: &Path) -> Result<(), Error> {
    Ok(File::open(dir).await?.sync_all().await?)
}
