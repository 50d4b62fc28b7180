//! How people and messages are named on Meta's wire: wa_id, BSUID, wamid.
//!
//! Promises: a phone always has the same BSUID, with or without the Brazilian ninth digit; a wamid carries the phone's
//! digits like Meta's do.
//! Does not: say whether a number exists.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Digits of a phone as people write it, or `None` when it cannot be one (7 to 15 digits; `+`, spaces, `-`, `(`, `)`, `.` are skipped).
pub(crate) fn phone_digits(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')' | '.'))
        .collect();
    let plausible = digits.bytes().all(|b| b.is_ascii_digit()) && (7..=15).contains(&digits.len());
    plausible.then_some(digits)
}

/// True when the text has the form of a BSUID: `BR.123`, `US.ENT.123`.
pub(crate) fn is_bsuid(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && (1..=128).contains(&rest.len())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The other form of a Brazilian mobile: with or without the ninth digit. Landlines and other countries have none.
pub(crate) fn ninth_digit_alias(digits: &str) -> Option<String> {
    let local = digits.strip_prefix("55")?;
    let (area, number) = local.split_at_checked(2)?;
    let mobile = |n: &str| n.starts_with(['6', '7', '8', '9']);
    match number.len() {
        9 => number
            .strip_prefix('9')
            .filter(|rest| mobile(rest))
            .map(|rest| format!("55{area}{rest}")),
        8 if mobile(number) => Some(format!("55{area}9{number}")),
        _ => None,
    }
}

/// The `wa_id` Meta would keep for an area code from 31 on: without the ninth digit.
pub(crate) fn without_ninth_digit(digits: &str) -> Option<String> {
    let area: u32 = digits.get(2..4)?.parse().ok()?;
    let alias = ninth_digit_alias(digits)?;
    (area >= 31 && alias.len() < digits.len()).then_some(alias)
}

/// The longer Brazilian form of a mobile, or the digits as they are: what both forms share.
pub(crate) fn canonical(digits: &str) -> String {
    match ninth_digit_alias(digits) {
        Some(longer) if longer.len() > digits.len() => longer,
        _ => digits.to_owned(),
    }
}

/// The user id within a portfolio of the person with this seed: the canonical phone, or a random text after a rotation.
pub(crate) fn bsuid(portfolio: &str, seed: &str, country: &str) -> String {
    format!("{country}.{:020}", decimal("bsuid", portfolio, seed))
}

/// The id that several portfolios of one enterprise share.
pub(crate) fn parent_bsuid(portfolio: &str, seed: &str, country: &str) -> String {
    format!("{country}.ENT.{:020}", decimal("parent", portfolio, seed))
}

fn decimal(purpose: &str, portfolio: &str, seed: &str) -> u128 {
    let hash = Sha256::digest(format!("{purpose}|{portfolio}|{seed}"));
    let number = hash
        .iter()
        .take(15)
        .fold(0_u128, |sum, byte| sum * 256 + u128::from(*byte));
    number % 10_u128.pow(20)
}

/// The two letters a user id begins with.
pub(crate) fn country(digits: &str) -> &'static str {
    const CODES: [(&str, &str); 8] = [
        ("55", "BR"),
        ("351", "PT"),
        ("54", "AR"),
        ("52", "MX"),
        ("34", "ES"),
        ("44", "GB"),
        ("1", "US"),
        ("49", "DE"),
    ];
    CODES
        .iter()
        .find(|(prefix, _)| digits.starts_with(prefix))
        .map_or("ZZ", |(_, code)| code)
}

/// Who wrote the message a wamid names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Customer,
    Business,
}

