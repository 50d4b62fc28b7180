//! One `balcao serve` process.

use std::path::Path;
use std::time::Duration;

use rand::RngExt as _;
use rustix::process::Signal;
use tokio::process::Command;

use crate::balancer::is_free;
use crate::program::{Program, executable};

/// Longest drain of a node without traffic.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Three ports in a row that a node keeps over its lives: console, webhook, operations.
#[derive(Clone, Copy, Debug)]
pub struct Ports(u16);

impl Ports {
    /// Some that are free now, below those that the system gives to whoever asks for any.
    ///
    /// # Panics
    /// When nearly all are taken.
    #[must_use]
    pub fn free() -> Self {
        let mut rng = rand::rng();
        let found = (0..1000)
            .map(|_| rng.random_range(7_000..10_600) * 3)
            .find(|base| (*base..base + 3).all(is_free));
        Self(found.expect("three free ports"))
    }

    /// The people's door.
    #[must_use]
    pub fn console(self) -> u16 {
        self.0
    }

    /// Meta's door.
    #[must_use]
    pub fn webhook(self) -> u16 {
        self.0 + 1
    }

    /// Health and metrics.
    #[must_use]
    pub fn operations(self) -> u16 {
        self.0 + 2
    }
}

impl From<u16> for Ports {
    fn from(first: u16) -> Self {
        Self(first)
    }
}

/// What a node is started with.
pub(crate) struct Start<'a> {
    /// Of its log.
    pub name: &'a str,
    /// The whole environment.
    pub environment: &'a [(String, String)],
    /// `None` = all.
    pub roles: Option<&'a str>,
    /// `None` = any that are free.
    pub ports: Option<Ports>,
    /// Folder of the log.
    pub logs: &'a Path,
}

/// A node that serves.
pub struct Node {
    program: Program,
    /// The people's door, without slash at the end.
    pub console: String,
    /// Meta's door, path included.
    pub webhook: String,
    /// Health and metrics, without slash at the end.
    pub operations: String,
}

impl Node {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(start: Start<'_>) -> Self {
        let name = start.name;
        let base = start.ports.map_or(0, Ports::console);
        let mut command = Command::new(executable("balcao"));
        command
            .env_clear()
            .envs(start.environment.iter().cloned())
            .args(["serve", "--port-base", &base.to_string()]);
        if let Some(roles) = start.roles {
            command.args(["--roles", roles]);
        }
        let (program, told) = Program::start(
            name,
            command,
            &start.logs.join(format!("{name}.log")),
            "ready",
        )
        .await;
        let door = |name: &str| {
            told.get(name)
                .unwrap_or_else(|| panic!("serve does not say its {name} address"))
                .clone()
        };
        Self {
            program,
            console: door("console"),
            webhook: format!("{}/webhooks/whatsapp", door("webhook")),
            operations: door("operations"),
        }
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// SIGSTOP: it stands still, its connections stay.
    pub fn freeze(&self) {
        self.program.signal(Signal::STOP);
    }

    /// Ends [`Node::freeze`].
    pub fn thaw(&self) {
        self.program.signal(Signal::CONT);
    }

    pub(crate) async fn kill_nine(mut self) {
        self.program.kill_nine().await;
    }

    pub(crate) async fn stop(mut self) {
        let status = self.program.terminate(ENDS_WITHIN).await;
        assert!(status.success(), "a drained node ends with {status}");
    }
}
