//! `balcao channel check`: what Meta says of a number, a line each, and what to do.

use balcao_core::clock::Clock;
use balcao_core::config::Config;
use balcao_core::store::channel_health::{self, Grade};
use balcao_core::store::{PgConnection, Store};
use chrono::TimeDelta;
use clap::Args;
use gateway::health::{self, Asked, Inspection, Inspector, Number, Reached};
use serde_json::{Value, json};

use super::{find, open, record};
use crate::cli::{Failure, Settings};

/// Lines without which a number cannot be used at all.
const VITAL: [&str; 4] = ["token", "permissions", "number", "account"];

/// Which numbers.
#[derive(Args)]
pub struct Options {
    /// Our ids of channels, or Meta's ids of numbers; all enabled ones when none is given
    #[arg(value_name = "CHANNEL")]
    names: Vec<String>,
    /// Subscribe our app to the account when it is not
    #[arg(long)]
    fix: bool,
}

pub(super) async fn run(settings: &Settings, options: Options) -> Result<(), Failure> {
    let (config, store) = open(settings).await?;
    let mut conn = store.api.acquire().await?;
    let names = if options.names.is_empty() {
        let all = channel_health::list(&mut conn).await?;
        let enabled = all.iter().filter(|one| one.enabled);
        enabled.map(|one| one.id.to_string()).collect()
    } else {
        options.names
    };
    let inspector = Inspector::new(&config).map_err(anyhow::Error::from)?;
    let reached = inspector.reach().await;
    let mut told: Vec<Value> = Vec::new();
    let mut worst = Grade::Ok;
    for name in &names {
        let channel = find(&store, &mut conn, name).await?;
        let number = Number::from(&channel);
        let (mut inspection, subscribed) =
            ask(&inspector, &number, &Clock::system(), options.fix).await;
        inspection.reached(&reached);
        worst = worst.max(inspection.grade());
        if settings.json {
            told.push(json!({
                "id": channel.id, "phone_number_id": channel.phone_number_id, "name": channel.name,
                "grade": inspection.grade(), "checks": inspection.findings, "facts": inspection.facts,
            }));
        } else {
            println!("{} ({})", channel.name, channel.phone_number_id);
            print(&inspection);
        }
        keep(&store, &mut conn, &config, name, &inspection).await?;
        if subscribed {
            record(&mut conn, channel.id, "subscribed").await?;
        }
    }
    if settings.json {
        println!("{}", json!({ "ok": worst < Grade::Fail, "channels": told }));
    } else if names.is_empty() {
        println!("no enabled numbers; add one with: balcao channel add --help");
    }
    if worst == Grade::Fail {
        return Err(Failure::Check);
    }
    Ok(())
}

/// Everything about a number: what Meta says, and whether our webhook is reached.
pub(super) async fn inspect(
    inspector: &Inspector,
    number: &Number,
    clock: &Clock,
    fix: bool,
) -> Inspection {
    let (mut inspection, _) = ask(inspector, number, clock, fix).await;
    let reached: Reached = inspector.reach().await;
    inspection.reached(&reached);
    inspection
}

/// What Meta says, and whether we subscribed before, because that was wanted and needed.
async fn ask(
    inspector: &Inspector,
    number: &Number,
    clock: &Clock,
    fix: bool,
) -> (Inspection, bool) {
    let mut inspection = health::judge(&inspector.ask(number).await, number, clock.now());
    let subscribed = fix
        && inspection.is_unsubscribed
        && matches!(inspector.subscribe(number).await, Asked::Said(_));
    if subscribed {
        inspection = health::judge(&inspector.ask(number).await, number, clock.now());
    }
    inspection.calls(inspector.public_url());
    (inspection, subscribed)
}

/// Whether nothing can be sent or received whatever else is repaired.
pub(super) fn is_unusable(inspection: &Inspection) -> bool {
    inspection
        .findings
        .iter()
        .any(|finding| finding.grade == Grade::Fail && VITAL.contains(&finding.check.as_str()))
}

/// One line for each thing.
pub(super) fn print(inspection: &Inspection) {
    for finding in &inspection.findings {
        println!(
            "{:<4} {:<13} {}",
            finding.grade.word(),
            finding.check,
            finding.says
        );
    }
}

/// Writes down what was found, for the console and for the senders.
pub(super) async fn keep(
    store: &Store,
    conn: &mut PgConnection,
    config: &Config,
    name: &str,
    inspection: &Inspection,
) -> Result<(), Failure> {
    let channel = find(store, &mut *conn, name).await?;
    let failures = channel_health::list(&mut *conn)
        .await?
        .into_iter()
        .find(|overview| overview.id == channel.id)
        .map_or(0, |overview| overview.health.failures);
    let every = TimeDelta::minutes(config.whatsapp.health_minutes.into());
    let now = Clock::system().now();
    health::keep(conn, &channel, inspection, (failures, every, now)).await?;
    Ok(())
}
