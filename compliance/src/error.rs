//! Everything that can go wrong in this crate.
//!
//! Promises: no message holds personal data or key material; each says what to do where a person can do something.

use std::path::PathBuf;

use crate::SubjectId;

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The statuses named are those an HTTP edge should answer with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 503: the key provider has not answered for 60 s; nothing is sealed or opened until it does.
    #[error("the key provider is away: nothing can be sealed or opened until it answers again")]
    ProviderAway,
    /// Boot refused: the key folder or a key file is missing, too open, or not 32 bytes of base64. Says the remedy.
    #[error("key folder {path}: {problem}", path = .path.display())]
    KeyFolder {
        /// The folder or file in question.
        path: PathBuf,
        /// What is wrong and what to run.
        problem: String,
    },
    /// Boot refused: the key-encryption key in the provider is not the one that wrapped the stored keys.
    #[error(
        "key-encryption key version {0} does not open the stored keys: is this the key folder of this database?"
    )]
    WrongKek(i32),
    /// 500: the stored key of this subject fails its check (altered, swapped, or its KEK version was destroyed).
    #[error(
        "the data key of subject {0} is broken: it was altered or its key-encryption key is gone"
    )]
    KeyBroken(SubjectId),
    /// 410: the subject has no key: it was erased, or never existed.
    #[error("subject {0} has no data key: it was erased or never existed")]
    NoKey(SubjectId),
    /// 500: a blob was altered, or moved from another row, column or subject.
    #[error("the value in {table}.{column} does not open: altered, or moved from elsewhere")]
    DoesNotOpen {
        /// The table it was read from.
        table: &'static str,
        /// The column it was read from.
        column: &'static str,
    },
    /// 500: a value is longer than AES-GCM or the blob form allows.
    #[error("the value is too long to be sealed")]
    TooLong,
    /// 500: the operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
    /// 500: a verification key, note or checkpoint is not in its exact form.
    #[error("{what}: {why}")]
    Malformed {
        /// Which form was expected.
        what: &'static str,
        /// Where it departs from it.
        why: String,
    },
    /// 500: the stored log contradicts what was signed before; nothing is appended or signed until a person looked.
    #[error("the audit log is broken at position {position}: {why}; run `balcao audit fsck`")]
    LogBroken {
        /// Index in the tree, from 0.
        position: i64,
        /// What does not match.
        why: String,
    },
    /// 503: no sequencer put the waiting events into the log in time.
    #[error(
        "events were still waiting to enter the log after {waited_s} s: is a sequencer (role worker) running?"
    )]
    NotSequenced {
        /// Seconds waited.
        waited_s: u64,
    },
    /// 400: the folder asked for an export already holds something.
    #[error("{path} is not empty: name a folder that does not exist yet", path = .0.display())]
    FolderInUse(PathBuf),
    /// 503: a file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// 503: PostgreSQL refused or did not answer.
    #[error("storage: {0}")]
    Storage(#[from] sqlx::Error),
}

impl Error {
    /// Whether it is the fault of one subject's key or of one sealed value: others are none the worse, and trying again
    /// does not help.
    #[must_use]
    pub const fn is_of_one(&self) -> bool {
        matches!(
            self,
            Self::KeyBroken(_) | Self::NoKey(_) | Self::DoesNotOpen { .. } | Self::TooLong
        )
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn malformed(what: &'static str, why: impl Into<String>) -> Self {
        Self::Malformed {
            what,
            why: why.into(),
        }
    }
}
