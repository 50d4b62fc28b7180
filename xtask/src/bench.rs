//! `cargo xtask bench`: the load program against a running demo.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::steps::Steps;
use crate::workspace::{Workspace, run as run_command};

/// # Errors
/// The load program cannot be built or started.
pub(crate) fn run(workspace: &Workspace, mut arguments: Vec<String>) -> Result<ExitCode> {
    if arguments.is_empty() {
        arguments.push("ingest".to_owned());
    }
    Steps::begin().step("building the load program", "", || {
        run_command(&mut workspace.cargo(["build", "--profile", "demo", "-p", "loadtest"]))
    })?;
    let mut load = Command::new(workspace.built("demo", "loadtest"));
    Err(load.args(arguments).exec()).context("starting target/demo/loadtest")
}
