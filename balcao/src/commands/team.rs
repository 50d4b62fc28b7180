//! `balcao team`: groups of agents with a queue.

use balcao_core::store::team;
use clap::Subcommand;

use super::open;
use crate::cli::{Failure, Settings};

/// What can be done with teams.
#[derive(Subcommand)]
pub enum Verb {
    /// Add a team, or rename one
    Add {
        /// Short stable name that flows use: lower-case letters, digits, hyphens
        slug: String,
        /// The name people see
        name: String,
    },
    /// List the teams
    List,
}

/// Runs it.
///
/// # Errors
/// [`Failure::Other`] when the database refuses.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut conn = store.api.acquire().await?;
    match verb {
        Verb::Add { slug, name } => {
            let id = team::put(&mut conn, &slug, &name).await?;
            if settings.json {
                println!("{}", serde_json::json!({ "id": id, "slug": slug }));
            } else {
                println!("team {slug} ({id})");
            }
        }
        Verb::List => {
            for team in team::list(&mut conn).await? {
                if settings.json {
                    println!(
                        "{}",
                        serde_json::json!({ "id": team.id, "slug": team.slug, "name": team.name })
                    );
                } else {
                    println!("{}  {:<20}  {}", team.id, team.slug, team.name);
                }
            }
        }
    }
    Ok(())
}
