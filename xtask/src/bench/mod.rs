//! `cargo xtask bench`: the load program against a running demo, or Balcão beside other programs.
//!
//! Promises: figures come from optimised builds of this checkout; a comparison prints the command that repeats it.
//! Does not: know how to measure: that is `loadtest`'s, or the folder's that is named by `--beside`.

mod contest;
mod ratios;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::BenchOptions;
use crate::steps::Steps;
use crate::workspace::{Workspace, run as run_command, shown};

/// What is judged by the targets of a running demo, in this order.
const JUDGED: [&[&str]; 5] = [
    &["scenario", "normal"],
    &["scenario", "busy"],
    &["scenario", "peak"],
    &["scenario", "stress"],
    &["end-to-end"],
];

/// # Errors
/// Something cannot be built, started or read.
pub(crate) fn run(workspace: &Workspace, options: &BenchOptions) -> Result<ExitCode> {
    if let Some(folder) = &options.beside {
        return contest::run(workspace, folder, options);
    }
    build(workspace, &Steps::begin(), "loadtest")?;
    let load = |arguments: &[&str]| {
        let mut load = Command::new(workspace.built("demo", "loadtest"));
        load.args(arguments).args(&options.arguments);
        load
    };
    if options.targets {
        return all_targets(load);
    }
    let usual: &[&str] = if options.arguments.is_empty() {
        &["ingest"]
    } else {
        &[]
    };
    Err(load(usual).exec()).context("starting target/demo/loadtest")
}

/// Runs everything that has targets; what misses one is exit status 1.
fn all_targets(load: impl Fn(&[&str]) -> Command) -> Result<ExitCode> {
    let mut missed = Vec::new();
    for arguments in JUDGED {
        let mut load = load(arguments);
        println!("\n$ {}", shown(&load));
        let status = load.status().context("starting target/demo/loadtest")?;
        if !status.success() {
            missed.push(arguments.join(" "));
        }
    }
    if missed.is_empty() {
        println!("\nall targets hold");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\ntargets missed by: {}", missed.join(", "));
    Ok(ExitCode::FAILURE)
}

fn build(workspace: &Workspace, steps: &Steps, package: &str) -> Result<()> {
    steps.step(&format!("building {package}"), "", || {
        run_command(&mut workspace.cargo(["build", "--profile", "demo", "-p", package]))
    })
}
