//! The sealed blob: AES-256-GCM under a subject's data key, bound to its place.
//!
//! version u8 = 1 | alg u8 = 1 | key_version u32 big-endian | nonce 12 | ciphertext | tag 16.
//! AAD = lp(table) lp(column) lp(row) lp(subject) lp(key_version), lp = u32 big-endian length + bytes.
//! Promises: nonces come from the operating system, never from a counter. Does not: hide the length of a value.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use rand::{TryRng, rngs::SysRng};
use zeroize::Zeroizing;

use super::{Place, key::Key32};
use crate::{Error, Result, SubjectId};

const VERSION: u8 = 1;
const ALG_AES_256_GCM: u8 = 1;
const HEADER_BYTES: usize = 6;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// Longest plaintext, in bytes: far above a message, far below what would hurt memory.
pub(super) const MAX_PLAINTEXT_BYTES: usize = 64 * 1024 * 1024;

/// The length of a part as the forms write it. Parts are ids, names and MAC inputs: never near 4 GiB.
pub(super) fn length(part: &[u8]) -> u32 {
    u32::try_from(part.len()).unwrap_or(u32::MAX)
}

fn aad(place: Place, subject: SubjectId, key_version: u32) -> Vec<u8> {
    let version = key_version.to_be_bytes();
    let parts: [&[u8]; 5] = [
        place.table.as_bytes(),
        place.column.as_bytes(),
        place.row.as_bytes(),
        subject.0.as_bytes(),
        &version,
    ];
    let mut bytes = Vec::with_capacity(96);
    for part in parts {
        bytes.extend_from_slice(&length(part).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Seals `plaintext` for one place and subject under `key`.
pub(super) fn seal(
    key: &Key32,
    key_version: u32,
    subject: SubjectId,
    place: Place,
    plaintext: &[u8],
) -> Result<Vec<u8>> {
    if plaintext.len() > MAX_PLAINTEXT_BYTES {
        return Err(Error::TooLong);
    }
    let mut nonce = [0; NONCE_BYTES];
    SysRng
        .try_fill_bytes(&mut nonce)
        .map_err(|_| Error::NoRandomness)?;
    let aad = aad(place, subject, key_version);
    let sealed = Aes256Gcm::new(key.bytes().into())
        .encrypt(
            &nonce.into(),
            Payload {
                msg: plaintext,
                aad: &aad,
            },
        )
        .map_err(|_| Error::TooLong)?;

    let mut blob = Vec::with_capacity(HEADER_BYTES + NONCE_BYTES + sealed.len());
    blob.push(VERSION);
    blob.push(ALG_AES_256_GCM);
    blob.extend_from_slice(&key_version.to_be_bytes());
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

/// What the mutant `seal-nothing` stores: a blob in form, with the plaintext in it.
pub(super) fn in_clear(key_version: u32, plaintext: &[u8]) -> Vec<u8> {
    let mut blob = vec![VERSION, ALG_AES_256_GCM];
    blob.extend_from_slice(&key_version.to_be_bytes());
    blob.extend_from_slice(&[0; NONCE_BYTES]);
    blob.extend_from_slice(plaintext);
    blob.extend_from_slice(&[0; TAG_BYTES]);
    blob
}

/// Reads what [`in_clear`] wrote.
pub(super) fn out_of_clear(blob: &[u8]) -> Zeroizing<Vec<u8>> {
    let end = blob.len().saturating_sub(TAG_BYTES);
    let plaintext = blob.get(HEADER_BYTES + NONCE_BYTES..end);
    Zeroizing::new(plaintext.unwrap_or_default().to_vec())
}

/// The key version a blob names; none when it is not a blob of ours.
pub(super) fn key_version(blob: &[u8]) -> Option<u32> {
    if blob.len() < HEADER_BYTES + NONCE_BYTES + TAG_BYTES
        || blob[0] != VERSION
        || blob[1] != ALG_AES_256_GCM
    {
        return None;
    }
    Some(u32::from_be_bytes([blob[2], blob[3], blob[4], blob[5]]))
}

/// Opens a blob whose header names `key_version`; none when anything was altered or moved.
pub(super) fn open(
    key: &Key32,
    key_version: u32,
    subject: SubjectId,
    place: Place,
    blob: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: [u8; NONCE_BYTES] = blob
        .get(HEADER_BYTES..HEADER_BYTES + NONCE_BYTES)?
        .try_into()
        .ok()?;
    let sealed = blob.get(HEADER_BYTES + NONCE_BYTES..)?;
    let aad = aad(place, subject, key_version);
    Aes256Gcm::new(key.bytes().into())
        .decrypt(
            &nonce.into(),
            Payload {
                msg: sealed,
                aad: &aad,
            },
        )
        .ok()
        .map(Zeroizing::new)
}
