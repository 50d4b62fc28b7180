//! What can be wrong with a configuration. Messages name the key and what to do, never a secret's value.

use std::fmt;
use std::path::PathBuf;

use figment::error::Kind;

use super::Sources;
use super::environment::variable;

/// Why a configuration was refused. The executable prints it and ends with status 78 (EX_CONFIG).
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file is missing or may not be read.
    #[error("the configuration file {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// Not TOML, or TOML of another shape.
    #[error("{place}: {reason}")]
    Malformed {
        /// The file, or the compiled-in defaults.
        place: String,
        /// What is wrong, with line and column if known.
        reason: String,
    },
    /// A key nobody reads: a typing error would otherwise pass silently.
    #[error("{key} (from {place}) is not a key of the configuration; {hint}")]
    UnknownKey {
        /// As given.
        key: String,
        /// File or variable.
        place: String,
        /// What was probably meant.
        hint: String,
    },
    /// A value of the wrong kind.
    #[error("{key} (from {place}): {reason}")]
    Invalid {
        /// The dotted key.
        key: String,
        /// File or variable.
        place: String,
        /// What was expected.
        reason: String,
    },
    /// A secret in a configuration file, where it would be copied and committed.
    #[error(
        "{key} is a secret and may not be in {}; give it as {} or put it into a file and set {key}_file",
        path.display(), variable(key)
    )]
    SecretInFile {
        /// The dotted key.
        key: &'static str,
        /// The configuration file.
        path: PathBuf,
    },
    /// Two sources for one secret: which of them is current?
    #[error("{key} and {key}_file are both set; keep one of them")]
    SecretTwice {
        /// The dotted key.
        key: &'static str,
    },
    /// The file of a secret cannot be used.
    #[error("{key}_file = {}: {reason}", path.display())]
    SecretFile {
        /// The dotted key.
        key: &'static str,
        /// The secret's file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Everything that contradicts or is missing, all at once.
    #[error("{}", list(.0))]
    Findings(Vec<Finding>),
}

/// One thing to repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The dotted key to change.
    pub key: &'static str,
    /// What is wrong with it and what to do.
    pub problem: String,
}

impl Finding {
    pub(super) fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self {
            key,
            problem: problem.into(),
        }
    }

    /// A required secret that nobody gave.
    pub(super) fn missing_secret(key: &'static str, what_for: &str) -> Self {
        Self::new(
            key,
            format!(
                "missing, needed for {what_for}; set {} or {key}_file",
                variable(key)
            ),
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.problem)
    }
}

fn list(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("- {finding}"))
        .collect();
    format!("the configuration is refused:\n{}", lines.join("\n"))
}

impl ConfigError {
    /// Findings as an error, none as success.
    pub(super) fn unless_empty(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Self::Findings(findings))
        }
    }

    pub(super) fn from_figment(error: figment::Error, sources: &Sources) -> Self {
        let key = error.path.join(".");
        let place = sources.place_of(&key);
        match error.kind {
            Kind::UnknownField(field, known) => {
                let section = key
                    .strip_suffix(&field)
                    .unwrap_or(&key)
                    .trim_end_matches('.');
                let key = if section.is_empty() {
                    field
                } else {
                    format!("{section}.{field}")
                };
                Self::UnknownKey {
                    key,
                    place,
                    hint: format!("known here: {}", known.join(", ")),
                }
            }
            // without a key it is the file's syntax
            kind if key.is_empty() => Self::Malformed {
                place,
                reason: kind.to_string(),
            },
            kind => Self::Invalid {
                key,
                place,
                reason: kind.to_string(),
            },
        }
    }
}
