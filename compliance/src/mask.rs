//! Words that must not be printed by accident.
//!
//! Promises: `Debug` and `Display` of these types show a mask, so a log line, an error or a panic cannot leak them;
//! they deserialize, and deliberately do not serialize. `expose()` is the one way to the value: easy to search for.
//! Does not: validate or normalise; that belongs to whoever parses the wire.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

const DOTS: &str = "•••••";

macro_rules! masked {
    ($(#[$doc:meta])* $name:ident, $mask:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a value; from here on it prints as a mask.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The value itself. Never give it to a log, an error, a metric, a URL or Redis.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// The value itself, owned.
            pub fn into_exposed(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mask: fn(&str) -> String = $mask;
                f.write_str(&mask(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value)
            }
        }
    };
}

masked!(
    /// A telephone number, with or without `+`; shown as `+55•••••1234`.
    Phone,
    mask_phone
);
masked!(
    /// Meta's business-scoped user id, `BR.…`; shown as `BR.•••••`.
    Bsuid,
    |value| keep_until('.', value)
);
masked!(
    /// Meta's message id: base64 that contains the telephone number; shown as `wamid.•••••`.
    Wamid,
    |value| keep_until('.', value)
);
masked!(
    /// The name or user name of a person; nothing of it is shown.
    PersonName,
    |_| DOTS.to_owned()
);

/// A password, token or key: never shown, wiped from memory when dropped, compared in constant time.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

/// `+55•••••1234`: the first two and last four digits of a number of ten digits or more, else nothing of it.
pub fn mask_phone(value: &str) -> String {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 10 {
        return DOTS.to_owned();
    }
    format!("+{}{DOTS}{}", &digits[..2], &digits[digits.len() - 4..])
}

fn keep_until(mark: char, value: &str) -> String {
    match value.split_once(mark) {
        Some((head, _)) if head.len() <= 6 && head.chars().all(|c| c.is_ascii_alphabetic()) => {
            format!("{head}{mark}{DOTS}")
        }
        _ => DOTS.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_and_display_show_a_mask() {
        let phone = Phone::new("+5511912341234");
        assert_eq!(phone.to_string(), "+55•••••1234");
        assert_eq!(format!("{phone:?}"), "Phone(+55•••••1234)");
        assert_eq!(Phone::new("190").to_string(), "•••••");
        assert_eq!(
            Bsuid::new("BR.13491208655302741918").to_string(),
            "BR.•••••"
        );
        assert_eq!(Bsuid::new("13491208655302741918").to_string(), "•••••");
        assert_eq!(
            Wamid::new("wamid.HBgMNTUxMTk5OTk5OTk5OQ==").to_string(),
            "wamid.•••••"
        );
        assert_eq!(
            format!("{:?}", PersonName::new("Zebra")),
            "PersonName(•••••)"
        );
        assert_eq!(
            format!("{:?} {}", Secret::new("x7731"), Secret::new("x7731")),
            "Secret([REDACTED]) [REDACTED]"
        );
    }

    #[test]
    fn the_value_survives_deserialization() {
        let phone: Phone = serde_json::from_str("\"5511912341234\"").unwrap();
        assert_eq!(phone.expose(), "5511912341234");
        let secret: Secret = serde_json::from_str("\"x7731\"").unwrap();
        assert_eq!(secret.expose(), "x7731");
        assert!(secret == Secret::new("x7731") && secret != Secret::new("x7732"));
    }

    #[test]
    fn a_mask_of_any_text_never_panics() {
        for text in [
            "",
            "é",
            "+",
            "•••••••••••",
            "٣٤٥٦٧٨٩٠١٢٣٤",
            "+55 (11) 9123-4567",
            "ação.x",
        ] {
            assert!(
                !format!(
                    "{} {} {}",
                    Phone::new(text),
                    Bsuid::new(text),
                    Wamid::new(text)
                )
                .is_empty()
            );
        }
    }
}
