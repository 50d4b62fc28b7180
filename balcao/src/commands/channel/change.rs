//! `balcao channel set-token | set-secret | set-first | enable | disable`.

use std::path::PathBuf;

use balcao_core::clock::Clock;
use balcao_core::store::channel;
use clap::Args;
use gateway::health::{Inspector, Number};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{First, check, find, open, record, secret};
use crate::cli::{Failure, Settings};

/// A new access token.
#[derive(Args)]
pub struct Token {
    /// Our id of the channel, or Meta's id of the number
    #[arg(value_name = "CHANNEL")]
    name: String,
    /// File with the access token; without it one line of standard input
    #[arg(long, value_name = "FILE")]
    access_token_file: Option<PathBuf>,
    /// Store it even when Meta does not accept it
    #[arg(long)]
    force: bool,
}

/// A new app secret.
#[derive(Args)]
pub struct Secret {
    /// Our id of the channel, or Meta's id of the number
    #[arg(value_name = "CHANNEL")]
    name: String,
    /// File with the app secret; without it one line of standard input
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    app_secret_file: Option<PathBuf>,
    /// Do not accept the old one any longer
    #[arg(long)]
    only: bool,
    /// Accept only the configuration's secrets for this number
    #[arg(long, conflicts_with = "only")]
    remove: bool,
}

/// The old token serves until the new one was tried.
pub(super) async fn set_token(settings: &Settings, options: Token) -> Result<(), Failure> {
    let (config, store) = open(settings).await?;
    let mut conn = store.api.acquire().await?;
    let channel = find(&store, &mut conn, &options.name).await?;
    drop(conn);
    let token = secret::read(options.access_token_file.as_deref(), "the access token")?;
    let number = Number {
        access_token: token.clone(),
        ..Number::from(&channel)
    };
    let inspector = Inspector::new(&config).map_err(anyhow::Error::from)?;
    let inspection = check::inspect(&inspector, &number, &Clock::system(), false).await;
    if !settings.json {
        check::print(&inspection);
    }
    let stored = options.force || !check::is_unusable(&inspection);
    if stored {
        let mut tx = store.api.begin().await?;
        channel::set_token(&store, &mut tx, &channel, &token).await?;
        record(&mut tx, channel.id, "token").await?;
        check::keep(&store, &mut tx, &config, &options.name, &inspection).await?;
        tx.commit().await?;
    }
    if settings.json {
        println!(
            "{}",
            json!({ "id": channel.id, "stored": stored, "checks": inspection.findings })
        );
    } else if stored {
        println!("stored; nodes use it within seconds");
    } else {
        println!("not stored, the old token stays: repair the lines marked fail, or use --force");
    }
    if stored { Ok(()) } else { Err(Failure::Check) }
}

pub(super) async fn set_secret(settings: &Settings, options: Secret) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let channel = find(&store, &mut tx, &options.name).await?;
    let mut secrets = Vec::new();
    if !options.remove {
        let new = secret::read(options.app_secret_file.as_deref(), "the app secret")?;
        let older = channel
            .app_secrets
            .iter()
            .filter(|old| !options.only && old.expose_secret() != new.expose_secret());
        secrets.extend(older.take(channel::MAX_APP_SECRETS - 1).cloned());
        secrets.insert(0, new);
    }
    let owner = (channel.id, channel.subject_id);
    channel::set_app_secrets(&store, &mut tx, owner, &secrets).await?;
    record(&mut tx, channel.id, "app_secret").await?;
    tx.commit().await?;
    if settings.json {
        println!(
            "{}",
            json!({ "id": channel.id, "app_secrets": secrets.len() })
        );
    } else {
        println!(
            "{} of this number's own are accepted now, beside the configuration's; nodes follow within seconds",
            match secrets.len() {
                0 => "no secrets".to_owned(),
                1 => "one secret".to_owned(),
                many => format!("{many} secrets"),
            }
        );
    }
    Ok(())
}

pub(super) async fn set_first(
    settings: &Settings,
    name: &str,
    first: First,
) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let channel = find(&store, &mut tx, name).await?;
    let changed = channel::set_first_handler(&mut tx, channel.id, first.into()).await?;
    if changed {
        record(&mut tx, channel.id, "first_handler").await?;
    }
    tx.commit().await?;
    let word = match first {
        First::Bot => "bot",
        First::Queue => "queue",
    };
    if settings.json {
        println!(
            "{}",
            json!({ "id": channel.id, "first": word, "changed": changed })
        );
    } else {
        println!("new cases of {} go to the {word} first", channel.name);
    }
    Ok(())
}

pub(super) async fn enable(settings: &Settings, name: &str, enabled: bool) -> Result<(), Failure> {
    let (_, store) = open(settings).await?;
    let mut tx = store.api.begin().await?;
    let channel = find(&store, &mut tx, name).await?;
    let changed = channel::set_enabled(&mut tx, channel.id, enabled).await?;
    if changed {
        record(
            &mut tx,
            channel.id,
            if enabled { "enabled" } else { "disabled" },
        )
        .await?;
    }
    tx.commit().await?;
    let state = if enabled { "enabled" } else { "disabled" };
    if settings.json {
        println!(
            "{}",
            json!({ "id": channel.id, "state": state, "changed": changed })
        );
    } else if changed {
        println!("{} is {state}; nodes follow within seconds", channel.name);
    } else {
        println!("{} was {state} before; nothing was changed", channel.name);
    }
    Ok(())
}
