//! `balcao doctor`: what this installation needs, whether it has it, and what waits for a person.
//!
//! Each line says what to do. Exit 1 when something that the product needs is missing. A number that does badly is shown
//! and is no missing thing: `balcao channel check` says what is wrong with it.

mod waiting;

use std::time::Duration;

use balcao_core::config::Config;
use balcao_core::redis::Redis;
use balcao_core::store::{Store, retention};
use serde_json::{Value, json};

use waiting::Waiting;

use super::open_store;
use crate::cli::{Failure, Settings};

struct Check {
    name: &'static str,
    ok: bool,
    says: String,
}

impl Check {
    fn good(name: &'static str, says: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            says: says.into(),
        }
    }

    fn bad(name: &'static str, says: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            says: says.into(),
        }
    }
}

/// Checks everything, prints it, and lists dead letters.
///
/// # Errors
/// [`Failure::Check`] when a check fails; [`Failure::Config`] when not even the configuration can be read.
pub async fn run(settings: &Settings) -> Result<(), Failure> {
    let config = settings.load()?;
    let mut checks = configuration(&config);
    let mut waiting = Waiting::default();
    match open_store(&config).await {
        Ok(store) => {
            checks.push(Check::good(
                "keys",
                "the key folder opens what the database holds",
            ));
            checks.extend(database(&store).await?);
            checks.push(zone(&store, &config).await?);
            waiting = Waiting::read(&store).await?;
        }
        Err(failure) => checks.push(Check::bad(
            "database",
            format!("{failure}; check database.url and keys.dir, then run balcao migrate"),
        )),
    }
    checks.push(redis(&config).await);
    let sound = checks.iter().all(|check| check.ok);
    if settings.json {
        let checks: Vec<Value> = checks
            .iter()
            .map(|check| json!({ "name": check.name, "ok": check.ok, "says": check.says }))
            .collect();
        println!("{}", waiting.json(json!({ "ok": sound, "checks": checks })));
    } else {
        for check in &checks {
            println!(
                "{} {:<14} {}",
                if check.ok { "ok  " } else { "BAD " },
                check.name,
                check.says
            );
        }
        waiting.print();
    }
    if sound { Ok(()) } else { Err(Failure::Check) }
}

async fn zone(store: &Store, config: &Config) -> Result<Check, Failure> {
    let zone = &config.conversation.time_zone;
    let mut conn = store.worker.acquire().await?;
    Ok(if retention::knows_time_zone(&mut conn, zone).await? {
        Check::good("time zone", zone.clone())
    } else {
        Check::bad(
            "time zone",
            format!("PostgreSQL knows no time zone {zone:?}: correct conversation.time_zone"),
        )
    })
}

fn configuration(config: &Config) -> Vec<Check> {
    let mut checks = vec![match config.check_serve() {
        Ok(()) => Check::good("configuration", "complete"),
        Err(error) => Check::bad("configuration", error.to_string()),
    }];
    if config.is_production()
        && let Err(error) = config.check_production()
    {
        checks.push(Check::bad("production", error.to_string()));
    }
    checks.extend(
        config
            .warnings()
            .iter()
            .map(|warning| Check::good("warning", warning.to_string())),
    );
    checks
}

async fn database(store: &Store) -> Result<Vec<Check>, Failure> {
    let mut conn = store.worker.acquire().await?;
    let months = retention::partition_horizon_months(&mut conn).await?;
    let lag = retention::feed_lag_seconds(&mut conn).await?;
    let (pending, age) = retention::audit_backlog(&mut conn).await?;
    let settings = retention::durability(&mut conn).await?;
    Ok(vec![
        if settings.version >= 150_000 {
            Check::good(
                "postgresql",
                format!("version {}", settings.version / 10_000),
            )
        } else {
            Check::bad(
                "postgresql",
                "version 15 or later is needed: NULLS NOT DISTINCT keeps a promise",
            )
        },
        if settings.fsync && settings.synchronous_commit {
            Check::good("durability", "fsync and synchronous_commit are on")
        } else {
            Check::bad(
                "durability",
                "acknowledged messages can be lost: set fsync = on and synchronous_commit = on in postgresql.conf",
            )
        },
        if months >= 1 {
            Check::good("partitions", format!("{months} months ahead"))
        } else {
            Check::bad(
                "partitions",
                "none for next month: start a node with the worker role, or run select ensure_message_partitions(3)",
            )
        },
        if lag < 10.0 {
            Check::good("feed", format!("{lag:.1} s behind"))
        } else {
            Check::bad(
                "feed",
                format!(
                    "{lag:.0} s behind: end the oldest transaction (pg_stat_activity, order by xact_start)"
                ),
            )
        },
        if age < 60.0 {
            Check::good("audit", format!("{pending} events wait for the sequencer"))
        } else {
            Check::bad(
                "audit",
                format!(
                    "{pending} events wait, the oldest {age:.0} s: start a node with the worker role and database.sequencer_url"
                ),
            )
        },
    ])
}

async fn redis(config: &Config) -> Check {
    let Some(url) = &config.redis.url else {
        return Check::good(
            "redis",
            "not configured: live updates between nodes are slower, limits are per node",
        );
    };
    let patience = Duration::from_secs(2);
    match Redis::connect(url, patience) {
        Ok(redis) => match redis.connected_within(patience).await {
            Ok(()) => Check::good("redis", "answers"),
            Err(error) => Check::good(
                "redis",
                format!("away ({error}): nothing is lost, freshness suffers; start it again"),
            ),
        },
        Err(error) => Check::bad("redis", format!("redis.url cannot be used: {error}")),
    }
}
