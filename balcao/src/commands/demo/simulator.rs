//! The simulator as a child of the demo, found beside our own executable.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::folder::{Demo, Folder};
use crate::cli::Failure;
use crate::private::tied_to_parent;

/// How long it may take to say that it listens.
const LISTENS_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// The simulator, running.
pub(super) struct Simulator {
    child: Mutex<Child>,
    url: String,
}

impl Simulator {
    /// Starts it and waits until it listens.
    pub(super) async fn start(
        folder: &Folder,
        demo: &Demo,
        port: u16,
        throughput_per_second: u16,
    ) -> Result<Self, Failure> {
        let program = std::env::current_exe()?.with_file_name("simulator");
        if !program.exists() {
            return Err(anyhow::anyhow!(
                "{} is missing; build it with: cargo build -p simulator (cargo xtask demo does)",
                program.display()
            )
            .into());
        }
        let log = std::fs::File::create(folder.path().join("simulator").join("simulator.log"))?;
        let mut child = Command::from(tied_to_parent(&program, "TERM"))
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--data")
            .arg(folder.path().join("simulator"))
            .args(["--webhook-url", &demo.webhook_url])
            .args(["--phone-number-id", &demo.phone_number_id])
            .args(["--waba-id", &demo.waba_id])
            .args(["--display-phone-number", "551140000000"])
            .args(["--throughput", &throughput_per_second.to_string()])
            .env("SIMULATOR_APP_SECRET", &demo.app_secret)
            .env("SIMULATOR_ACCESS_TOKEN", &demo.access_token)
            .env("SIMULATOR_VERIFY_TOKEN", &demo.verify_token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C reaches us; we stop it, after the node.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("the simulator could not be started")?;
        let stdout = child.stdout.take().context("the simulator has no output")?;
        let url = tokio::time::timeout(LISTENS_WITHIN, listening(stdout))
            .await
            .map_err(|_| anyhow::anyhow!("the simulator did not say that it listens"))??;
        Ok(Self {
            child: Mutex::new(child),
            url,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until it ends by itself.
    pub(super) async fn ended(&self) {
        if let Err(error) = self.child.lock().await.wait().await {
            tracing::error!(%error, "the simulator cannot be watched");
        }
    }

    /// Ends it.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        let mut child = self.child.into_inner();
        if let Some(id) = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
            && rustix::process::kill_process(id, rustix::process::Signal::TERM).is_err()
        {
            tracing::debug!("the simulator was gone already");
        }
        if tokio::time::timeout(ENDS_WITHIN, child.wait())
            .await
            .is_err()
        {
            child.kill().await?;
        }
        Ok(())
    }
}

async fn listening(stdout: tokio::process::ChildStdout) -> anyhow::Result<String> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(url) = line.strip_prefix("listening ") {
            return Ok(url.to_owned());
        }
    }
    bail!("the simulator ended at once; its log in the data folder says why")
}
