//! `balcao channel add`: tries what was given, and stores it when Meta knows it.

use std::path::PathBuf;

use balcao_core::clock::Clock;
use balcao_core::model::ChannelId;
use balcao_core::store::channel::{self, NewChannel};
use balcao_core::store::{PgConnection, Store, team};
use clap::Args;
use gateway::health::{Inspector, Number};
use secrecy::SecretString;
use serde_json::json;

use super::{First, check, open, record, secret};
use crate::cli::{Failure, Settings};

/// A number.
#[derive(Args)]
pub struct Options {
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
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    throughput_per_second: i32,
    /// Meta's id of the business portfolio, when numbers of several portfolios are used here: each knows customers by
    /// ids of its own
    #[arg(long, value_name = "ID")]
    portfolio: Option<String>,
    /// File with the access token; without it one line of standard input
    #[arg(long, value_name = "FILE")]
    access_token_file: Option<PathBuf>,
    /// File with the app secret that signs this number's webhooks, when it is not one of the configuration's
    #[arg(long, value_name = "FILE")]
    app_secret_file: Option<PathBuf>,
    /// Who has new cases first; without it the bot, or what was said before
    #[arg(long, value_enum)]
    first: Option<First>,
    /// Subscribe our app to the account when it is not
    #[arg(long)]
    fix: bool,
    /// Store it even when Meta does not know it
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(settings: &Settings, options: Options) -> Result<(), Failure> {
    let (config, store) = open(settings).await?;
    for id in [&options.phone_number_id, &options.waba_id] {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(anyhow::anyhow!(
                "phone number id and account id are digits, as WhatsApp Manager > API setup shows them"
            )
            .into());
        }
    }
    let access_token = secret::read(options.access_token_file.as_deref(), "the access token")?;
    let app_secret = match &options.app_secret_file {
        Some(path) => Some(secret::from_file(path, "the app secret")?),
        None => None,
    };
    let number = Number {
        phone_number_id: options.phone_number_id.clone(),
        waba_id: options.waba_id.clone(),
        access_token,
    };
    let inspector = Inspector::new(&config).map_err(anyhow::Error::from)?;
    let inspection = check::inspect(&inspector, &number, &Clock::system(), options.fix).await;
    if !settings.json {
        check::print(&inspection);
    }
    let mut told = json!({ "stored": false, "checks": inspection.findings });
    let is_refused = check::is_unusable(&inspection) && !options.force;
    if !is_refused {
        let mut tx = store.api.begin().await?;
        let id = put(&store, &mut tx, &options, (number.access_token, app_secret)).await?;
        check::keep(&store, &mut tx, &config, &id.to_string(), &inspection).await?;
        tx.commit().await?;
        (told["id"], told["stored"]) = (json!(id), true.into());
    }
    if settings.json {
        println!("{told}");
    } else if is_refused {
        println!("not stored: repair the lines marked fail, or store it all the same with --force");
    } else {
        println!(
            "channel {}; point Meta's webhook at this installation's webhook address",
            told["id"].as_str().unwrap_or_default()
        );
    }
    if is_refused {
        Err(Failure::Check)
    } else {
        Ok(())
    }
}

async fn put(
    store: &Store,
    conn: &mut PgConnection,
    options: &Options,
    (access_token, app_secret): (SecretString, Option<SecretString>),
) -> Result<ChannelId, Failure> {
    let default_team_id =
        match &options.team {
            Some(slug) => Some(team::by_slug(&mut *conn, slug).await?.ok_or_else(|| {
                anyhow::anyhow!("there is no team {slug}; see: balcao team list")
            })?),
            None => None,
        };
    let new = NewChannel {
        phone_number_id: options.phone_number_id.clone(),
        waba_id: options.waba_id.clone(),
        name: options.name.clone(),
        access_token,
        app_secret,
        default_team_id,
        throughput_per_second: options.throughput_per_second,
    };
    let id = channel::put(store, &mut *conn, &new).await?;
    if let Some(portfolio) = &options.portfolio
        && !channel::set_portfolio(&mut *conn, id, portfolio).await?
    {
        return Err(anyhow::anyhow!(
            "this number has customers already, who are known by the ids of its portfolio; nothing was changed"
        )
        .into());
    }
    if let Some(first) = options.first {
        channel::set_first_handler(&mut *conn, id, first.into()).await?;
    }
    record(conn, id, "added").await?;
    Ok(id)
}
