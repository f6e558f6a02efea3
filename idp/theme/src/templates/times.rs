//! Instants as people read them: `09 March, 2024 08:34`, in the time of London.

use fluent_bundle::FluentArgs;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::texts::{TextError, Texts};

/// Schools are in the United Kingdom, and so are their clocks.
static LONDON: TimeZone = jiff::tz::get!("Europe/London");

/// Why an instant could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TimeError {
    #[error("no time that a clock shows")]
    OutOfRange(#[from] jiff::Error),
    #[error(transparent)]
    Text(#[from] TextError),
}

/// Writes the day alone: `09 March, 2024`.
pub(crate) fn write_day(texts: &Texts, millis: i64) -> Result<String, TimeError> {
    Ok(texts.write("date", &arguments(texts, millis)?)?)
}

/// Writes the time of day alone: `08:34`.
pub(crate) fn write_time(_: &Texts, millis: i64) -> Result<String, TimeError> {
    let time = Timestamp::from_millisecond(millis)?.to_zoned_datetime(LONDON.clone());
    Ok(time.strftime("%H:%M").to_string())
}

/// Writes milliseconds since the epoch.
pub(crate) fn write(texts: &Texts, millis: i64) -> Result<String, TimeError> {
    Ok(texts.write("date-and-time", &arguments(texts, millis)?)?)
}

fn arguments(texts: &Texts, millis: i64) -> Result<FluentArgs<'static>, TimeError> {
    let time = Timestamp::from_millisecond(millis)?.to_zoned_datetime(LONDON.clone());
    let month = texts.write(&format!("month-{}", time.month()), &FluentArgs::new())?;
    let mut arguments = FluentArgs::new();
    arguments.set("day", time.strftime("%d").to_string());
    arguments.set("month", month);
    arguments.set("year", time.strftime("%Y").to_string());
    arguments.set("time", time.strftime("%H:%M").to_string());
    Ok(arguments)
}
