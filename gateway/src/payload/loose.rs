//! Reading what others write carelessly: numbers where text is promised and the other way round, blanks, placeholders.
//!
//! Promises: only what can mean one thing is accepted; a list, an object or a truth value is never taken for text.
//! Does not: judge what the text says.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The text under `key`: a string, or a number's digits. Blank text is none.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> Option<Cow<'a, str>> {
    words(object.get(key)?)
}

/// The same, owned.
pub(super) fn owned(object: &Value, key: &str) -> Option<String> {
    text(object, key).map(Cow::into_owned)
}

/// The first of these keys that holds text.
pub(super) fn first(object: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| owned(object, key))
}

/// A value as text.
pub(super) fn words(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The whole number under `key`, also when it is written as text.
pub(super) fn integer(object: &Value, key: &str) -> Option<i64> {
    match object.get(key)? {
        Value::Number(number) => whole(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The number under `key`, also when it is written as text; never infinite.
pub(super) fn decimal(object: &Value, key: &str) -> Option<f64> {
    let number = match object.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Whether `key` holds yes, also when it is written as text.
pub(super) fn is_set(object: &Value, key: &str) -> bool {
    match object.get(key) {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// The objects of the list under `key`; a single object counts as a list of one.
pub(super) fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    match object.get(key) {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// A number without fraction. What is beyond 64 bits is as far as they reach.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to have no fraction; beyond the range it saturates, which is meant"
)]
fn whole(number: &serde_json::Number) -> Option<i64> {
    let exact = number
        .as_i64()
        .or_else(|| number.as_u64().map(|_| i64::MAX));
    exact.or_else(|| {
        let decimal = number.as_f64()?;
        (decimal.fract() == 0.0).then_some(decimal as i64)
    })
}

/// A point in time from Unix seconds. Not before 1970; `None` past the calendar's end.
pub(super) fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds.max(0), 0)
}

/// Whether the text is a blank to fill in, as Meta's documentation prints it: `<WHATSAPP_USER_PHONE_NUMBER>`.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte == b' ')
        })
}

/// The digits of a number however it is spelled; `None` without any.
pub(super) fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_and_numbers_stand_for_each_other_and_nothing_else_does() {
        let object = json!({"a": 5, "b": "x", "c": "", "d": [1], "e": null, "f": true, "g": "17", "h": "1.5", "i": 2.0});
        assert_eq!(text(&object, "a").as_deref(), Some("5"));
        assert_eq!(text(&object, "b").as_deref(), Some("x"));
        for none in ["c", "d", "e", "f", "absent"] {
            assert_eq!(text(&object, none), None, "{none}");
        }
        assert_eq!(integer(&object, "g"), Some(17));
        assert_eq!(integer(&object, "i"), Some(2));
        assert_eq!((integer(&object, "h"), integer(&object, "b")), (None, None));
        assert_eq!(decimal(&object, "h"), Some(1.5));
        assert_eq!(decimal(&json!({"a": "inf"}), "a"), None);
    }

    #[test]
    fn a_list_may_be_absent_null_or_a_single_object() {
        let object = json!({"a": [{}, {}], "b": {}, "c": null, "d": "x"});
        let lengths: Vec<usize> = ["a", "b", "c", "d", "e"]
            .iter()
            .map(|key| list(&object, key).len())
            .collect();
        assert_eq!(lengths, [2, 1, 0, 0, 0]);
    }

    #[test]
    fn only_blanks_of_the_documentation_are_placeholders() {
        assert!(is_placeholder("<WHATSAPP_USER_PHONE_NUMBER>"));
        for other in ["", "<>", "<script>", "5511987654321", "<A", "A>", "<A1>"] {
            assert!(!is_placeholder(other), "{other}");
        }
        assert_eq!(digits("+55 (11) 9-8").as_deref(), Some("551198"));
        assert_eq!(digits("<A>"), None);
    }
}
