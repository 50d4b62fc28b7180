//! A file under its own key, in chunks that open one by one: what a range needs is read and nothing else.
//!
//! STREAM over AES-256-GCM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance", CRYPTO 2015; the shape that age and Tink use too): version u8 = 1 | alg u8 = 1 | prefix 7, then
//! chunks of 64 KiB (the last one shorter), each ciphertext | tag 16. Nonce = prefix | chunk number u32 big-endian |
//! 1 for the last chunk, else 0. AAD = "balcao file v1".
//! Promises: a chunk that was altered, moved, left out or cut off at the end does not open.
//! Does not: hide how long a file is; use a key for more than one file. The cipher is ring's: it is assembler in every
//! build, so that a hundred megabytes take a moment in tests too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Error;

/// Plaintext bytes of a chunk.
pub const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const PREFIX_BYTES: usize = 7;
/// Bytes before the first chunk.
pub const HEADER_BYTES: usize = 2 + PREFIX_BYTES;
/// A whole sealed chunk.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
const VERSION: u8 = 1;
const ALG_STREAM_AES_256_GCM: u8 = 1;
const AAD: &[u8] = b"balcao file v1";

/// The key of one file: wiped when dropped, never printed. It is stored only inside a blob that is sealed with a
/// subject's key.
#[derive(Clone)]
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn random() -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        SysRng
            .try_fill_bytes(bytes.as_mut_slice())
            .map_err(|_| Error::NoRandomness)?;
        Ok(Self(bytes))
    }

    fn cipher(&self) -> Result<LessSafeKey, Error> {
        // 32 bytes are a key: the error cannot happen.
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_slice());
        Ok(LessSafeKey::new(key.map_err(|_| Error::DoesNotOpen)?))
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey")
    }
}

impl Serialize for FileKey {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(STANDARD.encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for FileKey {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let decoded = STANDARD.decode(text.as_bytes()).map(Zeroizing::new);
        let bytes = decoded.map_err(|_| serde::de::Error::custom("not base64"))?;
        let bytes = bytes.as_slice().try_into();
        bytes
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .map_err(|_| serde::de::Error::custom("not 32 bytes"))
    }
}

fn nonce(prefix: [u8; PREFIX_BYTES], number: u32, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..PREFIX_BYTES].copy_from_slice(&prefix);
    nonce[PREFIX_BYTES..PREFIX_BYTES + 4].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(nonce)
}

