#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;

fn texts() -> Texts {
    let locale = |language, source: &str| Locale { language, source: source.into() };
    Texts::read(&[
        locale(
            Language::En,
            "hello = Hello { $name }\nleft = { $n ->\n    [one] one left\n   *[other] { $n } left\n }\n",
        ),
        locale(Language::Cy, "hello = Helo { $name }\n"),
    ])
    .unwrap()
}

fn text(key: &str, args: &[(&str, &str)]) -> Text {
    let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Text { key: key.into(), args }
}

#[test]
fn a_text_is_in_the_readers_language_else_english_else_its_key() {
    let texts = texts();
    assert_eq!(texts.write(Language::Cy, &text("hello", &[("name", "Ann")])), "Helo Ann");
    assert_eq!(texts.write(Language::Cy, &text("left", &[("n", "1")])), "one left");
    assert_eq!(texts.write(Language::En, &text("left", &[("n", "12")])), "12 left");
    assert_eq!(texts.write(Language::En, &text("missing", &[])), "missing");
    assert_eq!(texts.write(Language::En, &text("hello", &[])), "hello");
}

#[test]
fn arguments_are_plain_text_without_marks() {
    assert_eq!(texts().write(Language::En, &text("hello", &[("name", "<b>{ $x }")])), "Hello <b>{ $x }");
    assert_eq!(texts().write(Language::En, &text("hello", &[("name", "007")])), "Hello 007");
}

#[test]
fn a_text_grows_no_longer_than_what_is_drawn() {
    let large = "x".repeat(100_000);
    let source = format!("large = {large}\nall = {}\n", "{ large }".repeat(99));
    let texts = Texts::read(&[Locale { language: Language::En, source }]).unwrap();
    assert_eq!(texts.write(Language::En, &text("all", &[])).len(), LONGEST);
    let bundle = &texts.bundles[0].1;
    let pattern = bundle.get_message("all").and_then(|message| message.value()).unwrap();
    let mut written = Bounded::default();
    assert!(bundle.write_pattern(&mut written, pattern, None, &mut Vec::new()).is_err(), "it ends where it is full");
    assert!(written.text.capacity() <= 2 * LONGEST);
}

#[test]
fn a_text_reads_as_it_stands() {
    let turned = [("name", "\u{202e}nnA\u{2066}\u{feff}\u{7}\u{e0041} e-\u{2060}mail")];
    assert_eq!(texts().write(Language::En, &text("hello", &turned)), "Hello nnA e-\u{2060}mail");
}
