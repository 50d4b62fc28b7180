//! Opaque tokens: 256 random bits that only their holder knows; we keep SHA-256.
//!
//! A fast hash is enough: nobody guesses 256 bits. The prefix lets secret scanners recognise a leaked one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use compliance::mask::Secret;
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};

use crate::error::Error;

/// Prefix of refresh tokens.
pub(super) const REFRESH: &str = "blcr_";
/// Prefix of WebSocket tickets.
pub(super) const TICKET: &str = "blct_";
/// Longest text that is looked at.
const MAX_BYTES: usize = 128;

/// A new token with a prefix.
///
/// # Errors
/// [`Error::Internal`] without randomness.
pub(super) fn new(prefix: &str) -> Result<Secret, Error> {
    let mut bytes = [0_u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| Error::Internal("the operating system gave no randomness"))?;
    Ok(Secret::new(format!(
        "{prefix}{}",
        URL_SAFE_NO_PAD.encode(bytes)
    )))
}

/// What is stored of a token; `None` when it cannot be one of ours.
pub(super) fn hash(prefix: &str, token: &str) -> Option<[u8; 32]> {
    let ours = token.len() <= MAX_BYTES && token.starts_with(prefix);
    ours.then(|| Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_fit_a_subprotocol() {
        let (one, two) = (new(TICKET).unwrap(), new(TICKET).unwrap());
        assert!(one != two);
        assert!(
            one.expose()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        );
        assert_eq!(one.expose().len(), TICKET.len() + 43);
    }

    #[test]
    fn only_its_own_kind_is_looked_at() {
        let token = new(REFRESH).unwrap();
        assert!(hash(REFRESH, token.expose()).is_some());
        assert!(hash(TICKET, token.expose()).is_none());
        assert!(hash(REFRESH, &format!("{REFRESH}{}", "a".repeat(1_000))).is_none());
    }
}
