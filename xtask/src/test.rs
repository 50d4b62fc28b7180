//! `cargo xtask test`: every check and test, each step's seconds, one closing line.
//!
//! Promises: a step that fails does not hide the others; the last line is `N passed, M failed`, counting single tests
//! where a program tells them and one per check otherwise; exit status 1 if anything failed.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::generate::{self, Queries};
use crate::scratch_database::ScratchDatabase;
use crate::steps::Steps;
use crate::tally::{Prints, Tally, count};
use crate::workspace::{Workspace, run as run_command};
use crate::{TestOptions, console, lint, python, setup};

/// What the steps share.
struct Run<'a> {
    workspace: &'a Workspace,
    steps: Steps,
}

type Step = (&'static str, fn(&Run<'_>) -> Result<Tally>);

const STEPS: &[Step] = &[
    ("format", format),
    ("lint", lint_rules),
    ("clippy and queries", clippy_and_queries),
    ("console build", console_build),
    ("console checks", console_checks),
    ("build", build),
    ("generated interface", generated_interface),
    ("tests", tests),
    ("alert rules", alert_rules),
    ("load balancer", load_balancer),
    ("console in Chromium", browser),
    ("pywa, a client written by others", pywa),
];

/// # Errors
/// A program that is needed is missing and cannot be installed.
pub(crate) fn run(workspace: &Workspace, options: &TestOptions) -> Result<ExitCode> {
    let chosen = |name: &str| {
        options.only.is_empty() || options.only.iter().any(|text| name.contains(text.as_str()))
    };
    if options.list {
        STEPS.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(ExitCode::SUCCESS);
    }
    if !STEPS.iter().any(|(name, _)| chosen(name)) {
        bail!("no step is called that: cargo xtask test --list");
    }
    let run = Run {
        workspace,
        steps: Steps::begin(),
    };
    run.steps
        .step("looking for the programs that tests need", "", || {
            setup::ensure(setup::TEST)
        })?;
    let mut total = Tally::default();
    let mut report = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| chosen(name)) {
        let began = Instant::now();
        let tally = run
            .steps
            .step(name, "", || step(&run))
            .unwrap_or_else(|error| {
                eprintln!("error: {error:#}");
                Tally::one(false)
            });
        report.push((name, began.elapsed(), tally));
        total.add(tally);
    }
    eprintln!();
    for (name, took, tally) in report {
        eprintln!(
            "{name:<32} {:>7.1} s {:>6} passed {:>4} failed",
            took.as_secs_f64(),
            tally.passed,
            tally.failed
        );
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn format(run: &Run<'_>) -> Result<Tally> {
    count(
        &mut run.workspace.cargo(["fmt", "--all", "--", "--check"]),
        Prints::Nothing,
    )
}

fn lint_rules(run: &Run<'_>) -> Result<Tally> {
    let findings = lint::findings(run.workspace)?;
    findings.iter().for_each(|finding| eprintln!("{finding}"));
    Ok(Tally::one(findings.is_empty()))
}

/// One compilation serves both: clippy sees the code while the query macros learn what `.sqlx` should hold.
fn clippy_and_queries(run: &Run<'_>) -> Result<Tally> {
    let queries = Queries::prepare(run.workspace)?;
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    let mut tally = count(
        queries.connect(&mut run.workspace.cargo(arguments)),
        Prints::Nothing,
    )?;
    if tally.failed > 0 {
        eprintln!("the drift of .sqlx is judged when clippy passes");
        return Ok(tally);
    }
    let drift = queries.drift(run.workspace)?;
    drift.iter().for_each(|line| eprintln!("{line}"));
    tally.add(Tally::one(drift.is_empty()));
    Ok(tally)
}

fn console_build(run: &Run<'_>) -> Result<Tally> {
    console::build(run.workspace, &run.steps)?;
    Ok(Tally::one(true))
}

fn console_checks(run: &Run<'_>) -> Result<Tally> {
    let folder = run.workspace.console();
    let mut tally = Tally::default();
    for (arguments, prints) in [
        (&["exec", "--", "biome", "check", "."][..], Prints::Nothing),
        (&["exec", "--", "tsc", "--noEmit"][..], Prints::Nothing),
        (&["exec", "--", "vitest", "run"][..], Prints::Vitest),
    ] {
        tally.add(count(
            &mut run.workspace.npm(&folder, arguments.iter().copied()),
            prints,
        )?);
    }
    Ok(tally)
}

fn build(run: &Run<'_>) -> Result<Tally> {
    run_command(&mut run.workspace.cargo(["build", "--workspace", "--bins"]))?;
    Ok(Tally::one(true))
}

fn generated_interface(run: &Run<'_>) -> Result<Tally> {
    let drift = generate::interface(run.workspace, &run.steps, true)?;
    drift.iter().for_each(|line| eprintln!("{line}"));
    Ok(Tally::one(drift.is_empty()))
}

/// Unit and end-to-end tests; cargo-nextest runs them side by side where it is installed. `#[sqlx::test]` makes a
/// database of its own for each test on the server that DATABASE_URL names.
fn tests(run: &Run<'_>) -> Result<Tally> {
    let database = ScratchDatabase::start(run.workspace)?;
    let has_nextest = Command::new("cargo-nextest")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    let (arguments, prints) = if has_nextest {
        (
            ["nextest", "run", "--workspace", "--no-fail-fast"].as_slice(),
            Prints::Nextest,
        )
    } else {
        (
            ["test", "--workspace", "--no-fail-fast"].as_slice(),
            Prints::CargoTest,
        )
    };
    let mut cargo = run.workspace.cargo(arguments.iter().copied());
    count(cargo.env("DATABASE_URL", database.url()), prints)
}

fn alert_rules(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules_test.yml"],
    ] {
        tally.add(infra(run, "infra/prometheus", "promtool", &arguments)?);
    }
    Ok(tally)
}

fn load_balancer(run: &Run<'_>) -> Result<Tally> {
    let program = if Path::new("/usr/sbin/haproxy").exists() {
        "/usr/sbin/haproxy"
    } else {
        "haproxy"
    };
    infra(run, "infra/haproxy", program, &["-c", "-f", "haproxy.cfg"])
}

fn infra(run: &Run<'_>, folder: &str, program: &str, arguments: &[&str]) -> Result<Tally> {
    count(
        Command::new(program)
            .args(arguments)
            .current_dir(run.workspace.root.join(folder)),
        Prints::Nothing,
    )
}

/// Playwright starts a stack of its own from the dev build.
fn browser(run: &Run<'_>) -> Result<Tally> {
    let folder = run.workspace.root.join("tests/console");
    console::install(run.workspace, &run.steps, &folder)?;
    let mut tally = count(
        &mut run
            .workspace
            .npm(&folder, ["exec", "--", "tsc", "--noEmit"]),
        Prints::Nothing,
    )?;
    let playwright = &mut run
        .workspace
        .npm(&folder, ["exec", "--", "playwright", "test"]);
    tally.add(count(playwright, Prints::Playwright)?);
    Ok(tally)
}

/// The simulator before a client that does not know it, in a virtual environment of its own.
fn pywa(run: &Run<'_>) -> Result<Tally> {
    let folder = run.workspace.root.join("tests/pywa");
    let python = python::environment(run.workspace, &run.steps, "pywa", &folder)?;
    let mut facts = Command::new(python);
    facts
        .arg("facts.py")
        .arg(run.workspace.target.join("debug/simulator"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder);
    count(&mut facts, Prints::Facts)
}
