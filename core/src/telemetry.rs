//! What a node says about itself: log lines on stderr and metrics.
//!
//! Promises: one line per event, control characters escaped (a customer's text cannot forge a line); the recorder is
//! installed once, however often a test asks.
//! Never personal data: types that hold it mask themselves in `Debug` and `Display` (compliance::mask, `SecretString`,
//! `LimitKey`), errors carry ids only, and nothing logs a body, a URL with a query or a header. There is no scrubber as a
//! second net: a field that would need one must not be logged.
//! Does not: export traces or ship logs; standard error and `/metrics` are the interface.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::metrics;
use crate::shutdown::Shutdown;

/// How often observations are folded, in milliseconds.
const UPKEEP_MS: u64 = 5_000;
/// Buckets of everything measured in seconds: 1 ms to 30 s.
const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.175, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0,
];
/// Buckets of batch sizes.
const ITEMS: [f64; 11] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

/// Why nothing can be observed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` cannot be read.
    #[error(
        "log.level = {level:?}: {reason}; use error, warn, info, debug, trace or directives such as info,sqlx=warn"
    )]
    Level {
        /// As configured.
        level: String,
        /// What the parser said.
        reason: String,
    },
    /// Another log subscriber was installed before.
    #[error("logging is set up already")]
    Twice,
    /// Another metrics recorder was installed before.
    #[error("metrics cannot be set up: {0}")]
    Metrics(String),
}

/// Starts logging. Once per process, by the executable.
///
/// # Errors
/// [`TelemetryError::Level`], [`TelemetryError::Twice`].
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| TelemetryError::Level {
        level: log.level.clone(),
        reason: error.to_string(),
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| OneLine(std::io::stderr()));
    match log.format {
        // the JSON encoder escapes control characters by itself
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
        // sanitising is on by default in this formatter; colours only for a terminal
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
    }
    .map_err(|_| TelemetryError::Twice)?;
    std::panic::set_hook(Box::new(|panic| {
        // where, not what: the message may quote a value
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    Ok(())
}

/// Makes a formatted event one line: the text format would let a line break in a value through.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        // an event arrives whole and ends with its own line break
        let text = event.strip_suffix(b"\n").unwrap_or(event);
        let mut line = Vec::with_capacity(event.len() + 8);
        for &byte in text {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                byte => line.push(byte),
            }
        }
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// The recorder's handle, installing it at the first call: `handle.render()` is `/metrics`. Keep
/// [`upkeep`] running, or histograms grow until the next scrape.
///
/// # Errors
/// [`TelemetryError::Metrics`] when another recorder is in place.
pub fn install_metrics() -> Result<PrometheusHandle, TelemetryError> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let installed = HANDLE.get_or_init(|| {
        let handle = install().map_err(|error| error.to_string())?;
        metrics::describe_all();
        ::metrics::gauge!(metrics::BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(handle)
    });
    installed.clone().map_err(TelemetryError::Metrics)
}

/// Folds observations into their buckets every few seconds, until the hard stop.
pub async fn upkeep(handle: PrometheusHandle, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.stopping() => return,
            () = tokio::time::sleep(Duration::from_millis(UPKEEP_MS)) => handle.run_upkeep(),
        }
    }
}

fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_items".to_owned()), &ITEMS)?
        .install_recorder()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_gives_the_same_recorder() {
        let first = install_metrics().unwrap();
        ::metrics::counter!(metrics::REDIS_ERRORS).increment(0);
        let page = install_metrics().unwrap().render();
        assert!(
            page.contains(
                "# HELP balcao_redis_errors_total Redis calls that failed or took too long."
            ),
            "{page}"
        );
        assert!(first.render().contains("balcao_build_info{version="));
    }

    #[test]
    fn seconds_are_histograms_with_buckets_from_a_millisecond_to_half_a_minute() {
        let handle = install_metrics().unwrap();
        ::metrics::histogram!(metrics::WEBHOOK).record(0.02);
        ::metrics::histogram!(metrics::INGEST_BATCH_ITEMS).record(3.0);
        let page = handle.render();
        assert!(
            page.contains("balcao_webhook_seconds_bucket{le=\"0.001\"} 0"),
            "{page}"
        );
        assert!(
            page.contains("balcao_webhook_seconds_bucket{le=\"30\"} 1"),
            "{page}"
        );
        assert!(
            page.contains("balcao_ingest_batch_items_bucket{le=\"4\"} 1"),
            "{page}"
        );
    }

    #[test]
    fn a_level_that_cannot_be_read_is_refused() {
        let log = Log {
            level: "info,balcao=loud".to_owned(),
            format: LogFormat::Json,
        };
        let message = init(&log).unwrap_err().to_string();
        assert!(
            message.contains("log.level") && message.contains("info,sqlx=warn"),
            "{message}"
        );
    }

    #[test]
    fn a_line_break_in_a_value_cannot_start_a_new_line() {
        for json in [true, false] {
            let written = Capture::default();
            let sink = written.clone();
            let lines = tracing_subscriber::fmt()
                .with_writer(move || OneLine(sink.clone()))
                .with_ansi(false);
            let forged = "ok\n{\"level\":\"ERROR\"}\r\u{1b}[31m";
            let say = || tracing::info!(name = forged, "{forged}");
            if json {
                tracing::subscriber::with_default(lines.json().finish(), say);
            } else {
                tracing::subscriber::with_default(lines.finish(), say);
            }
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.matches('\n').count(), 1, "json = {json}: {text}");
            assert!(!text.contains(['\r', '\u{1b}']), "json = {json}: {text:?}");
        }
    }

    #[derive(Clone, Default)]
    struct Capture(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl Write for Capture {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
