//! The tasks of this repository: `cargo xtask <task>`.
//!
//! Promises: each task can be run on a fresh Debian checkout, says what it does and how long it took, and names the
//! remedy when something is missing. Does not: hold any logic of the product; it only launches what does.

mod bench;
mod console;
mod demo;
mod dev;
mod fault;
mod generate;
mod lint;
mod mutants;
mod python;
mod scratch_database;
mod setup;
mod steps;
mod tally;
mod test;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing, build everything and run it with sample data
    ///
    /// Starts a private PostgreSQL and a private Redis in the data folder (never the system's), a simulator of WhatsApp
    /// and Balcão itself, and prints the addresses and log-ins. Ready when it prints `ready <seconds>`. Ctrl-C stops
    /// everything. The first run compiles for some minutes.
    Demo(DemoOptions),
    /// Run every check and test there is
    ///
    /// Format, lint, drift of generated files, clippy, the console's checks, unit and end-to-end tests with a real
    /// PostgreSQL and Redis, infrastructure configuration, the console in a real Chromium. Ends with one line
    /// `N passed, M failed`; exit status 1 if anything failed.
    Test(TestOptions),
    /// Check the rules of this repository that compilers do not know
    ///
    /// Dependency edges between crates, SQL in the two places meant for it, sizes, names, clocks, personal columns.
    Lint,
    /// Write the generated files: .sqlx, the OpenAPI document, the console's types
    Generate(GenerateOptions),
    /// Show that each check notices the fault that it is there for
    ///
    /// Builds `balcao` with all deliberate faults of docs/mutants.md and runs, for each, the end-to-end check that must
    /// fail. A check that passes with its fault, or fails without one, is exit status 1. Takes some minutes: nightly.
    Mutants(MutantsOptions),
    /// Run console and demo, rebuilt whenever a source file changes
    ///
    /// The console is served by Vite with hot reload, the rest by `balcao demo`, which is built and started again
    /// when a Rust file, a migration or a flow changes. Ctrl-C stops both.
    Dev(DevOptions),
    /// Measure a running demo with the load program, or Balcão beside other programs
    ///
    /// Everything else after `bench` goes to `loadtest`; without arguments it measures the ingest of messages. See
    /// docs/performance.md.
    Bench(BenchOptions),
    /// Break an installation under traffic and check that nothing was lost or doubled
    ///
    /// Everything after `fault` goes to the fault program: `--row F3,F9`, `--seed N`, `--seconds S`; see docs/faults.md.
    Fault(FaultOptions),
}

#[derive(clap::Args)]
struct FaultOptions {
    /// Arguments of the fault program [default: every row, a new seed]
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<String>,
}

#[derive(clap::Args)]
struct DemoOptions {
    /// Do not open the console in a browser
    #[arg(long)]
    no_open: bool,
    /// Where everything is kept [default: .balcao in the checkout]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The console's port; webhook, operations and simulator take the next three; 0 = free ports [default: 8080]
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
    /// For load tests: no limits that are meant for people, and a number of Meta's higher tier
    #[arg(long)]
    load_test: bool,
}

#[derive(clap::Args)]
struct TestOptions {
    /// Run only steps whose name contains this (repeatable)
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Print the names of the steps and stop
    #[arg(long)]
    list: bool,
}

#[derive(clap::Args)]
struct GenerateOptions {
    /// Change nothing; exit status 1 when a generated file is not what it would be
    #[arg(long)]
    check: bool,
}

#[derive(clap::Args)]
struct MutantsOptions {
    /// Only these; all when none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print the faults with their checks and stop
    #[arg(long)]
    list: bool,
    /// Checks that run at the same time; each wants about one core
    #[arg(long, value_name = "N", default_value_t = cores())]
    jobs: usize,
}

#[derive(clap::Args)]
struct DevOptions {
    /// The demo's data folder [default: .balcao in the checkout]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(clap::Args)]
struct BenchOptions {
    /// Measure Balcão and the baselines of this folder in turn, and print ratios; needs no demo
    ///
    /// Takes a quiet machine and some minutes a round. ARGS go to the folder's `baseline-fastapi/run.sh` (`--rounds 1`).
    #[arg(long, value_name = "DIR")]
    beside: Option<PathBuf>,
    /// Run everything that has targets; exit status 1 when one is missed
    ///
    /// With --beside: the ratios. Without: the four named loads and end-to-end, against a demo that was started with
    /// `cargo xtask demo --load-test`; ARGS go to each of them.
    #[arg(long)]
    targets: bool,
    /// Arguments of `loadtest` [default: ingest]
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    arguments: Vec<String>,
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = Workspace::find().and_then(|workspace| match cli.task {
        Task::Demo(options) => demo::run(&workspace, &options),
        Task::Test(options) => test::run(&workspace, &options),
        Task::Lint => lint::run(&workspace),
        Task::Generate(options) => generate::run(&workspace, options.check),
        Task::Mutants(options) => mutants::run(&workspace, &options),
        Task::Dev(options) => dev::run(&workspace, options.data),
        Task::Fault(options) => fault::run(&workspace, &options.arguments),
        Task::Bench(options) => bench::run(&workspace, &options),
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
