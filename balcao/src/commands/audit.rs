//! `balcao audit`: export the log, verify an export, check the log against itself.

use std::path::PathBuf;
use std::time::Duration;

use balcao_core::config::Config;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use compliance::audit::{self, Action, ActorKind, Event, Signer, verify};
use compliance::vault::Seed;

use super::open;
use crate::cli::{Failure, Settings};

/// How long an export waits for the sequencer of a running node.
const WAIT_FOR_SEQUENCER: Duration = Duration::from_secs(15);

/// What can be done with the audit log.
#[derive(Subcommand)]
pub enum Verb {
    /// Write the events of a period into a folder that anybody can verify (a node must be running)
    Export {
        /// First instant, inclusive, e.g. 2026-11-01T00:00:00Z
        #[arg(long)]
        from: DateTime<Utc>,
        /// Last instant, exclusive
        #[arg(long)]
        to: DateTime<Utc>,
        /// The folder to make
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Verify an exported folder; needs no database
    Verify {
        /// The folder
        dir: PathBuf,
        /// The key, as you got it from the operator by another way than the export
        #[arg(long, value_name = "VKEY")]
        key: String,
    },
    /// Print the key that exports are verified with
    Key,
    /// Check the stored log against its own signed checkpoints
    Fsck,
}

/// Runs it.
///
/// # Errors
/// [`Failure::Check`] when a folder or the log does not verify.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Export { from, to, out } => write(settings, from, to, out).await,
        Verb::Verify { dir, key } => check(settings, &dir, &key),
        Verb::Key => {
            println!("{}", signer(&settings.load()?)?.vkey());
            Ok(())
        }
        Verb::Fsck => fsck(settings).await,
    }
}

/// Signs checkpoints and exports of this installation.
pub(crate) fn signer(config: &Config) -> Result<Signer, Failure> {
    let seed = balcao_core::context::key_provider(&config.keys)?.seed(Seed::Audit)?;
    Ok(Signer::new(&config.compliance.audit_origin, &seed)?)
}

async fn write(
    settings: &Settings,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    out: PathBuf,
) -> Result<(), Failure> {
    let (config, store) = open(settings).await?;
    let signer = signer(&config)?;
    let request = audit::Request {
        from,
        to,
        filter: audit::Filter::default(),
        dir: out,
        wait: WAIT_FOR_SEQUENCER,
    };
    let exported = Event::new(Action::AuditExported, ActorKind::System, None);
    let summary = audit::export(&store.worker, &signer, &request, &exported).await?;
    if settings.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        println!(
            "{} events of a log of {} in {}",
            summary.events,
            summary.size,
            summary.dir.display()
        );
        println!("key: {}", summary.vkey);
        println!(
            "verify with: balcao audit verify {} --key '{}'",
            summary.dir.display(),
            summary.vkey
        );
        println!(
            "or, without us: python3 {}/verify.py {} '{}'",
            summary.dir.display(),
            summary.dir.display(),
            summary.vkey
        );
    }
    Ok(())
}

fn check(settings: &Settings, dir: &std::path::Path, key: &str) -> Result<(), Failure> {
    match verify::folder(dir, key) {
        Ok(report) => {
            if settings.json {
                println!("{}", serde_json::json!({ "ok": true, "report": report }));
            } else {
                println!(
                    "OK {} events of a log of {}, root {}",
                    report.events, report.size, report.root
                );
                println!(
                    "witnesses: {}{}",
                    report.witnesses,
                    if report.witnesses == 0 {
                        " (only the operator vouches for there being one log)"
                    } else {
                        ""
                    }
                );
            }
            Ok(())
        }
        Err(failure) => {
            if settings.json {
                println!(
                    "{}",
                    serde_json::json!({ "ok": false, "file": failure.file, "why": failure.why })
                );
            } else {
                println!("INVALID {failure}");
            }
            Err(Failure::Check)
        }
    }
}

async fn fsck(settings: &Settings) -> Result<(), Failure> {
    let (config, store) = open(settings).await?;
    let report = audit::fsck(&store.worker, &signer(&config)?.verifier()).await?;
    let sound = report.findings.is_empty();
    if settings.json {
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(
                |finding| serde_json::json!({ "position": finding.position, "what": finding.what }),
            )
            .collect();
        println!(
            "{}",
            serde_json::json!({ "leaves": report.leaves, "findings": findings })
        );
    } else {
        for finding in &report.findings {
            match finding.position {
                Some(position) => println!("position {position}: {}", finding.what),
                None => println!("{}", finding.what),
            }
        }
        println!(
            "{}",
            if sound {
                "the log is sound"
            } else {
                "the log does not verify"
            }
        );
    }
    if sound { Ok(()) } else { Err(Failure::Check) }
}
