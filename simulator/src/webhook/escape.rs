//! Serialises a body the way Meta does: ASCII only, `\u` escapes with surrogate pairs, `/` as `\/`.
//!
//! Promises: any JSON reader gets the same value; the bytes are those the signature is made over.

use serde_json::Value;
use std::fmt::Write as _;

/// The body as Meta would send it.
#[must_use]
pub fn to_meta_json(value: &Value) -> String {
    let plain = value.to_string();
    let mut escaped = String::with_capacity(plain.len() + plain.len() / 8);
    for character in plain.chars() {
        match character {
            // Outside strings JSON has neither slashes nor characters beyond ASCII.
            '/' => escaped.push_str("\\/"),
            '\u{7f}'.. => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let written = write!(escaped, "\\u{unit:04x}");
                    debug_assert!(written.is_ok());
                }
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accents_emoji_and_slashes_are_escaped() {
        let value = json!({"body": "Olá 👋🏽 https://x.test/a\"b\\c\n"});
        let text = to_meta_json(&value);
        assert_eq!(
            text,
            r#"{"body":"Ol\u00e1 \ud83d\udc4b\ud83c\udffd https:\/\/x.test\/a\"b\\c\n"}"#
        );
        assert!(text.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_backslash_before_a_slash_survives() {
        let value = json!("\\/ \u{7f} \u{2028}");
        assert_eq!(
            serde_json::from_str::<Value>(&to_meta_json(&value)).unwrap(),
            value
        );
    }
}
