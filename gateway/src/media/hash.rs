//! SHA-256 as Meta writes it: base64 in webhooks, hexadecimal from the media endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The hash that a text says; `None` when it says none, and cannot be compared then.
#[must_use]
pub fn parse(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bytes = match text.len() {
        64 => hex::decode(text).ok(),
        44 => STANDARD.decode(text).ok(),
        43 => STANDARD_NO_PAD
            .decode(text)
            .or_else(|_| URL_SAFE_NO_PAD.decode(text))
            .ok(),
        _ => None,
    };
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let hash = [7; 32];
        assert_eq!(parse(&hex::encode(hash)), Some(hash));
        assert_eq!(parse(&STANDARD.encode(hash)), Some(hash));
        assert_eq!(parse(&URL_SAFE_NO_PAD.encode(hash)), Some(hash));
        assert_eq!(parse("nonsense"), None);
    }
}
