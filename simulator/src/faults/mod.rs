//! Faults that can be switched on while running: `GET|PUT /sim/faults`.
//!
//! Promises: `PUT {}` switches everything off; an unknown name is refused, so that a typo is not a passing test;
//! counters (`*_times`, `times`) count down to zero.
//! Does not: act; each surface asks for the fault it knows.

mod board;
mod kinds;
mod number;

pub(crate) use board::FaultBoard;
pub(crate) use kinds::{ErpFault, FailLater, GraphFault, MediaFault, MediaStep, Pacing, Review};
pub(crate) use number::{NumberFaults, TokenState};

use kinds::count_or_switch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Refuse templates that were not created before (132001), as Meta does.
    pub(crate) strict_templates: bool,
    /// Template sends are held for a quality check, or paused.
    pub(crate) template_pacing: Option<Pacing>,
    /// What becomes of a template that was created or edited, and when.
    pub(crate) template_review: Review,
    pub(crate) template_review_ms: u64,
    /// Phones that have no WhatsApp: what is sent to them fails with 131026.
    pub(crate) no_whatsapp: Vec<String>,
    /// Every Graph call answers 401 and code 190: the token expired.
    pub(crate) token_dead: bool,
    /// Management calls answer code 80007 with the usage header.
    pub(crate) management_limited: bool,
    /// What goes wrong with one number, by `phone_number_id`.
    pub(crate) numbers: BTreeMap<String, NumberFaults>,
    /// The next `times` uploads, resolutions or downloads of media answer this HTTP status.
    pub(crate) media_error: Option<MediaFault>,
    /// Downloads send half of the bytes and drop the connection.
    pub(crate) media_truncated: bool,
    /// Hold the first byte of a download this long.
    pub(crate) media_slow_ms: u64,
    /// Hold the answer of an upload this long: the file is there.
    pub(crate) upload_slow_ms: u64,
    /// `sha256` names another file.
    pub(crate) media_wrong_hash: bool,
    /// Media URLs begin with this instead of the simulator's own address.
    pub(crate) media_url: Option<String>,
    /// Downloads answer 302 to this address.
    pub(crate) media_redirect: Option<String>,
    /// Webhooks carry media ids without `url`, as before 2025-11.
    pub(crate) no_media_url: bool,
    /// Phones that may not be shown to the business: `from`, `wa_id` and `recipient_id` are left out.
    pub(crate) bsuid_only: Vec<String>,
    /// New contacts with an area code from 31 on get a `wa_id` without the ninth digit.
    pub(crate) strip_ninth_digit: bool,
    /// People have a parent BSUID too.
    pub(crate) parent_ids: bool,
    /// Edits and deletions reach the business as `unsupported`, as without coexistence.
    pub(crate) edits_unsupported: bool,
    /// Message ids with `/`, `+` and `=`, longer than 128 characters.
    pub(crate) odd_wamids: bool,
    /// Post UTF-8 instead of `\u` escapes.
    pub(crate) utf8_raw: bool,
    /// White space before the end of every body; beyond 3 MB this is more than Meta sends.
    pub(crate) padding_bytes: u32,
    /// The shape before 2026-04: no user ids, no contacts in statuses, `conversation` and CBP pricing.
    pub(crate) legacy_shape: bool,
    /// Sign webhooks with a wrong secret.
    pub(crate) bad_signature: bool,
    /// The next `times` ERP calls answer this HTTP status.
    pub(crate) erp_error: Option<ErpFault>,
    pub(crate) erp_delay_ms: u64,
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
            strict_templates: true,
            template_pacing: None,
            template_review: Review::Approve,
            template_review_ms: 300,
            no_whatsapp: Vec::new(),
            token_dead: false,
            management_limited: false,
            numbers: BTreeMap::new(),
            media_error: None,
            media_truncated: false,
            media_slow_ms: 0,
            upload_slow_ms: 0,
            media_wrong_hash: false,
            media_url: None,
            media_redirect: None,
            no_media_url: false,
            bsuid_only: Vec::new(),
            strip_ninth_digit: false,
            parent_ids: false,
            edits_unsupported: false,
            odd_wamids: false,
            utf8_raw: false,
            padding_bytes: 0,
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
        if self.padding_bytes > 64 * 1024 * 1024 {
            return Err("padding_bytes must be at most 64 MB".to_owned());
        }
        let longest = [
            self.template_review_ms,
            self.media_slow_ms,
            self.upload_slow_ms,
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
            .chain(self.erp_error.iter().map(|f| f.http))
            .chain(self.media_error.iter().map(|f| f.http))
            .chain(
                self.numbers
                    .values()
                    .flat_map(|number| number.graph_error.iter().map(|f| f.http)),
            );
        for http in codes {
            if !(400..=599).contains(&http) {
                return Err(format!("http {http}: an error answers 400 to 599"));
            }
        }
        for phones in [&mut self.bsuid_only, &mut self.no_whatsapp] {
            *phones = std::mem::take(phones)
                .iter()
                .map(|phone| {
                    crate::identity::phone_digits(phone)
                        .ok_or("bsuid_only and no_whatsapp take phones of 7 to 15 digits")
                })
                .collect::<Result<_, _>>()?;
        }
        Ok(self)
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
