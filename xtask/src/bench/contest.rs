//! `cargo xtask bench --beside DIR`: the same load against Balcão and the programs of another folder, in turn.
//!
//! Promises: DIR stays as it is: everything is copied to `target/bench` and built there; only ratios are judged, because
//! all were measured in one run on one machine. Does not: generate load or read CPU times: `DIR/baseline-fastapi/run.sh`
//! does, and starts Balcão by `loadtest/contest.sh`.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{build, ratios};
use crate::BenchOptions;
use crate::console;
use crate::steps::Steps;
use crate::workspace::{Workspace, run as run_command, shown};

/// # Errors
/// The folder has no contest, something cannot be built, or a contender does not start.
pub(super) fn run(
    workspace: &Workspace,
    folder: &Path,
    options: &BenchOptions,
) -> Result<ExitCode> {
    let script = folder.join("baseline-fastapi/run.sh");
    let script = std::path::absolute(&script).context("finding the working directory")?;
    ensure!(
        script.is_file(),
        "{} is missing: --beside wants a folder with baseline-fastapi, baseline-node and loadgen",
        script.display()
    );
    let steps = Steps::begin();
    console::build(workspace, &steps)?;
    build(workspace, &steps, "balcao")?;
    let home = workspace.target.join("bench");
    std::fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
    let result = home.join("contest.json");
    let contender = workspace.root.join("loadtest/contest.sh");
    let mut contest = Command::new(&script);
    contest
        .env("PERF_HOME", &home)
        .env("BALCAO", workspace.built("demo", "balcao"))
        .args(["--contenders", "sqlalchemy,node", "--extra"])
        // `exec`: who stops the contender's shell waits until Balcão has ended.
        .arg(format!("balcao=exec '{}'", contender.display()))
        .arg("--no-schema")
        .arg("--out")
        .arg(&result)
        // The last word of an argument wins.
        .args(&options.arguments)
        // The whole result is in the file; here it would hide the ratios.
        .stdout(std::io::stderr());
    steps.step(
        "measuring in turn",
        "three rounds of some minutes; keep the machine quiet",
        || run_command(&mut contest),
    )?;
    let text = std::fs::read(&result).with_context(|| format!("reading {}", result.display()))?;
    let told: Value = serde_json::from_slice(&text).context("reading the contest's result")?;
    let judged = ratios::judge(&told)?;
    println!("$ {}", shown(&contest));
    print!("{}", ratios::table(&told));
    judged.iter().for_each(|ratio| println!("{ratio}"));
    println!("everything: {}", result.display());
    let all_hold = judged.iter().all(ratios::Ratio::holds);
    Ok(if all_hold || !options.targets {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
