//! Gives events their place in the log and signs checkpoints.
//!
//! Promises: positions are gap-free and each event has one, whatever dies when: events leave `audit_pending` in the
//! transaction that writes their leaves, and that transaction holds the row of the lease it works under. Two
//! sequencers at once stay correct: the one whose token is not the newest writes nothing. Nothing is signed that
//! contradicts the last checkpoint. Works as role `balcao_sequencer`.
//! Does not: order events by time across batches; an event enters after its transaction committed.

mod batch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Action,
    note::{Checkpoint, Signer},
    tree::{Frontier, Hash},
};
use crate::{Error, Result};

/// Most events of one transaction; keeps it far under 200 ms.
const BATCH_EVENTS: i64 = 1_000;
/// Leaves that force a checkpoint.
const CHECKPOINT_LEAVES: u64 = 1_000;
/// Age that forces a checkpoint, if there are new leaves.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(60);
/// How often the queue is looked at without being rung.
const TICK: Duration = Duration::from_millis(500);
/// An idle holder renews its lease (10 s) this long after the last renewal.
const RENEW_AFTER: Duration = Duration::from_secs(3);
/// Leaf hashes read at once when catching up.
const CATCH_UP_LEAVES: i64 = 50_000;

/// Wakes a running sequencer from elsewhere in this process. Cheap to clone; never needed for correctness.
#[derive(Clone, Default)]
pub struct Bell(Arc<Inner>);

#[derive(Default)]
struct Inner {
    notify: Notify,
    checkpoint: AtomicBool,
}

impl Bell {
    /// There are events to take.
    pub fn ring(&self) {
        self.0.notify.notify_one();
    }

    /// Take what is there and sign a checkpoint now.
    pub fn checkpoint_now(&self) {
        self.0.checkpoint.store(true, Ordering::Release);
        self.0.notify.notify_one();
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Whether this sequencer holds the lease.
    pub leading: bool,
    /// Leaves written.
    pub leaves: u64,
    /// Size of the checkpoint signed, if one was.
    pub checkpoint: Option<u64>,
}

/// The sequencer of one process.
pub struct Sequencer {
    pool: PgPool,
    signer: Signer,
    bell: Bell,
    holder: Uuid,
    lease: Option<Lease>,
    frontier: Frontier,
    signed_size: u64,
    signed_at: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Lease {
    token: i64,
    renewed_at: Instant,
}

impl Sequencer {
    /// A sequencer over a pool of role `balcao_sequencer` (a direct connection; one is enough).
    pub fn new(pool: PgPool, signer: Signer) -> Self {
        Self {
            pool,
            signer,
            bell: Bell::default(),
            holder: Uuid::now_v7(),
            lease: None,
            frontier: Frontier::default(),
            signed_size: 0,
            signed_at: None,
        }
    }

