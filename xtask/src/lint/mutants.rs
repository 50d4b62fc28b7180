//! Deliberate faults stay where they belong: nothing but `cargo xtask mutants` builds them, and each is planted, listed
//! and caught by a check that exists.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Finding, SKIPPED};
use crate::mutants::{Row, TABLE, exists, rows};
use crate::workspace::files_below;

/// The feature.
const FEATURE: &str = "mutants";
/// Who declares it: the faults' home, and the executable that forwards it.
const DECLARED_BY: [&str; 2] = ["compliance", "balcao"];
/// Where the faults are named.
const NAMES: &str = "compliance/src/mutants.rs";
/// Who may speak of building with the feature or of choosing a fault.
const SPEAK: [&str; 8] = [
    NAMES,
    "compliance/Cargo.toml",
    "balcao/Cargo.toml",
    "core/src/config/environment.rs",
    "tests/src/program.rs",
    "xtask/src/mutants.rs",
    "xtask/src/lint/mutants.rs",
    "docs/",
];
/// Folders that begin with a dot and hold settings of builds.
const HIDDEN: [&str; 4] = [".ci", ".cargo", ".config", ".github"];

pub(super) fn check(metadata: &Value, root: &Path) -> Vec<Finding> {
    let mut findings = features(metadata, root);
    findings.extend(spoken(root));
    let text = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
    findings.extend(listed(root, &named(&text(NAMES)), &rows(&text(TABLE))));
    findings
}

/// No feature but the feature itself leads to it, no dependency asks for it, nobody else has one of that name.
fn features(metadata: &Value, root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |package: &Value, what: String| {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let file = Path::new(manifest)
            .strip_prefix(root)
            .map_or_else(|_| PathBuf::from(manifest), Path::to_path_buf);
        findings.push(Finding {
            file,
            line: 1,
            what,
            remedy: "only `cargo xtask mutants` may build with it: see docs/mutants.md",
        });
    };
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        for (feature, leads_to) in package["features"].as_object().into_iter().flatten() {
            let is_it = feature == FEATURE;
            if is_it && !DECLARED_BY.contains(&name) {
                find(package, format!("{name} has a feature {FEATURE}"));
            }
            if !is_it && leads_to.to_string().contains(FEATURE) {
                find(
                    package,
                    format!("the feature {feature} of {name} turns {FEATURE} on"),
                );
            }
        }
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if dependency["features"].to_string().contains(FEATURE) {
                find(
                    package,
                    format!("{name} asks {} for {FEATURE}", dependency["name"]),
                );
            }
        }
    }
    findings
}

/// No script, container file, setting or task builds with the feature (or with all features), or chooses a fault.
fn spoken(root: &Path) -> Vec<Finding> {
    let hidden = HIDDEN
        .iter()
        .flat_map(|folder| files_below(&root.join(folder), &SKIPPED));
    let mut findings = Vec::new();
    for path in files_below(root, &SKIPPED).into_iter().chain(hidden) {
        let file = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        if SPEAK.iter().any(|home| file.starts_with(home)) {
            continue;
        }
        // What is no text builds nothing.
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            let builds =
                line.contains("feature") && line.contains(FEATURE) || line.contains("all-features");
            if builds || line.contains("BALCAO_MUTANT") {
                findings.push(Finding {
                    file: file.clone(),
                    line: index + 1,
                    what: "builds with deliberate faults, or chooses one".to_owned(),
                    remedy: "only `cargo xtask mutants` does: see docs/mutants.md",
                });
            }
        }
    }
    findings
}

/// The faults of the enumeration: line, variant and name.
fn named(text: &str) -> Vec<(usize, &str, &str)> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let named = line.trim().strip_suffix("\",");
        if let Some((variant, name)) = named.and_then(|named| named.split_once(" = \"")) {
            faults.push((index + 1, variant, name));
        }
    }
    faults
}

