//! How Meta names people: telephone numbers and business-scoped user ids (BSUIDs).
//!
//! Promises: a value that passed is what it claims to be, whole and unchanged; other spellings of a number are match
//! keys only and never an address.
//! Does not: compute the form to send to (Meta resolves that), nor guess for countries where two spellings may be two
//! people: an Argentinian number without the 9 may be a landline, so that form is a spelling of its own kind.

use serde::{Deserialize, Serialize};

/// A telephone number as digits may not be longer (E.164 allows 15; room for Meta's test numbers).
const MAX_PHONE_DIGITS: usize = 20;
/// The opaque part of a BSUID may not be longer (Meta, "Business-scoped user IDs", 2026-05).
const MAX_BSUID_CHARS: usize = 128;
/// A group's id may not be longer.
const MAX_GROUP_CHARS: usize = 256;

/// Where a reply goes, as Meta's send call names it and as `contact_channel.sealed_address` holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Address {
    /// `+` and the digits of a telephone number: preferred, Meta resolves it best. Without `+` Meta may put the business
    /// number's country before it.
    #[serde(rename = "to")]
    To(String),
    /// A BSUID, when the phone is not shared. In `to` it would be taken for digits and silently dropped.
    #[serde(rename = "recipient")]
    Recipient(String),
    /// A group's id; it goes in `to` with `recipient_type` group.
    #[serde(rename = "group")]
    Group(String),
}

impl Address {
    /// The address of a telephone number in digits.
    pub fn of_phone(digits: &str) -> Self {
        Self::To(format!("+{digits}"))
    }

    /// Whether the address is of the form that its field wants.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::To(number) => number.strip_prefix('+').is_some_and(is_phone),
            Self::Recipient(id) => is_bsuid(id),
            Self::Group(id) => is_group(id),
        }
    }
}

/// Never the address itself.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::To(_) => "To(..)",
            Self::Recipient(_) => "Recipient(..)",
            Self::Group(_) => "Group(..)",
        })
    }
}

