//! Data keys: made, wrapped, unwrapped, and held by those who seal and open.
//!
//! Promises: an unwrapped key passed its commitment, so it is the key that was made for this subject; key bytes are
//! wiped when the last holder drops them and never printed.

use std::{collections::HashMap, fmt, sync::Arc};

use hkdf::Hkdf;
use rand::{TryRng, rngs::SysRng};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Place, blob, place};
use crate::{Error, Mutant, Result, SubjectId};

const COMMITMENT_INFO: &[u8] = b"balcao dek commitment v1";

/// 32 secret bytes that wipe themselves and never print.
#[derive(Clone)]
pub(super) struct Key32(Zeroizing<[u8; 32]>);

impl Key32 {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn random() -> Result<Self> {
        let mut key = Self::new([0; 32]);
        SysRng
            .try_fill_bytes(key.0.as_mut_slice())
            .map_err(|_| Error::NoRandomness)?;
        Ok(key)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HKDF-SHA256 of this key with an information string and no salt.
    pub(super) fn derive(&self, info: &[u8]) -> Self {
        let mut key = Self::new([0; 32]);
        // 32 bytes is one block of SHA-256: the only error HKDF knows, a too long output, cannot happen.
        let expanded = Hkdf::<Sha256>::new(None, self.bytes()).expand(info, key.0.as_mut_slice());
        debug_assert!(expanded.is_ok());
        key
    }

    fn commitment(&self) -> [u8; 32] {
        *self.derive(COMMITMENT_INFO).bytes()
    }
}

impl fmt::Debug for Key32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// The data key of one subject, unwrapped: seals and opens without I/O. Cheap to clone.
///
/// Do not keep it: a copy held over 60 s outlives an erasure. Load, use, drop.
#[derive(Clone)]
pub struct SubjectKey {
    subject: SubjectId,
    /// Ascending by version; the last one seals.
    versions: Arc<[(u32, Key32)]>,
}

impl SubjectKey {
    /// None when there is no version at all.
    pub(super) fn new(subject: SubjectId, mut versions: Vec<(u32, Key32)>) -> Option<Self> {
        versions.sort_by_key(|(version, _)| *version);
        (!versions.is_empty()).then(|| Self {
            subject,
            versions: versions.into(),
        })
    }

    /// Whose key this is.
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The version that seals.
    pub fn version(&self) -> u32 {
        self.current().0
    }

    fn current(&self) -> &(u32, Key32) {
        &self.versions[self.versions.len() - 1]
    }

    /// Seals a value for one place. 34 bytes longer than the plaintext.
    ///
    /// # Errors
    /// [`Error::TooLong`] over 64 MiB; [`Error::NoRandomness`].
    pub fn seal(&self, place: Place, plaintext: &[u8]) -> Result<Vec<u8>> {
        let (version, key) = self.current();
        if Mutant::SealNothing.lives() {
            return Ok(blob::in_clear(*version, plaintext));
        }
        blob::seal(key, *version, self.subject, place, plaintext)
    }

    /// Opens a value read from `place`.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when it was altered, or sealed for another row, column, subject or key version.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        blob::key_version(sealed)
            .and_then(|wanted| self.versions.iter().find(|(version, _)| *version == wanted))
            .and_then(|(version, key)| blob::open(key, *version, self.subject, place, sealed))
            .or_else(|| {
                Mutant::SealNothing
                    .lives()
                    .then(|| blob::out_of_clear(sealed))
            })
            .ok_or(Error::DoesNotOpen {
                table: place.table,
                column: place.column,
            })
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SubjectKey({}, version {})",
            self.subject,
            self.version()
        )
    }
}

/// The keys a load found.
#[derive(Debug, Default)]
pub struct Keys {
    pub(super) found: HashMap<SubjectId, SubjectKey>,
    pub(super) broken: Vec<SubjectId>,
}

impl Keys {
    /// The key, if the subject is alive and its key sound.
    pub fn get(&self, subject: SubjectId) -> Option<&SubjectKey> {
        self.found.get(&subject)
    }

    /// The key; none when the subject was erased.
    ///
    /// # Errors
    /// [`Error::KeyBroken`] when it has one that fails its check.
    pub fn of_living(&self, subject: SubjectId) -> Result<Option<&SubjectKey>> {
        match self.require(subject) {
            Ok(key) => Ok(Some(key)),
            Err(Error::NoKey(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the subject has a key that fails its check: unlike one that was erased, it stays that way.
    pub fn is_broken(&self, subject: SubjectId) -> bool {
        self.broken.contains(&subject)
    }

    /// The key, or why there is none.
    ///
    /// # Errors
    /// [`Error::NoKey`] for an erased or unknown subject, [`Error::KeyBroken`] when its key fails the check.
    pub fn require(&self, subject: SubjectId) -> Result<&SubjectKey> {
        match self.found.get(&subject) {
            Some(key) => Ok(key),
            None if self.broken.contains(&subject) => Err(Error::KeyBroken(subject)),
            None => Err(Error::NoKey(subject)),
        }
    }
}

/// A new data key, ready to be stored.
pub(crate) struct NewKey {
    pub(super) key: SubjectKey,
    pub(crate) kek_version: i32,
    pub(crate) wrapped: Vec<u8>,
    pub(crate) commitment: [u8; 32],
}

/// Makes key version 1 of a subject and wraps it.
pub(super) fn make(subject: SubjectId, kek_version: u32, kek: &Key32) -> Result<NewKey> {
    let dek = Key32::random()?;
    let wrapped = blob::seal(
        kek,
        kek_version,
        subject,
        place::wrapped_key(subject.0, 1),
        dek.bytes(),
    )?;
    let commitment = dek.commitment();
    let key = SubjectKey {
        subject,
        versions: [(1, dek)].into(),
    };
    Ok(NewKey {
        key,
        kek_version: kek_version.cast_signed(),
        wrapped,
        commitment,
    })
}

/// Unwraps a stored data key and checks its commitment; none when either fails.
pub(super) fn unwrap(
    subject: SubjectId,
    version: i32,
    (kek_version, kek): (u32, &Key32),
    wrapped: &[u8],
    commitment: &[u8],
) -> Option<Key32> {
    if blob::key_version(wrapped)? != kek_version {
        return None;
    }
    let bytes = blob::open(
        kek,
        kek_version,
        subject,
        place::wrapped_key(subject.0, version),
        wrapped,
    )?;
    let dek = Key32::new(bytes.as_slice().try_into().ok()?);
    bool::from(dek.commitment().ct_eq(commitment)).then_some(dek)
}
