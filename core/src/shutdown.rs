//! How a node stops: first softly (take nothing new, finish what runs), then hard.
//!
//! Promises: every task has a name and is waited for; a task that outlives the grace is stopped and named in the log;
//! a panic is named too and never lost with a join handle.
//! Does not: listen to signals (the executable does) nor decide what a role must finish.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;

/// How long tasks get to leave after the hard stop, before they are dropped where they wait, in milliseconds.
const HARD_STOP_MS: u64 = 1_000;

/// The stop switch that all tasks of a node share. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    stop: CancellationToken,
    tracker: TaskTracker,
    lasting: TaskTracker,
    running: Arc<Running>,
}

#[derive(Debug, Default)]
struct Running {
    next: AtomicU64,
    tasks: Mutex<BTreeMap<u64, (&'static str, Option<AbortHandle>)>>,
}

impl Shutdown {
    /// A switch that is on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task that is expected to end by itself, or soon after [`Shutdown::draining`].
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.run(&self.tracker, name, false, task);
    }

    /// Runs a task that serves the others until they are done (the bell's line, metrics): not waited for during the
    /// drain, it leaves at [`Shutdown::stopping`].
    pub fn spawn_lasting<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.run(&self.lasting, name, false, task);
    }

    /// Runs a task without which the node is useless: if it ends or panics before the drain, the node drains, so that
    /// whoever supervises the process starts it afresh.
    pub fn spawn_essential<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.run(&self.tracker, name, true, task);
    }

    fn run<F>(&self, tracker: &TaskTracker, name: &'static str, essential: bool, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let id = self.running.next.fetch_add(1, Ordering::Relaxed);
        self.running.insert(id, name);
        let leave = Leave {
            shutdown: self.clone(),
            id,
            name,
            essential,
        };
        let handle = tracker.spawn(async move {
            let _leave = leave;
            task.await;
        });
        self.running.abort_with(id, handle.abort_handle());
    }

    /// Soft stop: take nothing new. Idempotent.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Whether the soft stop was asked for.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Resolves at the soft stop.
    pub fn draining(&self) -> WaitForCancellationFuture<'_> {
        self.drain.cancelled()
    }

    /// Resolves at the hard stop: leave now, whatever is unfinished.
    pub fn stopping(&self) -> WaitForCancellationFuture<'_> {
        self.stop.cancelled()
    }

    /// The soft stop as a token, for code that wants to own it (`axum::serve` graceful shutdown).
    #[must_use]
    pub fn drain_token(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// The hard stop as a token.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Drains, waits at most `grace`, then stops hard. Returns the names of those that did not leave by themselves.
    pub async fn stop_after(&self, grace: Duration) -> Vec<&'static str> {
        self.drain();
        self.tracker.close();
        self.lasting.close();
        if tokio::time::timeout(grace, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                unfinished = ?self.running.names(),
                grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
                "drain ran out of time; stopping hard"
            );
        }
        self.stop.cancel();
        let all = async {
            self.tracker.wait().await;
            self.lasting.wait().await;
        };
        if tokio::time::timeout(Duration::from_millis(HARD_STOP_MS), all)
            .await
            .is_ok()
        {
            return Vec::new();
        }
        let late = self.running.names();
        tracing::error!(tasks = ?late, "tasks ignored the hard stop and were dropped");
        self.running.abort_all();
        late
    }
}

impl Running {
    fn tasks(
        &self,
    ) -> std::sync::MutexGuard<'_, BTreeMap<u64, (&'static str, Option<AbortHandle>)>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, id: u64, name: &'static str) {
        self.tasks().insert(id, (name, None));
    }

    fn abort_with(&self, id: u64, handle: AbortHandle) {
        // the task may already have ended and taken its entry along
        if let Some(entry) = self.tasks().get_mut(&id) {
            entry.1 = Some(handle);
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.tasks().values().map(|(name, _)| *name).collect()
    }

    fn abort_all(&self) {
        let handles: Vec<_> = self
            .tasks()
            .values()
            .filter_map(|(_, handle)| handle.clone())
            .collect();
        for handle in handles {
            handle.abort();
        }
    }
}

/// Runs when a task's future is dropped: at its end, in a panic, at an abort.
struct Leave {
    shutdown: Shutdown,
    id: u64,
    name: &'static str,
    essential: bool,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.shutdown.running.tasks().remove(&self.id);
        if std::thread::panicking() {
            tracing::error!(task = self.name, "a task panicked");
        }
        if self.essential && !self.shutdown.is_draining() {
            tracing::error!(task = self.name, "an essential task ended; the node drains");
            self.shutdown.drain();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[tokio::test]
    async fn a_task_that_leaves_at_the_drain_is_waited_for() {
        let shutdown = Shutdown::new();
        let done = Arc::new(AtomicBool::new(false));
        let (seen, inside) = (done.clone(), shutdown.clone());
        shutdown.spawn("polite", async move {
            inside.draining().await;
            seen.store(true, Ordering::SeqCst);
        });
        assert_eq!(
            shutdown.stop_after(Duration::from_secs(30)).await,
            Vec::<&str>::new()
        );
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_task_that_ignores_both_stops_is_named() {
        let shutdown = Shutdown::new();
        shutdown.spawn("stubborn", pending());
        assert_eq!(
            shutdown.stop_after(Duration::from_millis(20)).await,
            vec!["stubborn"]
        );
    }

    #[tokio::test]
    async fn the_hard_stop_is_heard_by_those_that_listen() {
        let shutdown = Shutdown::new();
        let inside = shutdown.clone();
        shutdown.spawn("slow", async move { inside.stopping().await });
        assert_eq!(
            shutdown.stop_after(Duration::from_millis(20)).await,
            Vec::<&str>::new()
        );
    }

    #[tokio::test]
    async fn a_lasting_task_outlives_the_others_and_holds_up_nobody() {
        let shutdown = Shutdown::new();
        let (served, serving) = tokio::sync::oneshot::channel();
        let (asked, asking) = tokio::sync::oneshot::channel();
        let inside = shutdown.clone();
        shutdown.spawn_lasting("line", async move {
            asking.await.unwrap();
            served.send(()).unwrap();
            inside.stopping().await;
        });
        let inside = shutdown.clone();
        shutdown.spawn("worker", async move {
            inside.draining().await;
            asked.send(()).unwrap();
            serving.await.unwrap();
        });
        let start = std::time::Instant::now();
        assert_eq!(
            shutdown.stop_after(Duration::from_secs(60)).await,
            Vec::<&str>::new()
        );
        assert!(start.elapsed() < Duration::from_secs(60));
    }

    #[tokio::test]
    async fn the_end_of_an_essential_task_drains_the_node() {
        let shutdown = Shutdown::new();
        shutdown.spawn_essential("heart", async {});
        shutdown.draining().await;
        assert!(shutdown.is_draining());
    }
}
