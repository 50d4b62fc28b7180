//! A virus scanner that speaks clamd's protocol, over TCP or a unix socket.
//! Source: clamd(8), `INSTREAM`: chunks with a u32 big-endian length before each, ended by a length of 0.
//!
//! Promises: a file counts as clean only when the scanner says so in so many words; whatever it does not say, or says
//! too late, is [`Away`] and the file waits.
//! Does not: trust the scanner's limits: set `AlertExceedsMax` and `AlertEncrypted`, or it calls clean what it did not
//! look at.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use crate::config;
use crate::model::MediaReason;
use crate::object_store;

/// The scanner's answer is one line.
const MAX_ANSWER_BYTES: u64 = 4_096;
/// Longest wait for a sign of life.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// The scanner did not answer, or not what it should.
#[derive(Debug, thiserror::Error)]
#[error("the virus scanner is away: {0}")]
pub struct Away(String);

impl From<std::io::Error> for Away {
    fn from(error: std::io::Error) -> Self {
        Self(error.kind().to_string())
    }
}

/// Where the scanner listens.
#[derive(Clone, Debug)]
enum Address {
    Tcp(String),
    Unix(PathBuf),
}

/// The scanner. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scanner {
    address: Address,
    timeout: Duration,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

impl Scanner {
    /// The configured one, if any.
    #[must_use]
    pub fn configured(config: &config::Media) -> Option<Self> {
        let clamd = config.clamd.as_deref()?;
        let address = match clamd.strip_prefix("unix://") {
            Some(path) => Address::Unix(path.into()),
            None => Address::Tcp(clamd.trim_start_matches("tcp://").to_owned()),
        };
        Some(Self {
            address,
            timeout: Duration::from_millis(config.clamd_timeout_ms),
        })
    }

    /// Whether it is there.
    ///
    /// # Errors
    /// [`Away`].
    pub async fn ping(&self) -> Result<(), Away> {
        let asked = async {
            let mut line = self.connect().await?;
            line.write_all(b"zPING\0").await?;
            answer(&mut line).await
        };
        match tokio::time::timeout(PING_TIMEOUT, asked).await {
            Ok(Ok(text)) if text == "PONG" => Ok(()),
            Ok(Ok(_)) => Err(Away("it does not know PING".to_owned())),
            Ok(Err(away)) => Err(away),
            Err(_) => Err(Away("time-out".to_owned())),
        }
    }

    /// Looks for viruses in these bytes; `None` = nothing found.
    ///
    /// # Errors
    /// [`Away`].
    pub async fn scan(
        &self,
        bytes: impl Stream<Item = Result<Bytes, object_store::Error>> + Unpin + Send,
    ) -> Result<Option<MediaReason>, Away> {
        tokio::time::timeout(self.timeout, self.exchange(bytes))
            .await
            .map_err(|_| Away("time-out".to_owned()))?
    }

    async fn exchange(
        &self,
        mut bytes: impl Stream<Item = Result<Bytes, object_store::Error>> + Unpin + Send,
    ) -> Result<Option<MediaReason>, Away> {
        let mut line = self.connect().await?;
        line.write_all(b"zINSTREAM\0").await?;
        while let Some(piece) = bytes.next().await {
            let piece =
                piece.map_err(|error| Away(format!("a file could not be read: {error}")))?;
            let length =
                u32::try_from(piece.len()).map_err(|_| Away("a piece too long".to_owned()))?;
            let sent = async {
                line.write_all(&length.to_be_bytes()).await?;
                line.write_all(&piece).await
            };
            // A scanner that has seen enough says why and hangs up.
            if length > 0 && sent.await.is_err() {
                break;
            }
        }
        // It may have hung up; then the answer is there to read all the same.
        let ended = line.write_all(&0_u32.to_be_bytes()).await;
        match (answer(&mut line).await, ended) {
            (Ok(text), _) => verdict(&text),
            (Err(_), Err(error)) => Err(error.into()),
            (Err(away), Ok(())) => Err(away),
        }
    }

    async fn connect(&self) -> Result<Box<dyn Line>, Away> {
        Ok(match &self.address {
            Address::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        })
    }
}

async fn answer(line: &mut dyn Line) -> Result<String, Away> {
    let mut bytes = Vec::new();
    let mut limited = line.take(MAX_ANSWER_BYTES);
    loop {
        let mut byte = [0];
        if limited.read(&mut byte).await? == 0 || byte[0] == 0 {
            break;
        }
        bytes.push(byte[0]);
    }
    if bytes.is_empty() {
        return Err(Away("no answer".to_owned()));
    }
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// What the scanner's words mean. Names of finds are its own; only those of its heuristics are known here.
fn verdict(text: &str) -> Result<Option<MediaReason>, Away> {
    let text = text.trim_start_matches("stream: ");
    if text == "OK" {
        return Ok(None);
    }
    if let Some(find) = text.strip_suffix(" FOUND") {
        return Ok(Some(if find.starts_with("Heuristics.Encrypted.") {
            MediaReason::Encrypted
        } else if find.starts_with("Heuristics.Limits.Exceeded") {
            MediaReason::Limits
        } else {
            MediaReason::Infected
        }));
    }
    if text.contains("size limit exceeded") {
        return Ok(Some(MediaReason::Limits));
    }
    // The words may quote what was sent: they are not told.
    Err(Away("it answers with an error".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ok_is_clean() {
        assert!(matches!(verdict("stream: OK"), Ok(None)));
        for (text, reason) in [
            ("stream: Eicar-Signature FOUND", MediaReason::Infected),
            (
                "stream: Heuristics.Encrypted.Zip FOUND",
                MediaReason::Encrypted,
            ),
            (
                "stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND",
                MediaReason::Limits,
            ),
            ("INSTREAM size limit exceeded. ERROR", MediaReason::Limits),
        ] {
            assert!(
                matches!(verdict(text), Ok(Some(found)) if found == reason),
                "{text}"
            );
        }
        for text in [
            "",
            "stream: ",
            "OKAY",
            "stream: Can't allocate memory ERROR",
        ] {
            assert!(verdict(text).is_err(), "{text}");
        }
    }
}
