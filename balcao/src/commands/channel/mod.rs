//! `balcao channel`: WhatsApp numbers. Secrets come from standard input or from a file, never from an argument.
//!
//! Promises: a token is tried before it is stored; every change is in the audit log; nodes that run act on a change
//! within seconds.

mod add;
mod change;
mod check;
mod secret;

use balcao_core::model::Handler;
use balcao_core::store::channel::{self, Channel};
use balcao_core::store::{PgConnection, Store, channel_health};
use clap::{Subcommand, ValueEnum};
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};
use serde_json::json;

use super::open;
use crate::cli::{Failure, Settings};

/// What can be done with channels.
#[derive(Subcommand)]
pub enum Verb {
    /// Try a number's token and settings, then add it or give it new ones; the token is read from standard input
    Add(add::Options),
    /// Ask Meta how numbers do, say in plain words what is wrong, and write it down; exit 1 when something fails
    Check(check::Options),
    /// List the numbers and how they do
    List,
    /// Stop using a number: nothing is sent, and what customers write to it is kept as dead letters
    Disable {
        /// Our id of the channel, or Meta's id of the number
        #[arg(value_name = "CHANNEL")]
        name: String,
    },
    /// Use a number again
    Enable {
        /// Our id of the channel, or Meta's id of the number
        #[arg(value_name = "CHANNEL")]
        name: String,
    },
    /// Say who has a number's new cases first: the bot, or the people of its team's queue
    SetFirst {
        /// Our id of the channel, or Meta's id of the number
        #[arg(value_name = "CHANNEL")]
        name: String,
        /// Who answers first
        #[arg(value_enum)]
        first: First,
    },
    /// Try a new access token, then replace the old one with it; read from standard input
    SetToken(change::Token),
    /// Accept a new app secret beside the old one; read from standard input
    SetSecret(change::Secret),
}

/// Who has new cases of a number first.
#[derive(Clone, Copy, ValueEnum)]
pub enum First {
    /// The bot, which hands off to the queue
    Bot,
    /// The people of the team's queue; the bot is silent
    Queue,
}

impl From<First> for Handler {
    fn from(first: First) -> Self {
        match first {
            First::Bot => Self::Bot,
            First::Queue => Self::Queue,
        }
    }
}

/// Runs it.
///
/// # Errors
/// [`Failure::Check`] when a check fails or there is no such channel; [`Failure::Other`] for a refused value.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Add(options) => Box::pin(add::run(settings, options)).await,
        Verb::Check(options) => Box::pin(check::run(settings, options)).await,
        Verb::List => list(settings).await,
        Verb::Disable { name } => change::enable(settings, &name, false).await,
        Verb::Enable { name } => change::enable(settings, &name, true).await,
        Verb::SetFirst { name, first } => change::set_first(settings, &name, first).await,
        Verb::SetToken(options) => Box::pin(change::set_token(settings, options)).await,
        Verb::SetSecret(options) => change::set_secret(settings, options).await,
    }
}

async fn list(settings: &Settings) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut conn = store.api.acquire().await?;
    let all = channel_health::list(&mut conn).await?;
    if settings.json {
        let all: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "id": one.id, "phone_number_id": one.phone_number_id, "waba_id": one.waba_id, "name": one.name,
                    "phone": one.display_phone_number, "state": one.state(), "enabled": one.enabled,
                    "stopped": one.stopped.as_ref().map(|stop| json!({"reason": stop.reason, "until": stop.until})),
                    "waiting": one.waiting, "throughput_per_second": one.throughput_per_second,
                    "has_app_secret": one.has_app_secret, "checked_at": one.health_at,
                })
            })
            .collect();
        println!("{}", json!({ "channels": all }));
        return Ok(());
    }
    for one in &all {
        let stop = one.stopped.as_ref();
        println!(
            "{}  {:<8}  {:<16}  {:<20}  {} waiting{}",
            one.id,
            one.state().word(),
            one.phone_number_id,
            one.name,
            one.waiting,
            stop.map_or(String::new(), |stop| format!("  stopped: {}", stop.reason)),
        );
    }
    if all.is_empty() {
        println!("no numbers; add one with: balcao channel add --help");
    }
    Ok(())
}

/// The channel of this name; says so when there is none.
async fn find(store: &Store, conn: &mut PgConnection, name: &str) -> Result<Channel, Failure> {
    match channel::by_name(store, conn, name).await? {
        Some(channel) => Ok(channel),
        None => {
            eprintln!("there is no channel {name}; see: balcao channel list");
            Err(Failure::Check)
        }
    }
}

/// Records a change of a channel by the operator.
async fn record(
    conn: &mut PgConnection,
    id: balcao_core::model::ChannelId,
    change: &'static str,
) -> Result<(), Failure> {
    let event = Event::new(Action::ChannelChanged, ActorKind::System, None)
        .object(ObjectKind::Channel, id.0)
        .detail("change", change);
    audit::record(conn, &event).await?;
    Ok(())
}
