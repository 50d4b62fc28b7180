//! Says what is being done and how long it took.
//!
//! Promises: one line before and one after each step, on stderr, with the seconds since the task began; stdout stays
//! free for what a script wants to read.

use std::time::Instant;

use anyhow::{Context, Result};

/// A task's clock.
pub(crate) struct Steps {
    began: Instant,
}

impl Steps {
    pub(crate) fn begin() -> Steps {
        Steps {
            began: Instant::now(),
        }
    }

    /// Does one step; `hint` says what to expect of it ("takes minutes the first time").
    ///
    /// # Errors
    /// Whatever the step returns, with its name.
    pub(crate) fn step<T>(
        &self,
        name: &str,
        hint: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let (separator, began) = (if hint.is_empty() { "" } else { " - " }, Instant::now());
        eprintln!(
            "[{:>6.1} s] {name}{separator}{hint}",
            self.began.elapsed().as_secs_f64()
        );
        let result = work().with_context(|| name.to_owned())?;
        eprintln!(
            "[{:>6.1} s] {name}: {:.1} s",
            self.began.elapsed().as_secs_f64(),
            began.elapsed().as_secs_f64()
        );
        Ok(result)
    }

    /// Says something in between.
    pub(crate) fn say(&self, text: &str) {
        eprintln!("[{:>6.1} s] {text}", self.began.elapsed().as_secs_f64());
    }
}
