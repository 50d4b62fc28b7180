//! Asks the provider's ERP: open invoices and the state of a line, by the customer's phone.
//!
//! Promises: an answer within `bot.erp_timeout_ms`, from a real answer to "failed", never a hang; what is down is not
//! asked again at once (breaker `erp`). The phone travels in the body only. Does not: retry (the customer waits), log
//! what it sends or gets, or change anything in the ERP.
//!
//! The contract: `POST /erp/invoices/search` and `POST /erp/lines/search` with `{"phone": "5511..."}`, digits with
//! country code; 404 = no such customer.

use std::time::Duration;

use balcao_core::breaker::{Breaker, BreakerPolicy, Guarded};
use balcao_core::config;
use balcao_core::metrics::ERP_CALLS;
use chrono::{DateTime, NaiveDate, Utc};
use compliance::mask::Phone;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long connecting may take, in milliseconds, within the time-out of the whole call.
const CONNECT_TIMEOUT_MS: u64 = 1_000;

/// What is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Open invoices.
    Invoices,
    /// The state of the line.
    Line,
}

impl Query {
    fn path(self) -> &'static str {
        match self {
            Self::Invoices => "/erp/invoices/search",
            Self::Line => "/erp/lines/search",
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Open invoices; none is an answer too.
    Invoices(Vec<Invoice>),
    /// The line.
    Line(Line),
    /// The ERP does not know this phone, or the customer has none.
    NotFound,
    /// It did not answer, or not in time, or what nobody understands.
    Failed,
    /// The installation has no ERP.
    NotConnected,
}

/// An invoice nobody paid yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The day it is due.
    pub due_date: NaiveDate,
    /// That day has passed.
    pub overdue: bool,
    /// In cents.
    pub amount_cents: i64,
    /// ISO 4217.
    pub currency: String,
    /// Pix code to copy.
    pub pix_code: Option<String>,
    /// Where the second copy is.
    pub url: Option<String>,
}

/// Debts are nobody's business in a log.
impl std::fmt::Debug for Invoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invoice(..)")
    }
}

/// The state of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How it is.
    pub status: LineStatus,
    /// The ERP's own sentence.
    pub message: String,
    /// Sold speed, in Mbit/s.
    pub plan_mbps: Option<u32>,
    /// Optical power at the customer, in dBm.
    pub signal_dbm: Option<f64>,
    /// When an outage should end.
    pub estimated_end_at: Option<DateTime<Utc>>,
}

/// How a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStatus {
    /// It works.
    Online,
    /// It works badly.
    Degraded,
    /// It is out.
    Outage,
    /// A word that we do not know.
    #[serde(other)]
    Other,
}

/// Why a call failed. Carries no URL and no body: they may hold what must not be logged.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("no answer in time")]
    TooLate,
    #[error("no answer: {0}")]
    NoAnswer(reqwest::Error),
    #[error("status {0}")]
    Status(StatusCode),
    #[error("the answer has more than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    #[error("the answer is not of the contract: {0:?}")]
    NotUnderstood(serde_json::error::Category),
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::TooLate
        } else {
            Self::NoAnswer(error.without_url())
        }
    }
}

/// The ERP of an installation, or none.
#[derive(Clone, Debug)]
pub(crate) struct Erp {
    connected: Option<Connected>,
    breaker: Breaker,
}

#[derive(Clone, Debug)]
struct Connected {
    http: reqwest::Client,
    base_url: String,
    token: Option<SecretString>,
}

impl Erp {
    /// A client for the ERP in the configuration.
    ///
    /// # Errors
    /// When the HTTP client cannot be made (no TLS provider installed).
    pub(crate) fn new(config: &config::Bot) -> Result<Self, reqwest::Error> {
        let connected = match &config.erp_url {
            None => None,
            Some(url) => Some(Connected {
                http: reqwest::Client::builder()
                    .timeout(Duration::from_millis(config.erp_timeout_ms))
                    .connect_timeout(Duration::from_millis(
                        CONNECT_TIMEOUT_MS.min(config.erp_timeout_ms),
                    ))
                    // a redirect would carry the phone to who knows where
                    .redirect(reqwest::redirect::Policy::none())
                    .user_agent(concat!("balcao/", env!("CARGO_PKG_VERSION")))
                    .build()?,
                base_url: url.trim_end_matches('/').to_owned(),
                token: config.erp_token.clone(),
            }),
        };
        Ok(Self {
            connected,
            breaker: Breaker::new("erp", BreakerPolicy::HTTP),
        })
    }

    /// Looks something up for the customer with this phone.
    pub(crate) async fn ask(&self, query: Query, phone: Option<&Phone>) -> Answer {
        let Some(connected) = &self.connected else {
            return Answer::NotConnected;
        };
        let Some(phone) = phone else {
            return count("not_found", Answer::NotFound);
        };
        match self.breaker.call(connected.look_up(query, phone)).await {
            Ok(Answer::NotFound) => count("not_found", Answer::NotFound),
            Ok(Answer::Failed) => count("failed", Answer::Failed),
            Ok(answer) => count("ok", answer),
            Err(Guarded::Open) => count("open", Answer::Failed),
            Err(Guarded::Failed(error)) => {
                tracing::warn!(%error, ?query, "the ERP did not answer");
                count("failed", Answer::Failed)
            }
        }
    }
}

