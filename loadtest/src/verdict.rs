//! A measured figure beside its target.

use serde::Serialize;
use std::io::Write as _;

/// Which side of the limit is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    AtMost,
    AtLeast,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) measured: f64,
    pub(crate) direction: Limit,
    pub(crate) limit: f64,
    pub(crate) unit: &'static str,
    pub(crate) passed: bool,
}

impl Check {
    pub(crate) fn at_most(
        name: &'static str,
        measured: f64,
        limit: f64,
        unit: &'static str,
    ) -> Self {
        // A figure that is no number was not measured, and what was not measured does not pass.
        Self {
            name,
            measured,
            direction: Limit::AtMost,
            limit,
            unit,
            passed: measured <= limit,
        }
    }

    pub(crate) fn at_least(
        name: &'static str,
        measured: f64,
        limit: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            name,
            measured,
            direction: Limit::AtLeast,
            limit,
            unit,
            passed: measured >= limit,
        }
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = if self.passed { "PASS" } else { "FAIL" };
        let sign = match self.direction {
            Limit::AtMost => "<=",
            Limit::AtLeast => ">=",
        };
        let measured = if self.measured.is_finite() {
            format!("{} {}", short(self.measured), self.unit)
        } else {
            "not measured".to_owned()
        };
        let limit = format!("{sign} {} {}", short(self.limit), self.unit);
        write!(
            f,
            "{verdict}  {:<34} {:<20} {limit}",
            self.name,
            measured.trim_end()
        )
    }
}

/// Two decimals at most.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Whether all of them hold.
pub(crate) fn all_passed(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.passed)
}

/// The result on standard output: one JSON object, or rows and verdicts for people.
pub(crate) fn print(
    result: &impl Serialize,
    rows: &[(&str, String)],
    checks: &[Check],
    json: bool,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(result)?)?;
        return Ok(());
    }
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        + 2;
    for (name, value) in rows {
        writeln!(out, "{name:<width$}{value}")?;
    }
    for check in checks {
        writeln!(out, "{}", check.to_string().trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_on_its_edge_and_not_beyond() {
        assert!(Check::at_most("p99", 10.0, 10.0, "ms").passed);
        assert!(!Check::at_most("p99", 10.01, 10.0, "ms").passed);
        assert!(Check::at_least("share", 0.5, 0.5, "").passed);
        assert!(!Check::at_least("share", 0.49, 0.5, "").passed);
    }

    #[test]
    fn what_was_not_measured_does_not_pass() {
        let check = Check::at_most("p99", f64::NAN, 10.0, "ms");
        assert!(!check.passed && !all_passed(std::slice::from_ref(&check)));
        assert!(check.to_string().contains("not measured"));
    }

    #[test]
    fn a_line_says_what_was_measured_and_what_was_wanted() {
        let line = Check::at_most("ack p99", 7.256, 10.0, "ms").to_string();
        assert_eq!(
            line,
            "PASS  ack p99                            7.26 ms              <= 10 ms"
        );
    }
}
