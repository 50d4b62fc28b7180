//! How long a promise may take, and how to wait for a state that nobody announces.

use std::time::{Duration, Instant};

/// What is live arrives within this (promise 6).
pub const LIVE: Duration = Duration::from_secs(2);
/// What happens without Redis is complete within this.
pub const SOON: Duration = Duration::from_secs(5);
/// What no promise times: only a fault takes so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at a state.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
///
/// # Panics
/// When there is nothing at the deadline.
pub async fn eventually<T>(
    what: &str,
    within: Duration,
    look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let seen = in_time(within, look).await;
    seen.unwrap_or_else(|| panic!("not within {within:?}: {what}"))
}

/// Looks until there is something to see; nothing when there is nothing at the deadline.
pub async fn in_time<T>(within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(seen) = look().await {
            return Some(seen);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
