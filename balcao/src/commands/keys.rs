//! `balcao keys`: the folder of root keys.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::{Failure, Settings};

/// What can be done with keys.
#[derive(Subcommand)]
pub enum Verb {
    /// Make what is missing in a folder of root keys; nothing is ever overwritten
    Init {
        /// The folder (mode 0700)
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure::Other`] when a file cannot be made.
pub fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    let Verb::Init { dir } = verb;
    let made = compliance::vault::keys::init(&dir)?;
    if settings.json {
        println!("{}", serde_json::json!({ "dir": dir, "made": made }));
    } else if made.is_empty() {
        println!("{} has all keys; nothing was changed", dir.display());
    } else {
        println!("made in {}: {}", dir.display(), made.join(", "));
        println!(
            "Back this folder up apart from the database: whoever has both reads everything, and without it nobody does."
        );
    }
    Ok(())
}
