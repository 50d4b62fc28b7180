//! The `simulator` executable: options in, one `listening` line out, a clean stop on SIGTERM or Ctrl-C.
//!
//! Promises: the only line on standard output is `listening http://ADDRESS:PORT`; logs go to standard error.
//! Does not: know any crate of the product; everything it does is in the library next to it.

use anyhow::Context as _;
use clap::Parser as _;
use simulator::Options;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let options = Options::parse();
    match prepare(&options).and_then(|runtime| runtime.block_on(run(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain on one line; a backtrace tells a user nothing.
            eprintln!("simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(options: &Options) -> anyhow::Result<tokio::runtime::Runtime> {
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("another TLS provider was installed before ring");
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(&options.log))
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

async fn run(options: Options) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    let running = simulator::start(options, shutdown.clone()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", running.url())?;
    out.flush()?;

    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("cannot listen for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C")?,
    }
    shutdown.cancel();
    running.stopped().await
}
