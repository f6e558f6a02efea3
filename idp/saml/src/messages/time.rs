//! `xs:dateTime` as it comes (saml-core-2.0-os 1.3.3). [`Value::instant`](crate::xml::Value::instant) writes it.

use chrono::DateTime;
use keyholder_core::time::Timestamp;

/// Reads an instant. No zone counts as UTC ("expressed in UTC form, with no time zone component"); another zone is
/// converted, since metadata of the field has them.
pub fn read(text: &str) -> Option<Timestamp> {
    let shape: &[u8] = text.as_bytes();
    // RFC 3339 would also take a space or a small t for the T, which XML Schema does not.
    if shape.get(10) != Some(&b'T') || !text.is_ascii() || text.contains(['t', 'z']) {
        return None;
    }
    let zoned = shape.iter().skip(11).any(|byte| matches!(byte, b'Z' | b'+' | b'-'));
    let moment = if zoned {
        DateTime::parse_from_rfc3339(text).ok()?
    } else {
        DateTime::parse_from_rfc3339(&format!("{text}Z")).ok()?
    };
    Some(Timestamp::from_millis(moment.timestamp_millis()))
}
