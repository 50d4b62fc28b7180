//! Ends what an earlier process of ours left running, and clears a pid file that names nobody.
//!
//! Promises: a process is touched only when it is a server by name *and* works in this very folder, so that neither
//! a reused process id nor somebody's shell is ever hit. To be called with the data folder's lock held.
//! Without `/proc` (macOS) it only refuses, naming the process.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// After this no server of the given `names` works in `files`, and `pid_file` is gone.
///
/// The first process asked is the one in the pid file, with `stop`; whoever is left after [`PATIENCE`] is killed.
///
/// # Errors
/// A process cannot be ended, or cannot be examined on this system.
pub(super) fn end(files: &Path, pid_file: &Path, names: &[&str], stop: Signal) -> Result<()> {
    let Ok(text) = fs::read_to_string(pid_file) else {
        return Ok(());
    };
    let main = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
        .and_then(Pid::from_raw);
    if !Path::new("/proc/self/cwd").exists() {
        return refuse_if_alive(main, pid_file);
    }
    let running = servers_in(files, names);
    if let Some(main) = main.filter(|main| running.contains(main)) {
        tracing::warn!(
            pid = main.as_raw_pid(),
            "an earlier server is still running here: stopping it"
        );
        send(main, stop)?;
    }
    if !running.is_empty() && !wait_until_none(files, names) {
        for left in servers_in(files, names) {
            send(left, Signal::KILL)?;
        }
        if !wait_until_none(files, names) {
            bail!(
                "a server that works in {} cannot be stopped",
                files.display()
            );
        }
    }
    match fs::remove_file(pid_file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("removing a stale pid file")
        }
        _ => Ok(()),
    }
}

fn refuse_if_alive(main: Option<Pid>, pid_file: &Path) -> Result<()> {
    match main {
        Some(pid) if test_kill_process(pid).is_ok() => bail!(
            "process {} may be a server left from an earlier run ({}): stop it, then start again",
            pid.as_raw_pid(),
            pid_file.display()
        ),
        _ => Ok(()),
    }
}

/// A zombie has no working directory: it is not counted.
fn servers_in(files: &Path, names: &[&str]) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let numbers = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let ours = |number: &i32| {
        let folder = Path::new("/proc").join(number.to_string());
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
        names.contains(&name.trim_end())
            && fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd == files)
    };
    numbers.filter(ours).filter_map(Pid::from_raw).collect()
}

fn wait_until_none(files: &Path, names: &[&str]) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !servers_in(files, names).is_empty() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

fn send(pid: Pid, signal: Signal) -> Result<()> {
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => {
            Err(error).with_context(|| format!("signalling process {}", pid.as_raw_pid()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_that_names_a_stranger_is_removed_and_the_stranger_lives() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("postmaster.pid");
        let ourselves = rustix::process::getpid();
        fs::write(&pid_file, format!("{}\n", ourselves.as_raw_pid())).unwrap();
        end(folder.path(), &pid_file, &["postgres"], Signal::INT).unwrap();
        assert!(!pid_file.exists());
    }

    #[test]
    fn without_a_pid_file_there_is_nothing_to_do() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            end(
                folder.path(),
                &folder.path().join("absent.pid"),
                &["postgres"],
                Signal::INT
            )
            .is_ok()
        );
    }
}
