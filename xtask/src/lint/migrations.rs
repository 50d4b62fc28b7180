//! Tables: their names, and the purpose of every sealed column.
//!
//! A sealed column is ciphertext. Its comment begins with `personal:` and says what about a person is inside, or with
//! `secret:` when it is a credential of ours; the record of processing is made from these comments. A table that holds
//! something of a contact must be named where contacts are erased.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::names::banned_in;
use super::{Finding, files_below};

/// Where contacts are forgotten, and what that calls.
const ERASURE: [&str; 3] = [
    "core/src/store/erasure.rs",
    "core/src/store/media/leave.rs",
    "compliance/src/erasure.rs",
];
/// Personal, but not reached through a contact: staff leave by the agents' own deletion.
const NOT_OF_A_CONTACT: [&str; 1] = ["agent"];

/// A column as declared.
#[derive(Debug, PartialEq)]
struct Column {
    line: usize,
    table: String,
    name: String,
}

/// # Errors
/// A migration cannot be read.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut texts = Vec::new();
    for path in files_below(&root.join("migrations"), &[]) {
        if path.extension().is_some_and(|extension| extension == "sql") {
            texts.push((
                path.strip_prefix(root).unwrap_or(&path).to_path_buf(),
                std::fs::read_to_string(&path)?,
            ));
        }
    }
    let erasure: String = ERASURE
        .iter()
        .map(|file| std::fs::read_to_string(root.join(file)).unwrap_or_default())
        .collect();
    Ok(check_texts(&texts, &erasure))
}

fn check_texts(texts: &[(PathBuf, String)], erasure: &str) -> Vec<Finding> {
    let everything: String = texts.iter().map(|(_, text)| text.to_lowercase()).collect();
    let mut findings = Vec::new();
    for (file, text) in texts {
        let mut find = |line: usize, what: String, remedy: &'static str| {
            findings.push(Finding {
                file: file.clone(),
                line,
                what,
                remedy,
            });
        };
        for (line, table) in tables(text) {
            if let Some(word) = banned_in(table.split('_'), &table) {
                find(
                    line,
                    format!("a table called {table} (\"{word}\")"),
                    "name it after one row of it",
                );
            }
        }
        for Column { line, table, name } in sealed_columns(text) {
            let comment = format!("comment on column {table}.{name} is '");
            let purposes = everything
                .match_indices(&comment)
                .map(|(at, found)| &everything[at + found.len()..]);
            let begins = |word: &str| purposes.clone().any(|purpose| purpose.starts_with(word));
            if begins("personal:") {
                if !NOT_OF_A_CONTACT.contains(&table.as_str()) && !names_table(erasure, &table) {
                    let remedy = "delete or empty it in core/src/store/erasure.rs";
                    find(
                        line,
                        format!("erasing a contact forgets nothing in {table}"),
                        remedy,
                    );
                }
            } else if !begins("secret:") {
                let remedy = "add `comment on column ... is 'personal: <what, why>'` (or 'secret: ...' for a credential)";
                find(
                    line,
                    format!("{table}.{name} has no stated purpose"),
                    remedy,
                );
            }
        }
    }
    findings
}

/// Whether a statement in `code` changes `table`.
fn names_table(code: &str, table: &str) -> bool {
    ["delete from ", "update "].iter().any(|verb| {
        let statement = format!("{verb}{table}");
        code.match_indices(&statement).any(|(at, _)| {
            !code[at + statement.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    })
}

fn tables(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, created_table(line)?)))
}

/// `create [unlogged] table [if not exists] a.b (` -> `a.b`.
fn created_table(line: &str) -> Option<String> {
    let line = line.trim().to_lowercase();
    let rest = line.strip_prefix("create ")?;
    let rest = rest
        .strip_prefix("unlogged ")
        .unwrap_or(rest)
        .strip_prefix("table ")?;
    let name = rest.strip_prefix("if not exists ").unwrap_or(rest);
    Some(name.split([' ', '(']).next()?.to_owned())
}

fn sealed_columns(text: &str) -> Vec<Column> {
    let mut table = String::new();
    let mut columns = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let small = line.trim().to_lowercase();
        if let Some(created) = created_table(line) {
            table = created;
        } else if let Some(rest) = small.strip_prefix("alter table ") {
            table = rest
                .trim_start_matches("only ")
                .split([' ', ';'])
                .next()
                .unwrap_or_default()
                .to_owned();
        }
        let declared = small
            .split("add column ")
            .last()
            .unwrap_or_default()
            .trim_start_matches("if not exists ");
        let mut words = declared.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else {
            continue;
        };
        if name.split('_').any(|word| word == "sealed")
            && kind.trim_end_matches([',', ';']) == "bytea"
        {
            columns.push(Column {
                line: index + 1,
                table: table.clone(),
                name: name.to_owned(),
            });
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<String> {
        let texts: Vec<(PathBuf, String)> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| (format!("migrations/{index}.sql").into(), (*text).to_owned()))
            .collect();
        check_texts(&texts, "delete from contact where")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_sealed_column_needs_a_purpose_in_any_migration() {
        let table = "create table contact (\n  id uuid,\n  sealed bytea not null,\n  check (sealed is null)\n);\n";
        assert_eq!(lines(&[table]).len(), 1);
        assert!(lines(&[table])[0].starts_with("migrations/0.sql:3: contact.sealed has no"));
        assert_eq!(
            lines(&[
                table,
                "comment on column contact.sealed is 'personal: name';\n"
            ]),
            Vec::<String>::new()
        );
        assert_eq!(
            lines(&[table, "comment on column contact.sealed is 'name';\n"]).len(),
            1
        );
    }

    #[test]
    fn a_contact_s_table_is_known_to_erasure() {
        let table = |name: &str| {
            format!(
                "create table {name} (\n  sealed bytea\n);\ncomment on column {name}.sealed is 'personal: x';\n"
            )
        };
        assert_eq!(lines(&[&table("contact")]), Vec::<String>::new());
        assert!(lines(&[&table("contac")])[0].contains("forgets nothing in contac"));
        assert_eq!(lines(&[&table("agent")]), Vec::<String>::new());
    }

    #[test]
    fn a_column_added_later_is_seen() {
        let text = "alter table contact add column sealed_note bytea;\n";
        assert_eq!(lines(&[text]).len(), 1);
    }

    #[test]
    fn a_credential_says_secret() {
        let text = "create table channel (\n  sealed_token bytea\n);\ncomment on column channel.sealed_token is 'secret: API token';\n";
        assert_eq!(lines(&[text]), Vec::<String>::new());
    }

    #[test]
    fn tables_are_judged_by_name() {
        assert_eq!(
            lines(&["create unlogged table if not exists job_manager (\n);\n"]).len(),
            1
        );
    }
}