    /// What wakes it.
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Works until `shutdown`, then takes what is left, signs it and hands the lease back. Storage errors are logged
    /// and tried again.
    ///
    /// # Errors
    /// [`Error::LogBroken`] when the stored log contradicts what was signed: a person must look.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<()> {
        loop {
            match self.step(Instant::now()).await {
                Ok(step)
                    if step.leaves == BATCH_EVENTS.unsigned_abs() && !shutdown.is_cancelled() =>
                {
                    continue;
                }
                Ok(_) => {}
                Err(error @ Error::LogBroken { .. }) => {
                    tracing::error!(%error, "the audit log is not continued");
                    return Err(error);
                }
                Err(error) => tracing::warn!(%error, "the sequencer tries again"),
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.bell.0.notify.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
        self.bell.checkpoint_now();
        self.step(Instant::now()).await?;
        self.release().await
    }

    /// One round: takes or keeps the lease, writes one batch, signs if due.
    ///
    /// # Errors
    /// [`Error::Storage`] (the next step starts afresh); [`Error::LogBroken`].
    pub async fn step(&mut self, now: Instant) -> Result<Step> {
        let done = self.try_step(now).await;
        if done.is_err() {
            // The commit may or may not have happened: the next step takes the lease anew and reads what is there.
            self.lease = None;
        }
        done
    }

    async fn try_step(&mut self, now: Instant) -> Result<Step> {
        if self.lease.is_none() && !self.acquire(now).await? {
            return Ok(Step::default());
        }
        let forced = self.bell.0.checkpoint.swap(false, Ordering::AcqRel);
        if self.has_nothing_to_do(now, forced).await? {
            return Ok(Step {
                leading: true,
                ..Step::default()
            });
        }
        let done = self.append(now, forced).await;
        if forced && !done.as_ref().is_ok_and(|step| step.leading) {
            self.bell.0.checkpoint.store(true, Ordering::Release);
        }
        done
    }

    async fn has_nothing_to_do(&self, now: Instant, forced: bool) -> Result<bool> {
        let fresh = self
            .lease
            .is_some_and(|lease| now.saturating_duration_since(lease.renewed_at) < RENEW_AFTER);
        if !fresh || self.is_checkpoint_due(self.frontier.size(), now, forced) {
            return Ok(false);
        }
        let waiting =
            sqlx::query_scalar!(r#"select exists (select from audit_pending) as "waiting!""#)
                .fetch_one(&self.pool)
                .await?;
        Ok(!waiting)
    }

    fn is_checkpoint_due(&self, size: u64, now: Instant, forced: bool) -> bool {
        let old = self
            .signed_at
            .is_none_or(|at| now.saturating_duration_since(at) >= CHECKPOINT_AFTER);
        size > self.signed_size && (forced || old || size - self.signed_size >= CHECKPOINT_LEAVES)
    }

    /// Takes the lease if nobody else holds it, then reads what others wrote.
    async fn acquire(&mut self, now: Instant) -> Result<bool> {
        let token = sqlx::query_scalar!(
            r#"
            insert into lease (name, token, holder, until)
            values ('sequencer', nextval('lease_token'), $1, clock_timestamp() + interval '10 s')
            on conflict (name) do update
            set
              token = excluded.token,
              holder = excluded.holder,
              until = excluded.until
            where lease.until < clock_timestamp()
              or lease.holder = excluded.holder
            returning token
            "#,
            self.holder,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(token) = token else { return Ok(false) };
        self.catch_up().await?;
        self.lease = Some(Lease {
            token,
            renewed_at: now,
        });
        Ok(true)
    }

    /// Reads the leaves written since, and checks them against the last checkpoint.
    async fn catch_up(&mut self) -> Result<()> {
        let signed =
            sqlx::query!("select size, root from audit_checkpoint order by size desc limit 1")
                .fetch_optional(&self.pool)
                .await?;
        let signed_size = signed
            .as_ref()
            .map_or(0, |signed| signed.size.unsigned_abs());
        loop {
            let from = self.frontier.size().cast_signed();
            let page = sqlx::query!(
                r#"
                select position, leaf_hash
                from audit_leaf
                where position >= $1
                order by position
                limit $2
                "#,
                from,
                CATCH_UP_LEAVES,
            )
            .fetch_all(&self.pool)
            .await?;
            if page.is_empty() {
                break;
            }
            for row in page {
                let position = self.frontier.size().cast_signed();
                let hash: Hash = row
                    .leaf_hash
                    .as_slice()
                    .try_into()
                    .map_err(|_| broken(position, "its hash"))?;
                if row.position != position {
                    return Err(broken(position, "the leaf is missing"));
                }
                self.frontier.push(hash);
                if let Some(signed) = signed.as_ref().filter(|signed| signed.size == position + 1)
                    && signed.root != self.frontier.root()
                {
                    return Err(broken(
                        position,
                        "the root up to here is not the one that was signed",
                    ));
                }
            }
        }
        if self.frontier.size() < signed_size {
            return Err(broken(
                self.frontier.size().cast_signed(),
                "leaves are missing that were signed",
            ));
        }
        self.signed_size = signed_size;
        Ok(())
    }

    /// One transaction: proves the lease by renewing it, moves one batch into the log, signs if due.
    async fn append(&mut self, now: Instant, forced: bool) -> Result<Step> {
        let Some(lease) = self.lease else {
            return Ok(Step::default());
        };
        let mut tx = self.pool.begin().await?;
        let Some(stored_size) = batch::renew(&mut tx, self.holder, lease.token).await? else {
            self.lease = None;
            return Ok(Step::default());
        };
        if stored_size != self.frontier.size() {
            return Err(broken(
                stored_size.cast_signed(),
                "leaves came or went that this sequencer did not write",
            ));
        }
        let rows = batch::pending(&mut tx).await?;
        let mut frontier = self.frontier.clone();
        batch::write_leaves(&mut tx, &rows, &mut frontier).await?;
        let at_once = rows.iter().any(|row| is_signed_at_once(&row.action));
        let due = self.is_checkpoint_due(frontier.size(), now, forced || at_once);
        if due {
            self.sign(&mut tx, &frontier).await?;
        }
        tx.commit().await?;

        self.lease = Some(Lease {
            renewed_at: now,
            ..lease
        });
        self.frontier = frontier;
        if due {
            self.signed_size = self.frontier.size();
            self.signed_at = Some(now);
        }
        Ok(Step {
            leading: true,
            leaves: rows.len() as u64,
            checkpoint: due.then_some(self.signed_size),
        })
    }

    async fn sign(&self, conn: &mut PgConnection, frontier: &Frontier) -> Result<()> {
        let checkpoint = Checkpoint {
            origin: self.signer.origin().to_owned(),
            size: frontier.size(),
            root: frontier.root(),
        };
        sqlx::query!(
            "insert into audit_checkpoint (size, root, note) values ($1, $2, $3)",
            checkpoint.size.cast_signed(),
            checkpoint.root.as_slice(),
            self.signer.sign(&checkpoint.text()),
        )
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Lets a successor start at once.
    async fn release(&mut self) -> Result<()> {
        let Some(lease) = self.lease.take() else {
            return Ok(());
        };
        sqlx::query!(
            "update lease set until = '-infinity' where name = 'sequencer' and holder = $1 and token = $2",
            self.holder,
            lease.token,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn is_signed_at_once(action: &str) -> bool {
    Action::ALL
        .iter()
        .any(|known| known.as_str() == action && known.is_signed_at_once())
}

fn broken(position: i64, why: &str) -> Error {
    Error::LogBroken {
        position,
        why: why.to_owned(),
    }
}