/// Seals a file as its bytes come.
pub struct Sealer {
    cipher: LessSafeKey,
    prefix: [u8; PREFIX_BYTES],
    number: u32,
    /// At most one chunk: it is sealed when more comes, because only then it is certainly not the last.
    waiting: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// A sealer and the header that goes first.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn new(key: &FileKey) -> Result<(Self, [u8; HEADER_BYTES]), Error> {
        let mut prefix = [0; PREFIX_BYTES];
        SysRng
            .try_fill_bytes(&mut prefix)
            .map_err(|_| Error::NoRandomness)?;
        let mut header = [VERSION, ALG_STREAM_AES_256_GCM, 0, 0, 0, 0, 0, 0, 0];
        header[2..].copy_from_slice(&prefix);
        let sealer = Self {
            cipher: key.cipher()?,
            prefix,
            number: 0,
            waiting: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
        };
        Ok((sealer, header))
    }

    /// Takes bytes; appends the chunks that are complete to `out`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] over 2^32 chunks.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        while !bytes.is_empty() {
            if self.waiting.len() == CHUNK_BYTES {
                self.seal(false, out)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Appends the last chunk, which is empty for an empty file only.
    ///
    /// # Errors
    /// [`Error::TooLarge`] over 2^32 chunks.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.seal(true, out)
    }

    fn seal(&mut self, is_last: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        let nonce = nonce(self.prefix, self.number, is_last);
        self.cipher
            .seal_in_place_append_tag(nonce, Aad::from(AAD), &mut *self.waiting)
            .map_err(|_| Error::TooLarge)?;
        out.extend_from_slice(&self.waiting);
        self.number = self.number.checked_add(1).ok_or(Error::TooLarge)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Opens chunks of a file, in any order.
pub struct Opener {
    cipher: LessSafeKey,
    prefix: [u8; PREFIX_BYTES],
    last: u32,
}

impl Opener {
    /// An opener for a file of `size_bytes` with this header.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`] when the header is not ours.
    pub fn new(key: &FileKey, header: &[u8], size_bytes: u64) -> Result<Self, Error> {
        let known = [VERSION, ALG_STREAM_AES_256_GCM];
        let prefix = header
            .strip_prefix(&known)
            .and_then(|prefix| prefix.try_into().ok())
            .ok_or(Error::DoesNotOpen)?;
        Ok(Self {
            cipher: key.cipher()?,
            prefix,
            last: last_chunk(size_bytes)?,
        })
    }

    /// The number of the last chunk.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Opens chunk `number`.
    ///
    /// # Errors
    /// [`Error::DoesNotOpen`].
    pub fn open(&self, number: u32, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce = nonce(self.prefix, number, number == self.last);
        let mut bytes = sealed.to_vec();
        let length = self
            .cipher
            .open_in_place(nonce, Aad::from(AAD), &mut bytes)
            .map_err(|_| Error::DoesNotOpen)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

fn last_chunk(size_bytes: u64) -> Result<u32, Error> {
    let chunks = size_bytes.div_ceil(CHUNK_BYTES as u64).max(1);
    u32::try_from(chunks - 1).map_err(|_| Error::TooLarge)
}

/// How long a file of so many bytes is when it is sealed.
#[must_use]
pub fn sealed_bytes(size_bytes: u64) -> u64 {
    let chunks = size_bytes.div_ceil(CHUNK_BYTES as u64).max(1);
    HEADER_BYTES as u64 + size_bytes + chunks * TAG_BYTES as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealed(key: &FileKey, plaintext: &[u8], step: usize) -> Vec<u8> {
        let (mut sealer, header) = Sealer::new(key).unwrap();
        let mut out = header.to_vec();
        for piece in plaintext.chunks(step.max(1)) {
            sealer.push(piece, &mut out).unwrap();
        }
        sealer.finish(&mut out).unwrap();
        out
    }

    fn opened(key: &FileKey, sealed: &[u8], size_bytes: usize) -> Result<Vec<u8>, Error> {
        let opener = Opener::new(key, &sealed[..HEADER_BYTES], size_bytes as u64)?;
        let chunks = sealed[HEADER_BYTES..].chunks(SEALED_CHUNK_BYTES);
        let mut plaintext = Vec::new();
        for (number, chunk) in (0_u32..).zip(chunks) {
            plaintext.extend(opener.open(number, chunk)?);
        }
        Ok(plaintext)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn what_was_sealed_opens_whatever_the_pieces(size in 0_usize..200_000, step in 1_usize..90_000) {
            let key = FileKey::random().unwrap();
            let plaintext: Vec<u8> = (0..size).map(|n| (n * 31 % 251) as u8).collect();
            let sealed = sealed(&key, &plaintext, step);
            prop_assert_eq!(sealed.len() as u64, sealed_bytes(size as u64));
            prop_assert_eq!(opened(&key, &sealed, size).unwrap(), plaintext);
        }

        #[test]
        fn any_changed_byte_is_noticed(at in 0_usize..140_000, size in 1_usize..130_000) {
            let key = FileKey::random().unwrap();
            let mut sealed = sealed(&key, &vec![7; size], 60_000);
            let at = at % sealed.len();
            sealed[at] ^= 1;
            prop_assert!(opened(&key, &sealed, size).is_err());
        }
    }

    #[test]
    fn whole_chunks_have_no_empty_one_behind() {
        let key = FileKey::random().unwrap();
        for size in [
            0,
            1,
            CHUNK_BYTES - 1,
            CHUNK_BYTES,
            CHUNK_BYTES + 1,
            3 * CHUNK_BYTES,
        ] {
            let plaintext = vec![1; size];
            let sealed = sealed(&key, &plaintext, 10_000);
            assert_eq!(opened(&key, &sealed, size).unwrap(), plaintext, "{size}");
        }
    }

    #[test]
    fn a_file_that_was_cut_at_a_chunk_does_not_open() {
        let key = FileKey::random().unwrap();
        let sealed = sealed(&key, &vec![1; 3 * CHUNK_BYTES], 10_000);
        let cut = &sealed[..HEADER_BYTES + 2 * SEALED_CHUNK_BYTES];
        assert!(opened(&key, cut, 2 * CHUNK_BYTES).is_err());
    }

    #[test]
    fn chunks_that_change_places_do_not_open() {
        let key = FileKey::random().unwrap();
        let mut sealed = sealed(&key, &vec![1; 3 * CHUNK_BYTES], 10_000);
        let (first, second) = sealed[HEADER_BYTES..].split_at_mut(SEALED_CHUNK_BYTES);
        first.swap_with_slice(&mut second[..SEALED_CHUNK_BYTES]);
        assert!(opened(&key, &sealed, 3 * CHUNK_BYTES).is_err());
    }

    #[test]
    fn another_key_opens_nothing() {
        let sealed = sealed(&FileKey::random().unwrap(), b"words", 5);
        assert!(opened(&FileKey::random().unwrap(), &sealed, 5).is_err());
        assert_eq!(format!("{:?}", FileKey::random().unwrap()), "FileKey");
    }
}
