//! `xs:duration` (XML Schema 2, 3.2.6), as `cacheDuration` has it.

const DAY: u64 = 24 * 60 * 60;

/// Reads a duration as seconds; a month counts as 30 days and a year as 365, since nothing here depends on which month
/// it is. `None` for one that is negative, malformed, or longer than can be counted.
pub(super) fn read(text: &str) -> Option<u64> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text.strip_prefix('P')?, ""),
    };
    let days = parts(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)])?;
    let seconds = parts(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
    if date.is_empty() && time.is_empty() { None } else { days.checked_add(seconds) }
}

/// Numbers with letters behind them, in the order of `units`.
fn parts(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut total = 0_u64;
    for (letter, seconds) in units {
        let Some((number, rest)) = text.split_once(*letter) else { continue };
        // Only seconds have a fraction; it makes no difference.
        let whole = if *letter == 'S' { number.split_once('.').map_or(number, |(whole, _)| whole) } else { number };
        if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_add(whole.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        text = rest;
    }
    text.is_empty().then_some(total)
}
