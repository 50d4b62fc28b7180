//! Where things are, and how cargo and npm are called here.
//!
//! Promises: CARGO_TARGET_DIR and cargo's own configuration are honoured (cargo is asked); queries are checked
//! against `.sqlx`, never against a database that happens to run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The checkout.
pub(crate) struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
    /// `cargo metadata --no-deps`.
    pub metadata: Value,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// Cargo cannot read the workspace.
    pub(crate) fn find() -> Result<Workspace> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies at the top of the workspace")?;
        let output = Command::new("cargo")
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--offline",
            ])
            .current_dir(root)
            .output()
            .context("running cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let metadata: Value =
            serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")?
            .into();
        Ok(Workspace {
            root: root.to_path_buf(),
            target,
            metadata,
        })
    }

    /// `cargo`, in the checkout and without a database.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("SQLX_OFFLINE", "true");
        command
    }

    /// `npm` in `folder`, without audits and adverts, and without a browser download (Debian's Chromium is used).
    pub(crate) fn npm<'a>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Command {
        let mut command = Command::new("npm");
        // A script that waits for the demo's `ready` on stdout is not to read npm's chatter.
        command
            .args(arguments)
            .current_dir(folder)
            .stdout(std::io::stderr());
        for (name, value) in [
            ("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
            ("npm_config_audit", "false"),
            ("npm_config_fund", "false"),
        ] {
            command.env(name, value);
        }
        command
    }

    /// The console's folder.
    pub(crate) fn console(&self) -> PathBuf {
        self.root.join("agent-hub/console")
    }

    /// An executable of ours built with `profile` (`debug` for the dev profile).
    pub(crate) fn built(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }
}

/// Runs a command to its end, its output going where ours goes.
///
/// # Errors
/// It cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = shown(command);
    let status = command
        .status()
        .with_context(|| format!("running {name}"))?;
    ensure!(status.success(), "{name}: {status}");
    Ok(())
}

/// A command as one would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The files below `folder`, sorted; folders named in `skipped` and hidden ones are left out.
pub(crate) fn files_below(folder: &Path, skipped: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type() {
            Ok(kind)
                if kind.is_dir() && !name.starts_with('.') && !skipped.contains(&name.as_str()) =>
            {
                files.extend(files_below(&entry.path(), skipped));
            }
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}
