//! `xs:dateTime` with a time zone, as a policy writes it.

/// Unix milliseconds; `None`: unreadable, without a zone, or before 1970. Fractions of a second are dropped.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let [year, month, day] = numbers(date, '-')?;
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let [hour, minute, second] = numbers(time, ':')?;
    let in_range = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_range || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    u64::try_from(seconds).ok().map(|seconds| seconds * 1_000)
}

fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let seconds = hours.parse::<u8>().ok().map(i64::from)? * 3_600 + minutes.parse::<u8>().ok().map(i64::from)? * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| part.parse::<u16>().ok().map(i64::from));
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// Days since 1970 of a date of the Gregorian calendar, with years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_date_is_read_in_its_zone() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-02-28T23:59:59.5Z"), Some(1_772_323_199_000));
        assert_eq!(parse("2024-02-29T12:00:00+01:00"), Some(1_709_204_400_000));
        assert_eq!(parse("2024-02-29T12:00:00-01:00"), Some(1_709_211_600_000));
        for wrong in
            ["", "2024-02-29", "2024-02-29T12:00:00", "2024-13-01T00:00:00Z", "1969-12-31T00:00:00Z", "-1-1-1T1:1:1Z"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
