//! Which versions of the Graph API are served, by the simulator's clock.
//!
//! Promises: a version serves until its day; older ones answer 2635, versions that never were 2500.
//! Does not: change behaviour between versions; every one behaves like v26.0.

use chrono::NaiveDate;

/// Year, month, day.
type Day = (i32, u32, u32);

/// Version and its last day; `None` while no successor set one.
const VERSIONS: [(&str, Option<Day>); 6] = [
    ("v26.0", None),
    ("v25.0", Some((2028, 7, 29))),
    ("v24.0", Some((2028, 2, 18))),
    ("v23.0", Some((2027, 10, 8))),
    ("v22.0", Some((2027, 5, 20))),
    ("v21.0", Some((2027, 1, 21))),
];

/// What a path segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Served,
    Dead,
    /// No version at all, or one to come.
    None,
}

pub(super) fn judge(segment: &str, today: NaiveDate) -> Version {
    if let Some((_, last)) = VERSIONS.iter().find(|(version, _)| *version == segment) {
        let over = last
            .and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d))
            .is_some_and(|last| today >= last);
        return if over { Version::Dead } else { Version::Served };
    }
    let parts = segment
        .strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'));
    match parts
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)))
    {
        Some((1..=20, _)) => Version::Dead,
        _ => Version::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_live_and_die_by_the_calendar() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(judge("v26.0", today), Version::Served);
        assert_eq!(judge("v21.0", today), Version::Served);
        assert_eq!(
            judge("v21.0", NaiveDate::from_ymd_opt(2027, 1, 21).unwrap()),
            Version::Dead
        );
        assert_eq!(judge("v20.0", today), Version::Dead);
        for none in ["26.0", "v26", "sim", "v99.0", ""] {
            assert_eq!(judge(none, today), Version::None, "{none}");
        }
    }
}
