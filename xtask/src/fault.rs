//! `cargo xtask fault`: the fault program of `tests/` on fresh builds of what it breaks.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::setup;
use crate::steps::Steps;
use crate::workspace::{Workspace, run as run_command};

/// # Errors
/// A program that is needed is missing, or something cannot be built.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let steps = Steps::begin();
    steps.step("looking for the programs that tests need", "", || {
        setup::ensure(setup::TEST)
    })?;
    steps.step("building what is broken, and what breaks it", "", || {
        run_command(&mut workspace.cargo(["build", "--workspace", "--bins"]))
    })?;
    let mut fault = Command::new(workspace.built("debug", "fault"));
    Err(fault.args(arguments).exec()).context("starting target/debug/fault")
}
