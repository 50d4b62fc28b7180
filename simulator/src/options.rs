//! The command line and the secrets.
//!
//! Promises: every knob has a default, a unit in its name and a line of help; a bad value is refused with the remedy.
//! Does not: read the environment anywhere else.

use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

const HELP: &str = "Surfaces:
  /v26.0/...   the Graph API, in the versions Meta serves: messages, media, templates, numbers, accounts,
               subscriptions, debug_token, registration, profile, username, block_users
  /sim/...     control: contacts, echoes, groups, calls, history, notices, templates, numbers, faults, ledger,
               clock, raw webhooks, event stream; simulator/README.md lists every call
  /erp/...     a small provider back office: invoices and lines
  /            the phone page

Standard output carries exactly one line when ready: listening http://ADDRESS:PORT
The ledger in --data is read at start: threads are rebuilt, webhooks that nobody acknowledged are sent again.";

/// A stand-in for Meta's WhatsApp Cloud API and the customers' phones, for demos, tests and load.
#[derive(Clone, clap::Parser)]
#[command(
    name = "simulator",
    version,
    args_override_self = true,
    after_help = HELP
)]
pub struct Options {
    /// Address and port to listen on; port 0 takes a free one and tells it on standard output
    #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Folder of the ledger (made when missing); the only place where the simulator keeps anything
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where webhooks are posted, path included
    #[arg(long, value_name = "URL")]
    pub webhook_url: String,
    /// Id of the business number
    #[arg(long, value_name = "ID")]
    pub phone_number_id: String,
    /// Id of the WhatsApp business account
    #[arg(long, value_name = "ID")]
    pub waba_id: String,
    /// The business number as people dial it, country code first, e.g. 551140000000
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    pub display_phone_number: String,
    /// Name shown at the top of the phone page and as verified_name
    #[arg(long, value_name = "NAME", default_value = "Balcão Internet")]
    pub business_name: String,

    /// App secret that signs webhooks; prefer the environment or the file, arguments are visible to every user
    #[arg(
        long,
        env = "SIMULATOR_APP_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub app_secret: Option<String>,
    /// File with the app secret
    #[arg(long, value_name = "FILE", conflicts_with = "app_secret")]
    pub app_secret_file: Option<PathBuf>,
    /// Bearer token the Graph API expects; prefer the environment or the file
    #[arg(
        long,
        env = "SIMULATOR_ACCESS_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub access_token: Option<String>,
    /// File with the access token
    #[arg(long, value_name = "FILE", conflicts_with = "access_token")]
    pub access_token_file: Option<PathBuf>,
    /// Verify token: when given, the webhook is verified with a GET at start (the outcome is only logged)
    #[arg(
        long,
        env = "SIMULATOR_VERIFY_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub verify_token: Option<String>,
    /// File with the verify token
    #[arg(long, value_name = "FILE", conflicts_with = "verify_token")]
    pub verify_token_file: Option<PathBuf>,

    /// Delay of the `sent` status after a send, in milliseconds
    #[arg(long, default_value_t = 5, value_name = "MS")]
    pub sent_after_ms: u64,
    /// Delay of the `delivered` status after a send, in milliseconds
    #[arg(long, default_value_t = 25, value_name = "MS")]
    pub delivered_after_ms: u64,
    /// Delay of the `read` status after a send, in milliseconds, or `off`: only an open phone page reads
    #[arg(long, default_value = "800", value_name = "MS|off")]
    pub read_after_ms: ReadAfter,
    /// Sends per second the number accepts before error 130429
    #[arg(long, default_value_t = 80, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub throughput: u32,
    /// Do not apply the pair rate (one message in 6 s to the same person, 45 in a burst; error 131056)
    #[arg(long)]
    pub no_pair_limit: bool,
    /// Webhook posts in flight at once
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub webhook_concurrency: u32,
    /// How long a webhook post may take before it counts as failed, in milliseconds
    #[arg(long, default_value_t = 10_000, value_name = "MS")]
    pub webhook_timeout_ms: u64,
    /// First pause of the redelivery backoff (after one immediate retry), in milliseconds
    #[arg(long, default_value_t = 200, value_name = "MS")]
    pub redelivery_start_ms: u64,
    /// Longest pause between redeliveries, in milliseconds; redelivery goes on for 7 days
    #[arg(long, default_value_t = 60_000, value_name = "MS")]
    pub redelivery_cap_ms: u64,
    /// Messages kept in memory for each contact; older ones stay in the ledger only
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub thread_entries_max: u32,
    /// Faults that are on from the start: a JSON file as `PUT /sim/faults` takes it
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Further numbers: a JSON file with a list of what `POST /sim/numbers` takes
    #[arg(long, value_name = "FILE")]
    pub numbers: Option<PathBuf>,
    /// Log filter on standard error, e.g. `info` or `simulator=debug`
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub log: String,
}

