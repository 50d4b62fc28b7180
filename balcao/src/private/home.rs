//! Where a private server keeps its files and its socket, and which user it runs as.
//!
//! Promises: folders of mode 0700 that belong to the server's user; a socket path far below the 107 bytes a socket
//! may have, wherever the data folder is; one server per data folder at a time (a file lock).
//! As root the server runs as an ordinary user. A closed data folder of ours lets that user's group pass through (not
//! list); when the way to the folder is closed too, as in root's home, the files go to `/var/tmp/balcao-<hash>-<server>`
//! and `<data>/<server>.location` says so.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// The user a server runs as when we are root.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// The places of one private server; its socket folder (and its files, if throw-away) vanish with it.
#[derive(Debug)]
pub(super) struct Home {
    /// The caller's folder: passwords, lock, log.
    pub data: PathBuf,
    /// The server's own files; made by the server's first start.
    pub files: PathBuf,
    /// The folder of its socket.
    pub sockets: PathBuf,
    /// `None`: the server runs as we do.
    pub user: Option<User>,
    keep_files: bool,
    _lock: File,
}

impl Home {
    /// Takes `data` for `server` (`postgres`, `redis`); `users` are tried in order when we are root.
    ///
    /// # Errors
    /// Another process holds the folder, or a folder is not what it should be (the message says which and why).
    pub(super) fn claim(
        data: &Path,
        server: &'static str,
        users: &[&str],
        keep_files: bool,
    ) -> Result<Home> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .with_context(|| format!("making {}", data.display()))?;
        let data = data
            .canonicalize()
            .with_context(|| format!("finding {}", data.display()))?;
        let lock = lock(&data, server)?;
        let user = if rustix::process::geteuid().is_root() {
            Some(ordinary_user(users)?)
        } else {
            None
        };
        let name = format!("balcao-{}-{server}", short_hash(&data));
        let files = place_files(&data, server, &name, user.as_ref())?;
        let sockets = Path::new("/tmp").join(&name);
        make_private(&sockets, user.as_ref())?;
        Ok(Home {
            data,
            files,
            sockets,
            user,
            keep_files,
            _lock: lock,
        })
    }

    /// The log of this server; `<data>/<server>.log`.
    pub(super) fn log(&self, server: &str) -> PathBuf {
        self.data.join(format!("{server}.log"))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut leaving = vec![&self.sockets];
        if !self.keep_files {
            leaving.push(&self.files);
        }
        for folder in leaving {
            if let Err(error) = fs::remove_dir_all(folder)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, folder = %folder.display(), "a private server's folder could not be removed");
            }
        }
    }
}

/// Makes `folder` with mode 0700 for `user`, or checks that it is exactly that already.
///
/// # Errors
/// The folder exists and belongs to somebody else, or is a link: in `/tmp` that may be an attack, so we stop.
pub(super) fn make_private(folder: &Path, user: Option<&User>) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            if let Some(user) = user {
                chown(folder, Some(user.uid), Some(user.gid))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(folder)?;
            let wanted = user.map_or_else(|| rustix::process::geteuid().as_raw(), |user| user.uid);
            ensure!(
                found.is_dir() && found.uid() == wanted,
                "{} exists and does not belong to user {wanted}: remove it or choose another data folder",
                folder.display()
            );
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
            Ok(())
        }
        Err(error) => Err(error).with_context(|| format!("making {}", folder.display())),
    }
}

/// Sixteen hexadecimal digits that stand for a path.
pub(super) fn short_hash(path: &Path) -> String {
    hex::encode(&Sha256::digest(path.as_os_str().as_bytes())[..8])
}

fn lock(data: &Path, server: &str) -> Result<File> {
    let path = data.join(format!("{server}.lock"));
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another balcao uses {} already: stop it or choose another data folder",
                data.display()
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}

