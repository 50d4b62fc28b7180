//! What Meta's error answers mean for a send: by code (the table is `model::GraphCodes`), else by HTTP status; never by
//! the text or the subcode.
//!
//! Promises: total: an unknown code is judged by the HTTP status, and what may have reached the customer is never called
//! refused.

use std::time::Duration;

use balcao_core::model::{CodeClass, GraphCodes};

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

/// Judges an answer that is not 200. `code` is absent when the body is not Meta's JSON.
pub fn verdict(code: Option<i32>, http_status: u16, is_transient: bool) -> Verdict {
    let known = code.and_then(|code| GraphCodes::table().find(code));
    match (known.map(|known| known.class), code, http_status) {
        (Some(CodeClass::RetrySoon), ..) => SOON,
        (Some(CodeClass::RetryLater), ..) => LATER,
        (Some(CodeClass::PairWait), ..) => Verdict::PairWait,
        (Some(CodeClass::StopChannel), ..) => Verdict::StopChannel,
        (Some(CodeClass::Fail), ..) => Verdict::Fail,
        (Some(CodeClass::Ambiguous), ..) => Verdict::Ambiguous,
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
    fn each_class_has_its_codes() {
        for (codes, expected) in [
            (
                &[0, 3, 10, 33, 190, 200, 299, 368, 803, 131_005, 131_031][..],
                Verdict::StopChannel,
            ),
            (&[131_037, 131_042, 131_045, 133_010], Verdict::StopChannel),
            (&[130_429, 131_016, 131_057], SOON),
            (
                &[4, 17, 613, 80_007, 133_000, 133_004, 133_015, 134_101],
                LATER,
            ),
            (&[131_056], Verdict::PairWait),
            (&[1, 2, 131_000], Verdict::Ambiguous),
            (
                &[100, 130_403, 130_472, 130_497, 131_008, 131_009, 131_020],
                Verdict::Fail,
            ),
            (
                &[
                    131_021, 131_026, 131_030, 131_047, 131_048, 131_049, 131_050,
                ],
                Verdict::Fail,
            ),
            (
                &[
                    131_051, 131_052, 131_053, 131_055, 131_060, 131_062, 131_063, 131_064,
                ],
                Verdict::Fail,
            ),
            (
                &[
                    132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015,
                ],
                Verdict::Fail,
            ),
            (
                &[
                    132_016, 132_018, 132_068, 132_069, 134_011, 135_000, 137_000,
                ],
                Verdict::Fail,
            ),
            (
                &[
                    138_001, 139_004, 139_100, 147_004, 2_388_001, 2_593_109, 1_752_041,
                ],
                Verdict::Fail,
            ),
        ] {
            for code in codes {
                assert_eq!(verdict(Some(*code), 400, false), expected, "{code}");
                assert_eq!(
                    verdict(Some(*code), 500, true),
                    expected,
                    "{code}: the code decides"
                );
            }
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
