//! nats-server of Debian, started by us on free ports of the loopback interface: WebSocket subscribers of one subject.

use super::{Contender, FanOut, Options, QUIET, until_calm};
use crate::crowd::{Deliveries, OPENING};
use crate::desk::{Stream, connect};
use crate::mark::Mark;
use crate::pacer;
use crate::posting::{count_bar, seconds_bar};
use crate::schedule::Schedule;
use crate::usage;
use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _, stream};
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

const STARTS_WITHIN: Duration = Duration::from_secs(10);
const HELLO: &str =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\nSUB inbox 1\r\nPING\r\n";

/// A running nats-server; it ends with the handle.
struct Server {
    child: Child,
    pid: u32,
    tcp: String,
    websocket: String,
    _folder: tempfile::TempDir,
}

/// What nats-server writes about its ports.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
    websocket: Vec<String>,
}

/// Memory at rest, then the fan-out.
///
/// # Errors
/// nats-server is not installed or does not start.
pub(super) async fn measure(options: &Options) -> anyhow::Result<Contender> {
    let mut server = Server::start().await?;
    let mark = Mark::new(rand::random());
    let length = Duration::from_secs(options.seconds);
    let schedule = Arc::new(Schedule::poisson(options.rate as f64, length, options.seed));
    let deliveries = Deliveries::new(mark.clone(), schedule.clone(), Duration::ZERO)?;

    until_calm(server.pid).await;
    let before = usage::pss_kib(server.pid).context("nats-server's memory cannot be read")?;
    let idle = server.subscribe(options.count, &deliveries, &mark).await?;
    until_calm(server.pid).await;
    let after = usage::pss_kib(server.pid).context("nats-server ended")?;
    drop(idle);
    until_calm(server.pid).await;

    let mut fan_out = None;
    if options.listeners > 0 {
        let deliveries = Deliveries::new(mark.clone(), schedule.clone(), Duration::ZERO)?;
        let listeners = server
            .subscribe(options.listeners, &deliveries, &mark)
            .await?;
        until_calm(server.pid).await;
        let spent = usage::cpu_seconds(server.pid);
        server
            .publish(&schedule, &mark, &deliveries, options)
            .await?;
        let due = schedule.len() * options.listeners;
        deliveries.until(due, QUIET).await;
        let cpu_s = usage::cpu_seconds(server.pid)
            .zip(spent)
            .map(|(now, then)| now - then);
        drop(listeners);
        let seen = deliveries.items.load(Ordering::Relaxed);
        fan_out = Some(FanOut {
            listeners: options.listeners,
            messages: schedule.len(),
            deliveries: seen,
            delivered_share: seen as f64 / due as f64,
            deliveries_per_s: seen as f64 / length.as_secs_f64(),
            server_cpu_us_per_delivery: cpu_s.context("nats-server ended")? * 1e6 / seen as f64,
            bytes_per_delivery: deliveries.bytes.load(Ordering::Relaxed) as f64 / seen as f64,
            delivery: deliveries.latencies.percentiles()?,
        });
    }
    server.child.kill().await?;
    Ok(Contender {
        server: "nats-server",
        sockets: options.count,
        idle_kib_per_socket: (after - before) / options.count as f64,
        fan_out,
    })
}

impl Server {
    async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().display();
        let config = format!(
            "listen: \"127.0.0.1:-1\"\nports_file_dir: \"{path}\"\nmax_connections: 1000000\n\
             websocket {{ listen: \"127.0.0.1:-1\", no_tls: true, compression: false }}\n"
        );
        std::fs::write(folder.path().join("nats.conf"), config)?;
        let child = Command::new("nats-server")
            .arg("-c")
            .arg(folder.path().join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("nats-server cannot be started: apt-get install nats-server")?;
        let pid = child.id().context("nats-server ended at once")?;
        let ports = ports(folder.path(), pid).await?;
        let first = |urls: &[String]| -> anyhow::Result<String> {
            let url = urls.first().context("nats-server names no port")?;
            let address = url
                .split_once("://")
                .map_or(url.as_str(), |(_, address)| address);
            Ok(address.to_owned())
        };
        Ok(Self {
            child,
            pid,
            tcp: first(&ports.nats)?,
            websocket: first(&ports.websocket)?,
            _folder: folder,
        })
    }

