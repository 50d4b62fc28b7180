//! Makes sure that the programs a task needs are there.
//!
//! Promises: on Debian and its relatives what is missing is installed when we may (as root, or through sudo), in a way
//! that creates no cluster and starts no service; otherwise the exact command is printed. Elsewhere the remedy is named.
//! Does not: touch what is installed already.

mod apt;
mod node;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// A program and the Debian package that has it.
#[derive(Debug)]
pub(crate) struct Need {
    /// Any of these will do.
    programs: &'static [&'static str],
    /// Folders to look in besides PATH; `*` stands for one folder.
    folders: &'static [&'static str],
    /// A command that succeeds when it is there, where a file does not tell.
    probe: &'static [&'static str],
    package: &'static str,
    /// The systemd units the package would start.
    units: &'static [&'static str],
    what_for: &'static str,
}

const POSTGRESQL: Need = Need {
    programs: &["initdb"],
    folders: &[
        "/usr/lib/postgresql/*/bin",
        "/opt/homebrew/opt/*/bin",
        "/usr/local/opt/*/bin",
    ],
    probe: &[],
    package: "postgresql",
    // Its unit starts the system's clusters, and there will be none.
    units: &[],
    what_for: "the database (15 or newer)",
};
const REDIS: Need = Need {
    programs: &["redis-server", "valkey-server"],
    folders: &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"],
    probe: &[],
    package: "redis-server",
    units: &["redis-server.service"],
    what_for: "wake-ups and limits",
};
const CHROMIUM: Need = Need {
    programs: &["chromium", "chromium-browser", "google-chrome"],
    folders: &[],
    probe: &[],
    package: "chromium",
    units: &[],
    what_for: "the console's browser tests",
};
const PYTHON: Need = Need {
    programs: &["python3"],
    folders: &[],
    probe: &[],
    package: "python3",
    units: &[],
    what_for: "the audit export's verify.py",
};
const PYTHON_VENV: Need = Need {
    programs: &[],
    folders: &[],
    // Debian cuts the part that fills a virtual environment out of its Python.
    probe: &["python3", "-c", "import ensurepip, venv"],
    package: "python3-venv",
    units: &[],
    what_for: "the tests with pywa, a client written by others",
};
const PROMTOOL: Need = Need {
    programs: &["promtool"],
    folders: &[],
    probe: &[],
    package: "prometheus",
    units: &["prometheus.service"],
    what_for: "the tests of the alert rules",
};
const HAPROXY: Need = Need {
    programs: &["haproxy"],
    folders: &["/usr/sbin", "/usr/local/sbin"],
    probe: &[],
    package: "haproxy",
    units: &["haproxy.service"],
    what_for: "the check of the load balancer's configuration",
};

const CLAMD: Need = Need {
    programs: &["clamd"],
    folders: &["/usr/sbin", "/usr/local/sbin"],
    probe: &[],
    package: "clamav-daemon",
    // The tests start a clamd of their own; nothing is to be downloaded either.
    units: &[
        "clamav-daemon.service",
        "clamav-daemon.socket",
        "clamav-freshclam.service",
    ],
    what_for: "the tests of hostile files",
};

/// What `demo` and `dev` need.
pub(crate) const DEMO: &[Need] = &[POSTGRESQL, REDIS];
/// What `test` needs.
pub(crate) const TEST: &[Need] = &[
    POSTGRESQL,
    REDIS,
    CHROMIUM,
    PYTHON,
    PYTHON_VENV,
    PROMTOOL,
    HAPROXY,
    CLAMD,
];

/// Node and npm are checked, `needs` are checked and installed.
///
/// # Errors
/// Something is missing and was not installed: the message says what to do.
pub(crate) fn ensure(needs: &'static [Need]) -> Result<()> {
    node::check()?;
    let missing: Vec<&Need> = needs.iter().filter(|need| !is_there(need)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        eprintln!("  missing: {} ({})", need.name(), need.what_for);
    }
    if !apt::is_debian() {
        let names: Vec<&str> = missing.iter().map(|need| need.package).collect();
        bail!(
            "install with your system's package tool, then try again: {} (names as in Debian)",
            names.join(", ")
        );
    }
    apt::install(&missing)?;
    match missing.iter().find(|need| !is_there(need)) {
        Some(need) => bail!(
            "{} is installed, but {} is still not found",
            need.package,
            need.name()
        ),
        None => Ok(()),
    }
}

impl Need {
    /// What people call it.
    fn name(&self) -> &'static str {
        self.programs.first().unwrap_or(&self.package)
    }
}

fn is_there(need: &Need) -> bool {
    if let [program, arguments @ ..] = need.probe {
        return succeeds(Command::new(program).args(arguments));
    }
    let in_folders = need.folders.iter().flat_map(|pattern| expand(pattern));
    let mut candidates = in_folders.flat_map(|folder| {
        need.programs
            .iter()
            .map(move |program| folder.join(program))
    });
    candidates.any(|path| path.is_file()) || need.programs.iter().any(|program| answers(program))
}

/// `/a/*/b` as the folders that exist.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once("/*/") else {
        return vec![PathBuf::from(pattern)];
    };
    let Ok(entries) = std::fs::read_dir(Path::new(before)) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path().join(after))
        .collect()
}

/// Whether a program on PATH tells its version.
fn answers(program: &str) -> bool {
    let flag = if program == "haproxy" {
        "-v"
    } else {
        "--version"
    };
    succeeds(Command::new(program).arg(flag))
}

fn succeeds(command: &mut Command) -> bool {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_folder() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("15/bin")).unwrap();
        let pattern = format!("{}/*/bin", root.path().display());
        assert_eq!(expand(&pattern), [root.path().join("15/bin")]);
        assert_eq!(expand("/absent/*/bin"), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_program_that_exists_nowhere_is_missing() {
        let absent = Need {
            programs: &["balcao-no-such-program"],
            folders: &["/absent"],
            ..PYTHON
        };
        assert!(!is_there(&absent));
    }
}
