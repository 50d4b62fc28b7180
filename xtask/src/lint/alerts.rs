//! Alert rules: their metrics exist, and each has a case that fires and one that does not.
//!
//! Reads the YAML as lines, in the form this repository writes it; `promtool` judges whether it is valid.

use std::path::{Path, PathBuf};

use super::Finding;

const RULES: &str = "infra/prometheus/rules.yml";
const TESTS: &str = "infra/prometheus/rules_test.yml";
const METRICS: &str = "docs/metrics.md";

/// Nothing is found in a tree without rules.
pub(super) fn check(root: &Path) -> Vec<Finding> {
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
    check_texts(&read(RULES), &read(TESTS), &read(METRICS))
}

fn check_texts(rules: &str, tests: &str, metrics: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in rules.lines().enumerate() {
        let mut find = |what: String, remedy: &'static str| {
            findings.push(Finding {
                file: PathBuf::from(RULES),
                line: index + 1,
                what,
                remedy,
            });
        };
        if line.trim_start().starts_with("expr:") {
            for metric in
                metrics_in(line).filter(|metric| !metrics.contains(&format!("`{metric}`")))
            {
                find(
                    format!("{metric} is no metric of ours"),
                    "use a name of docs/metrics.md",
                );
            }
        }
        let Some(alert) = line.trim_start().strip_prefix("- alert:").map(str::trim) else {
            continue;
        };
        let (fires, silent) = cases(tests, alert);
        if !fires {
            find(
                format!("no test shows {alert} firing"),
                "add one to infra/prometheus/rules_test.yml",
            );
        }
        if !silent {
            find(
                format!("no test shows {alert} silent"),
                "add one to infra/prometheus/rules_test.yml",
            );
        }
    }
    findings
}

/// The metrics of an expression, without the suffixes of histograms and without recorded names (`balcao:...`).
fn metrics_in(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    words
        .filter(|word| word.starts_with("balcao_"))
        .map(|word| {
            let plain = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| word.strip_suffix(suffix));
            plain.unwrap_or(word)
        })
}

/// Whether the tests have a case in which `alert` fires, and one in which it does not.
fn cases(tests: &str, alert: &str) -> (bool, bool) {
    let name = format!("alertname: {alert}");
    let uses = tests.match_indices(&name).filter_map(|(at, found)| {
        let rest = &tests[at + found.len()..];
        rest.starts_with([',', '\n', ' ']).then_some(rest)
    });
    let expected = uses.filter_map(|rest| {
        Some(rest[rest.find("exp_alerts:")? + "exp_alerts:".len()..].trim_start())
    });
    let (silent, fires): (Vec<&str>, Vec<&str>) = expected.partition(|rest| rest.starts_with("[]"));
    (!fires.is_empty(), !silent.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "- alert: Slow\n  expr: rate(balcao_a_seconds_bucket[5m]) > 1\n";
    const METRIC: &str = "| `balcao_a_seconds` |";
    const BOTH: &str = "- { alertname: Slow, exp_alerts: [] }\n- alertname: Slow\n  exp_alerts:\n    - exp_labels: {}\n";

    #[test]
    fn a_tested_rule_on_a_known_metric_passes() {
        assert_eq!(check_texts(RULE, BOTH, METRIC), []);
    }

    #[test]
    fn each_fault_is_named() {
        let silent_only =
            "- { alertname: Slow, exp_alerts: [] }\n- { alertname: Slower, exp_alerts: [a] }\n";
        assert!(
            check_texts(RULE, silent_only, METRIC)[0]
                .what
                .contains("firing")
        );
        assert!(
            check_texts(RULE, "- alertname: Slow\n  exp_alerts:\n  - a\n", METRIC)[0]
                .what
                .contains("silent")
        );
        assert!(
            check_texts(RULE, BOTH, "")[0]
                .what
                .contains("balcao_a_seconds is no metric")
        );
    }
}
