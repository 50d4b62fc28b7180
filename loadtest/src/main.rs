//! The `loadtest` executable: load against the published contract of a running demo.
//!
//! Promises: standard output carries the result only, a table for people or one JSON object; progress goes to standard
//! error. Exit 0 when every target holds (`ingest`: when something was accepted), 1 otherwise, 2 for a wrong command
//! line.
//! Does not: link a crate of the product; it knows Meta's webhooks and `demo.json`.

mod big_body;
mod clock;
mod crowd;
mod customers;
mod demo;
mod descriptors;
mod desk;
mod end_to_end;
mod frame;
mod ingest;
mod latency;
mod ledger;
mod mark;
mod pacer;
mod posting;
mod report;
mod scenario;
mod schedule;
mod sender;
mod slope;
mod soak;
mod sockets;
mod usage;
mod verdict;
mod webhook;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use scenario::named::Name;
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
    /// One of the named loads: normal, busy, peak, stress
    Scenario {
        /// Which
        name: Name,
        #[command(flatten)]
        options: scenario::Options,
    },
    /// What an idle socket costs in memory, and a delivery in CPU time; beside nats-server if wanted
    Sockets(sockets::Options),
    /// From a customer's webhook to the agent's frame, and from the agent's frame to the Graph call
    EndToEnd(end_to_end::Options),
    /// Half of peak for an hour: does memory grow?
    Soak(soak::Options),
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
        Command::Scenario { name, options } => runtime.block_on(scenario::run(name, options)),
        Command::Sockets(options) => runtime.block_on(sockets::run(options)),
        Command::EndToEnd(options) => runtime.block_on(end_to_end::run(options)),
        Command::Soak(options) => runtime.block_on(soak::run(options)),
    }
}
