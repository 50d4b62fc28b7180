//! Compares the stored log with itself: rows with leaves, leaves with hashes, hashes with every signed checkpoint.
//!
//! Promises: an event, leaf or checkpoint that somebody edited, removed or re-numbered is named by its position.
//! Does not: repair anything, or notice a log that was rewritten and re-signed whole with the real key: that takes a
//! checkpoint which left the house before (an export, a witness).

use std::collections::{HashMap, VecDeque};

use sqlx::PgPool;
use uuid::Uuid;

use super::{
    event::ActorKind,
    leaf::{self, Row},
    note::{Checkpoint, Verifier},
    tree::Frontier,
};
use crate::Result;

const PAGE_LEAVES: i64 = 2_000;
/// Findings after which the search ends.
pub const MAX_FINDINGS: usize = 100;

/// One thing that does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Index in the tree, when the finding has one.
    pub position: Option<u64>,
    /// What does not match; ids only.
    pub what: String,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// Leaves compared.
    pub leaves: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// Empty when all is well.
    pub findings: Vec<Finding>,
}

/// Reads the whole log, page by page; safe while the product runs.
///
/// # Errors
/// [`crate::Error::Storage`]. Findings are not errors.
pub async fn fsck(pool: &PgPool, verifier: &Verifier) -> Result<FsckReport> {
    let mut walk = Walk {
        verifier,
        checkpoints: checkpoints(pool).await?.into(),
        frontier: Frontier::default(),
        report: FsckReport::default(),
    };
    while walk.report.findings.len() < MAX_FINDINGS {
        let page = leaves(pool, walk.frontier.size().cast_signed()).await?;
        if page.is_empty() {
            walk.end();
            break;
        }
        let ids: Vec<Uuid> = page.iter().map(|leaf| leaf.event_id).collect();
        let events = events(pool, &ids).await?;
        if page
            .iter()
            .any(|leaf| !walk.compare(leaf, events.get(&leaf.event_id)))
        {
            break;
        }
    }
    let mut report = walk.report;
    report.leaves = walk.frontier.size();
    lost_events(pool, &mut report).await?;
    Ok(report)
}

struct StoredLeaf {
    position: i64,
    event_id: Uuid,
    leaf: Vec<u8>,
    leaf_hash: Vec<u8>,
}

struct StoredCheckpoint {
    size: i64,
    root: Vec<u8>,
    note: String,
}

/// The walk along the log, from its first leaf to its last.
struct Walk<'a> {
    verifier: &'a Verifier,
    /// Those not reached yet, smallest first.
    checkpoints: VecDeque<StoredCheckpoint>,
    frontier: Frontier,
    report: FsckReport,
}

impl Walk<'_> {
    /// Compares one leaf with its event, its hash and the checkpoints that end with it. False when the walk cannot go
    /// on: behind a missing leaf every position would be wrong.
    fn compare(&mut self, stored: &StoredLeaf, event: Option<&Row>) -> bool {
        let position = self.frontier.size();
        if stored.position.unsigned_abs() != position {
            self.add(
                position,
                format!("leaf missing; the next one is {}", stored.position),
            );
            return false;
        }
        let hash = leaf::hash(&stored.leaf);
        if stored.leaf_hash != hash {
            self.add(
                position,
                "the leaf's bytes do not have the leaf's hash".to_owned(),
            );
        }
        match event {
            None => self.add(position, format!("event {} is gone", stored.event_id)),
            Some(event) if leaf::line(event, stored.position) != stored.leaf => {
                self.add(
                    position,
                    format!("event {} is not what its leaf says", stored.event_id),
                );
            }
            Some(_) => {}
        }
        self.frontier.push(hash);
        let here = self.frontier.size();
        while let Some(signed) = self
            .checkpoints
            .pop_front_if(|next| next.size.unsigned_abs() <= here)
        {
            self.report.checkpoints += 1;
            if let Err(why) = check_checkpoint(self.verifier, &signed, &self.frontier) {
                self.add(
                    position,
                    format!("checkpoint of size {}: {why}", signed.size),
                );
            }
        }
        true
    }

    /// No leaf is left: no checkpoint may be.
    fn end(&mut self) {
        if let Some(ahead) = self.checkpoints.front() {
            let what = format!(
                "a checkpoint of size {} was signed, but leaves are missing from here",
                ahead.size
            );
            self.add(self.frontier.size(), what);
        }
    }

    fn add(&mut self, position: u64, what: String) {
        self.report.findings.push(Finding {
            position: Some(position),
            what,
        });
    }
}

async fn checkpoints(pool: &PgPool) -> Result<Vec<StoredCheckpoint>> {
    let rows = sqlx::query_as!(
        StoredCheckpoint,
        "select size, root, note from audit_checkpoint order by size"
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

async fn leaves(pool: &PgPool, from: i64) -> Result<Vec<StoredLeaf>> {
    let rows = sqlx::query_as!(
        StoredLeaf,
        r#"
        select
          position,
          event_id,
          leaf,
          leaf_hash
        from audit_leaf
        where position >= $1
        order by position
        limit $2
        "#,
        from,
        PAGE_LEAVES,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

fn check_checkpoint(
    verifier: &Verifier,
    stored: &StoredCheckpoint,
    frontier: &Frontier,
) -> Result<(), String> {
    let signed = verifier
        .open(stored.note.as_bytes())
        .and_then(Checkpoint::parse)
        .map_err(|error| error.to_string())?;
    if signed.size != frontier.size()
        || signed.root != stored.root.as_slice()
        || signed.origin != verifier.name()
    {
        return Err("the row is not what its note says".to_owned());
    }
    if signed.root != frontier.root() {
        return Err("the leaves up to here do not have the root that was signed".to_owned());
    }
    Ok(())
}

async fn events(pool: &PgPool, ids: &[Uuid]) -> Result<HashMap<Uuid, Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
          id,
          at,
          action,
          actor_kind as "actor_kind: ActorKind",
          actor,
          object_kind,
          object,
          outcome,
          request,
          session,
          subject,
          team,
          detail
        from audit_event
        where id = any($1)
        "#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Events that neither wait nor have a leaf: somebody emptied the queue by hand.
async fn lost_events(pool: &PgPool, report: &mut FsckReport) -> Result<()> {
    let lost = sqlx::query_scalar!(
        r#"
        select id
        from audit_event as event
        where not exists (select from audit_leaf as leaf where leaf.event_id = event.id)
          and not exists (select from audit_pending as pending where pending.event_id = event.id)
        limit 100
        "#,
    )
    .fetch_all(pool)
    .await?;
    for id in lost {
        let what = format!("event {id} neither waits for the sequencer nor is in the log");
        report.findings.push(Finding {
            position: None,
            what,
        });
    }
    Ok(())
}
