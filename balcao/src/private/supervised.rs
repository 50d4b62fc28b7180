//! One child process that is kept running.
//!
//! Promises: a crash is followed by a restart, with a growing pause; the child ends with the handle, also when
//! this process is killed (the parent-death signal, by `setpriv` of util-linux; elsewhere `left_over` cleans up).
//! Why a thread: Linux ties the parent-death signal to the *thread* that started the child, and threads of an
//! async runtime come and go. The thread lives exactly as long as it has a child to wait for.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::sync::watch;

use super::home::User;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A child that ran this long was well: the next crash starts with the first pause again.
const WELL_AFTER: Duration = Duration::from_secs(30);
/// How long an orderly stop may take before the child is told to end at once, then killed.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const ABORT_LIMIT: Duration = Duration::from_secs(5);

/// What to run and how to end it.
#[derive(Debug)]
pub(super) struct Program {
    pub name: &'static str,
    pub binary: PathBuf,
    pub args: Vec<OsString>,
    pub user: Option<User>,
    pub log: PathBuf,
    /// Orderly.
    pub stop: Signal,
    /// At once, leaving a consistent state to recover from.
    pub abort: Signal,
    /// `stop` by its name, for `setpriv`.
    pub death_signal: &'static str,
}

/// What the outside may see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub pid: Option<u32>,
    /// How often the program was started by this handle.
    pub starts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wanted {
    Up,
    Down,
    Gone,
}

struct Shared {
    wanted: Mutex<(Wanted, Option<Pid>)>,
    changed: Condvar,
    seen: watch::Sender<Seen>,
}

/// The handle; dropping it ends the child and waits for that.
pub(super) struct Supervised {
    shared: Arc<Shared>,
    seen: watch::Receiver<Seen>,
    thread: Option<JoinHandle<()>>,
    stop: Signal,
    abort: Signal,
}

impl Supervised {
    /// Starts `program`; whether it became ready is for the caller to find out.
    ///
    /// # Errors
    /// The thread cannot be started. A program that cannot be started shows as `starts` rising without a pid.
    pub(super) fn start(program: Program) -> Result<Supervised> {
        let (sender, seen) = watch::channel(Seen::default());
        let shared = Arc::new(Shared {
            wanted: Mutex::new((Wanted::Up, None)),
            changed: Condvar::new(),
            seen: sender,
        });
        let (stop, abort) = (program.stop, program.abort);
        let thread = std::thread::Builder::new()
            .name(format!("private-{}", program.name))
            .spawn({
                let shared = Arc::clone(&shared);
                move || keep_running(&program, &shared)
            })
            .context("starting a supervising thread")?;
        Ok(Supervised {
            shared,
            seen,
            thread: Some(thread),
            stop,
            abort,
        })
    }

    pub(super) fn seen(&self) -> Seen {
        *self.seen.borrow()
    }

    /// Wants the child up again after [`Supervised::down`].
    pub(super) fn up(&self) {
        self.want(Wanted::Up, None);
    }

    /// Ends the child in good order and keeps it down; after [`STOP_LIMIT`] less politely.
    ///
    /// # Errors
    /// Not even killing it helped: it hangs in the kernel.
    pub(super) async fn down(&self) -> Result<()> {
        self.want(Wanted::Down, Some(self.stop));
        if self.ended_within(STOP_LIMIT).await {
            return Ok(());
        }
        for signal in [self.abort, Signal::KILL] {
            self.signal(signal);
            if self.ended_within(ABORT_LIMIT).await {
                return Ok(());
            }
        }
        bail!("a private server does not end, see the log in its data folder")
    }

    /// Sends a signal to the child, if there is one; what is wanted does not change.
    pub(super) fn signal(&self, signal: Signal) {
        send(&self.shared.lock(), signal);
    }

    async fn ended_within(&self, limit: Duration) -> bool {
        let mut seen = self.seen.clone();
        let ended = seen.wait_for(|seen| seen.pid.is_none());
        tokio::time::timeout(limit, ended).await.is_ok()
    }

