//! The environment as a source: `BALCAO__SECTION__KEY=value`, two underscores between the parts.
//!
//! A value is read as what the key's default is: text stays text (so that a secret of digits keeps its zeros), numbers
//! and yes/no are parsed, a list is split at commas. The only place that touches the process's environment.

use std::ffi::OsString;
use std::path::PathBuf;

use compliance::Mutant;
use figment::Figment;
use figment::value::Value;

use super::ConfigError;

const PREFIX: &str = "BALCAO__";
const FILE_VARIABLE: &str = "BALCAO_CONFIG";
const MUTANT_VARIABLE: &str = "BALCAO_MUTANT";

/// Where a configuration comes from, besides the defaults. A value, so that tests and `balcao demo` need no process
/// environment.
#[derive(Clone, Default)]
pub struct Sources {
    /// The TOML file, if any.
    pub file: Option<PathBuf>,
    /// Environment variables; only `BALCAO__*` are read.
    pub environment: Vec<(String, String)>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // values may be secrets
        let names: Vec<&str> = self
            .environment
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("environment", &names)
            .finish()
    }
}

impl Sources {
    /// The process's: `file` is `--config`, else `BALCAO_CONFIG`, else none.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] for a `BALCAO__*` variable that is not UTF-8.
    pub fn of_process(file: Option<PathBuf>) -> Result<Self, ConfigError> {
        let mut sources = Self {
            file,
            environment: Vec::new(),
        };
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str() else { continue };
            if name == FILE_VARIABLE && sources.file.is_none() && !value.is_empty() {
                sources.file = Some(PathBuf::from(&value));
            } else if name.starts_with(PREFIX) {
                sources
                    .environment
                    .push((name.to_owned(), text(name, value)?));
            }
        }
        Ok(sources)
    }

    /// Adds a value under its dotted key (`webhook.max_batch`), as if the environment held it.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.environment.push((variable(key), value.into()));
        self
    }

    /// Which source set a key, for error messages.
    pub(super) fn place_of(&self, key: &str) -> String {
        let name = variable(key);
        if self
            .environment
            .iter()
            .any(|(candidate, _)| *candidate == name)
        {
            return name;
        }
        self.file.as_ref().map_or_else(
            || "the compiled-in defaults".to_owned(),
            |path| path.display().to_string(),
        )
    }
}

/// Chooses the deliberate fault that `BALCAO_MUTANT` names, in a build that has them; call it once, before anything else.
/// The product has none and does not look.
///
/// # Errors
/// [`ConfigError::Invalid`] for a name that no fault has.
pub fn choose_mutant() -> Result<Option<Mutant>, ConfigError> {
    if !Mutant::COMPILED {
        return Ok(None);
    }
    let Some(name) = std::env::var_os(MUTANT_VARIABLE) else {
        return Ok(None);
    };
    let name = text(MUTANT_VARIABLE, name)?;
    match Mutant::choose(&name) {
        Some(mutant) => Ok(Some(mutant)),
        None => Err(ConfigError::Invalid {
            key: MUTANT_VARIABLE.to_owned(),
            place: "the environment".to_owned(),
            reason: format!("no mutant is called `{name}`; docs/mutants.md lists them"),
        }),
    }
}

fn text(name: &str, value: OsString) -> Result<String, ConfigError> {
    value.into_string().map_err(|_| ConfigError::Invalid {
        key: dotted(name),
        place: name.to_owned(),
        reason: "it must be UTF-8 text".to_owned(),
    })
}

/// The variable that sets a dotted key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn dotted(variable: &str) -> String {
    variable
        .trim_start_matches(PREFIX)
        .replace("__", ".")
        .to_lowercase()
}

/// The variables as typed values under their dotted keys.
pub(super) fn read(
    sources: &Sources,
    defaults: &Figment,
) -> Result<Vec<(String, Value)>, ConfigError> {
    let mut values = Vec::new();
    for (name, text) in &sources.environment {
        if !name.starts_with(PREFIX) {
            continue;
        }
        let key = dotted(name);
        let default = defaults
            .find_value(&key)
            .ok()
            .filter(|value| value.as_dict().is_none());
        let Some(default) = default else {
            return Err(unknown(key, name, defaults));
        };
        let value = typed(&default, text).map_err(|expected| ConfigError::Invalid {
            key: key.clone(),
            place: name.clone(),
            reason: format!("expected {expected}"),
        })?;
        values.push((key, value));
    }
    Ok(values)
}

fn unknown(key: String, name: &str, defaults: &Figment) -> ConfigError {
    let section = key.rsplit_once('.').map_or("", |(section, _)| section);
    let known = defaults.find_value(section).ok().and_then(|value| {
        value
            .into_dict()
            .map(|keys| keys.into_keys().collect::<Vec<_>>().join(", "))
    });
    let hint = match known {
        Some(known) if !section.is_empty() => format!("known in [{section}]: {known}"),
        _ => "write BALCAO__SECTION__KEY with two underscores; docs/configuration.md lists them"
            .to_owned(),
    };
    ConfigError::UnknownKey {
        key,
        place: name.to_owned(),
        hint,
    }
}

fn typed(default: &Value, text: &str) -> Result<Value, &'static str> {
    match default {
        Value::Bool(..) => text
            .parse::<bool>()
            .map(Value::from)
            .map_err(|_| "true or false"),
        Value::Num(..) => text
            .parse::<u64>()
            .map(Value::from)
            .map_err(|_| "a whole number, not negative"),
        Value::Array(..) => Ok(text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .into()),
        _ => Ok(Value::from(text)),
    }
}
