//! `cargo xtask fault`: an installation under traffic, a fault, and ledgers outside of it that tell what was lost.
//!
//! Promises: each row is a seeded run of real processes; what Meta posted and took is in the simulator's ledger, what
//! agents were told is kept here; at rest both are compared with the database, and offenders are named with the seed.
//! Exit status 1: something was lost, doubled or out of order; 2: usage.

mod check;
mod run;
mod seed;

use std::process::ExitCode;

use clap::Parser;

/// Breaks an installation under traffic and checks that nothing was lost or doubled.
#[derive(Parser)]
#[command(name = "fault", bin_name = "cargo xtask fault")]
struct Options {
    /// Makes the traffic and the faults; without it a new one is drawn and printed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Rows, separated by commas; all when none is named
    #[arg(long, value_delimiter = ',', value_name = "ROW")]
    row: Vec<String>,
    /// How long each row's traffic lasts
    #[arg(long, default_value_t = 20, value_name = "S")]
    seconds: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let known = |name: &String| run::ROWS.iter().any(|row| row.name == name);
    if let Some(unknown) = options.row.iter().find(|name| !known(name)) {
        eprintln!("error: no row is called {unknown}");
        return ExitCode::from(2);
    }
    let seed = options.seed.unwrap_or_else(seed::any);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut failed = 0;
    for row in run::ROWS {
        if !options.row.is_empty() && options.row.iter().all(|name| name != row.name) {
            continue;
        }
        let outcome = runtime.block_on(run::row(row, seed, options.seconds));
        println!(
            "{:<3} {:<44} {:>5} messages {:>5} replies {:>3} findings",
            row.name,
            row.injected,
            outcome.messages,
            outcome.replies,
            outcome.findings.len()
        );
        for finding in &outcome.findings {
            println!("    {finding}");
        }
        if !outcome.findings.is_empty() {
            failed += 1;
            println!(
                "    again: cargo xtask fault --row {} --seed {seed} --seconds {}",
                row.name, options.seconds
            );
        }
    }
    println!("seed {seed}, {failed} rows failed");
    ExitCode::from(u8::from(failed > 0))
}