/// When phones read what they receive without anybody looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAfter {
    /// After this delay.
    After(Duration),
    /// Only when somebody opens the contact on the phone page.
    Off,
}

impl FromStr for ReadAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(ReadAfter::Off),
            number => number
                .parse()
                .map(|ms| ReadAfter::After(Duration::from_millis(ms)))
                .map_err(|_| "give milliseconds, e.g. 800, or `off`".to_owned()),
        }
    }
}

/// The three secrets; never printed.
pub(crate) struct Secrets {
    pub(crate) app_secret: String,
    pub(crate) access_token: String,
    pub(crate) verify_token: Option<String>,
}

impl Secrets {
    /// Takes each secret from its flag, environment variable or file.
    pub(crate) fn read(options: &Options) -> anyhow::Result<Self> {
        let required = |value: &Option<String>, file: &Option<PathBuf>, what: &str| match one(
            value.as_deref(),
            file.as_deref(),
        )? {
            Some(secret) => Ok(secret),
            None => bail!(
                "no {what}: set SIMULATOR_{} or give --{}-file",
                what.to_uppercase().replace(' ', "_"),
                what.replace(' ', "-")
            ),
        };
        Ok(Secrets {
            app_secret: required(&options.app_secret, &options.app_secret_file, "app secret")?,
            access_token: required(
                &options.access_token,
                &options.access_token_file,
                "access token",
            )?,
            verify_token: one(
                options.verify_token.as_deref(),
                options.verify_token_file.as_deref(),
            )?,
        })
    }
}

fn one(value: Option<&str>, file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let secret = match (value, file) {
        (Some(value), _) => value.to_owned(),
        (None, Some(path)) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .trim()
            .to_owned(),
        (None, None) => return Ok(None),
    };
    if secret.is_empty() {
        bail!("a secret is empty: give it a value or leave it out");
    }
    Ok(Some(secret))
}

fn digits(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if (7..=15).contains(&digits.len()) {
        Ok(digits)
    } else {
        Err("give 7 to 15 digits, country code first".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn reading_can_be_switched_off_or_timed() {
        assert_eq!("off".parse(), Ok(ReadAfter::Off));
        assert_eq!(
            "50".parse(),
            Ok(ReadAfter::After(Duration::from_millis(50)))
        );
        assert!("soon".parse::<ReadAfter>().is_err());
    }

    #[test]
    fn a_missing_secret_names_its_variable() {
        let options = Options::try_parse_from([
            "simulator",
            "--data",
            "x",
            "--webhook-url",
            "http://127.0.0.1:1/",
            "--phone-number-id",
            "1",
            "--waba-id",
            "2",
            "--display-phone-number",
            "+55 11 4000-0000",
        ])
        .unwrap();
        assert_eq!(options.display_phone_number, "551140000000");
        let error = Secrets::read(&Options {
            app_secret: None,
            ..options
        })
        .err()
        .unwrap();
        assert!(
            error.to_string().contains("SIMULATOR_APP_SECRET"),
            "{error}"
        );
    }
}
