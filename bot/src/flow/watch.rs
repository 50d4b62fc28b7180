//! Keeps the flows of a folder fresh while the bot runs.
//!
//! Promises: a change is seen within [`EVERY_MS`]; a version with a mistake is logged, line by line, and the one before
//! keeps answering. Does not: use the kernel's file events, which network folders and container mounts do not send.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use balcao_core::shutdown::Shutdown;

use super::load::is_flow;
use super::{Flows, Mistake};

/// How often the folder is looked at, in milliseconds.
pub const EVERY_MS: u64 = 2_000;

/// The flows in use. Clones are the same shelf.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(Arc<RwLock<Arc<Flows>>>);

impl Shelf {
    pub(crate) fn new(flows: Flows) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(flows))))
    }

    /// The flows now; a turn keeps what it began with.
    pub(crate) fn now(&self) -> Arc<Flows> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, flows: Flows) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(flows);
    }
}

/// What tells one version of a folder from another: names, sizes and times of its flows.
type Print = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Looks at the folder until the drain.
pub(crate) async fn keep_fresh(shelf: Shelf, folder: PathBuf, shutdown: Shutdown) {
    let mut every = tokio::time::interval(Duration::from_millis(EVERY_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        tokio::select! {
            () = shutdown.draining() => return,
            _ = every.tick() => {}
        }
        let (from, known) = (folder.clone(), seen.clone());
        // reading files blocks
        let looked = tokio::task::spawn_blocking(move || look(&from, known.as_ref())).await;
        if let Ok(Some((print, flows))) = looked {
            refresh(&shelf, seen.is_none(), flows);
            seen = Some(print);
        }
    }
}

/// The folder's print and flows, if they changed.
fn look(folder: &Path, seen: Option<&Print>) -> Option<(Print, Result<Flows, Vec<Mistake>>)> {
    let print = print_of(folder);
    (Some(&print) != seen).then(|| (print, Flows::load(Some(folder))))
}

fn refresh(shelf: &Shelf, first: bool, flows: Result<Flows, Vec<Mistake>>) {
    match flows {
        Ok(flows) => {
            if !first {
                tracing::info!(flows = ?flows.names(), "flows were read again");
            }
            shelf.put(flows);
        }
        Err(mistakes) => {
            for mistake in mistakes {
                tracing::error!(%mistake, "a flow has a mistake; the version before keeps answering");
            }
        }
    }
}

fn print_of(folder: &Path) -> Print {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut print: Print = entries
        .map(|entry| entry.path())
        .filter(|path| is_flow(path))
        .map(|path| {
            let about = std::fs::metadata(&path).ok();
            let size_bytes = about.as_ref().map_or(0, std::fs::Metadata::len);
            (
                path,
                size_bytes,
                about.and_then(|about| about.modified().ok()),
            )
        })
        .collect();
    print.sort();
    print
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = include_str!("../../flows/provedor.yaml");

    fn is_the_new_one(shelf: &Shelf) -> bool {
        let flow = shelf.now().choose(None, "1");
        flow.texts.not_understood.in_all_languages()[0].starts_with("Opa")
    }

    #[test]
    fn a_good_version_is_taken_and_a_bad_one_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, FLOW).unwrap();
        let shelf = Shelf::new(Flows::load(Some(folder.path())).unwrap());
        let (print, _) = look(folder.path(), None).unwrap();
        assert!(
            look(folder.path(), Some(&print)).is_none(),
            "nothing changed"
        );

        std::fs::write(
            &file,
            FLOW.replace("Desculpe, não entendi.", "Opa, não entendi mesmo."),
        )
        .unwrap();
        let (print, flows) = look(folder.path(), Some(&print)).unwrap();
        refresh(&shelf, false, flows);
        assert!(is_the_new_one(&shelf));

        std::fs::write(&file, "version: 1\nname: [").unwrap();
        let (_, flows) = look(folder.path(), Some(&print)).unwrap();
        assert!(flows.is_err());
        refresh(&shelf, false, flows);
        assert!(is_the_new_one(&shelf), "the version before keeps answering");
    }

    #[test]
    fn hidden_copies_of_editors_are_no_flows() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), FLOW).unwrap();
        std::fs::write(folder.path().join(".a.yaml"), "x").unwrap();
        std::fs::write(folder.path().join("a.yaml~"), "x").unwrap();
        assert_eq!(
            Flows::load(Some(folder.path())).unwrap().names(),
            ["provedor"]
        );
    }
}
