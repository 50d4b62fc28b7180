//! Builds the console when its sources are newer than what was built.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::steps::Steps;
use crate::workspace::{Workspace, files_below, run};

/// npm's own note of what it installed.
const INSTALLED: &str = "node_modules/.package-lock.json";

/// Makes `agent-hub/console/dist` current.
///
/// # Errors
/// npm fails.
pub(crate) fn build(workspace: &Workspace, steps: &Steps) -> Result<()> {
    let console = workspace.console();
    install(workspace, steps, &console)?;
    if is_current(&console.join("dist/index.html"), &sources(&console)) {
        steps.say("the console is built already");
        return Ok(());
    }
    steps.step("building the console", "", || {
        run(&mut workspace.npm(&console, ["run", "build"]))
    })
}

/// Makes `node_modules` of an npm package current.
///
/// # Errors
/// npm fails.
pub(crate) fn install(workspace: &Workspace, steps: &Steps, folder: &Path) -> Result<()> {
    if is_current(&folder.join(INSTALLED), &[folder.join("package-lock.json")]) {
        return Ok(());
    }
    let name = folder
        .strip_prefix(&workspace.root)
        .unwrap_or(folder)
        .display();
    steps.step(
        &format!("installing the npm packages of {name}"),
        "half a minute the first time",
        || run(&mut workspace.npm(folder, ["ci"])),
    )
}

/// Whether `built` exists and is no older than any of `sources`.
fn is_current(built: &Path, sources: &[PathBuf]) -> bool {
    let changed = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|found| found.modified())
            .ok()
    };
    let Some(built) = changed(built) else {
        return false;
    };
    let newest = sources
        .iter()
        .filter_map(|path| changed(path))
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH);
    newest <= built
}

fn sources(console: &Path) -> Vec<PathBuf> {
    files_below(console, &["node_modules", "dist"])
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_build_is_current_until_a_source_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, seconds: u64| {
            let path = folder.path().join(name);
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::create(&path)
                .unwrap()
                .set_times(FileTimes::new().set_modified(time))
                .unwrap();
            path
        };
        let (built, older, newer) = (at("built", 50), at("older", 40), at("newer", 60));
        assert!(is_current(&built, std::slice::from_ref(&older)));
        assert!(!is_current(&built, &[older.clone(), newer]));
        assert!(!is_current(&folder.path().join("absent"), &[older]));
    }
}
