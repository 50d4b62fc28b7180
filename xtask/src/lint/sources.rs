//! What source files must not contain: SQL outside its two places, ambient clocks, notes to self, too many lines.

use std::path::Path;

use super::Finding;

const MOST_LINES: usize = 500;
/// Words of unfinished work, put together here so that this file does not find itself.
const UNFINISHED: [&str; 5] = [
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("X", "XX"),
    concat!("to", "do!"),
    concat!("unimpl", "emented!"),
];
const SQL: [&str; 2] = [concat!("sqlx::", "query"), concat!("sqlx::", "raw_sql")];
const CLOCKS: [&str; 3] = [
    concat!("Utc::", "now("),
    concat!("Local::", "now("),
    concat!("SystemTime::", "now("),
];
/// Where SQL lives; the private server sets up roles before any of the product's tables exist.
const SQL_HOMES: [&str; 5] = [
    "core/src/store/",
    "compliance/",
    "balcao/src/private/",
    "tests/",
    "xtask/",
];
const CLOCK_HOMES: [&str; 5] = [
    "core/src/clock.rs",
    "simulator/src/clock.rs",
    "loadtest/src/clock.rs",
    "xtask/",
    "tests/",
];

/// A file of any language we write.
pub(super) fn check(file: &Path, extension: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String, remedy: &'static str| {
        findings.push(Finding {
            file: file.to_path_buf(),
            line,
            what,
            remedy,
        });
    };
    let mut in_unit_tests = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        in_unit_tests |= line.trim_start().starts_with("#[cfg(test)]");
        if let Some(word) = UNFINISHED.iter().find(|word| holds_word(line, word)) {
            find(
                number,
                format!("unfinished work ({word})"),
                "finish it, or open an issue and say what is missing in prose",
            );
        }
        if extension != "rs" || in_unit_tests {
            continue;
        }
        let code = line.split("//").next().unwrap_or_default();
        if SQL.iter().any(|word| code.contains(word)) && !lives_in(file, &SQL_HOMES) {
            find(
                number,
                "SQL outside core/src/store and compliance".to_owned(),
                "move the statement beside its noun",
            );
        }
        if let Some(word) = CLOCKS.iter().find(|word| code.contains(**word))
            && !lives_in(file, &CLOCK_HOMES)
        {
            find(
                number,
                format!("an ambient clock ({word}))"),
                "take a Clock or an instant as a parameter",
            );
        }
    }
    if extension == "rs" && text.lines().count() > MOST_LINES {
        find(
            MOST_LINES + 1,
            format!("more than {MOST_LINES} lines"),
            "split it by what it promises",
        );
    }
    findings
}

/// In one of `homes`, or in a crate's own `tests` folder.
fn lives_in(file: &Path, homes: &[&str]) -> bool {
    let name = file.to_string_lossy();
    homes.iter().any(|home| name.starts_with(home))
        || file.components().any(|part| part.as_os_str() == "tests")
}

/// Whether `word` stands alone in `line`.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && (word.ends_with('!') || !joins(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &str, text: &str) -> Vec<usize> {
        let extension = Path::new(file).extension().unwrap().to_str().unwrap();
        check(Path::new(file), extension, text)
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn sql_is_found_outside_its_two_places() {
        let text = format!(
            "fn a() {{ {}!(\"select 1\") }}\n// {} in words\n",
            SQL[0], SQL[0]
        );
        assert_eq!(lines("bot/src/worker.rs", &text), [1]);
        for home in [
            "core/src/store/job.rs",
            "compliance/src/audit/mod.rs",
            "balcao/tests/a.rs",
            "tests/src/stack.rs",
        ] {
            assert_eq!(lines(home, &text), Vec::<usize>::new(), "{home}");
        }
    }

    #[test]
    fn clocks_are_found_outside_the_clock_and_unit_tests() {
        let text = format!(
            "let a = chrono::{});\n#[cfg(test)]\nmod tests {{ {}) }}\n",
            CLOCKS[0], CLOCKS[0]
        );
        assert_eq!(lines("bot/src/worker.rs", &text), [1]);
        assert_eq!(lines("core/src/clock.rs", &text), Vec::<usize>::new());
    }

    #[test]
    fn notes_to_self_are_found_as_whole_words() {
        let text = format!(
            "// {}: later\n{}()\nlet x = \"{}S\";\n",
            UNFINISHED[0], UNFINISHED[3], UNFINISHED[1]
        );
        assert_eq!(lines("console/a.ts", &text), [1, 2]);
    }

    #[test]
    fn a_file_of_five_hundred_lines_passes_and_one_more_does_not() {
        assert_eq!(
            lines("bot/src/a.rs", &"x\n".repeat(500)),
            Vec::<usize>::new()
        );
        assert_eq!(lines("bot/src/a.rs", &"x\n".repeat(501)), [501]);
    }
}
