//! What a contest's figures say about each other. Pure.
//!
//! Promises: a figure that is missing or zero gives no ratio, and no ratio holds no target.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

/// The load whose ratios are judged: 64 connections, each waiting for its answer.
const LOAD: &str = "closed-64";
const RATE: &str = "/throughput_ok_per_s";
const CPU: &str = "/cpu_us_per_msg/total";

/// Balcão's figure by another's.
#[derive(Debug)]
pub(super) struct Ratio {
    what: &'static str,
    beside: &'static str,
    ours_by_theirs: f64,
    target: Target,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// What is judged: what, where it stands, beside whom, the target.
const JUDGED: [(&str, &str, &str, Target); 3] = [
    (
        "durable messages/s",
        RATE,
        "sqlalchemy",
        Target::AtLeast(12.0),
    ),
    ("durable messages/s", RATE, "node", Target::AtLeast(4.0)),
    ("CPU per message", CPU, "node", Target::AtMost(0.2)),
];

/// The ratios to those contenders that took part.
///
/// # Errors
/// Balcão did not take part.
pub(super) fn judge(told: &Value) -> Result<Vec<Ratio>> {
    let medians = &told["median"];
    let ours = medians["balcao"]
        .get(LOAD)
        .with_context(|| format!("the contest's result has no {LOAD} of balcao"))?;
    let judged = JUDGED.iter().filter_map(|(what, at, beside, target)| {
        let theirs = medians.get(beside)?.get(LOAD)?;
        Some(Ratio {
            what,
            beside,
            ours_by_theirs: figure(ours, at) / figure(theirs, at),
            target: *target,
        })
    });
    Ok(judged.collect())
}

/// Every contender's medians, one line for each load.
pub(super) fn table(told: &Value) -> String {
    let mut text = format!(
        "{:<12} {:<10} {:>10} {:>9} {:>9} {:>10} {:>7} {:>9} {:>7}\n",
        "contender",
        "load",
        "messages/s",
        "p50 ms",
        "p99 ms",
        "CPU us/msg",
        "errors",
        "unserved",
        "foreign"
    );
    for (name, loads) in told["median"].as_object().into_iter().flatten() {
        for (load, row) in loads.as_object().into_iter().flatten() {
            let at = |pointer| figure(row, pointer);
            text += &format!(
                "{name:<12} {load:<10} {:>10.0} {:>9.1} {:>9.1} {:>10.0} {:>7.0} {:>9.0} {:>7.2}\n",
                at(RATE),
                at("/p50"),
                at("/p99"),
                at(CPU),
                row["errors"].as_f64().unwrap_or(f64::NAN),
                row["unserved"].as_f64().unwrap_or(f64::NAN),
                row["foreign_cpu_cores"].as_f64().unwrap_or(f64::NAN),
            );
        }
    }
    text
}

/// A positive figure, or no number.
fn figure(row: &Value, pointer: &str) -> f64 {
    let figure = row.pointer(pointer).and_then(Value::as_f64);
    figure.filter(|figure| *figure > 0.0).unwrap_or(f64::NAN)
}

impl Ratio {
    pub(super) fn holds(&self) -> bool {
        match self.target {
            Target::AtLeast(least) => self.ours_by_theirs >= least,
            Target::AtMost(most) => self.ours_by_theirs <= most,
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.holds() { "PASS" } else { "FAIL" };
        let target = match self.target {
            Target::AtLeast(least) => format!(">= {least}x"),
            Target::AtMost(most) => format!("<= {most}x"),
        };
        let what = format!("{}, balcao / {}", self.what, self.beside);
        write!(
            f,
            "{verdict}  {what:<44} {:>8.3}x  {target}",
            self.ours_by_theirs
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(ours: (f64, f64)) -> Value {
        let row = |(rate, cpu): (f64, f64)| {
            json!({LOAD: {"throughput_ok_per_s": rate, "p50": 3.6, "p99": 7.7, "errors": 0, "unserved": 0,
                "foreign_cpu_cores": 0.1, "cpu_us_per_msg": {"total": cpu}}})
        };
        json!({"median": {"balcao": row(ours), "sqlalchemy": row((1_000.0, 1_700.0)), "node": row((3_000.0, 500.0))}})
    }

    fn holds(told: &Value) -> Vec<bool> {
        judge(told).unwrap().iter().map(Ratio::holds).collect()
    }

    #[test]
    fn each_target_is_judged_by_itself() {
        assert_eq!(holds(&told((12_000.0, 100.0))), [true, true, true]);
        assert_eq!(holds(&told((11_990.0, 100.0))), [false, false, true]);
        assert_eq!(holds(&told((12_000.0, 101.0))), [true, true, false]);
    }

    #[test]
    fn nothing_measured_holds_nothing() {
        assert_eq!(holds(&told((0.0, 0.0))), [false, false, false]);
        let mut dead = told((12_000.0, 100.0));
        dead["median"]["node"][LOAD]["cpu_us_per_msg"] = Value::Null;
        assert_eq!(holds(&dead), [true, true, false]);
    }

    #[test]
    fn who_did_not_take_part_is_not_judged_but_we_must() {
        let mut alone = told((12_000.0, 100.0));
        alone["median"].as_object_mut().unwrap().remove("node");
        assert_eq!(holds(&alone), [true]);
        assert!(judge(&json!({"median": {"node": {}}})).is_err());
    }

    #[test]
    fn the_table_has_a_line_for_each_contender() {
        let text = table(&told((12_000.0, 100.0)));
        assert_eq!(text.lines().count(), 4);
        assert!(
            text.contains("balcao       closed-64       12000"),
            "{text}"
        );
    }
}
