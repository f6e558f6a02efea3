#![allow(clippy::unwrap_used, reason = "tests")]

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
