//! Faults that can be switched on while running: `GET|PUT /sim/faults`.
//!
//! Promises: `PUT {}` switches everything off; an unknown name is refused, so that a typo is not a passing test;
//! counters (`*_times`, `times`) count down to zero.
//! Does not: act; each surface asks for the fault it knows.

use serde::{Deserialize, Deserializer, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every fault, all off by default. Durations in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    /// Extra copies of every webhook event, each delivered on its own.
    pub(crate) duplicate: u32,
    /// Deliver events in random order, within `reorder_within_ms`, also within a contact.
    pub(crate) reorder: bool,
    pub(crate) reorder_within_ms: u64,
    /// Events per webhook post (1 to 1,000), waiting up to `batch_wait_ms` to fill it.
    pub(crate) batch_size: u32,
    pub(crate) batch_wait_ms: u64,
    /// Hold every event back this long.
    pub(crate) delay_ms: u64,
    /// Never send `delivered` (the person had the chat open: `read` comes alone).
    pub(crate) drop_delivered: bool,
    /// Phones do not read by themselves.
    pub(crate) no_read: bool,
    /// Answer 200 and never send a status.
    pub(crate) no_statuses: bool,
    /// The `sent` webhook is posted before the Graph call is answered.
    pub(crate) status_before_response: bool,
    /// Accepted sends fail later with a `failed` status.
    pub(crate) fail_later: Option<FailLater>,
    /// The next `times` sends are refused with this Graph error.
    pub(crate) graph_error: Option<GraphFault>,
    /// Hold the answer of accepted sends this long: the message went out.
    pub(crate) graph_hang_ms: u64,
    /// The next N sends are accepted, then the connection drops without an answer (`true` = until switched off).
    #[serde(deserialize_with = "count_or_switch")]
    pub(crate) graph_reset: u32,
    /// The next N sends get a non-JSON 502 (`true` = until switched off).
    #[serde(deserialize_with = "count_or_switch")]
    pub(crate) graph_502_times: u32,
    /// Whether a send answered with 502 went out all the same.
    pub(crate) graph_502_recorded: bool,
    /// The 24 hour window is enforced by a later `failed` status instead of an immediate refusal.
    pub(crate) window_error_later: bool,
    /// Refuse templates that were not created before (132001).
    pub(crate) strict_templates: bool,
    /// Phones that may not be shown to the business: `from`, `wa_id` and `recipient_id` are left out.
    pub(crate) bsuid_only: Vec<String>,
    /// New contacts with an area code from 31 on get a `wa_id` without the ninth digit.
    pub(crate) strip_ninth_digit: bool,
    /// Post UTF-8 instead of `\u` escapes.
    pub(crate) utf8_raw: bool,
    /// The shape before 2026-04: no user ids, no contacts in statuses, `conversation` and CBP pricing.
    pub(crate) legacy_shape: bool,
    /// Sign webhooks with a wrong secret.
    pub(crate) bad_signature: bool,
    /// The next `times` ERP calls answer this HTTP status.
    pub(crate) erp_error: Option<ErpFault>,
    pub(crate) erp_delay_ms: u64,
}

/// An error the Graph API is told to answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GraphFault {
    pub(crate) code: i64,
    #[serde(default = "bad_request")]
    pub(crate) http: u16,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// An error the person's side reports after the send was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailLater {
    pub(crate) code: i64,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

/// An error of the back office.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErpFault {
    #[serde(default = "unavailable")]
    pub(crate) http: u16,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

const fn bad_request() -> u16 {
    400
}

const fn unavailable() -> u16 {
    503
}

const fn once() -> u32 {
    1
}

fn count_or_switch<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Count(u32),
        Switch(bool),
    }
    Ok(match Either::deserialize(input)? {
        Either::Count(count) => count,
        Either::Switch(true) => u32::MAX,
        Either::Switch(false) => 0,
    })
}

impl Default for Faults {
    fn default() -> Self {
        Faults {
            duplicate: 0,
            reorder: false,
            reorder_within_ms: 500,
            batch_size: 1,
            batch_wait_ms: 50,
            delay_ms: 0,
            drop_delivered: false,
            no_read: false,
            no_statuses: false,
            status_before_response: false,
            fail_later: None,
            graph_error: None,
            graph_hang_ms: 0,
            graph_reset: 0,
            graph_502_times: 0,
            graph_502_recorded: false,
            window_error_later: false,
            strict_templates: false,
            bsuid_only: Vec::new(),
            strip_ninth_digit: false,
            utf8_raw: false,
            legacy_shape: false,
            bad_signature: false,
            erp_error: None,
            erp_delay_ms: 0,
        }
    }
}