    fn want(&self, wanted: Wanted, signal: Option<Signal>) {
        let mut state = self.shared.lock();
        state.0 = wanted;
        if let Some(signal) = signal {
            send(&state, signal);
        }
        self.shared.changed.notify_all();
    }
}

impl std::fmt::Debug for Supervised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervised")
            .field("seen", &self.seen())
            .finish_non_exhaustive()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.want(Wanted::Gone, Some(self.abort));
        let Some(thread) = self.thread.take() else {
            return;
        };
        let deadline = Instant::now() + ABORT_LIMIT;
        while !thread.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.signal(Signal::KILL);
        if thread.join().is_err() {
            tracing::error!("the thread that supervised a private server had panicked");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Wanted, Option<Pid>)> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep_running(program: &Program, shared: &Shared) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut state = shared.lock();
        while state.0 == Wanted::Down {
            state = shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.0 == Wanted::Gone {
            return;
        }
        // The lock is held while the child starts: an order given meanwhile finds the child's id.
        let started =
            command(program).and_then(|mut command| command.spawn().context("starting it"));
        shared.seen.send_modify(|seen| seen.starts += 1);
        let began = Instant::now();
        match started {
            Ok(child) => {
                state.1 = pid_of(&child);
                shared.seen.send_modify(|seen| seen.pid = Some(child.id()));
                drop(state);
                wait_for(child, program, shared);
            }
            Err(error) => {
                drop(state);
                tracing::error!(
                    server = program.name,
                    error = format!("{error:#}"),
                    "a private server cannot be started"
                );
            }
        }
        pause = if began.elapsed() > WELL_AFTER {
            FIRST_PAUSE
        } else {
            pause
        };
        let state = shared.lock();
        if state.0 == Wanted::Up {
            let (state, _) = shared
                .changed
                .wait_timeout_while(state, pause, |state| state.0 == Wanted::Up)
                .unwrap_or_else(PoisonError::into_inner);
            drop(state);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Waits for the end, then reaps under the lock: a signal never goes to an id that was given to somebody else.
fn wait_for(mut child: Child, program: &Program, shared: &Shared) {
    if let Some(pid) = pid_of(&child) {
        while let Err(rustix::io::Errno::INTR) = waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {}
    }
    let mut state = shared.lock();
    let status = child.wait();
    state.1 = None;
    if state.0 == Wanted::Up {
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::warn!(
            server = program.name,
            status,
            "a private server ended by itself: starting it again"
        );
    }
    shared.seen.send_modify(|seen| seen.pid = None);
}

fn send(state: &(Wanted, Option<Pid>), signal: Signal) {
    if let Some(pid) = state.1
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::warn!(%error, "a private server could not be signalled");
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// The command with its user, its log and its own process group, so that Ctrl-C in a terminal reaches only us:
/// we stop the servers last.
fn command(program: &Program) -> Result<Command> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&program.log);
    let log = log.with_context(|| format!("opening {}", program.log.display()))?;
    let mut command = tied_to_parent(&program.binary, program.death_signal);
    as_user(&mut command, program.user.as_ref());
    command
        .args(&program.args)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    Ok(command)
}

/// A command that gets `death_signal` when the thread that started it ends, where the system can do that: a killed
/// `balcao` leaves nobody behind.
pub(crate) fn tied_to_parent(binary: &Path, death_signal: &str) -> Command {
    if !can_tie_to_parent() {
        return Command::new(binary);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", death_signal]).arg(binary);
    command
}

/// Runs `command` as `user` from `/`, the one folder everybody can enter.
///
/// The change of user comes before `setpriv` runs: the kernel forgets the parent-death signal when ids change.
pub(super) fn as_user(command: &mut Command, user: Option<&User>) {
    command.current_dir(Path::new("/"));
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
}

/// Whether `setpriv` with a parent-death signal exists (util-linux, not BusyBox).
fn can_tie_to_parent() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let mut probe = Command::new("setpriv");
        probe
            .args(["--pdeathsig", "TERM", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    })
}
