//! What others wrote, as a terminal may show it: a package that is only checked, a file of keys.
//!
//! Owns that nothing which a command says steers the terminal or turns a line round. Does not own what is printed for other programs.

use std::borrow::Cow;

/// The text, with a replacement for each character that is none: control characters but ends of lines and tabs, and what changes the
/// direction in which a line reads (Unicode TR9).
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|character| if is_plain(character) { character } else { '\u{fffd}' }).collect::<String>().into()
}

fn is_plain(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    matches!(character, '\n' | '\t') || !(character.is_control() || turns)
}

#[cfg(test)]
mod tests {
    use super::super::CliError;
    use super::plain;

    #[test]
    fn what_others_wrote_steers_no_terminal() {
        assert_eq!(plain("Ann Lloyd, 7\tB\nŵ 日"), "Ann Lloyd, 7\tB\nŵ 日");
        let steering = "acme\u{1b}[2K\r\u{202e}eman\u{9b}1A\u{7f}\u{2066}";
        assert_eq!(plain(steering), "acme\u{fffd}[2K\u{fffd}\u{fffd}eman\u{fffd}1A\u{fffd}\u{fffd}");
        assert_eq!(CliError::Refused("no \u{1b}]0;x\u{7}".into()).sentence(), "no \u{fffd}]0;x\u{fffd}");
    }
}