impl Faults {
    /// Refuses values that would stop the simulator instead of the product.
    pub(crate) fn checked(mut self) -> Result<Self, String> {
        if !(1..=1_000).contains(&self.batch_size) {
            return Err("batch_size must be 1 to 1,000 (Meta's limit)".to_owned());
        }
        if self.duplicate > 100 {
            return Err("duplicate must be at most 100".to_owned());
        }
        let longest = [
            self.delay_ms,
            self.batch_wait_ms,
            self.reorder_within_ms,
            self.graph_hang_ms,
            self.erp_delay_ms,
        ];
        if longest.iter().any(|ms| *ms > 600_000) {
            return Err("delays must be at most 600,000 ms".to_owned());
        }
        let codes = self
            .graph_error
            .iter()
            .map(|f| f.http)
            .chain(self.erp_error.iter().map(|f| f.http));
        for http in codes {
            if !(400..=599).contains(&http) {
                return Err(format!("http {http}: an error answers 400 to 599"));
            }
        }
        self.bsuid_only = std::mem::take(&mut self.bsuid_only)
            .iter()
            .map(|phone| {
                crate::identity::phone_digits(phone)
                    .ok_or("bsuid_only takes phones of 7 to 15 digits")
            })
            .collect::<Result<_, _>>()?;
        Ok(self)
    }
}

/// The faults that are on now.
#[derive(Debug, Default)]
pub(crate) struct FaultBoard(Mutex<Faults>);

impl FaultBoard {
    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of all faults.
    pub(crate) fn now(&self) -> Faults {
        self.lock().clone()
    }

    /// Replaces all faults.
    pub(crate) fn set(&self, faults: Faults) {
        *self.lock() = faults;
    }

    /// Takes one refused send from the board, if any is left.
    pub(crate) fn take_graph_error(&self) -> Option<GraphFault> {
        let mut faults = self.lock();
        let fault = faults.graph_error.as_mut()?;
        let taken = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            faults.graph_error = None;
        }
        (taken.times > 0).then_some(taken)
    }

    /// Takes one later failure from the board, if any is left.
    pub(crate) fn take_fail_later(&self) -> Option<i64> {
        let mut faults = self.lock();
        let fault = faults.fail_later.as_mut()?;
        let (code, left) = (fault.code, fault.times);
        fault.times = left.saturating_sub(1);
        if fault.times == 0 {
            faults.fail_later = None;
        }
        (left > 0).then_some(code)
    }

    /// Takes one ERP error from the board, if any is left.
    pub(crate) fn take_erp_error(&self) -> Option<u16> {
        let mut faults = self.lock();
        let fault = faults.erp_error.as_mut()?;
        let (http, left) = (fault.http, fault.times);
        fault.times = left.saturating_sub(1);
        if fault.times == 0 {
            faults.erp_error = None;
        }
        (left > 0).then_some(http)
    }

    /// Takes one dropped connection from the board, if any is left.
    pub(crate) fn take_reset(&self) -> bool {
        take(&mut self.lock().graph_reset)
    }

    /// Takes one 502 from the board, if any is left; the value says whether the send goes out all the same.
    pub(crate) fn take_502(&self) -> Option<bool> {
        let mut faults = self.lock();
        take(&mut faults.graph_502_times).then_some(faults.graph_502_recorded)
    }
}

/// `u32::MAX` means until switched off.
fn take(left: &mut u32) -> bool {
    match *left {
        0 => false,
        u32::MAX => true,
        _ => {
            *left -= 1;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_switches_everything_off() {
        let faults: Faults = serde_json::from_str("{}").unwrap();
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn a_misspelled_fault_is_refused() {
        let error = serde_json::from_str::<Faults>(r#"{"duplicates":2}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field"), "{error}");
    }

    #[test]
    fn counted_faults_run_out_and_switches_stay() {
        let board = FaultBoard::default();
        board.set(serde_json::from_str(r#"{"graph_502_times":2,"graph_reset":true,"graph_error":{"code":131056,"times":2}}"#).unwrap());
        assert_eq!(
            [board.take_502(), board.take_502(), board.take_502()],
            [Some(false), Some(false), None]
        );
        assert!((0..10).all(|_| board.take_reset()));
        assert_eq!(
            board.take_graph_error().map(|f| (f.code, f.http)),
            Some((131_056, 400))
        );
        assert!(board.take_graph_error().is_some() && board.take_graph_error().is_none());
        assert_eq!(board.now().graph_error, None);
    }

    #[test]
    fn limits_are_checked() {
        let parse = |text| serde_json::from_str::<Faults>(text).unwrap().checked();
        assert!(parse(r#"{"batch_size":0}"#).is_err());
        assert!(parse(r#"{"graph_error":{"code":1,"http":200}}"#).is_err());
        assert!(parse(r#"{"bsuid_only":["abc"]}"#).is_err());
        assert_eq!(
            parse(r#"{"bsuid_only":["+55 11 91234-5678"]}"#)
                .unwrap()
                .bsuid_only,
            ["5511912345678"]
        );
    }
}
