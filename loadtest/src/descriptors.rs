//! File descriptors: every socket is one.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the program needs beside its sockets.
const SPARE: u64 = 256;

/// Lets this process open so many sockets.
///
/// # Errors
/// When the hard limit is lower; it says how to raise it.
pub(crate) fn allow(sockets: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let soft = wanted(limit.current, limit.maximum, sockets)?;
    if limit.current.is_some_and(|current| current < soft) {
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(soft),
                maximum: limit.maximum,
            },
        )?;
    }
    Ok(())
}

/// The soft limit to set; `None` is no limit.
fn wanted(current: Option<u64>, maximum: Option<u64>, sockets: u64) -> anyhow::Result<u64> {
    let needed = sockets + SPARE;
    let Some(maximum) = maximum else {
        return Ok(current.unwrap_or(needed).max(needed));
    };
    ensure!(
        needed <= maximum,
        "{sockets} sockets need {needed} file descriptors and this shell allows {maximum}: run `ulimit -Hn {needed}` as \
         root before, or set LimitNOFILE in the unit (the server needs as many), or ask for fewer sockets"
    );
    Ok(current.unwrap_or(maximum).max(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_rises_as_far_as_needed_and_never_falls() {
        assert_eq!(wanted(Some(1_024), Some(20_000), 10_000).unwrap(), 10_256);
        assert_eq!(wanted(Some(15_000), Some(20_000), 100).unwrap(), 15_000);
        assert_eq!(wanted(Some(1_024), None, 10_000).unwrap(), 10_256);
    }

    #[test]
    fn a_hard_limit_that_is_too_low_is_said_with_the_remedy() {
        let error = wanted(Some(1_024), Some(4_096), 10_000)
            .unwrap_err()
            .to_string();
        assert!(error.contains("ulimit -Hn 10256"), "{error}");
    }
}