/// A fresh message id: `wamid.` and base64 over the phone's digits, a direction mark and 20 random hex digits.
pub(crate) fn wamid(phone: &str, author: Author) -> String {
    let mut bytes = vec![0x1c, 0x18, u8::try_from(phone.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(phone.as_bytes());
    let mark = match author {
        Author::Customer => 0x12,
        Author::Business => 0x11,
    };
    bytes.extend_from_slice(&[0x15, 0x02, 0x00, mark, 0x18, 0x14]);
    bytes.extend_from_slice(hex::encode_upper(rand::random::<[u8; 10]>()).as_bytes());
    bytes.push(0);
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// A message id as ugly as Meta allows: over 128 characters, with `/`, `+` and `=`.
pub(crate) fn odd_wamid(phone: &str) -> String {
    let mut bytes = vec![0x1c, 0x18, u8::try_from(phone.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(phone.as_bytes());
    while !bytes.len().is_multiple_of(3) {
        bytes.push(0);
    }
    // `+/+/` and then as much chance as it takes; one byte at the end makes the padding.
    bytes.extend_from_slice(&[0xfb, 0xff, 0xbf]);
    bytes.extend_from_slice(&rand::random::<[u8; 28]>());
    bytes.extend_from_slice(&rand::random::<[u8; 32]>());
    bytes.extend_from_slice(&rand::random::<[u8; 24]>());
    while bytes.len() % 3 != 1 {
        bytes.push(0);
    }
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// A fresh id of a call.
pub(crate) fn wacid() -> String {
    format!("wacid.{}", STANDARD.encode(rand::random::<[u8; 20]>()))
}

/// A fresh id of a group.
pub(crate) fn group_id() -> String {
    format!("Y2FwaV9ncm91cDo{}", hex::encode(rand::random::<[u8; 12]>()))
}

/// True when the text has the form of a group id.
pub(crate) fn is_group_id(text: &str) -> bool {
    text.starts_with("Y2FwaV9ncm91cDo") && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The same decimal id for the same text, for what exists from the first day.
pub(crate) fn fixed_id(text: &str) -> String {
    (1_000_000_000_000_000 + decimal("fixed", "", text) % 9_000_000_000_000_000).to_string()
}

/// A random decimal id like those of media and templates.
pub(crate) fn numeric_id() -> String {
    (1_000_000_000_000_000 + rand::random::<u64>() % 9_000_000_000_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wamid_contains_the_phone() {
        let id = wamid("5511912345678", Author::Business);
        let raw = STANDARD.decode(id.strip_prefix("wamid.").unwrap()).unwrap();
        assert!(raw.windows(13).any(|w| w == b"5511912345678"));
        assert_ne!(id, wamid("5511912345678", Author::Business));
    }

    #[test]
    fn a_bsuid_is_stable_across_the_ninth_digit() {
        let of = |portfolio: &str, phone: &str| bsuid(portfolio, &canonical(phone), country(phone));
        let long = of("1", "5531987654321");
        assert_eq!(long, of("1", "553187654321"));
        assert!(is_bsuid(&long) && long.starts_with("BR."), "{long}");
        assert_ne!(long, of("2", "5531987654321"));
        assert!(is_bsuid(&parent_bsuid("1", "x", "BR")));
    }

    #[test]
    fn an_odd_wamid_is_long_and_needs_escaping() {
        let id = odd_wamid("5511912345678");
        assert!(
            id.len() > 128 && id.contains('/') && id.contains('+') && id.ends_with('='),
            "{id}"
        );
    }

    #[test]
    fn landlines_have_no_alias() {
        assert_eq!(ninth_digit_alias("551133334444"), None);
        assert_eq!(
            ninth_digit_alias("5531987654321").as_deref(),
            Some("553187654321")
        );
        assert_eq!(without_ninth_digit("5511987654321"), None);
        assert_eq!(
            without_ninth_digit("5531987654321").as_deref(),
            Some("553187654321")
        );
    }

    #[test]
    fn phones_are_told_from_bsuids() {
        assert_eq!(
            phone_digits("+55 (11) 91234-5678").as_deref(),
            Some("5511912345678")
        );
        assert_eq!(phone_digits("BR.123"), None);
        assert!(is_bsuid("US.ENT.11815799212886844830"));
        assert!(!is_bsuid("5511912345678") && !is_bsuid("br.1") && !is_bsuid("BR."));
    }
}
