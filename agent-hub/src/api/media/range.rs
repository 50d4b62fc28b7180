//! Which bytes of a file are asked for (RFC 9110 section 14).
//!
//! Promises: pure; one range is served, several are refused, nonsense is the whole file as the RFC says.

use compliance::Mutant;
use std::ops::Range;

use axum::http::{HeaderMap, header};

/// Longest header that is read, in bytes.
const MAX_HEADER_BYTES: usize = 64;

/// What is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: 200.
    All,
    /// A part: 206.
    Part(Range<u64>),
    /// Several parts, or none of this file: 416.
    Refused,
}

/// The part of a file of `size_bytes` that a request asks for.
#[must_use]
pub fn wanted(headers: &HeaderMap, size_bytes: u64) -> Wanted {
    let mut ranges = headers.get_all(header::RANGE).iter();
    let Some(first) = ranges.next() else {
        return Wanted::All;
    };
    // A range of another representation would be a lie, and we give no validators to compare.
    if headers.contains_key(header::IF_RANGE) {
        return Wanted::All;
    }
    let text = first.to_str().unwrap_or_default();
    let Some(set) = text.strip_prefix("bytes=") else {
        return Wanted::All;
    };
    if Mutant::RangesUncounted.lives() && set.contains(',') {
        return Wanted::All;
    }
    if ranges.next().is_some() || text.len() > MAX_HEADER_BYTES || set.contains(',') {
        return Wanted::Refused;
    }
    let Some((from, to)) = set.trim().split_once('-') else {
        return Wanted::All;
    };
    match (number(from), number(to)) {
        // The last so many bytes.
        (None, Some(0)) if from.is_empty() => Wanted::Refused,
        (None, Some(last)) if from.is_empty() && size_bytes > 0 => {
            Wanted::Part(size_bytes.saturating_sub(last)..size_bytes)
        }
        (Some(from), to) if from < size_bytes => match to {
            None if set.ends_with('-') => Wanted::Part(from..size_bytes),
            Some(to) if to >= from => Wanted::Part(from..to.saturating_add(1).min(size_bytes)),
            _ => Wanted::All,
        },
        (Some(_), _) => Wanted::Refused,
        _ => Wanted::All,
    }
}

fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number too large for us is larger than any file.
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(range: &str) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
        wanted(&headers, 100)
    }

    #[test]
    fn one_range_is_served() {
        assert_eq!(of("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(of("bytes=10-"), Wanted::Part(10..100));
        assert_eq!(of("bytes=10-1000"), Wanted::Part(10..100));
        assert_eq!(of("bytes=-30"), Wanted::Part(70..100));
        assert_eq!(of("bytes=-300"), Wanted::Part(0..100));
        assert_eq!(
            of("bytes=5-99999999999999999999999999"),
            Wanted::Part(5..100)
        );
    }

    #[test]
    fn several_ranges_and_none_of_the_file_are_refused() {
        let many = format!("bytes={}", "0-,".repeat(1_000));
        for range in [
            "bytes=0-,0-",
            "bytes=0-1,2-3",
            many.as_str(),
            "bytes=100-",
            "bytes=500-600",
            "bytes=-0",
        ] {
            assert_eq!(of(range), Wanted::Refused, "{range}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, HeaderValue::from_static("bytes=0-"));
        headers.append(header::RANGE, HeaderValue::from_static("bytes=0-"));
        assert_eq!(wanted(&headers, 100), Wanted::Refused);
    }

    #[test]
    fn nonsense_is_the_whole_file() {
        for range in [
            "lines=1-2",
            "bytes=a-b",
            "bytes=7-3",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=--1",
        ] {
            assert_eq!(of(range), Wanted::All, "{range}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 100), Wanted::All);
    }
}
