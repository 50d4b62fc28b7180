//! Which of our crates may depend on which; the drawing is in docs/architecture.md.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;

const SERVICES: &[&str] = &["balcao-core", "compliance"];
const ALL: &[&str] = &[
    "balcao",
    "balcao-core",
    "compliance",
    "gateway",
    "bot",
    "agent-hub",
    "simulator",
    "loadtest",
];
/// Each package with what it may use, at any kind of dependency.
const ALLOWED: &[(&str, &[&str])] = &[
    ("compliance", &[]),
    ("balcao-core", &["compliance"]),
    ("gateway", SERVICES),
    ("bot", SERVICES),
    ("agent-hub", SERVICES),
    (
        "balcao",
        &["balcao-core", "compliance", "gateway", "bot", "agent-hub"],
    ),
    ("simulator", &[]),
    ("loadtest", &[]),
    ("xtask", &[]),
    ("e2e", ALL),
];

/// # Errors
/// The metadata is not what cargo prints.
pub(super) fn check(metadata: &Value, root: &Path) -> Result<Vec<Finding>> {
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let ours: Vec<&str> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"]
            .as_str()
            .context("a package without a name")?;
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package without a manifest")?;
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            let remedy =
                "say in xtask/src/lint/edges.rs and docs/architecture.md what it may depend on";
            findings.push(finding(
                manifest,
                root,
                name,
                format!("package {name} is not on the map"),
                remedy,
            ));
            continue;
        };
        let dependencies = package["dependencies"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let used = dependencies
            .iter()
            .filter_map(|dependency| dependency["name"].as_str());
        for forbidden in used.filter(|used| ours.contains(used) && !allowed.contains(used)) {
            let what = format!("{name} may not depend on {forbidden}");
            findings.push(finding(
                manifest,
                root,
                forbidden,
                what,
                "meet in core or compliance, see docs/architecture.md",
            ));
        }
    }
    Ok(findings)
}

fn finding(manifest: &str, root: &Path, word: &str, what: String, remedy: &'static str) -> Finding {
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let line = text
        .lines()
        .position(|line| line.trim_start().starts_with(word))
        .map_or(1, |index| index + 1);
    let file = Path::new(manifest)
        .strip_prefix(root)
        .map_or_else(|_| PathBuf::from(manifest), Path::to_path_buf);
    Finding {
        file,
        line,
        what,
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, uses: &[&str]) -> Value {
        let dependencies: Vec<Value> = uses.iter().map(|name| json!({"name": name})).collect();
        json!({"name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "dependencies": dependencies})
    }

    fn check_packages(packages: &[Value]) -> Vec<String> {
        let metadata = json!({"packages": packages});
        check(&metadata, Path::new("/w"))
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_map_s_own_edges_pass() {
        let packages = [
            package("compliance", &["serde"]),
            package("balcao-core", &["compliance", "sqlx"]),
            package("gateway", &["balcao-core", "compliance"]),
            package("balcao", &["gateway"]),
            package("e2e", &["balcao", "gateway"]),
        ];
        assert_eq!(check_packages(&packages), Vec::<String>::new());
    }

    #[test]
    fn each_forbidden_edge_is_named() {
        let packages = [
            package("compliance", &["balcao-core"]),
            package("balcao-core", &[]),
            package("gateway", &["bot"]),
            package("bot", &[]),
            package("simulator", &["balcao-core"]),
            package("newcomer", &[]),
        ];
        let lines = check_packages(&packages);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(
            lines[1].starts_with("gateway/Cargo.toml:1: gateway may not depend on bot"),
            "{lines:?}"
        );
        assert!(lines[3].contains("newcomer is not on the map"), "{lines:?}");
    }
}