/// Whether the text is a telephone number as Meta writes it: 1 to 20 digits and nothing else.
pub fn is_phone(text: &str) -> bool {
    (1..=MAX_PHONE_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text can be a group's id: opaque, printable, without spaces.
pub fn is_group(text: &str) -> bool {
    (1..=MAX_GROUP_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether the text is a BSUID: `^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`.
pub fn is_bsuid(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let opaque = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=MAX_BSUID_CHARS).contains(&opaque.len())
        && opaque.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Other spellings under which the same subscriber may already be known.
///
/// Brazil: mobiles with and without the ninth digit (accounts from area code 31 on often lack it); local numbers that
/// begin with 2 to 5 are landlines and have no other spelling. Mexico: with and without the 1 after 52.
pub fn variants(phone: &str) -> Vec<String> {
    let other = if let Some(national) = phone.strip_prefix("55") {
        brazilian(national).map(|national| format!("55{national}"))
    } else if let Some(national) = phone.strip_prefix("52") {
        mexican(national).map(|national| format!("52{national}"))
    } else {
        None
    };
    other.into_iter().collect()
}

/// The form of an Argentinian mobile without the 9: how people write it, but it may be a landline of somebody else's. It
/// may find only a record that has no sender of its own.
pub fn stripped(phone: &str) -> Option<String> {
    let national = phone.strip_prefix("549")?;
    (national.len() == 10).then(|| format!("54{national}"))
}

/// What else to look for when a person asks for a number and nobody has it: the other Argentinian form, either way.
pub fn last_resort(phone: &str) -> Option<String> {
    let with_nine = || {
        let national = phone.strip_prefix("54")?;
        (national.len() == 10).then(|| format!("549{national}"))
    };
    stripped(phone).or_else(with_nine)
}

/// Whether two numbers are spellings of one subscriber.
pub fn same_subscriber(one: &str, other: &str) -> bool {
    one == other || variants(one).iter().any(|variant| variant == other)
}

fn brazilian(national: &str) -> Option<String> {
    let (area, local) = national.split_at_checked(2)?;
    let is_mobile = |first: u8| (b'6'..=b'9').contains(&first);
    match local.as_bytes() {
        [b'9', first, ..] if local.len() == 9 && is_mobile(*first) => {
            Some(format!("{area}{}", &local[1..]))
        }
        [first, ..] if local.len() == 8 && is_mobile(*first) => Some(format!("{area}9{local}")),
        _ => None,
    }
}

fn mexican(national: &str) -> Option<String> {
    match national.len() {
        10 => Some(format!("1{national}")),
        11 => national.strip_prefix('1').map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brazilian_mobiles_are_known_with_and_without_the_ninth_digit() {
        assert_eq!(variants("5531987654321"), ["553187654321"]);
        assert_eq!(variants("553187654321"), ["5531987654321"]);
        assert!(same_subscriber("553187654321", "5531987654321"));
    }

    #[test]
    fn brazilian_landlines_have_no_other_spelling() {
        for landline in [
            "551132654321",
            "551123456789",
            "551154321098",
            "5511923456789",
        ] {
            assert_eq!(variants(landline), Vec::<String>::new(), "{landline}");
        }
    }

    #[test]
    fn mexican_numbers_are_known_with_and_without_the_one() {
        assert_eq!(variants("5215512345678"), ["525512345678"]);
        assert_eq!(variants("525512345678"), ["5215512345678"]);
    }

    #[test]
    fn argentinian_numbers_are_never_guessed() {
        assert_eq!(variants("5491123456789"), Vec::<String>::new());
        assert_eq!(variants("541123456789"), Vec::<String>::new());
    }

    #[test]
    fn bsuids_are_recognised_whole() {
        assert!(is_bsuid("US.13491208655302741918"));
        assert!(is_bsuid("US.ENT.11815799212886844830"));
        assert!(is_bsuid(&format!("BR.{}", "a".repeat(128))));
        for bad in [
            "",
            "US.",
            "us.1",
            "USA.1",
            "US.ENT.",
            "US.1 2",
            "US.1.2",
            "5511987654321",
        ] {
            assert!(!is_bsuid(bad), "{bad}");
        }
        assert!(!is_bsuid(&format!("BR.{}", "a".repeat(129))));
    }

    #[test]
    fn an_address_is_stored_as_the_send_call_names_it() {
        let phone = Address::of_phone("5511987654321");
        assert_eq!(
            serde_json::to_string(&phone).unwrap(),
            r#"{"to":"+5511987654321"}"#
        );
        let user: Address = serde_json::from_str(r#"{"recipient":"BR.1"}"#).unwrap();
        assert_eq!(user, Address::Recipient("BR.1".into()));
        assert!(phone.is_sound() && user.is_sound());
        assert!(
            !Address::To("BR.1".into()).is_sound(),
            "Meta would drop it silently"
        );
    }

    #[test]
    fn an_argentinian_mobile_is_also_written_without_its_nine() {
        assert_eq!(stripped("5491123456789").as_deref(), Some("541123456789"));
        assert_eq!(
            last_resort("541123456789").as_deref(),
            Some("5491123456789")
        );
        for other in ["541123456789", "549112345678", "5511987654321", ""] {
            assert_eq!(stripped(other), None, "{other}");
        }
    }

    #[test]
    fn a_phone_is_digits_only() {
        assert!(is_phone("5511987654321"));
        for bad in [
            "",
            "+5511",
            "' OR 1=1--",
            "../../x",
            "123456789012345678901",
            "\u{0661}\u{0662}",
        ] {
            assert!(!is_phone(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_spelling_of_a_spelling_is_the_number_itself(phone in "(55[1-9][1-9]9[6-9][0-9]{7}|521?[2-9][0-9]{9})") {
            for variant in variants(&phone) {
                prop_assert!(is_phone(&variant));
                prop_assert_eq!(variants(&variant), vec![phone.clone()]);
            }
        }

        #[test]
        fn any_text_is_judged_without_a_panic(text in ".{0,200}") {
            prop_assert!(!(is_phone(&text) && is_bsuid(&text)));
            prop_assert!(variants(&text).len() <= 1);
        }
    }
}
