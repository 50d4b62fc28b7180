//! `cargo xtask demo`: from a checkout to a running Balcão.
//!
//! Promises: installs and builds what is missing, then becomes `balcao demo`, so that Ctrl-C and the exit status are
//! that program's own. Does not: know what the demo does.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::workspace::{Workspace, run as run_command};
use crate::{DemoOptions, console, setup};

/// # Errors
/// Something is missing and cannot be installed, or a build fails.
pub(crate) fn run(workspace: &Workspace, options: &DemoOptions) -> Result<ExitCode> {
    let steps = Steps::begin();
    let data = data_folder(workspace, options.data.clone())?;
    steps.step("looking for PostgreSQL, Redis, Node", "", || {
        setup::ensure(setup::DEMO)
    })?;
    console::build(workspace, &steps)?;
    steps.step(
        "building Balcão",
        "some minutes the first time, seconds afterwards",
        || {
            let packages = ["-p", "balcao", "-p", "simulator", "-p", "loadtest"];
            run_command(
                workspace
                    .cargo(["build", "--profile", "demo"])
                    .args(packages),
            )
        },
    )?;
    steps.say("starting");
    let mut demo = Command::new(workspace.built("demo", "balcao"));
    demo.arg("demo")
        .arg("--data")
        .arg(data)
        .current_dir(&workspace.root);
    if options.no_open {
        demo.arg("--no-open");
    }
    if options.load_test {
        demo.arg("--load-test");
    }
    if let Some(port_base) = options.port_base {
        demo.args(["--port-base", &port_base.to_string()]);
    }
    Err(demo.exec()).context("starting target/demo/balcao")
}

/// The data folder as an absolute path: what the user named is relative to where the user is.
///
/// # Errors
/// The working directory is gone.
pub(crate) fn data_folder(workspace: &Workspace, named: Option<PathBuf>) -> Result<PathBuf> {
    match named {
        Some(folder) => std::path::absolute(folder).context("finding the working directory"),
        None => Ok(workspace.root.join(".balcao")),
    }
}
