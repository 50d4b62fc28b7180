//! Reads flows from YAML: from a folder, or the one compiled in.
//!
//! Promises: all mistakes of all files are told at once, each as `file:line:col: what; what to do`; a folder with a
//! mistake yields nothing. Does not: expand aliases without end (the parser's budget), read files over [`MAX_FILE_BYTES`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_saphyr::Error as YamlError;

use super::{Flow, check};

/// Longest flow file, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Most flow files in a folder.
pub const MAX_FILES: usize = 50;
/// The flow that comes with the product.
const DEFAULT_FILE: &str = "provedor.yaml";
const DEFAULT_FLOW: &str = include_str!("../../flows/provedor.yaml");

/// A mistake in a flow file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Name of the file, without folder.
    pub file: String,
    /// Line, from 1; 0 when the file as a whole is meant.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}; {}",
            self.file, self.line, self.column, self.what, self.remedy
        )
    }
}

impl Mistake {
    fn whole(file: &str, what: String, remedy: &str) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            what,
            remedy: remedy.to_owned(),
        }
    }
}

/// The flows of an installation.
#[derive(Clone, Debug)]
pub struct Flows {
    first: Arc<Flow>,
    /// In the order of the file names, the first too.
    all: Vec<Arc<Flow>>,
}

impl Flows {
    /// Those of a folder, or without one the flow compiled in.
    ///
    /// # Errors
    /// Every mistake found.
    pub fn load(folder: Option<&Path>) -> Result<Self, Vec<Mistake>> {
        match folder {
            Some(folder) => Self::from_files(&read(folder)?),
            None => Self::from_files(&BTreeMap::from([(
                DEFAULT_FILE.to_owned(),
                DEFAULT_FLOW.to_owned(),
            )])),
        }
    }

    /// Those of these files, by name.
    ///
    /// # Errors
    /// Every mistake found; none when there is no file at all.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, Vec<Mistake>> {
        let mut all = Vec::new();
        let mut mistakes = Vec::new();
        for (file, text) in files {
            match parse(file, text) {
                Ok(flow) => all.push((file, Arc::new(flow))),
                Err(found) => mistakes.extend(found),
            }
        }
        mistakes.extend(check::together(&all));
        let all: Vec<Arc<Flow>> = all.into_iter().map(|(_, flow)| flow).collect();
        match all.first().cloned() {
            Some(first) if mistakes.is_empty() => Ok(Self { first, all }),
            _ => Err(mistakes),
        }
    }

    /// The flow for a case: the one it is in, else the one that names its number, else the one for all numbers, else the
    /// first.
    #[must_use]
    pub fn choose(&self, current: Option<&str>, phone_number_id: &str) -> Arc<Flow> {
        let by_name = self
            .all
            .iter()
            .find(|flow| Some(flow.name.value.as_str()) == current);
        let by_number = || {
            self.all
                .iter()
                .find(|flow| flow.numbers.iter().any(|id| id.value == phone_number_id))
        };
        let for_all = || self.all.iter().find(|flow| flow.numbers.is_empty());
        Arc::clone(
            by_name
                .or_else(by_number)
                .or_else(for_all)
                .unwrap_or(&self.first),
        )
    }

    /// Names of the flows, for the log.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.all
            .iter()
            .map(|flow| flow.name.value.as_str())
            .collect()
    }
}

/// Reads and checks one flow.
///
/// # Errors
/// Every mistake found; one when it is not even YAML of this shape.
pub fn parse(file: &str, text: &str) -> Result<Flow, Vec<Mistake>> {
    let options = serde_saphyr::options! { with_snippet: false };
    let flow: Flow = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| vec![shape(file, &error)])?;
    let mistakes = check::alone(file, &flow);
    if mistakes.is_empty() {
        Ok(flow)
    } else {
        Err(mistakes)
    }
}

/// Words a mistake that the parser found.
fn shape(file: &str, error: &YamlError) -> Mistake {
    let error = error.without_snippet();
    let (line, column) = error
        .location()
        .map_or((0, 0), |at| (at.line(), at.column()));
    let (what, remedy) = match error {
        YamlError::SerdeUnknownField {
            field, expected, ..
        } => (
            format!("unknown key {field:?}"),
            format!("remove it, or write one of: {}", expected.join(", ")),
        ),
        YamlError::SerdeUnknownVariant {
            variant, expected, ..
        } => (
            format!("unknown kind {variant:?}"),
            format!("write one of: {}", expected.join(", ")),
        ),
        YamlError::SerdeMissingField { field, .. } => (
            format!("the key {field:?} is missing here"),
            "add it".to_owned(),
        ),
        other => {
            let told = other.render();
            let told = told.lines().next().unwrap_or_default();
            let told = told.rsplit_once(" at line ").map_or(told, |(what, _)| what);
            (
                told.strip_prefix("error: ").unwrap_or(told).to_owned(),
                "correct the YAML at this place".to_owned(),
            )
        }
    };
    Mistake {
        file: file.to_owned(),
        line,
        column,
        what,
        remedy,
    }
}

/// The YAML files of a folder, by name.
fn read(folder: &Path) -> Result<BTreeMap<String, String>, Vec<Mistake>> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        vec![Mistake::whole(
            "bot.flow_dir",
            format!("the folder cannot be read: {error}"),
            "correct bot.flow_dir",
        )]
    })?;
    let mut files = BTreeMap::new();
    let mut mistakes = Vec::new();
    for path in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_flow(path))
    {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match read_one(&path) {
            Ok(text) => drop(files.insert(name, text)),
            Err(what) => mistakes.push(Mistake::whole(
                &name,
                what,
                "make it a readable text file within the limit",
            )),
        }
    }
    if files.len() > MAX_FILES {
        let what = format!("{} flow files are too many", files.len());
        mistakes.push(Mistake::whole(
            "bot.flow_dir",
            what,
            &format!("keep at most {MAX_FILES}"),
        ));
    }
    if files.is_empty() && mistakes.is_empty() {
        let what = "the folder has no .yaml file".to_owned();
        mistakes.push(Mistake::whole(
            "bot.flow_dir",
            what,
            "add a flow, or leave bot.flow_dir empty",
        ));
    }
    if mistakes.is_empty() {
        Ok(files)
    } else {
        Err(mistakes)
    }
}

fn read_one(path: &Path) -> Result<String, String> {
    let size_bytes = std::fs::metadata(path)
        .map_err(|error| error.to_string())?
        .len();
    if size_bytes > MAX_FILE_BYTES {
        return Err(format!(
            "{size_bytes} bytes are over the limit of {MAX_FILE_BYTES}"
        ));
    }
    std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))
}

/// Whether a path is a flow file; editors' hidden copies are not.
pub(super) fn is_flow(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let yaml = path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    yaml && !hidden
}