/// Where the files lie. What an earlier start decided holds, so that a cluster is never lost from sight.
fn place_files(data: &Path, server: &str, name: &str, user: Option<&User>) -> Result<PathBuf> {
    let (inside, pointer) = (data.join(server), data.join(format!("{server}.location")));
    if inside.exists() {
        return Ok(inside);
    }
    if let Ok(place) = fs::read_to_string(&pointer) {
        return Ok(PathBuf::from(place.trim_end()));
    }
    let Some(user) = user else { return Ok(inside) };
    if let_through(data, user)? {
        return Ok(inside);
    }
    let outside = Path::new("/var/tmp").join(name);
    set_aside(&outside)?;
    fs::write(&pointer, format!("{}\n", outside.display()))?;
    tracing::info!(server, folder = %outside.display(), user = user.name, "files are outside the data folder, which the user cannot reach");
    Ok(outside)
}

/// Files whose data folder was deleted: nobody has their passwords any more. One generation is kept, in case it
/// was a disk that was not mounted.
fn set_aside(outside: &Path) -> Result<()> {
    if fs::symlink_metadata(outside).is_err() {
        return Ok(());
    }
    let aside = outside.with_extension("left");
    if fs::symlink_metadata(&aside).is_ok() {
        fs::remove_dir_all(&aside).with_context(|| format!("removing {}", aside.display()))?;
    }
    fs::rename(outside, &aside).with_context(|| format!("moving {}", outside.display()))?;
    tracing::warn!(from = %outside.display(), to = %aside.display(), "files of a data folder that is gone were set aside");
    Ok(())
}

/// Makes the way to `data` passable for `user` where that opens nothing else: a folder of root's own that so far was
/// closed to everybody gets the user's group and mode 0710. Not for `nobody`, who is many.
fn let_through(data: &Path, user: &User) -> Result<bool> {
    let found = fs::metadata(data)?;
    let closed = found.uid() == 0 && found.mode() & 0o077 == 0;
    let above = data
        .parent()
        .map_or(Ok(true), |parent| reachable(parent, user))?;
    if closed && above && user.name != "nobody" {
        chown(data, None, Some(user.gid))?;
        fs::set_permissions(data, fs::Permissions::from_mode(0o710))?;
    }
    reachable(data, user)
}

/// Whether `user` may walk through every folder down to `folder` (permission bits only: an ACL counts as closed).
fn reachable(folder: &Path, user: &User) -> Result<bool> {
    for step in folder.ancestors() {
        let found = fs::metadata(step)?;
        let bit = match (found.uid() == user.uid, found.gid() == user.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        if found.mode() & bit == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn ordinary_user(names: &[&str]) -> Result<User> {
    let passwd = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    names
        .iter()
        .find_map(|name| user_in(&passwd, name))
        .with_context(|| {
            format!(
                "PostgreSQL and Redis do not run as root, and none of the users {} exists",
                names.join(", ")
            )
        })
}

fn user_in(passwd: &str, name: &str) -> Option<User> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(User {
        name: name.to_owned(),
        uid,
        gid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgresx:x:9:9::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        assert_eq!(
            user_in(passwd, "postgres"),
            Some(User {
                name: "postgres".into(),
                uid: 101,
                gid: 104
            })
        );
        assert_eq!(user_in(passwd, "redis"), None);
    }

    #[test]
    fn a_folder_behind_a_closed_one_is_not_reachable() {
        let closed = tempfile::tempdir().unwrap();
        let stranger = User {
            name: "stranger".into(),
            uid: 4_000_000,
            gid: 4_000_000,
        };
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!reachable(closed.path(), &stranger).unwrap());
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert!(reachable(closed.path(), &stranger).unwrap());
    }

    #[test]
    fn a_link_in_place_of_a_private_folder_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let link = data.path().join("link");
        std::os::unix::fs::symlink(data.path(), &link).unwrap();
        assert!(
            make_private(&link, None)
                .unwrap_err()
                .to_string()
                .contains("does not belong")
        );
    }

    #[test]
    fn one_data_folder_serves_one_process() {
        let data = tempfile::tempdir().unwrap();
        let first = Home::claim(data.path(), "redis", &["redis", "nobody"], false).unwrap();
        let second = Home::claim(data.path(), "redis", &["redis", "nobody"], false);
        assert!(second.unwrap_err().to_string().contains("another balcao"));
        let sockets = first.sockets.clone();
        drop(first);
        assert!(!sockets.exists());
    }
}
