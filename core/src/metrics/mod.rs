//! Every metric the product exports, once: name, kind, unit, labels, help.
//!
//! Promises: a name used anywhere is one of these constants; labels are bounded words (an enum's spelling, a pool, a
//! status code); docs/metrics.md is generated from this catalogue and a test compares.
//! Does not: carry ids, phones or anything else about a person; measure (the places where things happen do).

mod catalogue;
mod names;

pub use catalogue::CATALOGUE;
pub use names::*;

use std::fmt::Write as _;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; `rate()` it.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations in buckets; `histogram_quantile()` it.
    Histogram,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What one unit of a metric's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds, with fractions.
    Seconds,
    /// 1 = yes, 0 = no.
    Bool,
}

impl Unit {
    const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Seconds => "seconds",
            Self::Bool => "0 or 1",
        }
    }

    const fn described(self) -> ::metrics::Unit {
        match self {
            Self::Count | Self::Bool => ::metrics::Unit::Count,
            Self::Seconds => ::metrics::Unit::Seconds,
        }
    }
}

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Full name with the prefix `balcao_`.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// What its value counts.
    pub unit: Unit,
    /// Each label with its possible values.
    pub labels: &'static [Label],
    /// One sentence.
    pub help: &'static str,
}

/// A label and its bounded values.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// The label's name.
    pub name: &'static str,
    /// Its values, or where they come from.
    pub values: &'static str,
}

/// Gives every metric its help text; once, after the recorder is installed.
pub fn describe_all() {
    for metric in CATALOGUE {
        match metric.kind {
            Kind::Counter => {
                ::metrics::describe_counter!(metric.name, metric.unit.described(), metric.help)
            }
            Kind::Gauge => {
                ::metrics::describe_gauge!(metric.name, metric.unit.described(), metric.help)
            }
            Kind::Histogram => {
                ::metrics::describe_histogram!(metric.name, metric.unit.described(), metric.help)
            }
        }
    }
}

/// docs/metrics.md.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         <!-- Generated from core/src/metrics/catalogue.rs by `cargo run -p balcao-core --example reference`; a test compares. -->\n\n\
         Prometheus text format at `/metrics` of the operations listener. No label ever holds an id or anything about a \
         person.\nHistograms have fixed buckets from 1 ms to 30 s (batch sizes: 1 to 1024).\n\n\
         | Metric | Kind | Unit | Labels | Meaning |\n|---|---|---|---|---|\n",
    );
    for metric in CATALOGUE {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| format!("`{}`: {}", label.name, label.values))
            .collect();
        let labels = if labels.is_empty() {
            "-".to_owned()
        } else {
            labels.join("; ")
        };
        let (name, kind, unit, help) = (
            metric.name,
            metric.kind.word(),
            metric.unit.word(),
            metric.help,
        );
        // writing to a String cannot fail
        let _never = writeln!(page, "| `{name}` | {kind} | {unit} | {labels} | {help} |");
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_their_kind_and_unit() {
        let mut seen = BTreeSet::new();
        for metric in CATALOGUE {
            let name = metric.name;
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("balcao_"), "{name} lacks the prefix");
            assert_eq!(
                metric.kind == Kind::Counter,
                name.ends_with("_total"),
                "{name}: _total is for counters"
            );
            assert_eq!(
                metric.unit == Unit::Seconds,
                name.ends_with("_seconds"),
                "{name}: _seconds is for seconds"
            );
            assert!(metric.help.ends_with('.'), "{name}: help is a sentence");
        }
    }

    #[test]
    fn no_label_could_hold_an_id() {
        for label in CATALOGUE.iter().flat_map(|metric| metric.labels) {
            assert!(
                !label.name.contains("id"),
                "{} sounds like an id",
                label.name
            );
            assert!(!label.values.is_empty(), "{} is unbounded", label.name);
        }
    }

    #[test]
    fn the_page_in_docs_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(
            page,
            markdown(),
            "run `cargo run -p balcao-core --example reference`"
        );
    }
}
