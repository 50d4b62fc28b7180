//! A virus scanner as small as can be: speaks clamd's INSTREAM and knows three finds. The real one was run by hand
//! against the same files (docs/files.md tells what it said).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The test file of the antivirus industry (EICAR), in two halves so that no scanner stops at this source.
#[must_use]
pub fn eicar() -> Vec<u8> {
    let (first, second) = (
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
        "-ANTIVIRUS-TEST-FILE!$H+H*",
    );
    format!("{first}{second}").into_bytes()
}

/// A scanner that listens.
pub struct Scanner {
    /// As `media.clamd` wants it.
    pub address: String,
    scanned: Arc<AtomicUsize>,
}

impl Scanner {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let scanned = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&scanned);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, Arc::clone(&count)));
            }
        });
        Self { address, scanned }
    }

    /// Files looked at so far.
    #[must_use]
    pub fn scanned(&self) -> usize {
        self.scanned.load(Ordering::SeqCst)
    }
}

/// Nobody is left to tell when the other side has gone.
async fn serve(line: TcpStream, scanned: Arc<AtomicUsize>) {
    answer(line, scanned).await.ok();
}

async fn answer(mut line: TcpStream, scanned: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut command = Vec::new();
    loop {
        match line.read_u8().await? {
            0 => break,
            byte => command.push(byte),
        }
    }
    if command == b"zPING" {
        return line.write_all(b"PONG\0").await;
    }
    assert_eq!(command, b"zINSTREAM", "the only other command");
    let mut file = Vec::new();
    loop {
        let length = line.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        let begin = file.len();
        file.resize(begin + length, 0);
        line.read_exact(&mut file[begin..]).await?;
    }
    scanned.fetch_add(1, Ordering::SeqCst);
    line.write_all(format!("stream: {}\0", verdict(&file)).as_bytes())
        .await
}

/// clamd's words.
fn verdict(file: &[u8]) -> &'static str {
    let holds = |needle: &[u8]| file.windows(needle.len()).any(|part| part == needle);
    if holds(&eicar()) {
        return "Eicar-Signature FOUND";
    }
    // APPNOTE.TXT section 4.4.4: bit 0 of the flags of a local header.
    if file.starts_with(b"PK\x03\x04") && file.get(6).is_some_and(|flags| flags & 1 == 1) {
        return "Heuristics.Encrypted.Zip FOUND";
    }
    if holds(b"bomb-in-a-bomb.zip") {
        return "Heuristics.Limits.Exceeded.MaxRecursion FOUND";
    }
    "OK"
}
