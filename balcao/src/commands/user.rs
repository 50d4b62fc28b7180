//! `balcao user`: members of staff. Passwords come from standard input, never from arguments.

use balcao_core::model::{Locale, Role};
use balcao_core::store::agent::{self, NewAgent};
use balcao_core::store::team;
use clap::{Args, Subcommand};

use super::open;
use crate::cli::{Failure, Settings, secret_from_stdin};

/// What can be done with staff.
#[derive(Subcommand)]
pub enum Verb {
    /// Add a member of staff, or give an existing one a new password and role; the password is read from standard input
    Add(Add),
}

/// A new member of staff.
#[derive(Args)]
pub struct Add {
    /// Log-in name
    #[arg(long)]
    email: String,
    /// Name that colleagues see
    #[arg(long)]
    name: String,
    /// agent, supervisor, admin, dpo or auditor
    #[arg(long, default_value = "agent", value_parser = role)]
    role: Role,
    /// Slug of a team; may be repeated
    #[arg(long = "team", value_name = "SLUG")]
    teams: Vec<String>,
    /// Language: pt-BR, en or es
    #[arg(long, default_value = "pt-BR")]
    locale: String,
    /// Conversations they may own at once
    #[arg(long, default_value_t = 20)]
    capacity: i32,
}

fn role(word: &str) -> Result<Role, String> {
    serde_json::from_value(word.into())
        .map_err(|_| "one of: agent, supervisor, admin, dpo, auditor".to_owned())
}

/// Runs it.
///
/// # Errors
/// [`Failure::Other`] for an unknown team or a weak password.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    let Verb::Add(add) = verb;
    let (_, store) = open(settings).await?;
    let password = secret_from_stdin("the password")?;
    let mut tx = store.api.begin().await?;
    let mut team_ids = Vec::new();
    for slug in &add.teams {
        let id = team::by_slug(&mut tx, slug).await?;
        team_ids.push(
            id.ok_or_else(|| anyhow::anyhow!("there is no team {slug}; see: balcao team list"))?,
        );
    }
    let new = NewAgent {
        name: add.name,
        email: add.email,
        role: add.role,
        password_hash: agent_hub::auth::password::hash(&password)?,
        locale: Locale::from_tag(&add.locale),
        capacity: add.capacity,
        team_ids,
    };
    let id = agent::create(&store, &mut tx, &new).await?;
    tx.commit().await?;
    if settings.json {
        println!("{}", serde_json::json!({ "id": id }));
    } else {
        println!("member of staff {id}");
    }
    Ok(())
}
