//! `cargo xtask dev`: Vite for the console, and the demo built again whenever a source changes.
//!
//! Promises: a build that fails leaves the running demo alone; Ctrl-C reaches everything, because everything runs in
//! the terminal's process group. File times are polled: a tree of this size costs a millisecond a second.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::demo::data_folder;
use crate::steps::Steps;
use crate::workspace::{Workspace, files_below, run as run_command};
use crate::{console, setup};

const POLL: Duration = Duration::from_secs(1);
const SOURCES: [&str; 8] = [
    "balcao",
    "core",
    "compliance",
    "gateway",
    "bot",
    "agent-hub/src",
    "simulator",
    "migrations",
];

/// # Errors
/// Something is missing, or one of the two programs cannot be started.
pub(crate) fn run(workspace: &Workspace, data: Option<PathBuf>) -> Result<ExitCode> {
    let steps = Steps::begin();
    let data = data_folder(workspace, data)?;
    steps.step("looking for PostgreSQL, Redis, Node", "", || {
        setup::ensure(setup::DEMO)
    })?;
    console::install(workspace, &steps, &workspace.console())?;
    let mut vite = workspace
        .npm(&workspace.console(), ["run", "dev"])
        .spawn()
        .context("starting npm run dev")?;
    let result = keep_current(workspace, &steps, &data, &mut vite);
    stop(&mut vite)?;
    result
}

/// Ends when Vite does.
fn keep_current(
    workspace: &Workspace,
    steps: &Steps,
    data: &Path,
    vite: &mut Child,
) -> Result<ExitCode> {
    let mut demo: Option<Child> = None;
    let mut built = None;
    loop {
        let newest = newest_source(&workspace.root);
        if built != newest {
            built = newest;
            let result = steps.step("building", "", || {
                run_command(&mut workspace.cargo(["build", "-p", "balcao", "-p", "simulator"]))
            });
            match result {
                Ok(()) => {
                    if let Some(mut old) = demo.take() {
                        stop(&mut old)?;
                    }
                    demo = Some(start(workspace, data)?);
                }
                Err(error) => steps.say(&format!("{error:#}; waiting for the next change (a query without cached data: cargo xtask generate)")),
            }
        }
        if vite.try_wait()?.is_some() {
            demo.as_mut().map_or(Ok(()), stop)?;
            return Ok(ExitCode::FAILURE);
        }
        std::thread::sleep(POLL);
    }
}

fn start(workspace: &Workspace, data: &Path) -> Result<Child> {
    let mut demo = Command::new(workspace.built("debug", "balcao"));
    demo.args(["demo", "--no-open", "--data"])
        .arg(data)
        .current_dir(&workspace.root);
    demo.spawn().context("starting the demo")
}

/// Asks a child to stop, as Ctrl-C would, and waits for it.
fn stop(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_none() {
        run_command(Command::new("kill").args(["-INT", &child.id().to_string()]))?;
        child.wait()?;
    }
    Ok(())
}

fn newest_source(root: &Path) -> Option<SystemTime> {
    let files = SOURCES
        .iter()
        .flat_map(|folder| files_below(&root.join(folder), &["node_modules", "dist", "tests"]));
    files
        .filter_map(|file| {
            std::fs::metadata(file)
                .and_then(|found| found.modified())
                .ok()
        })
        .max()
}
