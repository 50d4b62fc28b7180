//! The rules of this repository that compilers do not know.
//!
//! Promises: each finding is a line `file:line: what is wrong: what to do`; no finding is a matter of taste.
//! Does not: change a file. The rules' reasons are in CONTRIBUTING.md.

mod alerts;
mod edges;
mod migrations;
mod mutants;
mod names;
mod sources;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::{Workspace, files_below};

/// Folders with nothing of ours to judge.
const SKIPPED: [&str; 4] = ["target", "node_modules", "dist", "test-results"];

/// One broken rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    file: PathBuf,
    line: usize,
    what: String,
    remedy: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.file.display(),
            self.line,
            self.what,
            self.remedy
        )
    }
}

/// # Errors
/// The tree cannot be read. Findings are exit status 1.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let findings = findings(workspace)?;
    findings.iter().for_each(|finding| println!("{finding}"));
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// All findings, by file.
///
/// # Errors
/// The tree cannot be read.
pub(crate) fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = edges::check(&workspace.metadata, &workspace.root)?;
    findings.extend(in_tree(&workspace.root)?);
    findings.extend(alerts::check(&workspace.root));
    findings.extend(mutants::check(&workspace.metadata, &workspace.root));
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok(findings)
}

/// The rules that need only the files.
fn in_tree(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files_below(root, &SKIPPED) {
        let file = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        findings.extend(names::of_file(&file));
        let extension = file
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        if !["rs", "sql", "ts", "tsx"].contains(&extension) {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        findings.extend(sources::check(&file, extension, &text));
        if extension == "rs" {
            findings.extend(names::of_types(&file, &text));
        }
    }
    findings.extend(migrations::check(root)?);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_a_compiler_s_line() {
        let finding = Finding {
            file: "core/src/a.rs".into(),
            line: 3,
            what: "x".to_owned(),
            remedy: "y",
        };
        assert_eq!(finding.to_string(), "core/src/a.rs:3: x: y");
    }

    #[test]
    fn a_sample_tree_with_one_of_each_fault_is_read_whole() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("gateway/src/user_service.rs", "struct A;\n");
        write(
            "gateway/src/a.rs",
            "fn f() { sqlx::query(\"select 1\"); }\n",
        );
        write("core/src/b.rs", "struct JobManager;\n");
        write("bot/src/c.rs", &"// line\n".repeat(501));
        write(
            "migrations/1_first.sql",
            "create table t (\n  sealed bytea\n);\n",
        );
        write("target/debug/ignored_helper.rs", "struct Helper;\n");
        let mut files: Vec<String> = in_tree(root.path())
            .unwrap()
            .iter()
            .map(|finding| finding.file.display().to_string())
            .collect();
        files.sort();
        let expected = [
            "bot/src/c.rs",
            "core/src/b.rs",
            "gateway/src/a.rs",
            "gateway/src/user_service.rs",
            "migrations/1_first.sql",
        ];
        assert_eq!(files, expected);
    }
}
