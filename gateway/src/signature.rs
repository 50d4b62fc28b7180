//! Whether Meta signed a body: HMAC-SHA256 of the raw bytes with an app secret, in `X-Hub-Signature-256`.
//!
//! Promises: compares in constant time, over the bytes as they came (re-serialised JSON differs on accents and emoji),
//! against every accepted secret (the configuration's and those of all enabled numbers), so that one can be rotated.
//! Does not: protect against replay. The signature holds no time; deduplication and the age of an item do that.

use axum::http::HeaderMap;
use compliance::Mutant;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Meta's header. Its SHA-1 sibling is ignored.
const HEADER: &str = "x-hub-signature-256";
const PREFIX: &str = "sha256=";

/// The signature that a call claims to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed([u8; 32]);

/// Reads the header: exactly one, `sha256=` and 64 hexadecimal digits of either case. `None` means 401.
pub fn claimed(headers: &HeaderMap) -> Option<Claimed> {
    let mut values = headers.get_all(HEADER).iter();
    let (value, another) = (values.next()?, values.next());
    if another.is_some() {
        return None;
    }
    let digits = value.to_str().ok()?.strip_prefix(PREFIX)?;
    let mut mac = [0; 32];
    hex::decode_to_slice(digits, &mut mac).ok()?;
    Some(Claimed(mac))
}

/// Whether one of the secrets signed exactly these bytes. Every secret is tried, whatever the earlier ones said. Whoever
/// holds one of them speaks for all numbers: an installation is one company.
pub fn is_ours<'a>(
    secrets: impl IntoIterator<Item = &'a SecretString>,
    body: &[u8],
    claimed: Claimed,
) -> bool {
    secrets.into_iter().fold(false, |found, secret| {
        found | signed_with(secret, body, claimed)
    })
}

fn signed_with(secret: &SecretString, body: &[u8], claimed: Claimed) -> bool {
    // HMAC takes a key of any length: the error cannot happen, and would refuse.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&claimed.0).is_ok() || Mutant::SignatureUnchecked.lives()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const MAC: &str = "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";
    const SPACED: &[u8] = br#"{"object": "whatsapp_business_account", "entry": []}"#;
    const SPACED_MAC: &str = "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a";

    fn secrets(all: &[&str]) -> Vec<SecretString> {
        all.iter()
            .map(|secret| SecretString::from(*secret))
            .collect()
    }

    fn header(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            HEADER.parse().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        )])
    }

    fn accepts(value: &str, body: &[u8]) -> bool {
        claimed(&header(value))
            .is_some_and(|mac| is_ours(&secrets(&["test_app_secret"]), body, mac))
    }

    #[test]
    fn the_published_vectors_verify() {
        assert!(accepts(&format!("sha256={MAC}"), BODY));
        assert!(accepts(&format!("sha256={SPACED_MAC}"), SPACED));
        assert!(
            !accepts(&format!("sha256={MAC}"), SPACED),
            "the same JSON in other bytes"
        );
    }

    #[test]
    fn upper_case_digits_are_the_same_signature() {
        assert!(accepts(&format!("sha256={}", MAC.to_uppercase()), BODY));
    }

    #[test]
    fn other_forms_are_no_signature() {
        for value in [
            &MAC[..63],
            &format!("{MAC}0"),
            &MAC.replace('d', "g"),
            "",
            "sha256=",
        ] {
            assert_eq!(
                claimed(&header(&format!("sha256={value}"))),
                None,
                "{value}"
            );
        }
        assert_eq!(claimed(&header(MAC)), None, "without prefix");
        assert_eq!(
            claimed(&header(&format!("sha1={MAC}"))),
            None,
            "the older header's form"
        );
        assert_eq!(claimed(&HeaderMap::new()), None);
    }

    #[test]
    fn two_signatures_are_none_even_when_one_is_right() {
        let mut headers = header(&format!("sha256={MAC}"));
        headers.append(HEADER, HeaderValue::from_static("sha256=00"));
        assert_eq!(claimed(&headers), None);
    }

    #[test]
    fn a_secret_in_rotation_still_counts() {
        let mac = claimed(&header(&format!("sha256={MAC}"))).unwrap();
        assert!(is_ours(
            &secrets(&["next_app_secret", "test_app_secret"]),
            BODY,
            mac
        ));
        assert!(!is_ours(&secrets(&["next_app_secret"]), BODY, mac));
        assert!(!is_ours(&[], BODY, mac));
    }

    proptest! {
        #[test]
        fn one_changed_byte_breaks_it(at in 0..BODY.len(), bits in 1..=255_u8) {
            let mut body = BODY.to_vec();
            body[at] ^= bits;
            let claim = format!("sha256={MAC}");
            prop_assert!(!accepts(&claim, &body));
        }

        #[test]
        fn no_header_panics(value in "[ -~]{0,100}") {
            let is_right = value.eq_ignore_ascii_case(&format!("sha256={MAC}"));
            prop_assert!(!accepts(&value, BODY) || is_right);
        }
    }
}
