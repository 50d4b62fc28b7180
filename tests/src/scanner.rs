//! A real clamd for one test, with one signature, and a relay in front that sees which files it is given.
//!
//! Promises: nothing of the system's clamd is used but its program: configuration, signatures, socket and temporary files
//! lie in a folder of the test's, nothing is downloaded, and it ends with the value.
//! Does not: answer anything itself; the relay passes on what clamd says, byte by byte.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::process::{Child, Command};

use crate::deadline::{PATIENCE, in_time};
use crate::program::tail;

/// Where Debian and others put it.
const PROGRAMS: [&str; 3] = ["/usr/sbin/clamd", "/usr/local/sbin/clamd", "/usr/bin/clamd"];
/// The limits of docs/files.md, word for word.
const LIMITS: &str = "StreamMaxLength 110M\nMaxFileSize 110M\nMaxScanSize 120M\nAlertExceedsMax yes\nAlertEncrypted yes\n";

/// The test file of the antivirus industry (EICAR), in two halves so that no scanner stops at this source.
#[must_use]
pub fn eicar() -> Vec<u8> {
    let (first, second) = (
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
        "-ANTIVIRUS-TEST-FILE!$H+H*",
    );
    format!("{first}{second}").into_bytes()
}

/// How often each file was given to clamd, by its SHA-256, and how long it was.
type Seen = Arc<Mutex<HashMap<[u8; 32], (usize, u64)>>>;

/// A running clamd and the relay.
pub struct Scanner {
    /// As `media.clamd` wants it: the relay.
    pub address: String,
    seen: Seen,
    _clamd: Child,
    _folder: tempfile::TempDir,
}

impl Scanner {
    /// Starts both; clamd answers when this returns.
    ///
    /// # Panics
    /// When clamd is not installed or does not come up; says how, or what it said.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("clamd.sock");
        let clamd = clamd(folder.path(), &socket);
        let up = in_time(PATIENCE, async || pong(&socket).await.ok().filter(|up| *up)).await;
        assert!(
            up.is_some(),
            "clamd does not answer:\n{}",
            tail(&folder.path().join("clamd.log"), 20)
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let seen = Seen::default();
        let noted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(relay(line, socket.clone(), Arc::clone(&noted)));
            }
        });
        Self {
            address,
            seen,
            _clamd: clamd,
            _folder: folder,
        }
    }

    /// How often this file was scanned, from its first byte to its last.
    #[must_use]
    pub fn scans_of(&self, file: &[u8]) -> usize {
        let hash: [u8; 32] = Sha256::digest(file).into();
        lock(&self.seen).get(&hash).map_or(0, |(times, _)| *times)
    }

    /// The length of the longest file that was scanned, as far as it was.
    #[must_use]
    pub fn longest(&self) -> u64 {
        let seen = lock(&self.seen);
        seen.values().map(|(_, length)| *length).max().unwrap_or(0)
    }
}

fn lock<T>(seen: &Mutex<T>) -> MutexGuard<'_, T> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts clamd on this socket.
fn clamd(folder: &Path, socket: &Path) -> Child {
    let (signatures, scratch) = (folder.join("signatures"), folder.join("scratch"));
    for made in [&signatures, &scratch] {
        fs::create_dir(made).expect("a folder");
    }
    let hexadecimal = hex::encode(eicar());
    fs::write(
        signatures.join("local.ndb"),
        format!("Local.Eicar.Test:0:*:{hexadecimal}\n"),
    )
    .expect("a signature");
    let shown = |path: &Path| path.display().to_string();
    let configuration = format!(
        "Foreground yes\nLocalSocket {}\nDatabaseDirectory {}\nTemporaryDirectory {}\nLogFile {}\nMaxThreads 4\n{LIMITS}",
        shown(socket),
        shown(&signatures),
        shown(&scratch),
        shown(&folder.join("clamd.log")),
    );
    let file = folder.join("clamd.conf");
    fs::write(&file, configuration).expect("a configuration");
    // Debian's AppArmor profile ties /usr/sbin/clamd to the system's own folders; a copy is free to read ours.
    let copy = folder.join("clamd");
    fs::copy(program(), &copy).expect("clamd can be copied");
    Command::new(copy)
        .env_clear()
        .arg(format!("--config-file={}", shown(&file)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("clamd starts")
}

fn program() -> PathBuf {
    let found = PROGRAMS
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists());
    found.expect(
        "clamd is missing: `cargo xtask test` installs it, or: apt-get install clamav-daemon",
    )
}

async fn pong(socket: &Path) -> std::io::Result<bool> {
    let mut line = UnixStream::connect(socket).await?;
    line.write_all(b"zPING\0").await?;
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await?;
    Ok(answer == b"PONG\0")
}

/// Nobody is left to tell when a side has gone.
async fn relay(line: TcpStream, socket: PathBuf, seen: Seen) {
    let Ok(clamd) = UnixStream::connect(socket).await else {
        return;
    };
    let (mut from_us, mut to_us) = line.into_split();
    let (mut from_clamd, mut to_clamd) = clamd.into_split();
    let asked = async {
        match pass(&mut from_us, &mut to_clamd).await {
            Ok(Some((hash, length))) => {
                lock(&seen).entry(hash).or_insert((0, length)).0 += 1;
            }
            Ok(None) => {}
            // One of both has hung up: clamd may do so in the middle of a file, when it has seen enough.
            Err(_) => _ = to_clamd.shutdown().await,
        }
    };
    let answered = tokio::io::copy(&mut from_clamd, &mut to_us);
    let ((), _) = tokio::join!(asked, answered);
}

/// Passes a command on, and the file that comes with it; its SHA-256 and length.
async fn pass(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> std::io::Result<Option<([u8; 32], u64)>> {
    let mut command = Vec::new();
    while command.last() != Some(&0) {
        command.push(from.read_u8().await?);
    }
    to.write_all(&command).await?;
    if command != b"zINSTREAM\0" {
        return Ok(None);
    }
    let (mut hash, mut total) = (Sha256::new(), 0);
    loop {
        let length = from.read_u32().await?;
        to.write_u32(length).await?;
        if length == 0 {
            return Ok(Some((hash.finalize().into(), total)));
        }
        let mut piece = vec![0; length as usize];
        from.read_exact(&mut piece).await?;
        hash.update(&piece);
        total += u64::from(length);
        to.write_all(&piece).await?;
    }
}