fn count(outcome: &'static str, answer: Answer) -> Answer {
    metrics::counter!(ERP_CALLS, "outcome" => outcome).increment(1);
    answer
}

impl Connected {
    async fn look_up(&self, query: Query, phone: &Phone) -> Result<Answer, CallError> {
        let digits: String = phone
            .expose()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        let mut request = self.http.post(format!("{}{}", self.base_url, query.path()));
        request = request.json(&serde_json::json!({ "phone": digits }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let response = request.send().await?;
        match response.status() {
            status if status.is_success() => {}
            StatusCode::NOT_FOUND => return Ok(Answer::NotFound),
            // it answers, but not us: nothing that waiting would heal, so nothing for the breaker
            status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                tracing::error!(
                    status = status.as_u16(),
                    ?query,
                    "the ERP refuses our call; check bot.erp_url and bot.erp_token"
                );
                return Ok(Answer::Failed);
            }
            status => return Err(CallError::Status(status)),
        }
        let body = read(response).await?;
        Ok(match query {
            Query::Invoices => Answer::Invoices(parse::<InvoicesAnswer>(&body)?.open()),
            Query::Line => Answer::Line(parse::<LineAnswer>(&body)?.line.into()),
        })
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(CallError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    // serde's own words quote the body
    serde_json::from_slice(body).map_err(|error| CallError::NotUnderstood(error.classify()))
}

#[derive(Deserialize)]
struct InvoicesAnswer {
    invoices: Vec<InvoiceOnWire>,
}

#[derive(Deserialize)]
struct InvoiceOnWire {
    due_date: NaiveDate,
    status: String,
    amount_cents: i64,
    #[serde(default = "real")]
    currency: String,
    #[serde(default)]
    pix_code: Option<String>,
    #[serde(default)]
    second_copy_url: Option<String>,
}

fn real() -> String {
    "BRL".to_owned()
}

impl InvoicesAnswer {
    /// Those that are to be paid; an ERP may list others too.
    fn open(self) -> Vec<Invoice> {
        let unpaid = self
            .invoices
            .into_iter()
            .filter(|invoice| matches!(invoice.status.as_str(), "open" | "overdue"));
        unpaid
            .map(|invoice| Invoice {
                due_date: invoice.due_date,
                overdue: invoice.status == "overdue",
                amount_cents: invoice.amount_cents,
                currency: invoice.currency,
                pix_code: invoice.pix_code,
                url: invoice.second_copy_url,
            })
            .collect()
    }
}

#[derive(Deserialize)]
struct LineAnswer {
    line: LineOnWire,
}

#[derive(Deserialize)]
struct LineOnWire {
    status: LineStatus,
    #[serde(default)]
    message: String,
    #[serde(default)]
    plan_mbps: Option<u32>,
    #[serde(default)]
    signal_dbm: Option<f64>,
    #[serde(default)]
    outage: Option<OutageOnWire>,
}

#[derive(Deserialize)]
struct OutageOnWire {
    #[serde(default)]
    estimated_end_at: Option<DateTime<Utc>>,
}

impl From<LineOnWire> for Line {
    fn from(line: LineOnWire) -> Self {
        Self {
            status: line.status,
            message: line.message,
            plan_mbps: line.plan_mbps,
            signal_dbm: line.signal_dbm,
            estimated_end_at: line.outage.and_then(|outage| outage.estimated_end_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unpaid_invoices_are_told() {
        let body = br#"{"customer_id":"C-1","invoices":[
            {"id":"a","due_date":"2026-12-05","status":"open","amount_cents":9990,"currency":"BRL","pix_code":"0002","second_copy_url":"https://example.com/a"},
            {"id":"b","due_date":"2026-11-05","status":"overdue","amount_cents":100},
            {"id":"c","due_date":"2026-10-05","status":"paid","amount_cents":100}]}"#;
        let open = parse::<InvoicesAnswer>(body).unwrap().open();
        assert_eq!(open.len(), 2);
        assert!(!open[0].overdue && open[1].overdue);
        assert_eq!(
            (open[1].currency.as_str(), &open[1].pix_code),
            ("BRL", &None)
        );
    }

    #[test]
    fn a_status_of_a_newer_erp_is_kept_as_other() {
        let line: Line =
            parse::<LineAnswer>(br#"{"line":{"status":"scheduled_work","message":"x"}}"#)
                .unwrap()
                .line
                .into();
        assert_eq!(
            (line.status, line.estimated_end_at),
            (LineStatus::Other, None)
        );
    }

    #[test]
    fn what_is_not_understood_is_not_quoted() {
        let error = parse::<LineAnswer>(br#"{"line":"5511987654321"}"#)
            .err()
            .unwrap();
        assert!(!format!("{error} {error:?}").contains("5511"), "{error}");
    }
}
