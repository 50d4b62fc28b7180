//! Where a secret comes from: a file that is named, or one line of standard input.

use std::path::Path;

use anyhow::Context as _;
use secrecy::SecretString;

use crate::cli::{Failure, secret_from_stdin};

/// A secret may be so long, in bytes.
const MAX_SECRET_BYTES: u64 = 16 * 1024;

/// Reads it.
///
/// # Errors
/// [`Failure::Other`] when it is missing, empty or has more than one line.
pub(super) fn read(file: Option<&Path>, what: &str) -> Result<SecretString, Failure> {
    match file {
        Some(path) => from_file(path, what),
        None => checked(&secret_from_stdin(what)?, what),
    }
}

/// Reads it from a file.
///
/// # Errors
/// As [`read`].
pub(super) fn from_file(path: &Path, what: &str) -> Result<SecretString, Failure> {
    let size = std::fs::metadata(path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .len();
    if size > MAX_SECRET_BYTES {
        return Err(anyhow::anyhow!("{} is too long for {what}", path.display()).into());
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    checked(&text, what)
}

fn checked(text: &str, what: &str) -> Result<SecretString, Failure> {
    let text = text.trim();
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain {
        return Err(anyhow::anyhow!(
            "{what} must be one line without spaces; is it the right one?"
        )
        .into());
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_plain_line_and_is_not_repeated_when_it_is_not() {
        assert!(checked("EAAG123\n", "the token").is_ok());
        for text in ["", "  \n", "hunter 2", "hunter\n2", "hünter"] {
            let refused = checked(text, "the token").unwrap_err().to_string();
            assert!(refused.contains("one line"), "{refused}");
            assert!(!refused.contains("nter"), "{refused}");
        }
    }
}
