//! Writes the folder that proves what the log says, to be checked without us.
//!
//! Promises: the folder verifies, or nothing claims to be one: every leaf is hashed again on the way and the root must
//! be the checkpoint's; the manifest is signed last. Events are chosen by their leaves, not by rows that could have
//! been edited since. Only hashes are held in memory (32 bytes an event), never the log.
//! Does not: sequence. It records its own event and waits until a running sequencer has signed past it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::{fs, time::Instant};
use uuid::Uuid;

use super::{
    Filter,
    event::{Event, record},
    filter::Facts,
    leaf,
    note::{Checkpoint, Signer},
    sink::{Sink, write_text},
    tree::{self, Frontier, Hash},
};
use crate::{Error, Mutant, Result};

const PAGE_LEAVES: i64 = 5_000;
const POLL: Duration = Duration::from_millis(100);
const VERIFY_MD: &str = include_str!("VERIFY.md");
const VERIFY_PY: &str = include_str!("verify.py");

/// What to export.
#[derive(Clone, Debug)]
pub struct Request {
    /// First instant, inclusive.
    pub from: DateTime<Utc>,
    /// Last instant, exclusive.
    pub to: DateTime<Utc>,
    /// Which events of the period.
    pub filter: Filter,
    /// The folder to make; must not exist, or be empty.
    pub dir: PathBuf,
    /// How long to wait for the sequencer.
    pub wait: Duration,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The folder.
    pub dir: PathBuf,
    /// Events disclosed.
    pub events: u64,
    /// Leaves in the tree.
    pub size: u64,
    /// Size of the last exported checkpoint that this one is proven to continue; 0 if none.
    pub continues: u64,
    /// The key to verify with; give it to auditors by another way.
    pub vkey: String,
}

#[derive(Serialize)]
struct Manifest<'a> {
    origin: &'a str,
    from: String,
    to: String,
    filter: &'a Filter,
    events: u64,
    files: BTreeMap<&'static str, String>,
    vkey: String,
    witnesses: u32,
}

/// Records `event` (an `audit.exported` or `export.created`, which a sequencer signs at once), waits for a checkpoint
/// past it, and writes the folder. Works with the application's role; some sequencer must be running.
///
/// # Errors
/// [`Error::NotSequenced`] when none signed in time; [`Error::FolderInUse`]; [`Error::LogBroken`] when the stored log
/// would not verify; [`Error::File`]; [`Error::Storage`]. A folder left behind by an error has no `manifest.note`.
pub async fn export(
    pool: &PgPool,
    signer: &Signer,
    request: &Request,
    event: &Event,
) -> Result<Summary> {
    make_dir(&request.dir).await?;
    let mut tx = pool.begin().await?;
    let own_event = record(&mut tx, event).await?;
    tx.commit().await?;
    let (checkpoint, note) = signed_past(pool, signer, own_event, request.wait).await?;

    let mut files = BTreeMap::new();
    let (leaves, events) = write_log(pool, request, &checkpoint, &mut files).await?;
    let continues = sqlx::query_scalar!(
        r#"select coalesce(max(size), 0) as "size!" from audit_checkpoint where exported and size <= $1"#,
        checkpoint.size.cast_signed(),
    )
    .fetch_one(pool)
    .await?
    .unsigned_abs();
    let consistency = tokio::task::spawn_blocking(move || consistency(&leaves, continues))
        .await
        .map_err(|error| Error::file(&request.dir)(std::io::Error::other(error)))?;
    for (name, text) in [
        ("checkpoint", note.as_str()),
        ("consistency", &consistency),
        ("VERIFY.md", VERIFY_MD),
        ("verify.py", VERIFY_PY),
    ] {
        files.insert(name, write_text(&request.dir, name, text).await?);
    }

    let manifest = Manifest {
        origin: signer.origin(),
        from: leaf::instant(request.from),
        to: leaf::instant(request.to),
        filter: &request.filter,
        events,
        files,
        vkey: signer.vkey(),
        witnesses: 0,
    };
    let manifest = serde_json::to_string_pretty(&manifest)
        .map_err(|error| Error::file(request.dir.join("manifest.json"))(error.into()))?
        + "\n";
    write_text(&request.dir, "manifest.json", &manifest).await?;
    let signed = signer.sign(&manifest_text(signer.origin(), manifest.as_bytes()));
    write_text(&request.dir, "manifest.note", &signed).await?;

    sqlx::query!(
        "update audit_checkpoint set exported = true where size = $1",
        checkpoint.size.cast_signed()
    )
    .execute(pool)
    .await?;
    Ok(Summary {
        dir: request.dir.clone(),
        events,
        size: checkpoint.size,
        continues,
        vkey: signer.vkey(),
    })
}

