//! Days as schools count them: in the time of Europe/London, whatever the server's own.
//!
//! Owns midnight and the two changes a year (The Summer Time Order 2002, S.I. 2002/262: from the last Sunday of March to the
//! last Sunday of October, at one o'clock Greenwich mean time). Does not own years before 2002.

use std::fmt;
use std::str::FromStr;

use keyholder_core::time::Timestamp;

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;

/// A date of the Gregorian calendar, written `2027-07-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// The text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date; expected one such as `2027-07-21`")]
pub(crate) struct NotADate;

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let well_formed = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        if !well_formed {
            return Err(NotADate);
        }
        let mut parts = text.split('-').map(|part| part.parse::<i64>().map_err(|_| NotADate));
        let mut next = || parts.next().unwrap_or(Err(NotADate));
        let date = Self { year: next()?, month: next()?, day: next()? };
        // A day that does not exist comes back as another one.
        if (2002..=9000).contains(&date.year) && (1..=12).contains(&date.month) && Self::from_days(date.days()) == date
        {
            Ok(date)
        } else {
            Err(NotADate)
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Date {
    /// The first instant of the day in London.
    pub(crate) fn begins(self) -> Timestamp {
        let midnight = self.days() * DAY;
        // Midnight before the change in March is still winter; midnight before the one in October still summer.
        let summer = self > last_sunday(self.year, 3) && self <= last_sunday(self.year, 10);
        Timestamp::from_seconds(if summer { midnight - HOUR } else { midnight })
    }

    /// The first instant after the day in London.
    pub(crate) fn ends(self) -> Timestamp {
        Self::from_days(self.days() + 1).begins()
    }

    /// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
    fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * (self.month + if self.month > 2 { -3 } else { 9 }) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The other way round (`civil_from_days`).
    fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month, day: day_of_year - (153 * shifted + 2) / 5 + 1 }
    }
}

/// The day of an instant in London.
pub(crate) fn date_of(instant: Timestamp) -> Date {
    let winter = Date::from_days(instant.as_seconds().div_euclid(DAY));
    let next = Date::from_days(winter.days() + 1);
    if instant >= next.begins() { next } else { winter }
}

/// An instant in UTC (RFC 3339), to the second.
pub(crate) fn utc(instant: Timestamp) -> String {
    let seconds = instant.as_seconds();
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / HOUR, of_day % HOUR / 60, of_day % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", Date::from_days(seconds.div_euclid(DAY)))
}

fn last_sunday(year: i64, month: i64) -> Date {
    let last = Date { year, month, day: 31 }.days();
    // 1970-01-01 was a Thursday: day 3 was the first Sunday.
    Date::from_days(last - (last - 3).rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ends_at_midnight_in_london_in_winter_and_in_summer() {
        // 2027-07-21 ends at 23:00 UTC, 2027-01-21 at midnight UTC.
        assert_eq!(date("2027-07-21").ends(), Timestamp::from_seconds(1_816_210_800));
        assert_eq!(date("2027-01-21").ends(), Timestamp::from_seconds(1_800_576_000));
    }

    #[test]
    fn the_days_of_the_change_have_23_and_25_hours() {
        for (day, hours) in
            [("2027-03-28", 23), ("2027-10-31", 25), ("2027-03-27", 24), ("2026-10-25", 25), ("2026-03-29", 23)]
        {
            assert_eq!(date(day).ends().since(date(day).begins()).as_secs(), hours * 3600, "{day}");
        }
    }

    #[test]
    fn an_instant_has_the_date_that_a_clock_in_london_shows() {
        for day in ["2027-03-28", "2027-03-29", "2027-10-31", "2027-11-01", "2028-02-29", "2027-12-31", "2027-06-15"] {
            let second = std::time::Duration::from_secs(1);
            assert_eq!(date_of(date(day).begins()), date(day));
            assert_eq!(date_of(date(day).ends().minus(second)), date(day));
            assert_eq!(date_of(date(day).begins().minus(second)).ends(), date(day).begins());
        }
    }

    #[test]
    fn an_instant_is_written_in_utc() {
        assert_eq!(utc(Timestamp::from_seconds(1_816_210_799)), "2027-07-21T22:59:59Z");
        assert_eq!(utc(Timestamp::from_seconds(0)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["2027-02-29", "2027-13-01", "2027-00-10", "2027-1-1", "21.07.2027", "", "2027-07-32", "+027-07-21"]
        {
            assert_eq!(text.parse::<Date>(), Err(NotADate), "{text}");
        }
    }
}
