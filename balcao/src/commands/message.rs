//! `balcao message find`: which of these messages did we get, when, and in what state are they? An operator's question
//! after an incident. The answers hold ids, states and times; no words and no people.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use balcao_core::store::whereabouts::{self, Whereabouts};
use balcao_core::store::{Store, channel};
use clap::Subcommand;
use compliance::Mac;
use serde_json::{Value, json};

use super::open;
use crate::cli::{Failure, Settings};

/// Wamids looked up in one statement.
const BATCH: usize = 1_000;
/// The largest list, in bytes.
const MAX_LIST_BYTES: u64 = 64 * 1024 * 1024;

/// What can be asked about messages.
#[derive(Subcommand)]
pub enum Verb {
    /// Say for each wamid of a list whether it is here, since when, and how far it got
    Find {
        /// A file with one wamid a line; `-` for standard input (a wamid contains a phone: never an argument)
        #[arg(long, value_name = "FILE")]
        wamids: PathBuf,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure::Check`] when one of them is not here.
pub async fn run(settings: &Settings, verb: Verb) -> Result<(), Failure> {
    let Verb::Find { wamids } = verb;
    let wamids = read(&wamids)?;
    let (_, store) = open(settings).await?;
    let numbers = {
        let mut conn = store.api.acquire().await?;
        channel::numbers(&mut conn).await?
    };
    let (mut missing, mut line) = (0_usize, 0_usize);
    for batch in wamids.chunks(BATCH) {
        for place in look(&store, &numbers, batch).await? {
            line += 1;
            missing += usize::from(place.is_none());
            println!("{}", tell(line, place.as_ref(), settings.json));
        }
    }
    eprintln!("{} asked for, {missing} not here", wamids.len());
    if missing > 0 {
        return Err(Failure::Check);
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin()
            .take(MAX_LIST_BYTES)
            .read_to_string(&mut text)?;
    } else {
        std::fs::File::open(path)?
            .take(MAX_LIST_BYTES)
            .read_to_string(&mut text)?;
    }
    let wamids: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    if wamids.is_empty() {
        return Err(anyhow::anyhow!("the list is empty: one wamid a line is expected").into());
    }
    Ok(wamids)
}

/// The same wamid means another message at another number: each number is tried.
async fn look(
    store: &Store,
    numbers: &[String],
    wamids: &[String],
) -> Result<Vec<Option<Whereabouts>>, Failure> {
    let mac = |number: &String, wamid: &String| store.vault.mac_wamid(number, wamid);
    let macs: Vec<Mac> = wamids
        .iter()
        .flat_map(|wamid| numbers.iter().map(move |number| mac(number, wamid)))
        .collect();
    let mut conn = store.api.acquire().await?;
    let found: HashMap<Mac, Whereabouts> = whereabouts::find(&mut conn, &macs).await?;
    Ok(wamids
        .iter()
        .map(|wamid| {
            numbers
                .iter()
                .find_map(|number| found.get(&mac(number, wamid)).cloned())
        })
        .collect())
}

/// One line of the answer: the list's line number stands for the wamid, which must not reach a terminal's history.
fn tell(line: usize, place: Option<&Whereabouts>, as_json: bool) -> String {
    if as_json {
        return as_value(line, place).to_string();
    }
    match place {
        None => format!("{line}: not here"),
        Some(Whereabouts::Stored {
            conversation_id,
            seq,
            direction,
            received_at,
            ticks,
            ..
        }) => {
            let ticks = ticks.map_or(String::new(), |ticks| format!(", {}", word(ticks)));
            format!(
                "{line}: stored {}, conversation {conversation_id}, seq {seq}, {}{ticks}",
                received_at.to_rfc3339(),
                word(*direction)
            )
        }
        Some(Whereabouts::TakenIn { received_at }) => {
            format!(
                "{line}: taken in {}, a change of another item",
                received_at.to_rfc3339()
            )
        }
        Some(Whereabouts::Awaited { kind, parked_at }) => {
            format!(
                "{line}: not here, but a {kind} about it waits since {}",
                parked_at.to_rfc3339()
            )
        }
    }
}

fn as_value(line: usize, place: Option<&Whereabouts>) -> Value {
    match place {
        None => json!({"line": line, "found": "no"}),
        Some(Whereabouts::Stored {
            conversation_id,
            seq,
            direction,
            kind,
            received_at,
            ticks,
        }) => json!({
            "line": line, "found": "stored", "conversation_id": conversation_id, "seq": seq, "direction": direction,
            "kind": kind, "received_at": received_at, "ticks": ticks,
        }),
        Some(Whereabouts::TakenIn { received_at }) => {
            json!({"line": line, "found": "taken_in", "received_at": received_at})
        }
        Some(Whereabouts::Awaited { kind, parked_at }) => {
            json!({"line": line, "found": "awaited", "kind": kind, "parked_at": parked_at})
        }
    }
}

/// The word that JSON uses, for people too.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
