//! What Meta's error codes mean for a send.
//! Source: Meta, "Error codes" (Cloud API), as collected up to 2026-10; decided by `code` and HTTP status only, never by
//! the text or the subcode.
//!
//! Promises: total: an unknown code is judged by the HTTP status, and what may have reached the customer is never called
//! refused.

use std::time::Duration;

/// What to do with a send after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Certainly not sent: again after about so long, a few times.
    Retry(Duration),
    /// Too many to the same customer: again after 4^tries seconds.
    PairWait,
    /// Certainly not sent, and repeating cannot help: failed.
    Fail,
    /// Nothing can be sent through this number until somebody acts: it waits, and an operator is told.
    StopChannel,
    /// It may have been sent: a status settles it, or it shows as unknown.
    Ambiguous,
}

const SOON: Verdict = Verdict::Retry(Duration::from_secs(2));
const LATER: Verdict = Verdict::Retry(Duration::from_secs(60));

/// First code, last code, what to do. Ascending, so that it reads as Meta's page does.
const TABLE: &[(i32, i32, Verdict)] = &[
    (0, 0, Verdict::StopChannel),             // cannot authenticate
    (1, 2, Verdict::Ambiguous),               // unknown; service down
    (3, 3, Verdict::StopChannel),             // capability missing
    (4, 4, LATER),                            // app's call limit
    (10, 10, Verdict::StopChannel),           // permission missing
    (17, 17, LATER),                          // user's call limit
    (33, 33, Verdict::StopChannel),           // number deleted
    (100, 100, Verdict::Fail),                // unsupported parameter
    (190, 190, Verdict::StopChannel),         // access token expired
    (200, 299, Verdict::StopChannel),         // permission missing
    (368, 368, Verdict::StopChannel),         // blocked for policy violations
    (613, 613, LATER),                        // call limit
    (803, 803, Verdict::StopChannel),         // unknown object
    (80_007, 80_007, LATER),                  // account's call limit
    (130_403, 130_403, Verdict::Fail),        // blocked by us
    (130_429, 130_429, SOON),                 // throughput of the number
    (130_472, 130_472, Verdict::Fail),        // customer is in an experiment
    (130_497, 130_497, Verdict::Fail),        // country restricted
    (131_000, 131_000, Verdict::Ambiguous),   // something went wrong
    (131_005, 131_005, Verdict::StopChannel), // access denied
    (131_008, 131_009, Verdict::Fail),        // parameter missing; invalid
    (131_016, 131_016, SOON),                 // overloaded
    (131_020, 131_021, Verdict::Fail),        // group invalid; recipient is sender
    (131_026, 131_026, Verdict::Fail),        // undeliverable
    (131_030, 131_030, Verdict::Fail),        // not in the test allow-list
    (131_031, 131_031, Verdict::StopChannel), // account locked
    (131_037, 131_037, Verdict::StopChannel), // display name not approved
    (131_042, 131_042, Verdict::StopChannel), // payment problem
    (131_045, 131_045, Verdict::StopChannel), // certificate
    (131_047, 131_055, Verdict::Fail),        // window closed; spam, ecosystem and media limits
    (131_056, 131_056, Verdict::PairWait),    // too many to this customer
    (131_057, 131_057, SOON),                 // maintenance, at most a minute
    (131_060, 131_064, Verdict::Fail), // unavailable; BSUID not allowed; marketing; template violations
    (132_000, 132_999, Verdict::Fail), // templates and flows
    (133_000, 133_000, LATER),         // registration incomplete
    (133_004, 133_004, LATER),         // server down
    (133_010, 133_010, Verdict::StopChannel), // number not registered
    (133_015, 133_015, LATER),         // wait after a deletion
    (134_101, 134_101, LATER),         // template still syncing
    (135_000, 135_000, Verdict::Fail), // error in the parameters
    (137_000, 137_000, Verdict::Fail), // identity key mismatch
];

/// Judges an answer that is not 200. `code` is absent when the body is not Meta's JSON.
pub fn verdict(code: Option<i32>, http_status: u16, is_transient: bool) -> Verdict {
    let known = code.and_then(|code| {
        TABLE
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&code))
    });
    match (known, code, http_status) {
        (Some((_, _, verdict)), _, _) => *verdict,
        (None, _, 429) => LATER,
        // A refused token without a code we know.
        (None, _, 401 | 403) => Verdict::StopChannel,
        (None, Some(_), 400..=499) if is_transient => SOON,
        (None, _, 300..=499) => Verdict::Fail,
        _ => Verdict::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_ascends_without_overlap() {
        for pair in TABLE.windows(2) {
            assert!(
                pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0,
                "{:?} before {:?}",
                pair[0],
                pair[1]
            );
        }
    }

    #[test]
    fn each_class_has_its_codes() {
        for (code, expected) in [
            (0, Verdict::StopChannel),
            (190, Verdict::StopChannel),
            (131_031, Verdict::StopChannel),
            (131_042, Verdict::StopChannel),
            (130_429, SOON),
            (131_016, SOON),
            (131_057, SOON),
            (80_007, LATER),
            (613, LATER),
            (131_056, Verdict::PairWait),
            (131_000, Verdict::Ambiguous),
            (1, Verdict::Ambiguous),
            (2, Verdict::Ambiguous),
            (131_047, Verdict::Fail),
            (131_048, Verdict::Fail),
            (131_051, Verdict::Fail),
            (131_055, Verdict::Fail),
            (131_026, Verdict::Fail),
            (131_062, Verdict::Fail),
            (132_001, Verdict::Fail),
        ] {
            assert_eq!(verdict(Some(code), 400, false), expected, "{code}");
            assert_eq!(
                verdict(Some(code), 500, true),
                expected,
                "{code}: the code decides"
            );
        }
    }

    #[test]
    fn without_a_known_code_the_status_decides() {
        assert_eq!(verdict(None, 502, false), Verdict::Ambiguous);
        assert_eq!(verdict(Some(424_242), 500, false), Verdict::Ambiguous);
        assert_eq!(verdict(Some(424_242), 400, false), Verdict::Fail);
        assert_eq!(verdict(Some(424_242), 400, true), SOON);
        assert_eq!(verdict(Some(424_242), 429, false), LATER);
        assert_eq!(verdict(None, 429, false), LATER);
        assert_eq!(verdict(None, 401, false), Verdict::StopChannel);
        assert_eq!(verdict(None, 302, false), Verdict::Fail);
    }

    proptest! {
        #[test]
        fn a_server_error_without_a_known_code_is_never_called_refused(status in 500_u16..600, transient in any::<bool>()) {
            prop_assert_eq!(verdict(None, status, transient), Verdict::Ambiguous);
        }
    }
}