    /// Opens subscribers.
    async fn subscribe(
        &self,
        sockets: u64,
        deliveries: &Arc<Deliveries>,
        mark: &Mark,
    ) -> anyhow::Result<JoinSet<()>> {
        let bar = count_bar(sockets, "sockets of nats-server open")?;
        let mut tasks = JoinSet::new();
        let mut opening = stream::iter(0..usize::try_from(sockets)?)
            .map(|n| async move { anyhow::Ok((n, self.open().await?)) })
            .buffer_unordered(OPENING);
        while let Some(opened) = opening.next().await {
            let (n, socket) = opened?;
            tasks.spawn(receive(n, socket, deliveries.clone(), mark.clone()));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(tasks)
    }

    async fn open(&self) -> anyhow::Result<Stream> {
        let mut socket =
            connect(format!("ws://{}/", self.websocket).into_client_request()?).await?;
        socket.send(Message::binary(HELLO)).await?;
        loop {
            let message = socket
                .next()
                .await
                .context("nats-server closed a socket")??;
            if contains(&message.into_data(), b"PONG") {
                return Ok(socket);
            }
        }
    }

    /// Publishes on schedule.
    async fn publish(
        &self,
        schedule: &Arc<Schedule>,
        mark: &Mark,
        deliveries: &Arc<Deliveries>,
        options: &Options,
    ) -> anyhow::Result<()> {
        let mut publisher = TcpStream::connect(&self.tcp).await?;
        publisher.set_nodelay(true)?;
        publisher
            .write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n")
            .await?;
        let bar = seconds_bar(schedule.length())?;
        let begin = Instant::now();
        deliveries.begin(begin);
        let mut due = pacer::start(schedule.clone(), begin)?;
        while let Some(k) = due.recv().await {
            let width = usize::try_from(options.payload_bytes)?;
            let payload = format!("{:.<width$}", mark.stamp(k));
            let line = format!("PUB inbox {}\r\n{payload}\r\n", payload.len());
            publisher.write_all(line.as_bytes()).await?;
            bar.set_position(begin.elapsed().as_secs());
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// Waits for the file in which nats-server names its ports.
async fn ports(folder: &Path, pid: u32) -> anyhow::Result<Ports> {
    let path = folder.join(format!("nats-server_{pid}.ports"));
    let end = Instant::now() + STARTS_WITHIN;
    loop {
        // It may be half written.
        let text = tokio::fs::read(&path).await.unwrap_or_default();
        if let Ok(ports) = serde_json::from_slice(&text) {
            return Ok(ports);
        }
        ensure!(
            Instant::now() < end,
            "nats-server does not listen after {} s",
            STARTS_WITHIN.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn receive(n: usize, mut socket: Stream, deliveries: Arc<Deliveries>, mark: Mark) {
    let mut rest = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            break;
        }
        let data = message.into_data();
        if contains(&data, b"PING\r\n") && pong(&mut socket).await.is_err() {
            break;
        }
        rest.extend_from_slice(&data);
        deliveries.add_bytes(data.len());
        let (numbers, read) = marked(&rest, &mark);
        deliveries.add(n, numbers.into_iter());
        rest.drain(..read);
    }
    deliveries.closed.fetch_add(1, Ordering::Relaxed);
}

async fn pong(socket: &mut Stream) -> anyhow::Result<()> {
    match socket.send(Message::binary("PONG\r\n")).await {
        Ok(()) => Ok(()),
        Err(_) => bail!("the socket is closed"),
    }
}

/// The numbers of the marks in a piece of the stream, and how much of it is done with: messages come several in a frame
/// and may be cut anywhere.
fn marked(piece: &[u8], mark: &Mark) -> (Vec<u64>, usize) {
    let (mut numbers, mut read) = (Vec::new(), 0);
    while let Some(end) = piece[read..].iter().position(|byte| *byte == b']') {
        let text = std::str::from_utf8(&piece[read..=read + end]).unwrap_or_default();
        numbers.extend(mark.read(text));
        read += end + 1;
    }
    (numbers, read)
}

fn contains(data: &[u8], word: &[u8]) -> bool {
    data.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_the_stream_is_cut() {
        let mark = Mark::new(5);
        let whole: Vec<u8> = (0..3)
            .flat_map(|n| format!("MSG inbox 1 40\r\n{}......\r\n", mark.stamp(n)).into_bytes())
            .collect();
        for cut in 0..whole.len() {
            let (mut rest, mut numbers) = (Vec::new(), Vec::new());
            for piece in [&whole[..cut], &whole[cut..]] {
                rest.extend_from_slice(piece);
                let (found, read) = marked(&rest, &mark);
                numbers.extend(found);
                rest.drain(..read);
            }
            assert_eq!(numbers, [0, 1, 2], "cut at {cut}");
        }
    }
}
