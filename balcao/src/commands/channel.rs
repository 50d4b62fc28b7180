//! `balcao channel`: WhatsApp numbers. The access token comes from standard input, never from an argument.

use balcao_core::store::channel::{self, NewChannel};
use balcao_core::store::team;
use clap::{Args, Subcommand};

use super::open;
use crate::cli::{Failure, Settings, secret_from_stdin};

/// What can be done with channels.
#[derive(Subcommand)]
pub enum Verb {
    /// Add a number, or give one a new token; the access token is read from standard input
    Add(Add),
}

/// A number.
#[derive(Args)]
pub struct Add {
    /// Meta's id of the number (not the number itself)
    #[arg(long)]
    phone_number_id: String,
    /// Meta's id of the WhatsApp business account
    #[arg(long)]
    waba_id: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// Slug of the team that gets its conversations
    #[arg(long, value_name = "SLUG")]
    team: Option<String>,
    /// Messages a second that Meta allows, in and out together
    #[arg(long, default_value_t = 80)]
    throughput_per_second: i32,
}

/// Runs it.
///
/// # Errors
/// [`Failure::Other`] for an unknown team or a refused value.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    let Verb::Add(add) = verb;
    let (_, store) = open(settings).await?;
    let access_token = secret_from_stdin("the access token")?;
    let mut tx = store.api.begin().await?;
    let default_team_id =
        match &add.team {
            Some(slug) => Some(team::by_slug(&mut tx, slug).await?.ok_or_else(|| {
                anyhow::anyhow!("there is no team {slug}; see: balcao team list")
            })?),
            None => None,
        };
    let new = NewChannel {
        phone_number_id: add.phone_number_id,
        waba_id: add.waba_id,
        name: add.name,
        access_token: access_token.into(),
        default_team_id,
        throughput_per_second: add.throughput_per_second,
    };
    let id = channel::put(&store, &mut tx, &new).await?;
    tx.commit().await?;
    if settings.json {
        println!("{}", serde_json::json!({ "id": id }));
    } else {
        println!("channel {id}; point Meta's webhook at this installation's webhook address");
    }
    Ok(())
}