/// Each fault is planted and has a row; each row has its fault and a check that exists.
fn listed(root: &Path, named: &[(usize, &str, &str)], rows: &[Row]) -> Vec<Finding> {
    let finding = |file: &str, line: usize, what: String, remedy| Finding {
        file: file.into(),
        line,
        what,
        remedy,
    };
    let sources: Vec<String> = files_below(root, &SKIPPED)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    let mut findings = Vec::new();
    for (line, variant, name) in named {
        let planted = format!("Mutant::{variant}.lives()");
        if !sources.iter().any(|source| source.contains(&planted)) {
            findings.push(finding(
                NAMES,
                *line,
                format!("{name} is nowhere planted"),
                "plant it or drop it",
            ));
        }
        if rows.iter().all(|row| row.name != *name) {
            let what = format!("{name} has no row in {TABLE}");
            findings.push(finding(
                NAMES,
                *line,
                what,
                "say there which check catches it",
            ));
        }
    }
    for row in rows {
        if named.iter().all(|(_, _, name)| *name != row.name) {
            findings.push(finding(
                TABLE,
                1,
                format!("{} is no fault", row.name),
                "drop the row",
            ));
        }
        if !exists(&root.join("tests/tests/promises"), &row.check) {
            let what = format!("the check of {} does not exist", row.name);
            findings.push(finding(TABLE, 1, what, "name it as file::test"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(findings: &[Finding]) -> Vec<String> {
        findings
            .iter()
            .map(|finding| finding.what.clone())
            .collect()
    }

    #[test]
    fn whatever_turns_the_feature_on_is_found() {
        let package = |name: &str, features: Value, dependencies: Value| json!({"name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "features": features, "dependencies": dependencies});
        let sound = [
            package("compliance", json!({"mutants": []}), json!([])),
            package(
                "balcao",
                json!({"mutants": ["compliance/mutants"]}),
                json!([{"name": "compliance", "features": []}]),
            ),
        ];
        assert_eq!(features(&json!({"packages": sound}), Path::new("/w")), []);
        let broken = [
            package(
                "balcao",
                json!({"default": ["mutants"], "mutants": []}),
                json!([]),
            ),
            package(
                "gateway",
                json!({}),
                json!([{"name": "compliance", "features": ["mutants"]}]),
            ),
            package("bot", json!({"mutants": []}), json!([])),
        ];
        let found = features(&json!({"packages": broken}), Path::new("/w"));
        assert_eq!(
            lines(&found),
            [
                "the feature default of balcao turns mutants on",
                "gateway asks \"compliance\" for mutants",
                "bot has a feature mutants",
            ]
        );
    }

    #[test]
    fn a_container_or_pipeline_that_builds_them_is_found() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "infra/Dockerfile",
            "RUN cargo build --release --features balcao/mutants\n",
        );
        write(".ci/run", "cargo test --all-features\n");
        write("xtask/src/demo.rs", "\n.env(\"BALCAO_MUTANT\", \"x\")\n");
        write(
            "xtask/src/mutants.rs",
            ".args([\"--features\", \"balcao/mutants\"])\n",
        );
        write("docs/mutants.md", "cargo feature `mutants`\n");
        let found: Vec<(String, usize)> = spoken(root.path())
            .iter()
            .map(|finding| (finding.file.display().to_string(), finding.line))
            .collect();
        let expected = [
            ("infra/Dockerfile", 1),
            ("xtask/src/demo.rs", 2),
            (".ci/run", 1),
        ];
        assert_eq!(found, expected.map(|(file, line)| (file.to_owned(), line)));
    }

    #[test]
    fn a_fault_without_place_row_or_check_is_found() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("core/src/a.rs", "if Mutant::A.lives() {}\n");
        write("tests/tests/promises/file.rs", "async fn test() {}\n");
        let faults = named("    A = \"a\",\n    B = \"b\",\n");
        assert_eq!(faults, [(1, "A", "a"), (2, "B", "b")]);
        let table = rows("| `a` | x | 1 | `file::test` |\n| `c` | x | 1 | `file::nothing` |\n");
        assert_eq!(
            lines(&listed(root.path(), &faults, &table)),
            [
                "b is nowhere planted",
                "b has no row in docs/mutants.md",
                "c is no fault",
                "the check of c does not exist",
            ]
        );
    }
}
