//! JSON that means one thing only.
//!
//! Promises: an object that gives a key twice is refused (which of the two did Meta's checks see?), so are lone
//! surrogates and nesting deeper than 128; NUL, which PostgreSQL cannot hold in text, becomes U+FFFD.
//! Does not: say where the fault is: the text of a parser's error may quote the customer.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::Reason;

const DUPLICATE: &str = "duplicate key";

/// Reads one item.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn read(raw: &RawValue) -> Result<Value, Reason> {
    let mut json = serde_json::Deserializer::from_str(raw.get());
    Strict
        .deserialize(&mut json)
        .map_err(|error| reason(&error))
}

/// The reason that a parser's error amounts to.
pub(super) fn reason(error: &serde_json::Error) -> Reason {
    let text = error.to_string();
    if text.starts_with(DUPLICATE) || text.starts_with("duplicate field") {
        Reason::DuplicateKey
    } else if text.starts_with("recursion limit exceeded") {
        Reason::TooDeep
    } else {
        Reason::Malformed
    }
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(without_nul(value)))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if all.insert(without_nul(&key), value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Value::Object(all))
    }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strict(text: &str) -> Result<Value, Reason> {
        read(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn a_key_given_twice_is_refused_wherever_it_is() {
        assert_eq!(
            strict(r#"{"from":"1","from":"2"}"#),
            Err(Reason::DuplicateKey)
        );
        assert_eq!(
            strict(r#"{"a":[{"b":{"c":1,"\u0063":2}}]}"#),
            Err(Reason::DuplicateKey)
        );
    }

    #[test]
    fn ten_thousand_levels_are_refused_without_a_stack_overflow() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(strict(&deep), Err(Reason::TooDeep));
    }

    #[test]
    fn lone_surrogates_are_refused() {
        assert_eq!(strict(r#"{"body":"\ud800"}"#), Err(Reason::Malformed));
        assert_eq!(strict(r#""\ud83d\ude00""#), Ok(Value::from("\u{1f600}")));
    }

    #[test]
    fn nul_becomes_the_replacement_character() {
        assert_eq!(
            strict(r#"{"a\u0000":"b\u0000c"}"#),
            Ok(serde_json::json!({"a\u{fffd}": "b\u{fffd}c"}))
        );
    }

    proptest! {
        #[test]
        fn what_has_no_duplicates_reads_as_serde_json_reads_it(keys in prop::collection::btree_set("[a-z]{1,6}", 0..8), number in any::<i64>()) {
            let object: Map<String, Value> = keys.iter().map(|key| (key.clone(), Value::from(number))).collect();
            let value = serde_json::json!([object, "text", null, true, 1.5]);
            prop_assert_eq!(strict(&value.to_string()), Ok(value));
        }
    }
}
