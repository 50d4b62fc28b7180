//! Node.js and npm: checked, never installed, because people keep several versions by tools of their own.

use std::process::Command;

use anyhow::{Result, bail};

const OLDEST_MAJOR: u32 = 20;
const REMEDY: &str = "install Node.js 20 or newer with npm: https://nodejs.org/en/download, or a version tool \
                      (nvm install 22); Debian 13 has it as `apt-get install nodejs npm`, Debian 12's is too old";

/// # Errors
/// Node is missing or too old, or npm is missing.
pub(super) fn check() -> Result<()> {
    let Some(version) = answer("node") else {
        bail!("Node.js is missing: {REMEDY}")
    };
    match major_of(&version) {
        Some(major) if major >= OLDEST_MAJOR => {}
        _ => bail!("Node.js {} is too old: {REMEDY}", version.trim()),
    }
    if answer("npm").is_none() {
        bail!("npm is missing: {REMEDY}");
    }
    Ok(())
}

fn answer(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `v20.20.1` -> 20.
fn major_of(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major_of("v20.20.1\n"), Some(20));
        assert_eq!(major_of("nonsense"), None);
    }
}
