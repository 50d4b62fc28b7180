//! Amounts, dates and times as customers read them.
//!
//! Does not: know other currencies than the real by sign; they are written with their code.

use balcao_core::model::Locale;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};

/// "R$ 1.234,56", in English "R$ 1,234.56".
#[must_use]
pub(super) fn amount(cents: i64, currency: &str, locale: Locale) -> String {
    let (group, point) = match locale {
        Locale::En => (',', '.'),
        Locale::PtBr | Locale::Es => ('.', ','),
    };
    let whole = (cents.unsigned_abs() / 100).to_string();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    let sign = if cents < 0 { "-" } else { "" };
    let symbol = if currency == "BRL" { "R$" } else { currency };
    format!(
        "{symbol} {sign}{grouped}{point}{:02}",
        cents.unsigned_abs() % 100
    )
}

/// "05/12/2026", in English "Dec 5, 2026".
#[must_use]
pub(super) fn date(date: NaiveDate, locale: Locale) -> String {
    match locale {
        Locale::En => date.format("%b %-d, %Y").to_string(),
        Locale::PtBr | Locale::Es => date.format("%d/%m/%Y").to_string(),
    }
}

/// "16h30" of today, "21/11 às 16h30" of another day; in English "4:30 pm", "Nov 21, 4:30 pm".
#[must_use]
pub(super) fn moment(
    at: DateTime<FixedOffset>,
    now: DateTime<FixedOffset>,
    locale: Locale,
) -> String {
    let today = (at.year(), at.ordinal()) == (now.year(), now.ordinal());
    match (locale, today) {
        (Locale::En, true) => at.format("%-I:%M %P").to_string(),
        (Locale::En, false) => at.format("%b %-d, %-I:%M %P").to_string(),
        (Locale::PtBr | Locale::Es, true) => format!("{}h{:02}", at.hour(), at.minute()),
        (Locale::PtBr | Locale::Es, false) => {
            format!("{} às {}h{:02}", at.format("%d/%m"), at.hour(), at.minute())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_as_in_the_language() {
        for (cents, pt, en) in [
            (0, "R$ 0,00", "R$ 0.00"),
            (9_990, "R$ 99,90", "R$ 99.90"),
            (123_456, "R$ 1.234,56", "R$ 1,234.56"),
            (100_000_005, "R$ 1.000.000,05", "R$ 1,000,000.05"),
            (-150, "R$ -1,50", "R$ -1.50"),
        ] {
            assert_eq!(amount(cents, "BRL", Locale::PtBr), pt);
            assert_eq!(amount(cents, "BRL", Locale::En), en);
        }
        assert_eq!(amount(100, "USD", Locale::En), "USD 1.00");
    }

    #[test]
    fn dates_and_times_are_written_as_in_the_language() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 5).unwrap();
        assert_eq!(
            (date(day, Locale::PtBr), date(day, Locale::En)),
            ("05/12/2026".into(), "Dec 5, 2026".into())
        );
        let now: DateTime<FixedOffset> = "2026-11-20T23:00:00-03:00".parse().unwrap();
        let late: DateTime<FixedOffset> = "2026-11-20T23:30:00-03:00".parse().unwrap();
        let next: DateTime<FixedOffset> = "2026-11-21T00:05:00-03:00".parse().unwrap();
        assert_eq!(moment(late, now, Locale::PtBr), "23h30");
        assert_eq!(moment(next, now, Locale::PtBr), "21/11 às 0h05");
        assert_eq!(moment(late, now, Locale::En), "11:30 pm");
        assert_eq!(moment(next, now, Locale::En), "Nov 21, 12:05 am");
    }
}
