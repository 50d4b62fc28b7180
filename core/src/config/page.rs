//! docs/configuration.md, made from the comments of `core/config.default.toml`.

use std::fmt::Write as _;

use super::DEFAULTS;
use super::environment::variable;

const INTRODUCTION: &str = "# Configuration

<!-- Generated from core/config.default.toml by `cargo run -p balcao-core --example reference`; a test compares. -->

Later wins: compiled-in defaults, then one TOML file (`--config PATH` or `BALCAO_CONFIG`), then environment variables
`BALCAO__SECTION__KEY` (two underscores; lists separated by commas). An unknown key or a wrong value is refused with exit
status 78. An empty text means \"not set\".

Secrets come from the environment or from a file named by the `*_file` key beside them (one of the two), never from a
configuration file. In production a secret's file that others may read is refused.

With `profile = \"production\"` the start is refused, with all findings at once, on: development keys, plain HTTP off
loopback, values left at their default, a missing data protection officer, guessable secrets, fewer than 50 database
connections.
";

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    let (mut section, mut comment) = (String::new(), Vec::new());
    let mut in_table = false;
    for line in DEFAULTS.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
        } else if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            name.clone_into(&mut section);
            in_table = false;
            write(&mut page, format_args!("\n## `[{section}]`\n"));
            comment.clear();
        } else if let Some((key, default)) = line.split_once(" = ") {
            if !in_table {
                let head = if section.is_empty() {
                    "\n## Top level\n\n"
                } else {
                    "\n"
                };
                write(
                    &mut page,
                    format_args!(
                        "{head}| Key | Default | Variable | Meaning |\n|---|---|---|---|\n"
                    ),
                );
                in_table = true;
            }
            let full = if section.is_empty() {
                key.to_owned()
            } else {
                format!("{section}.{key}")
            };
            let default = if default == "\"\"" {
                "not set".to_owned()
            } else {
                format!("`{default}`")
            };
            let meaning = comment.join(" ").replace('|', "\\|");
            write(
                &mut page,
                format_args!(
                    "| `{key}` | {default} | `{}` | {meaning} |\n",
                    variable(&full)
                ),
            );
            comment.clear();
        } else {
            // a blank line ends the file's introduction, which the page words for itself
            comment.clear();
        }
    }
    page
}

fn write(page: &mut String, text: std::fmt::Arguments<'_>) {
    // writing to a String cannot fail
    let _never = page.write_fmt(text);
}
