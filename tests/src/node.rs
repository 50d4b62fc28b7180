//! One `balcao serve` process.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::program::{Program, executable};

/// Longest drain of a node without traffic.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

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
    /// Starts it on free ports with nothing but `environment`, and waits until it is ready.
    pub(crate) async fn start(
        name: &str,
        environment: &[(String, String)],
        roles: Option<&str>,
        logs: &Path,
    ) -> Self {
        let mut command = Command::new(executable("balcao"));
        command
            .env_clear()
            .envs(environment.iter().cloned())
            .args(["serve", "--port-base", "0"]);
        if let Some(roles) = roles {
            command.args(["--roles", roles]);
        }
        let (program, told) =
            Program::start(name, command, &logs.join(format!("{name}.log")), "ready").await;
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

    pub(crate) async fn kill_nine(mut self) {
        self.program.kill_nine().await;
    }

    pub(crate) async fn stop(mut self) {
        let status = self.program.terminate(ENDS_WITHIN).await;
        assert!(status.success(), "a drained node ends with {status}");
    }
}
