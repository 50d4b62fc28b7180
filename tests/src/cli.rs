//! `balcao <verb>` as an operator runs it.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::deadline::PATIENCE;
use crate::program::executable;

/// What a command said.
#[derive(Clone, Debug)]
pub struct Said {
    /// Exit status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// The output, when the command went well.
    ///
    /// # Panics
    /// When it did not.
    #[must_use]
    pub fn ok(&self) -> &str {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out.trim()
    }

    /// Its first line as JSON, however the command ended.
    #[must_use]
    pub fn json(&self) -> Value {
        let line = self.out.lines().next().unwrap_or_default();
        serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

/// Runs `balcao` with nothing but `environment`.
pub(crate) async fn run(environment: &[(String, String)], arguments: &[&str], stdin: &str) -> Said {
    let mut command = Command::new(executable("balcao"));
    command
        .env_clear()
        .envs(environment.iter().cloned())
        .args(arguments);
    said(command, stdin).await
}

/// Runs any command to its end.
///
/// # Panics
/// When it cannot be started or does not end.
pub async fn said(mut command: Command, stdin: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{:?} does not start: {error}",
                command.as_std().get_program()
            )
        });
    let mut input = child.stdin.take().expect("stdin is piped");
    // Who does not read its input may have closed it.
    input.write_all(stdin.as_bytes()).await.ok();
    drop(input);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.expect("the command ends").expect("its output");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