/// The text of `manifest.note`.
pub(super) fn manifest_text(origin: &str, manifest: &[u8]) -> String {
    format!(
        "{origin}/export\n{}\n",
        BASE64_STANDARD.encode(Sha256::digest(manifest))
    )
}

/// The file `consistency`: the old size, then the proof.
pub(super) fn consistency(leaves: &[Hash], old: u64) -> String {
    let proof = usize::try_from(old)
        .ok()
        .and_then(|old| tree::consistency_proof(leaves, old))
        .unwrap_or_default();
    let mut text = format!("{old}\n");
    for hash in proof {
        text.push_str(&BASE64_STANDARD.encode(hash));
        text.push('\n');
    }
    text
}

async fn make_dir(dir: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .await
        .map_err(Error::file(dir))?;
    let mut entries = fs::read_dir(dir).await.map_err(Error::file(dir))?;
    match entries.next_entry().await.map_err(Error::file(dir))? {
        None => Ok(()),
        Some(_) => Err(Error::FolderInUse(dir.to_owned())),
    }
}

/// Waits for the newest checkpoint that covers `event`. Every event committed before it is older, so the sequencer
/// took those no later.
async fn signed_past(
    pool: &PgPool,
    signer: &Signer,
    event: Uuid,
    wait: Duration,
) -> Result<(Checkpoint, String)> {
    let deadline = Instant::now() + wait;
    loop {
        let note = sqlx::query_scalar!(
            r#"
            select note
            from audit_checkpoint
            where size > (select position from audit_leaf where event_id = $1)
            order by size desc
            limit 1
            "#,
            event,
        )
        .fetch_optional(pool)
        .await?;
        if let Some(note) = note {
            let checkpoint = signer
                .verifier()
                .open(note.as_bytes())
                .and_then(Checkpoint::parse)?;
            return Ok((checkpoint, note));
        }
        if Instant::now() >= deadline {
            return Err(Error::NotSequenced {
                waited_s: wait.as_secs(),
            });
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Streams every leaf up to the checkpoint: its hash to `leaves.bin`, the chosen ones to `events.jsonl`.
async fn write_log(
    pool: &PgPool,
    request: &Request,
    checkpoint: &Checkpoint,
    files: &mut BTreeMap<&'static str, String>,
) -> Result<(Vec<Hash>, u64)> {
    let mut lines = Sink::create(&request.dir, "events.jsonl").await?;
    let mut hashes = Sink::create(&request.dir, "leaves.bin").await?;
    let chosen = Chosen::of(request);
    let (mut frontier, mut leaves, mut events) = (Frontier::default(), Vec::new(), 0);
    while frontier.size() < checkpoint.size {
        let page = sqlx::query!(
            r#"
            select position, leaf, leaf_hash
            from audit_leaf
            where position >= $1
              and position < $2
            order by position
            limit $3
            "#,
            frontier.size().cast_signed(),
            checkpoint.size.cast_signed(),
            PAGE_LEAVES,
        )
        .fetch_all(pool)
        .await?;
        if page.is_empty() {
            return Err(broken(&frontier, "leaves are missing that were signed"));
        }
        for row in page {
            let hash = leaf::hash(&row.leaf);
            if row.position.unsigned_abs() != frontier.size() || row.leaf_hash != hash {
                return Err(broken(&frontier, "the leaf is missing or was altered"));
            }
            if chosen
                .has(&row.leaf)
                .ok_or_else(|| broken(&frontier, "the leaf is not an event"))?
                && !(Mutant::ExportOmitsAnEvent.lives() && row.position == 1)
            {
                lines.write(&row.leaf).await?;
                lines.write(b"\n").await?;
                events += 1;
            }
            hashes.write(&hash).await?;
            leaves.push(hash);
            frontier.push(hash);
        }
    }
    if frontier.root() != checkpoint.root {
        return Err(broken(
            &frontier,
            "the leaves up to here do not have the root that was signed",
        ));
    }
    files.insert("events.jsonl", lines.finish().await?);
    files.insert("leaves.bin", hashes.finish().await?);
    Ok((leaves, events))
}

fn broken(frontier: &Frontier, why: &str) -> Error {
    Error::LogBroken {
        position: frontier.size().cast_signed(),
        why: why.to_owned(),
    }
}

struct Chosen<'a> {
    from: String,
    to: String,
    filter: &'a Filter,
}

impl<'a> Chosen<'a> {
    fn of(request: &'a Request) -> Self {
        Self {
            from: leaf::instant(request.from),
            to: leaf::instant(request.to),
            filter: &request.filter,
        }
    }

    /// None when the leaf is not an event. Instants have one fixed form: text order is time order.
    fn has(&self, leaf: &[u8]) -> Option<bool> {
        let facts: Facts = serde_json::from_slice(leaf).ok()?;
        Some(facts.at >= self.from && facts.at < self.to && self.filter.has(&facts))
    }
}
