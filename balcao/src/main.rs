//! `balcao`: see `balcao help`.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    // One TLS provider for the whole process; without it the first HTTPS call would panic.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("balcao: a TLS provider was installed before main");
        return ExitCode::FAILURE;
    }
    balcao::cli::run(balcao::cli::Cli::parse()).await
}
