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
    /// Lock a member of staff out for good; open sessions and sockets end within a second
    Deactivate {
        /// Log-in name
        #[arg(long)]
        email: String,
    },
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
/// [`Failure::Other`] for an unknown team or a weak password; [`Failure::Check`] for an unknown account.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Add(add) => create(settings, add).await,
        Verb::Deactivate { email } => deactivate(settings, &email).await,
    }
}

async fn deactivate(settings: &Settings, email: &str) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let Some(id) = agent::by_email(&store, &mut tx, email).await? else {
        eprintln!("nobody logs in with this e-mail");
        return Err(Failure::Check);
    };
    let ended = agent::deactivate(&mut tx, id, None).await?;
    tx.commit().await?;
    if settings.json {
        println!(
            "{}",
            serde_json::json!({ "id": id, "sessions_ended": ended.len() })
        );
    } else {
        println!("{id} is locked out; {} sessions ended", ended.len());
    }
    Ok(())
}

async fn create(settings: &Settings, add: Add) -> Result<(), Failure> {
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
