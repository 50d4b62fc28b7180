//! A Redis of its own for a test: a child process on a unix socket in a temporary folder, killed with its value.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use secrecy::SecretString;

use crate::redis::Redis;

/// The product's cap per command; tests of the cap need the real one.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_millis(100);

pub(crate) struct RedisServer {
    folder: tempfile::TempDir,
    child: Child,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Self::spawn(&folder);
        let server = Self { folder, child };
        server.answers().await;
        server
    }

    fn spawn(folder: &tempfile::TempDir) -> Child {
        Command::new("redis-server")
            .args([
                "--port",
                "0",
                "--save",
                "",
                "--appendonly",
                "no",
                "--unixsocket",
            ])
            .arg(folder.path().join("r.sock"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed (Debian package redis-server)")
    }

    pub(crate) fn url(&self) -> SecretString {
        format!("redis+unix://{}", self.socket().display()).into()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("r.sock")
    }

    async fn answers(&self) {
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            assert!(
                std::time::Instant::now() < patience,
                "redis-server did not start within 20 s"
            );
            tokio::task::yield_now().await;
        }
    }

    /// A connected client.
    pub(crate) async fn connect(&self) -> Redis {
        let redis = Redis::connect(&self.url(), COMMAND_TIMEOUT).unwrap();
        redis
            .connected_within(Duration::from_secs(20))
            .await
            .unwrap();
        redis
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn restart(&mut self) {
        self.child = Self::spawn(&self.folder);
        self.answers().await;
    }

    /// Hangs the server without closing a connection; [`RedisServer::resume`] undoes it.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(done.success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
