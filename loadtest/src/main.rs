//! The `loadtest` executable: load against the published contract of a running demo.
//!
//! Promises: standard output carries the result only, a table for people or one JSON object; progress goes to standard
//! error. Exit 0 when something was accepted (`big-body`: when its limits hold), 1 otherwise, 2 for a wrong command
//! line.
//! Does not: link a crate of the product; it knows Meta's webhooks and `demo.json`.

mod big_body;
mod clock;
mod demo;
mod ingest;
mod report;
mod sender;
mod webhook;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Load against a running Balcão demo.
#[derive(Parser)]
#[command(name = "loadtest", version, args_override_self = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Post signed webhooks with text messages of many customers and measure how fast they are acknowledged
    Ingest(ingest::Options),
    /// Post one body of 3 MB with 1,000 updates while small webhooks go on, and compare their latency
    BigBody(big_body::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<bool> {
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("another TLS provider was installed before ring");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    match arguments.command {
        Command::Ingest(options) => {
            let json = options.json;
            let result = runtime.block_on(ingest::run(options))?;
            report::print(&result, json)?;
            Ok(result.messages > 0)
        }
        Command::BigBody(options) => runtime.block_on(big_body::run(options)),
    }
}
