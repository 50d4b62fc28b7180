//! Says when something is due.
//!
//! Promises: a thread of its own sleeps until each due time: the runtime's timers are a millisecond coarse, which is as
//! long as what is measured. Does not: skip anything when it is late.

use crate::schedule::Schedule;
use anyhow::Context as _;
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::Instant;

/// The numbers of what is due, as it becomes due; ends after the last one.
///
/// # Errors
/// When there is no thread to be had.
pub(crate) fn start(
    schedule: Arc<Schedule>,
    begin: Instant,
) -> anyhow::Result<UnboundedReceiver<u64>> {
    let (tell, due) = mpsc::unbounded_channel();
    let begin = begin.into_std();
    let pace = move || {
        for k in 0..schedule.len() {
            let at = begin + schedule.due(k).unwrap_or_default();
            let wait = at.saturating_duration_since(std::time::Instant::now());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            // Nobody listens any more: the run was given up.
            if tell.send(k).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("pacer".to_owned())
        .spawn(pace)
        .context("cannot start the clock's thread")?;
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn everything_comes_in_order_and_not_before_it_is_due() {
        let schedule = Arc::new(Schedule::steady(1_000.0, Duration::from_millis(50)));
        let begin = Instant::now();
        let mut due = start(schedule.clone(), begin).unwrap();
        let mut expected = 0;
        while let Some(k) = due.recv().await {
            assert_eq!(k, expected);
            assert!(begin.elapsed() >= schedule.due(k).unwrap());
            expected += 1;
        }
        assert_eq!(expected, 50);
    }
}
