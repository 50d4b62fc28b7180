//! The command line: verbs, where they find their configuration, and what their exit codes mean.
//!
//! Exit codes: 0 ok, 1 the check or the action failed, 2 usage (clap), 78 configuration (sysexits `EX_CONFIG`).

use std::path::PathBuf;
use std::process::ExitCode;

use balcao_core::config::{Config, ConfigError, Sources, choose_mutant};
use clap::{Args, Parser, Subcommand};
use compliance::Mutant;

use crate::commands::{
    audit, channel, contact, demo, dev_database, doctor, keys, message, migrate, openapi, serve,
    team, user, webhook,
};

/// Exit status for a configuration that cannot work.
const EXIT_CONFIG: u8 = 78;
/// What `balcao demo` leaves in its data folder for other verbs.
pub const DEMO_CONFIG: &str = "balcao.toml";

/// Balcão: a real-time WhatsApp support gateway.
#[derive(Parser)]
#[command(
    name = "balcao",
    version,
    propagate_version = true,
    after_help = "Start with: balcao demo   (or, from a source tree: cargo xtask demo)\n\n\
    Configuration: compiled-in defaults, then --config FILE, then BALCAO__SECTION__KEY in the environment.\n\
    Every key is explained in docs/configuration.md.\n\n\
    Exit codes: 0 ok, 1 the check or action failed, 2 usage, 78 configuration."
)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb understands.
#[derive(Args, Clone)]
pub struct Settings {
    /// TOML file with the configuration
    #[arg(
        long,
        global = true,
        env = "BALCAO_CONFIG",
        value_name = "FILE",
        conflicts_with = "data"
    )]
    pub config: Option<PathBuf>,
    /// Data folder of a demo: its configuration is used
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Answer in JSON instead of words
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Start a complete system to try: private PostgreSQL and Redis, simulator, sample staff
    Demo(demo::Options),
    /// Run this node until SIGTERM or Ctrl-C
    Serve(serve::Options),
    /// Bring the database to this version's schema
    Migrate,
    /// Check everything this installation needs and list what waits for a person
    Doctor,
    /// Add members of staff
    #[command(subcommand)]
    User(user::Verb),
    /// Add teams
    #[command(subcommand)]
    Team(team::Verb),
    /// Add WhatsApp numbers
    #[command(subcommand)]
    Channel(channel::Verb),
    /// Make key files
    #[command(subcommand)]
    Keys(keys::Verb),
    /// Export and verify the audit log
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Find and erase customers, join and part their records
    #[command(subcommand)]
    Contact(contact::Verb),
    /// Answer what became of messages
    #[command(subcommand)]
    Message(message::Verb),
    /// Say what would become of payload files
    #[command(subcommand)]
    Webhook(webhook::Verb),
    /// Print the OpenAPI document of the people's API
    Openapi,
    /// Run a command with a throw-away, migrated PostgreSQL in DATABASE_URL (for developers)
    #[command(hide = true)]
    DevDatabase(dev_database::Options),
}

/// Why a verb ended badly.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 78: the configuration cannot work.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// 78: as above, found by the verb itself.
    #[error("{0}")]
    Setting(String),
    /// 1: the check failed; everything was said already.
    #[error("")]
    Check,
    /// 1: the action failed.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

macro_rules! other {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Other(error.into())
            }
        }
    )+};
}
other!(
    balcao_core::store::Error,
    compliance::Error,
    sqlx::Error,
    std::io::Error,
    serde_json::Error,
    agent_hub::Error
);

impl Settings {
    /// Where the configuration comes from.
    ///
    /// # Errors
    /// [`Failure::Config`].
    pub fn sources(&self) -> Result<Sources, Failure> {
        let file = match &self.data {
            Some(data) => {
                let file = data.join(DEMO_CONFIG);
                if !file.exists() {
                    return Err(Failure::Setting(format!(
                        "{} is not the data folder of a demo (no {DEMO_CONFIG}); start one with: balcao demo --data {}",
                        data.display(),
                        data.display()
                    )));
                }
                Some(file)
            }
            None => self.config.clone(),
        };
        Ok(Sources::of_process(file)?)
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`Failure::Config`].
    pub fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.sources()?)?)
    }
}

/// Runs a verb and turns its end into an exit code.
pub async fn run(cli: Cli) -> ExitCode {
    if let Err(error) = beware() {
        eprintln!("balcao: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let Cli { settings, verb } = cli;
    let result = match verb {
        Verb::Demo(options) => Box::pin(demo::run(&settings, options)).await,
        Verb::Serve(options) => Box::pin(serve::run(&settings, options)).await,
        Verb::Migrate => migrate::run(&settings).await,
        Verb::Doctor => Box::pin(doctor::run(&settings)).await,
        Verb::User(verb) => Box::pin(user::run(&settings, verb)).await,
        Verb::Team(verb) => Box::pin(team::run(&settings, verb)).await,
        Verb::Channel(verb) => Box::pin(channel::run(&settings, verb)).await,
        Verb::Keys(verb) => keys::run(&settings, verb),
        Verb::Audit(verb) => Box::pin(audit::run(&settings, verb)).await,
        Verb::Contact(verb) => Box::pin(contact::run(&settings, verb)).await,
        Verb::Message(verb) => Box::pin(message::run(&settings, verb)).await,
        Verb::Webhook(verb) => webhook::run(&settings, verb),
        Verb::Openapi => openapi::run(),
        Verb::DevDatabase(options) => Box::pin(dev_database::run(options)).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Check) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("balcao: {failure}");
            match failure {
                Failure::Config(_) | Failure::Setting(_) => ExitCode::from(EXIT_CONFIG),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// A build with deliberate faults says so, whatever it is asked to do.
fn beware() -> Result<(), ConfigError> {
    match choose_mutant()? {
        Some(mutant) => eprintln!(
            "balcao: WARNING: this is the mutant `{}`: it breaks a promise ON PURPOSE and must serve nobody",
            mutant.name()
        ),
        None if Mutant::COMPILED => {
            eprintln!(
                "balcao: WARNING: built with deliberate faults, none of them chosen; not for use"
            );
        }
        None => {}
    }
    Ok(())
}

/// Reads a secret from standard input: one line, never an argument.
///
/// # Errors
/// [`Failure::Other`] when nothing was given.
pub fn secret_from_stdin(what: &str) -> Result<String, Failure> {
    use std::io::{BufRead as _, IsTerminal as _};
    if std::io::stdin().is_terminal() {
        eprintln!("{what} (one line, then Enter):");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim_end_matches(['\r', '\n']).to_owned();
    if line.is_empty() {
        return Err(anyhow::anyhow!("{what} is expected on standard input, one line").into());
    }
    Ok(line)
}
