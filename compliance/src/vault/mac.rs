//! Blind indexes: equal values meet without being readable.
//!
//! HMAC-SHA256 under the index key over lp(label) lp(part)…, lp = u32 big-endian length + bytes.
//! Promises: the same value gives the same MAC on every node for as long as the index key version stays.
//! Does not: hide equality; that is what it is for.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

use super::{blob::length, key::Key32};

/// A keyed digest of a personal value; not personal without the index key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 32]);

impl Mac {
    /// The bytes, as columns store them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Lower-case hexadecimal, for keys in Redis.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl AsRef<[u8]> for Mac {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Mac {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mac({}…)", hex::encode(&self.0[..4]))
    }
}

pub(super) fn mac(key: &Key32, label: &str, parts: &[&[u8]]) -> Mac {
    // HMAC takes a key of any length: the error cannot happen, and a zero MAC would be refused by every test.
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key.bytes()) else {
        return Mac([0; 32]);
    };
    for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
        hmac.update(&length(part).to_be_bytes());
        hmac.update(part);
    }
    Mac(hmac.finalize().into_bytes().into())
}
