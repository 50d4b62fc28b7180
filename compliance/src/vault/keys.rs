//! The key folder: what lies in it, how it is made, how it is read.
//!
//! `kek-<version>.key`, `index-<version>.key`, `audit.key`, `session.key`: each 32 bytes as one line of base64, mode
//! 0400, in a folder of mode 0700. Promises: nothing that exists is ever overwritten; a folder or file that others can
//! read is refused with the command that closes it. Does not: destroy old versions (`balcao keys retire`).

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::key::Key32;
use crate::{Error, Result};

/// Makes what is missing of a key folder and returns the names of the files made; never overwrites.
///
/// # Errors
/// [`Error::KeyFolder`] when the folder is too open or cannot be written.
pub fn init(dir: &Path) -> Result<Vec<String>> {
    if !dir.exists() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| problem(dir, format!("cannot be made ({error})")))?;
    }
    check_mode(dir, 0o700)?;
    let mut made = Vec::new();
    for (exists, name) in [
        (!versions(dir, "kek")?.is_empty(), "kek-1.key"),
        (!versions(dir, "index")?.is_empty(), "index-1.key"),
        (dir.join("audit.key").exists(), "audit.key"),
        (dir.join("session.key").exists(), "session.key"),
    ] {
        if !exists {
            write_new(&dir.join(name))?;
            made.push(name.to_owned());
        }
    }
    Ok(made)
}

/// Reads every `<stem>-<version>.key`; at least one must be there.
pub(super) fn read_versions(dir: &Path, stem: &str) -> Result<BTreeMap<u32, Key32>> {
    check_mode(dir, 0o700)?;
    let found = versions(dir, stem)?;
    if found.is_empty() {
        return Err(problem(
            dir,
            format!("holds no {stem}-<version>.key: run `balcao keys init`"),
        ));
    }
    found
        .into_iter()
        .map(|(version, path)| Ok((version, read(&path)?)))
        .collect()
}

/// Reads one named key, such as `audit.key`.
pub(super) fn read_one(dir: &Path, name: &str) -> Result<Key32> {
    check_mode(dir, 0o700)?;
    read(&dir.join(name))
}

fn versions(dir: &Path, stem: &str) -> Result<BTreeMap<u32, PathBuf>> {
    let entries = fs::read_dir(dir).map_err(|error| {
        problem(
            dir,
            format!("cannot be read ({error}): run `balcao keys init`"),
        )
    })?;
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(Error::file(dir))?.path();
        let version = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| {
                name.strip_prefix(stem)?
                    .strip_prefix('-')?
                    .strip_suffix(".key")
            })
            .and_then(|digits| digits.parse::<u32>().ok())
            .filter(|version| *version > 0 && *version <= i32::MAX.unsigned_abs());
        if let Some(version) = version {
            found.insert(version, path);
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Key32> {
    check_mode(path, 0o600)?;
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| problem(path, format!("cannot be read ({error})")))?;
    parse(&text).ok_or_else(|| problem(path, "is not 32 bytes of base64 on one line".to_owned()))
}

/// 32 bytes of base64, with or without a line feed.
pub(super) fn parse(text: &str) -> Option<Key32> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text.trim_end_matches('\n')).ok()?);
    Some(Key32::new(bytes.as_slice().try_into().ok()?))
}

fn write_new(path: &Path) -> Result<()> {
    let key = Key32::random()?;
    let line = Zeroizing::new(BASE64_STANDARD.encode(key.bytes()) + "\n");
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(path)
        .and_then(|mut file| {
            file.write_all(line.as_bytes())
                .and_then(|()| file.sync_all())
        });
    written.map_err(|error| problem(path, format!("cannot be written ({error})")))
}

/// Refuses anything that group or others may touch.
fn check_mode(path: &Path, remedy: u32) -> Result<()> {
    let mode = fs::metadata(path)
        .map_err(|error| {
            problem(
                path,
                format!("cannot be read ({error}): run `balcao keys init`"),
            )
        })?
        .permissions()
        .mode()
        & 0o777;
    if mode & !remedy != 0 {
        let remedy = if remedy == 0o700 { 0o700 } else { 0o400 };
        return Err(problem(
            path,
            format!(
                "has mode {mode:04o}; run: chmod {remedy:04o} {}",
                path.display()
            ),
        ));
    }
    Ok(())
}

fn problem(path: &Path, problem: String) -> Error {
    Error::KeyFolder {
        path: path.to_owned(),
        problem,
    }
}
