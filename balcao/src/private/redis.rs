//! A private Redis on a unix socket.
//!
//! Promises: when [`Redis::start`] returns, it answers; a crash is followed by a restart; it can be paused, frozen and
//! emptied, because the product must survive exactly that.
//! Does not: ask for a password. The socket's folder is closed to everybody but the server's user (and root).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::Instant;

use super::home::{Home, make_private};
use super::postgres::end_of;
use super::supervised::{Program, Supervised};
use super::{binaries, left_over};

const SERVER: &str = "redis";
const SOCKET: &str = "redis.sock";
const READY_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(5);
const MOST_STARTS: u32 = 5;

/// How to start a private Redis.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of this installation; the files lie in `<data>/redis`, or where `<data>/redis.location` says.
    pub data: PathBuf,
    /// Keeps what it holds across restarts; without it the folder is removed with the handle.
    pub append_only: bool,
}

/// A running private Redis; dropping it stops it.
#[derive(Debug)]
pub struct Redis {
    // Dropped in this order: the server ends before its folders go.
    child: Supervised,
    home: Home,
}

impl Redis {
    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// Redis is not installed, another Balcão uses the folder, or it does not come up: each error says what to do, or
    /// quotes the end of `<data>/redis.log`.
    pub async fn start(options: Options) -> Result<Redis> {
        let (home, program) = tokio::task::spawn_blocking(move || prepare(&options))
            .await
            .context("preparing Redis")??;
        let redis = Redis {
            child: Supervised::start(program)?,
            home,
        };
        redis.ready().await?;
        Ok(redis)
    }

    /// `redis+unix:///tmp/...`, as fred reads it.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// The server's process id; `None` while it is down.
    pub fn pid(&self) -> Option<u32> {
        self.child.seen().pid
    }

    /// Stops in good order.
    ///
    /// # Errors
    /// It does not end, even when killed.
    pub async fn stop(self) -> Result<()> {
        self.child.down().await
    }

    /// Kills the server; it is started again.
    pub fn kill(&self) {
        self.child.signal(Signal::KILL);
    }

    /// Stops the server and keeps it down until [`Redis::resume`].
    ///
    /// # Errors
    /// It does not end, even when killed.
    pub async fn pause(&self) -> Result<()> {
        self.child.down().await
    }

    /// Starts a paused server and waits until it answers.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn resume(&self) -> Result<()> {
        self.child.up();
        self.ready().await
    }

    /// Makes the server hang: connections are accepted, nothing is answered, until [`Redis::thaw`].
    pub fn freeze(&self) {
        self.child.signal(Signal::STOP);
    }

    /// Ends [`Redis::freeze`].
    pub fn thaw(&self) {
        self.child.signal(Signal::CONT);
    }

    /// Empties it.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn flushall(&self) -> Result<()> {
        let answer = self.ask("FLUSHALL").await?;
        ensure!(
            answer.starts_with("+OK"),
            "Redis refused FLUSHALL: {}",
            answer.trim()
        );
        Ok(())
    }

    /// Waits until the server answers, for example after [`Redis::kill`].
    ///
    /// # Errors
    /// It does not within half a minute.
    pub async fn ready(&self) -> Result<()> {
        let first_start = self.child.seen().starts;
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let answer = self.ask("PING").await;
            if answer
                .as_deref()
                .is_ok_and(|answer| answer.starts_with("+PONG"))
            {
                return Ok(());
            }
            if self.child.seen().starts >= first_start + MOST_STARTS || Instant::now() > deadline {
                bail!("Redis does not start:\n{}", end_of(&self.home.log(SERVER)));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn socket(&self) -> PathBuf {
        self.home.sockets.join(SOCKET)
    }

    async fn ask(&self, command: &str) -> Result<String> {
        let exchange = async {
            let mut stream = UnixStream::connect(self.socket()).await?;
            stream
                .write_all(format!("{command}\r\n").as_bytes())
                .await?;
            let mut answer = [0; 128];
            let length = stream.read(&mut answer).await?;
            Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
        };
        tokio::time::timeout(ANSWER_LIMIT, exchange)
            .await
            .context("Redis does not answer")?
    }
}

fn prepare(options: &Options) -> Result<(Home, Program)> {
    let binary = binaries::redis()?;
    let home = Home::claim(
        &options.data,
        SERVER,
        &["postgres", "redis", "nobody"],
        options.append_only,
    )?;
    make_private(&home.files, home.user.as_ref())?;
    let pid_file = home.files.join("redis.pid");
    left_over::end(
        &home.files,
        &pid_file,
        &["redis-server", "valkey-server"],
        Signal::TERM,
    )?;
    let mut args: Vec<std::ffi::OsString> = [
        "--port",
        "0",
        "--unixsocketperm",
        "700",
        "--save",
        "",
        "--daemonize",
        "no",
    ]
    .map(Into::into)
    .to_vec();
    args.extend([
        "--appendonly".into(),
        if options.append_only { "yes" } else { "no" }.into(),
    ]);
    args.extend(["--unixsocket".into(), home.sockets.join(SOCKET).into()]);
    // `dir` comes first: a relative pid file is then beside the data, and neither needs quoting.
    args.extend([
        "--dir".into(),
        home.files.clone().into(),
        "--pidfile".into(),
        "redis.pid".into(),
    ]);
    let program = Program {
        name: SERVER,
        binary,
        args,
        user: home.user.clone(),
        log: home.log(SERVER),
        stop: Signal::TERM,
        abort: Signal::KILL,
        death_signal: "TERM",
    };
    Ok((home, program))
}
