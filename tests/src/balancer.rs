//! HAProxy before the nodes, with the configuration of `infra/haproxy` on ports of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::deadline::{PATIENCE, eventually};
use crate::http::client;
use crate::node::Ports;

const CONFIGURATION: &str = include_str!("../../infra/haproxy/haproxy.cfg");

/// A running HAProxy.
pub struct Balancer {
    /// The people's door, without slash at the end.
    pub console: String,
    /// Meta's door, path included.
    pub webhook: String,
    configuration: PathBuf,
    log: PathBuf,
    child: Child,
}

impl Balancer {
    /// Starts it before nodes on these ports, and waits until it finds them ready.
    pub async fn start(folder: &Path, nodes: &[Ports]) -> Self {
        let ports = Ports::free();
        let configuration = folder.join("haproxy.cfg");
        std::fs::write(&configuration, on_ports(CONFIGURATION, ports, nodes))
            .expect("a configuration");
        let log = folder.join("logs/haproxy.log");
        let balancer = Self {
            console: format!("http://127.0.0.1:{}", ports.console()),
            webhook: format!("http://127.0.0.1:{}/webhooks/whatsapp", ports.webhook()),
            child: run(&configuration, &log),
            configuration,
            log,
        };
        balancer.is_ready().await;
        balancer
    }

    /// Whether this machine has it.
    #[must_use]
    pub fn is_installed() -> bool {
        program().is_some()
    }

    /// `kill -9`.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("HAProxy can be killed");
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        self.child = run(&self.configuration, &self.log);
    }

    /// Waits until it passes calls on.
    pub async fn is_ready(&self) {
        let http = client(Duration::from_secs(2));
        let url = format!("{}/healthz", self.console);
        eventually("HAProxy finds a node", PATIENCE, async || {
            let answer = http.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }
}

fn program() -> Option<PathBuf> {
    [
        "/usr/sbin/haproxy",
        "/usr/local/sbin/haproxy",
        "/opt/homebrew/bin/haproxy",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|path| path.exists())
}

fn run(configuration: &Path, log: &Path) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(log)
        .expect("a log can be opened");
    Command::new(program().expect("HAProxy is installed"))
        .args(["-db", "-f"])
        .arg(configuration)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle of the log"))
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("HAProxy starts")
}

/// The same configuration with loopback ports instead of those of containers, and without their name server.
fn on_ports(configuration: &str, ours: Ports, nodes: &[Ports]) -> String {
    let mut out = Vec::new();
    let mut backend = "";
    for line in configuration.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["backend", name] => {
                backend = name;
                out.push(line.to_owned());
            }
            ["resolvers" | "nameserver" | "resolve_retries" | "hold", ..]
            | ["timeout", "retry", ..] => {}
            ["bind", ":8080"] => out.push(format!("  bind 127.0.0.1:{}", ours.console())),
            ["bind", ":8081"] => out.push(format!("  bind 127.0.0.1:{}", ours.webhook())),
            ["bind", _] => out.push(format!("  bind 127.0.0.1:{}", ours.operations())),
            ["default-server", ..] => {
                out.push("  default-server check inter 1s fall 2 rise 2".to_owned());
            }
            ["server", name, _] => {
                let index = name.trim_start_matches("balcao-").parse::<usize>();
                let node = nodes[index.expect("servers are numbered") - 1];
                let port = if backend == "console" {
                    node.console()
                } else {
                    node.webhook()
                };
                out.push(format!(
                    "  server {name} 127.0.0.1:{port} port {}",
                    node.operations()
                ));
            }
            _ => out.push(line.to_owned()),
        }
    }
    out.join("\n") + "\n"
}

/// A port that nobody listens on.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_moves_to_loopback_and_keeps_the_rest() {
        let nodes = [Ports::from(20_000), Ports::from(20_003)];
        let text = on_ports(CONFIGURATION, Ports::from(21_000), &nodes);
        for line in [
            "  bind 127.0.0.1:21000",
            "  bind 127.0.0.1:21001",
            "  server balcao-1 127.0.0.1:20000 port 20002",
            "  server balcao-2 127.0.0.1:20004 port 20005",
            "  balance leastconn",
            "  retry-on conn-failure",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("docker"), "{text}");
    }
}
