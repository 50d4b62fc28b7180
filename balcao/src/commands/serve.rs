//! `balcao serve`: one node, until it is told to stop.

use balcao_core::config::{Config, NodeRole};
use balcao_core::telemetry;
use clap::Args;

use crate::cli::{Failure, Settings};
use crate::node::{Doors, Node};

/// Which part of the product this node is, and where.
#[derive(Args)]
pub struct Options {
    /// Roles of this node, separated by commas: gateway, bot, hub, worker (default: all)
    #[arg(long, value_delimiter = ',', value_name = "ROLE")]
    roles: Vec<NodeRole>,
    /// Listen on 127.0.0.1 with the console at N, the webhook at N+1, operations at N+2; 0 takes free ports
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
}

/// Serves.
///
/// # Errors
/// [`Failure::Config`] and [`Failure::Setting`] when the node must not start like this.
pub async fn run(settings: &Settings, options: Options) -> Result<(), Failure> {
    let mut sources = settings.sources()?;
    if let Some(base) = options.port_base {
        for (offset, door) in ["console", "webhook", "operations"].into_iter().enumerate() {
            let port = if base == 0 {
                0
            } else {
                usize::from(base) + offset
            };
            sources = sources.with(&format!("listen.{door}"), format!("127.0.0.1:{port}"));
        }
    }
    let mut config = Config::load(&sources)?;
    if !options.roles.is_empty() {
        config.node.roles = options.roles;
    }
    refuse(&config)?;
    telemetry::init(&config.log).map_err(|error| Failure::Other(error.into()))?;
    let doors = Doors::open(&config).await?;
    for (door, listener) in [
        ("console", &doors.console),
        ("webhook", &doors.webhook),
        ("operations", &doors.operations),
    ] {
        // For whoever started us with port 0; the log says it too.
        println!("{door} http://{}", listener.local_addr()?);
    }
    let node = Node::start(config, doors).await?;
    // Who asks it to stop meanwhile is heard too.
    let is_ready = tokio::select! {
        is_ready = node.answers() => is_ready?,
        () = node.asked_to_stop() => false,
    };
    if is_ready {
        println!("ready");
        node.asked_to_stop().await;
    }
    if node.stop().await {
        Ok(())
    } else {
        Err(Failure::Check)
    }
}

/// Says what is wrong before anything starts.
fn refuse(config: &Config) -> Result<(), Failure> {
    config.check_serve()?;
    if config.is_production() {
        config.check_production()?;
    }
    for warning in config.warnings() {
        eprintln!("balcao: warning: {warning}");
    }
    Ok(())
}
