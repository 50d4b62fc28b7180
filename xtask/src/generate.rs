//! The generated files, written or compared.
//!
//! Promises: `.sqlx` holds exactly the queries of the tree, checked against the migrations; `openapi.json` and
//! `schema.gen.ts` are what the executable and the console's generator make. With `--check` nothing changes.
//! How `.sqlx` comes about without sqlx-cli: the macros write what they learn to SQLX_OFFLINE_DIR while they compile.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::scratch_database::ScratchDatabase;
use crate::steps::Steps;
use crate::workspace::{Workspace, files_below, run as run_command};

const OPENAPI: &str = "agent-hub/openapi.json";
const SCHEMA: &str = "agent-hub/console/src/api/schema.gen.ts";

/// # Errors
/// A generator fails. Drift under `--check` is exit status 1.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<ExitCode> {
    let steps = Steps::begin();
    let queries = Queries::prepare(workspace)?;
    steps.step(
        "compiling the queries against the migrations",
        "half a minute",
        || {
            let mut check = workspace.cargo(["check", "--all-targets"]);
            check.args(queries.packages.iter().flat_map(|package| ["-p", package]));
            run_command(queries.connect(&mut check))
        },
    )?;
    let mut drift = if check {
        queries.drift(workspace)?
    } else {
        queries.keep(workspace)?
    };
    steps.step("building balcao", "", || {
        run_command(&mut workspace.cargo(["build", "-p", "balcao"]))
    })?;
    drift.extend(interface(workspace, &steps, check)?);
    for line in &drift {
        println!("{line}");
    }
    Ok(if check && !drift.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A database, an empty folder for what the macros learn, and crates that will compile anew.
pub(crate) struct Queries {
    database: ScratchDatabase,
    learned: PathBuf,
    /// The packages that hold queries.
    packages: Vec<String>,
}

impl Queries {
    /// # Errors
    /// PostgreSQL does not start, or a migration fails.
    pub(crate) fn prepare(workspace: &Workspace) -> Result<Queries> {
        let learned = workspace.target.join("sqlx-learned");
        if learned.exists() {
            fs::remove_dir_all(&learned)?;
        }
        fs::create_dir_all(&learned)?;
        let mut packages = Vec::new();
        for (package, roots) in crates_with_queries(workspace)? {
            for root in roots {
                File::options()
                    .append(true)
                    .open(&root)?
                    .set_modified(SystemTime::now())?;
            }
            packages.push(package);
        }
        Ok(Queries {
            database: ScratchDatabase::start(workspace)?,
            learned,
            packages,
        })
    }

    /// Makes a cargo command learn.
    pub(crate) fn connect<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        let environment = [
            ("SQLX_OFFLINE", "false".into()),
            ("DATABASE_URL", self.database.url()),
        ];
        cargo
            .envs(environment)
            .env("SQLX_OFFLINE_DIR", &self.learned)
    }

    /// What differs between `.sqlx` and what was learned, a line each.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub(crate) fn drift(&self, workspace: &Workspace) -> Result<Vec<String>> {
        let (kept, learned) = (
            contents(&workspace.root.join(".sqlx"))?,
            contents(&self.learned)?,
        );
        ensure!(
            !learned.is_empty(),
            "no query was compiled: the crates with queries were not built anew"
        );
        Ok(differences(&kept, &learned))
    }

    fn keep(&self, workspace: &Workspace) -> Result<Vec<String>> {
        let drift = self.drift(workspace)?;
        let folder = workspace.root.join(".sqlx");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for (name, bytes) in contents(&self.learned)? {
            fs::write(folder.join(name), bytes)?;
        }
        Ok(drift)
    }
}

