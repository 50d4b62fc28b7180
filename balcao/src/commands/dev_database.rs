//! `balcao dev-database -- COMMAND`: a throw-away PostgreSQL with the schema, for what must see a database at compile
//! time. Development only; hidden from help.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Failure;
use crate::private::{Postgres, postgres};

/// What to run.
#[derive(Args)]
pub struct Options {
    /// Folder for the throw-away cluster
    #[arg(long = "cluster", value_name = "DIR")]
    cluster: PathBuf,
    /// The command and its arguments; it gets DATABASE_URL
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Runs the command and ends with its result.
///
/// # Errors
/// [`Failure::Check`] when the command fails.
pub async fn run(options: Options) -> Result<(), Failure> {
    let postgres = Postgres::start(postgres::Options::throw_away(&options.cluster)).await?;
    super::migrate::migrate(&postgres.owner_url()).await?;
    let status = tokio::process::Command::new(&options.command[0])
        .args(&options.command[1..])
        .env("DATABASE_URL", postgres.owner_url())
        .status()
        .await?;
    postgres.stop().await?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Check)
    }
}
