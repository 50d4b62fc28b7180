//! Tells the messages of a run from all others, inside what customers write. Pure.
//!
//! Promises: a mark is punctuation only, so a bot that reads words does not see it; no character of it is escaped in JSON
//! or changed by WhatsApp.

/// Sixteen characters for sixteen digits; none of them opens, ends or parts a mark.
const DIGITS: &[u8; 16] = b"!#$%&()*+,-:;=?@";

/// The mark of one run.
#[derive(Clone, Debug)]
pub(crate) struct Mark(String);

impl Mark {
    /// Runs of different salts have different marks.
    pub(crate) fn new(salt: u64) -> Self {
        Self(format!("[{}.", spell(salt & 0xffff_ffff)))
    }

    /// The text that marks the n-th message.
    pub(crate) fn stamp(&self, n: u64) -> String {
        format!("{}{}]", self.0, spell(n))
    }

    /// Whether there is a message of this run in a text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }

    /// The number of the first message of this run in a text.
    pub(crate) fn read(&self, text: &str) -> Option<u64> {
        let rest = &text[text.find(&self.0)? + self.0.len()..];
        let digits = &rest.as_bytes()[..rest.find(']')?];
        if digits.is_empty() || digits.len() > 15 {
            return None;
        }
        digits.iter().try_fold(0, |number, byte| {
            let digit = DIGITS.iter().position(|digit| digit == byte)?;
            Some(number * 16 + digit as u64)
        })
    }
}

fn spell(number: u64) -> String {
    let hex = format!("{number:x}");
    let digits = hex.chars().filter_map(|digit| digit.to_digit(16));
    digits
        .map(|digit| char::from(DIGITS[digit as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stamped_is_read_again() {
        let mark = Mark::new(0xdead_beef_1234);
        for n in [0, 1, 15, 16, 255, 1_000_000_007] {
            let text = format!("menu {}...", mark.stamp(n));
            assert_eq!(mark.read(&text), Some(n));
            assert!(mark.is_in(&text));
            let escaped = serde_json::Value::from(text.as_str()).to_string();
            assert_eq!(escaped, format!("\"{text}\""), "JSON leaves it as it is");
        }
    }

    #[test]
    fn other_runs_and_half_marks_are_not_read() {
        let mark = Mark::new(1);
        assert_eq!(mark.read(&Mark::new(2).stamp(7)), None);
        assert_eq!(mark.read("menu"), None);
        assert_eq!(mark.read(mark.stamp(7).trim_end_matches(']')), None);
        assert_eq!(mark.read("[#.]"), None);
    }

    #[test]
    fn a_bot_sees_no_letter_or_digit_in_it() {
        assert!(
            !Mark::new(0x0123_4567)
                .stamp(0x89ab_cdef)
                .contains(char::is_alphanumeric)
        );
    }
}
