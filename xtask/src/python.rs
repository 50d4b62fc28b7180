//! Virtual environments for Python programs that tests use.
//!
//! Promises: each has exactly the packages of its `requirements.txt`, by hash, from PyPI; made again when that changes.
//! Does not: touch the system's Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::steps::Steps;
use crate::workspace::{Workspace, run};

/// Makes the environment current and gives its interpreter.
///
/// # Errors
/// Python or pip fails.
pub(crate) fn environment(
    workspace: &Workspace,
    steps: &Steps,
    name: &str,
    folder: &Path,
) -> Result<PathBuf> {
    let requirements = folder.join("requirements.txt");
    let wanted = std::fs::read(&requirements)?;
    let home = workspace.target.join(name);
    let python = home.join("bin/python");
    // Written last: an environment that was interrupted has none.
    let installed = home.join("requirements.txt");
    if python.exists() && std::fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    let label = format!("installing the Python packages of {name}");
    steps.step(&label, "some seconds the first time", || {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&home))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--require-hashes"])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(&requirements))?;
        Ok(std::fs::write(&installed, &wanted)?)
    })?;
    Ok(python)
}
