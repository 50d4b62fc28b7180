//! `balcao migrate`: forward only, with the owner's log-in.

use sqlx::Connection as _;

use crate::cli::{Failure, Settings};

/// Runs what is missing.
///
/// # Errors
/// [`Failure::Setting`] without an owner's URL; [`Failure::Other`] when a migration fails (nothing of it stays).
pub async fn run(settings: &Settings) -> Result<(), Failure> {
    let config = settings.load()?;
    let url = config.database.owner_url();
    if url.is_empty() {
        return Err(Failure::Setting(
            "migrations need the owner's log-in: set database.owner_url_file or BALCAO__DATABASE__OWNER_URL".to_owned(),
        ));
    }
    let done = migrate(url).await?;
    if settings.json {
        println!("{}", serde_json::json!({ "migrations": done }));
    } else {
        println!("the database has all {done} migrations");
    }
    Ok(())
}

/// Brings the database behind `owner_url` to this version; how many migrations there are.
///
/// # Errors
/// [`Failure::Other`].
pub async fn migrate(owner_url: &str) -> Result<usize, Failure> {
    let mut conn = sqlx::PgConnection::connect(owner_url).await?;
    balcao_core::store::MIGRATIONS
        .run(&mut conn)
        .await
        .map_err(|error| Failure::Other(error.into()))?;
    conn.close().await?;
    Ok(balcao_core::store::MIGRATIONS.iter().count())
}
