//! Emphasis within a text: `**such**`, the only markup that texts have. What is filled in cannot make any.

use crate::texts::TextError;

const MARK: &str = "**";
/// Stands for a star that was filled in, while a text is put together. Of the private use area: no text has it.
const STAR: char = '\u{E000}';

/// Makes a value that is filled in harmless.
pub(super) fn guard(value: &str) -> String {
    value.replace('*', &STAR.to_string())
}

/// Puts out a text as [`handlebars::html_escape`] writes it, in runs instead of letter by letter.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|byte| entity(byte).is_some()) {
        // Each of them is one byte, and no part of another letter.
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        out.push_str(from.bytes().next().and_then(entity).unwrap_or_default());
        rest = from.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn entity(byte: u8) -> Option<&'static str> {
    match byte {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'&' => Some("&amp;"),
        b'\'' => Some("&#x27;"),
        b'`' => Some("&#x60;"),
        b'=' => Some("&#x3D;"),
        _ => None,
    }
}

/// The text as HTML.
pub(super) fn to_html(id: &str, text: &str) -> Result<String, TextError> {
    let mut escaped = String::with_capacity(text.len());
    escape(text, &mut escaped);
    let parts: Vec<&str> = escaped.split(MARK).collect();
    if parts.len().is_multiple_of(2) {
        return Err(TextError::Emphasis(id.to_owned()));
    }
    let mut html = String::with_capacity(escaped.len());
    for (place, part) in parts.into_iter().enumerate() {
        match place {
            0 => {}
            odd if odd % 2 == 1 => html.push_str("<b>"),
            _ => html.push_str("</b>"),
        }
        html.push_str(part);
    }
    Ok(html.replace(STAR, "*"))
}

/// The text without emphasis.
pub(super) fn to_plain(text: &str) -> String {
    text.replace(MARK, "").replace(STAR, "*")
}

#[cfg(test)]
mod tests {
    use super::{escape, guard, to_html, to_plain};

    #[test]
    fn letters_are_escaped_as_handlebars_escapes_them() {
        let every: String = ('\0'..='\u{2fff}').collect();
        for text in [every.as_str(), "", "<", "a&b", "''", "Dŵr = dŵr"] {
            let mut escaped = String::new();
            escape(text, &mut escaped);
            assert_eq!(escaped, handlebars::html_escape(text));
        }
    }

    #[test]
    fn emphasis_is_marked_after_escaping() {
        assert_eq!(
            to_html("id", "Choose **Forgot <Password>** now").unwrap(),
            "Choose <b>Forgot &lt;Password&gt;</b> now"
        );
        assert_eq!(to_plain("Choose **Forgot Password** now"), "Choose Forgot Password now");
        assert!(to_html("id", "Choose **Forgot").is_err());
    }

    #[test]
    fn what_is_filled_in_cannot_make_markup() {
        let text = format!("Dear **{}**", guard("**<b>Ann</b> * **"));
        assert_eq!(to_html("id", &text).unwrap(), "Dear <b>**&lt;b&gt;Ann&lt;/b&gt; * **</b>");
        assert_eq!(to_plain(&text), "Dear **<b>Ann</b> * **");
    }
}