/// Writes or compares the OpenAPI document and the console's types; the lines say what differs.
///
/// # Errors
/// `balcao` is not built, or a generator fails.
pub(crate) fn interface(workspace: &Workspace, steps: &Steps, check: bool) -> Result<Vec<String>> {
    let (openapi, schema) = (workspace.root.join(OPENAPI), workspace.root.join(SCHEMA));
    let before = [&openapi, &schema].map(|path| fs::read(path).unwrap_or_default());
    let output = Command::new(workspace.built("debug", "balcao"))
        .arg("openapi")
        .output()
        .context("running balcao")?;
    ensure!(
        output.status.success(),
        "balcao openapi: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    fs::write(&openapi, &output.stdout)?;
    console::install(workspace, steps, &workspace.console())?;
    let generated = steps.step("generating the console's types", "", || {
        run_command(&mut workspace.npm(&workspace.console(), ["run", "generate"]))
    });
    let after = [&openapi, &schema].map(|path| fs::read(path).unwrap_or_default());
    if check {
        for (path, bytes) in [&openapi, &schema].into_iter().zip(&before) {
            restore(path, bytes)?;
        }
    }
    generated?;
    let changed = [OPENAPI, SCHEMA]
        .into_iter()
        .zip(before.iter().zip(&after))
        .filter(|(_, (old, new))| old != new);
    Ok(changed
        .map(|(name, _)| line_of(name, "differs from what the code says"))
        .collect())
}

fn restore(path: &Path, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return fs::remove_file(path).context("removing a generated file");
    }
    fs::write(path, bytes).context("restoring a generated file")
}

/// The packages that use sqlx's macros, each with its root files (`lib.rs`, `main.rs`, `tests/x.rs`).
fn crates_with_queries(workspace: &Workspace) -> Result<Vec<(String, Vec<PathBuf>)>> {
    let packages = workspace.metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let mut found = Vec::new();
    for package in packages {
        let manifest = Path::new(
            package["manifest_path"]
                .as_str()
                .context("a package without manifest")?,
        );
        let folder = manifest.parent().context("a manifest without folder")?;
        let files = files_below(folder, &["node_modules", "dist", "target"]);
        // This file's own tests speak of the macros.
        if folder == workspace.root.join("xtask") || !files.iter().any(|file| has_query_macro(file))
        {
            continue;
        }
        let targets = package["targets"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let roots = targets
            .iter()
            .filter_map(|target| target["src_path"].as_str().map(PathBuf::from))
            .collect();
        found.push((
            package["name"]
                .as_str()
                .context("a package without name")?
                .to_owned(),
            roots,
        ));
    }
    Ok(found)
}

fn has_query_macro(file: &Path) -> bool {
    if file.extension().is_none_or(|extension| extension != "rs") {
        return false;
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    text.match_indices("sqlx::query").any(|(at, found)| {
        let rest = text[at + found.len()..]
            .trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '_');
        rest.starts_with('!')
    })
}

fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(
            entry.file_name().to_string_lossy().into_owned(),
            fs::read(entry.path())?,
        );
    }
    Ok(files)
}

fn differences(
    kept: &BTreeMap<String, Vec<u8>>,
    learned: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let stale = kept.keys().filter(|name| !learned.contains_key(*name));
    let missing = learned.keys().filter(|name| !kept.contains_key(*name));
    let changed = learned
        .iter()
        .filter(|(name, bytes)| kept.get(*name).is_some_and(|old| old != *bytes));
    let mut lines: Vec<String> = stale
        .map(|name| line_of(&sqlx(name), "belongs to a query that is gone"))
        .collect();
    lines.extend(missing.map(|name| line_of(&sqlx(name), "is missing")));
    lines.extend(
        changed.map(|(name, _)| line_of(&sqlx(name), "differs from what the database says")),
    );
    lines
}

fn sqlx(name: &str) -> String {
    format!(".sqlx/{name}")
}

fn line_of(name: &str, what: &str) -> String {
    format!("{name}: {what}: cargo xtask generate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_drift_is_named() {
        let files = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect()
        };
        let kept = files(&[("same", "1"), ("gone", "1"), ("changed", "1")]);
        let learned = files(&[("same", "1"), ("new", "1"), ("changed", "2")]);
        let lines = differences(&kept, &learned).join("\n");
        assert_eq!(lines.lines().count(), 3, "{lines}");
        for expected in [
            ".sqlx/gone: belongs",
            ".sqlx/new: is missing",
            ".sqlx/changed: differs",
        ] {
            assert!(lines.contains(expected), "{lines}");
        }
    }

    #[test]
    fn a_macro_is_told_from_a_function() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rs");
        for (text, expected) in [
            ("sqlx::query_scalar!(\"select 1\")", true),
            ("sqlx::query!(\"select 1\")", true),
            ("sqlx::query(\"select 1\")", false),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(has_query_macro(&file), expected, "{text}");
        }
    }
}
