//! Names that say nothing: in files, types and tables.

use std::path::Path;

use super::Finding;

const BANNED: [&str; 6] = ["manager", "service", "helper", "util", "utils", "common"];
const REMEDY: &str = "say what it does or holds (the words are in docs/architecture.md)";
const KEYWORDS: [&str; 5] = ["struct", "enum", "trait", "type", "union"];

/// A file's own name.
pub(super) fn of_file(file: &Path) -> Option<Finding> {
    let name = file.file_stem()?.to_str()?.to_lowercase();
    let word = banned_in(name.split(['_', '-', '.', ' ']), &name)?;
    Some(Finding {
        file: file.to_path_buf(),
        line: 1,
        what: format!("a file called \"{word}\""),
        remedy: REMEDY,
    })
}

/// The types a Rust file declares.
pub(super) fn of_types(file: &Path, text: &str) -> Vec<Finding> {
    let declared = text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, declared_type(line)?)));
    declared
        .filter_map(|(line, name)| {
            let words = camel_words(name);
            let word = banned_in(words.iter().map(String::as_str), &words.join("_"))?;
            let what = format!("a type called {name} (\"{word}\")");
            Some(Finding {
                file: file.to_path_buf(),
                line,
                what,
                remedy: REMEDY,
            })
        })
        .collect()
}

/// The banned word in a name of words in small letters, or `process_`, which every verb is.
pub(super) fn banned_in<'a>(
    mut words: impl Iterator<Item = &'a str>,
    name: &str,
) -> Option<&'static str> {
    if name.starts_with("process_") {
        return Some("process_");
    }
    words.find_map(|word| {
        BANNED
            .iter()
            .find(|banned| **banned == word.trim_end_matches('s') || **banned == word)
            .copied()
    })
}

fn declared_type(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) => rest
            .trim_start()
            .split_once(')')
            .filter(|_| rest.starts_with('('))
            .map_or(rest, |(_, rest)| rest),
        None => line,
    };
    let (keyword, rest) = line.trim_start().split_once(' ')?;
    if !KEYWORDS.contains(&keyword) {
        return None;
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    Some(&rest[..end]).filter(|name| name.starts_with(char::is_uppercase))
}

/// `JobManagers` -> job, managers.
fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        if letter.is_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_judged_by_whole_words() {
        for (name, expected) in [
            ("core/src/user_service.rs", true),
            ("core/src/utils.rs", true),
            ("console/src/api-helpers.ts", true),
            ("gateway/src/process_message.rs", true),
            ("gateway/src/processor_contract.rs", false),
            ("core/src/utility_template.rs", false),
            ("core/src/commonmark.rs", false),
        ] {
            assert_eq!(of_file(Path::new(name)).is_some(), expected, "{name}");
        }
    }

    #[test]
    fn types_are_judged_and_uses_are_not() {
        let text = "use tower::Service;\npub(crate) struct KeyManager;\n    enum Common { A }\nimpl Service<R> for X {}\n\
                    pub struct Serviced;\ntype Out = Helper;\npub trait ProcessMessage {}\n";
        let lines: Vec<usize> = of_types(Path::new("a.rs"), text)
            .iter()
            .map(|finding| finding.line)
            .collect();
        assert_eq!(lines, [2, 3, 7]);
    }
}
