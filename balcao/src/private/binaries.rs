//! Finds the programs of PostgreSQL and Redis on this machine.
//!
//! Promises: the newest PostgreSQL that fits; an error that names what to install.
//! Does not: download or install anything (`cargo xtask demo` does).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// The oldest PostgreSQL whose SQL we use (`unique nulls not distinct`, `pg_database_owner`).
const OLDEST_MAJOR: u32 = 15;

/// Folders that hold one installation per major version, `<folder>/<major>/bin`, then Homebrew's `postgresql@<major>`.
const VERSIONED: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];
const HOMEBREW: [&str; 2] = ["/opt/homebrew/opt", "/usr/local/opt"];

/// One installation of PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct PostgresPrograms {
    pub major: u32,
    pub initdb: PathBuf,
    pub postgres: PathBuf,
}

/// The newest PostgreSQL, or exactly `major` when a cluster of that version exists already.
///
/// # Errors
/// None is installed, or none that fits; the message names the Debian package.
pub(super) fn postgres(major: Option<u32>) -> Result<PostgresPrograms> {
    let mut found = installed();
    found.sort_by_key(|programs| programs.major);
    let fits = |programs: &PostgresPrograms| match major {
        Some(major) => programs.major == major,
        None => programs.major >= OLDEST_MAJOR,
    };
    if let Some(programs) = found.iter().rev().find(|programs| fits(programs)) {
        return Ok(programs.clone());
    }
    match (major, found.last()) {
        (Some(major), _) => bail!(
            "the database was made by PostgreSQL {major}, which is not installed: \
             install it (Debian: apt-get install postgresql-{major}), or start with a new data folder"
        ),
        (None, Some(newest)) => bail!(
            "PostgreSQL {} is too old: {OLDEST_MAJOR} or newer is needed (Debian 12: apt-get install postgresql)",
            newest.major
        ),
        (None, None) => bail!(
            "PostgreSQL is not installed: Debian: apt-get install postgresql; macOS: brew install postgresql@17; \
             elsewhere put initdb and postgres, {OLDEST_MAJOR} or newer, on PATH"
        ),
    }
}

/// The Redis server's program (or Valkey's, which speaks the same protocol).
///
/// # Errors
/// Neither is installed.
pub(super) fn redis() -> Result<PathBuf> {
    let names = ["redis-server", "valkey-server"];
    let folders = ["", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| Path::new(folder).join(name)))
        .find(|program| answers(program))
        .ok_or_else(|| {
            anyhow::anyhow!("Redis is not installed: Debian: apt-get install redis-server; macOS: brew install redis")
        })
}

fn installed() -> Vec<PostgresPrograms> {
    let mut folders: Vec<PathBuf> = VERSIONED
        .iter()
        .flat_map(|root| inside(Path::new(root)))
        .collect();
    let homebrew = HOMEBREW.iter().flat_map(|root| inside(Path::new(root)));
    folders.extend(homebrew.filter(|folder| folder.to_string_lossy().contains("/postgresql")));
    let mut found: Vec<PostgresPrograms> = folders
        .iter()
        .filter_map(|folder| programs(&folder.join("bin")))
        .collect();
    found.extend(programs(Path::new("")));
    found
}

fn inside(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// The programs in `folder`; the empty folder means PATH.
fn programs(folder: &Path) -> Option<PostgresPrograms> {
    let (initdb, postgres) = (folder.join("initdb"), folder.join("postgres"));
    let output = Command::new(&postgres)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let major = major_of(&String::from_utf8(output.stdout).ok()?)?;
    answers(&initdb).then_some(PostgresPrograms {
        major,
        initdb,
        postgres,
    })
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` -> 15.
fn major_of(version: &str) -> Option<u32> {
    let number = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn answers(program: &Path) -> bool {
    let status = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        assert_eq!(
            major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_of("nonsense"), None);
    }

    #[test]
    fn a_version_that_is_not_installed_is_named_in_the_error() {
        let error = postgres(Some(7)).unwrap_err().to_string();
        assert!(error.contains("postgresql-7"), "{error}");
    }
}
