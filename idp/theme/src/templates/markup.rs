//! Emphasis within a text: `**such**`, the only markup that texts have. What is filled in cannot make any.

use crate::texts::TextError;

const MARK: &str = "**";
/// Stands for a star that was filled in, while a text is put together. Of the private use area: no text has it.
const STAR: char = '\u{E000}';

/// Makes a value that is filled in harmless.
pub(super) fn guard(value: &str) -> String {
    value.replace('*', &STAR.to_string())
}

/// The text as HTML.
pub(super) fn to_html(id: &str, text: &str) -> Result<String, TextError> {
    let escaped = handlebars::html_escape(text);
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
    use super::{guard, to_html, to_plain};

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
