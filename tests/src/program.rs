//! One of our executables as a child process: started when it says so, killed with its handle.
//!
//! Its standard output and error go to a log file of its own. It stays in the test's process group, so that a runner
//! that gives up on a test ends the children too.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::deadline::PATIENCE;

/// A running child.
pub struct Program {
    name: String,
    child: Child,
    reader: JoinHandle<()>,
}

impl Program {
    /// Starts `command` and waits until it prints a line that begins with `last`. Returns what it printed until then:
    /// first word to rest.
    ///
    /// # Panics
    /// When it ends or stays silent instead; with the end of its log.
    pub async fn start(
        name: &str,
        mut command: Command,
        log: &Path,
        last: &str,
    ) -> (Self, HashMap<String, String>) {
        let file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log can be opened");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.try_clone().expect("a second handle of the log"))
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let told = tokio::time::timeout(PATIENCE, told(&mut lines, &file, last))
            .await
            .unwrap_or_default();
        let Some(told) = told else {
            panic!("{name} did not say `{last}`:\n{}", tail(log, 40))
        };
        let reader = tokio::spawn(keep(lines, file));
        (
            Self {
                name: name.to_owned(),
                child,
                reader,
            },
            told,
        )
    }

    /// `kill -9`, and waits for the end.
    pub async fn kill_nine(&mut self) {
        self.child
            .kill()
            .await
            .unwrap_or_else(|error| panic!("{} cannot be killed: {error}", self.name));
    }

    /// Its process.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Signals it.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a process id"), signal).expect("it can be signalled");
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// When it goes on for `within`.
    pub async fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("{} goes on {within:?} after SIGTERM", self.name))
            .expect("its status")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn told(
    lines: &mut Lines<BufReader<ChildStdout>>,
    mut log: &File,
    last: &str,
) -> Option<HashMap<String, String>> {
    let mut told = HashMap::new();
    while let Ok(Some(line)) = lines.next_line().await {
        writeln!(log, "{line}").ok()?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        told.insert(word.to_owned(), rest.to_owned());
        if word == last {
            return Some(told);
        }
    }
    None
}

async fn keep(mut lines: Lines<BufReader<ChildStdout>>, mut log: File) {
    while let Ok(Some(line)) = lines.next_line().await {
        if writeln!(log, "{line}").is_err() {
            return;
        }
    }
}

/// Names another `balcao` than the one beside the test, and the mutant that it is to be (`cargo xtask mutants`).
const BALCAO_VARIABLE: &str = "BALCAO_UNDER_TEST";
const MUTANT_VARIABLE: &str = "BALCAO_MUTANT";

/// What every `balcao` under test is to find in its environment, beside its configuration: the mutant, if one is chosen.
#[must_use]
pub fn mutant() -> Option<(String, String)> {
    let name = std::env::var_os(MUTANT_VARIABLE)?;
    let name = name.into_string().expect("a mutant's name is text");
    Some((MUTANT_VARIABLE.to_owned(), name))
}

/// The executable of this name beside the running test; for `balcao` the one that `BALCAO_UNDER_TEST` names, if any.
///
/// # Panics
/// When it was not built; says how.
#[must_use]
pub fn executable(name: &str) -> PathBuf {
    let other = std::env::var_os(BALCAO_VARIABLE).filter(|_| name == "balcao");
    let program = other.map_or_else(|| profile_folder().join(name), PathBuf::from);
    assert!(
        program.exists(),
        "{} is missing: run the tests with `cargo xtask test`, or first `cargo build -p balcao -p simulator`",
        program.display()
    );
    program
}

/// Where tests keep what outlives one run (`target/tmp`).
#[must_use]
pub fn cache_folder() -> PathBuf {
    profile_folder().with_file_name("tmp")
}

/// `target/<profile>`: programs lie in it, tests in `deps` below it.
fn profile_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a program knows its own executable");
    let folder = program.parent().expect("target/<profile>");
    match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().expect("target/<profile>").to_owned(),
        _ => folder.to_owned(),
    }
}

/// The last lines of a file.
#[must_use]
pub fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read(file)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
