//! Both languages say the same, and nothing is said that no page needs.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::files::{self, Files};

/// The variables and the messages that a text refers to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Text {
    variables: BTreeSet<String>,
    messages: BTreeSet<String>,
    words: String,
}

fn texts(files: &Files, language: &str) -> BTreeMap<String, Text> {
    let mut texts = BTreeMap::new();
    for (path, file) in files.iter().filter(|(path, _)| path.starts_with(&format!("texts/{language}/"))) {
        let resource = fluent_syntax::parser::parse(file.text().unwrap())
            .unwrap_or_else(|(_, errors)| panic!("{path}: {errors:?}"));
        for entry in resource.body {
            if let Entry::Message(message) = entry {
                let mut text = Text::default();
                read(message.value.as_ref().unwrap(), &mut text);
                assert!(texts.insert(message.id.name.to_owned(), text).is_none(), "twice: {}", message.id.name);
            }
        }
    }
    texts
}

fn read(pattern: &Pattern<&str>, text: &mut Text) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => text.words.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => read_inline(inline, text),
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                read_inline(selector, text);
                for variant in variants {
                    read(&variant.value, text);
                }
            }
        }
    }
}

fn read_inline(inline: &InlineExpression<&str>, text: &mut Text) {
    match inline {
        InlineExpression::VariableReference { id } => {
            text.variables.insert(id.name.to_owned());
        }
        InlineExpression::MessageReference { id, .. } => {
            text.messages.insert(id.name.to_owned());
        }
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("not used in texts so far: {other:?}"),
    }
}

#[test]
fn both_languages_have_the_same_texts_and_variables() {
    let files = files::load(None).unwrap();
    let (english, welsh) = (texts(&files, "en"), texts(&files, "cy"));
    assert_eq!(english.keys().collect::<Vec<_>>(), welsh.keys().collect::<Vec<_>>());
    for (id, text) in &english {
        assert_eq!(text.variables, welsh[id].variables, "{id}");
        assert_eq!(text.messages, welsh[id].messages, "{id}");
        assert_eq!(text.words.matches("**").count(), welsh[id].words.matches("**").count(), "emphasis of {id}");
    }
}

#[test]
fn every_text_is_written_in_its_own_language() {
    let files = files::load(None).unwrap();
    let (english, welsh) = (texts(&files, "en"), texts(&files, "cy"));
    // Alike in both.
    let names = ["title", "date", "date-and-time", "keys-kind-soft-key", "factor-soft-key"];
    for (id, text) in english.iter().filter(|(id, _)| !names.contains(&id.as_str())) {
        assert_ne!(text.words.trim(), welsh[id].words.trim(), "{id}");
    }
}

#[test]
fn every_text_that_a_template_names_exists_and_none_is_unused() {
    let files = files::load(None).unwrap();
    let texts = texts(&files, "en");
    // Written by the code of the mails.
    let mut used: BTreeSet<String> = ["date", "date-and-time"].map(str::to_owned).into();
    used.extend((1..=12).map(|month| format!("month-{month}")));
    used.extend(texts.values().flat_map(|text| text.messages.iter().cloned()));
    for (path, file) in files.iter().filter(|(path, _)| path.starts_with("templates/")) {
        let template = file.text().unwrap();
        for named in template.split("text \"").skip(1) {
            let id = named.split('"').next().unwrap();
            assert!(texts.contains_key(id), "{path} names {id}");
            used.insert(id.to_owned());
        }
        // Given to a partial that writes it, in `note` with a second text.
        for named in template.split("note=\"").skip(1).chain(template.split("advice=\"").skip(1)) {
            let id = named.split('"').next().unwrap();
            assert!(texts.contains_key(id), "{path} names {id}");
            used.extend([id.to_owned(), format!("{id}-text")]);
        }
        // Put together: that each exists is seen when every state is drawn.
        for joined in template.split("text (join ").skip(1) {
            let parts: Vec<&str> = joined.split(')').next().unwrap().split_whitespace().collect();
            used.extend(texts.keys().filter(|id| fits(id, &parts)).cloned());
        }
    }
    let unused: Vec<_> = texts.keys().filter(|id| !used.contains(*id)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// Whether an id can be made of the parts: quoted ones stand for themselves, others for any word.
fn fits(id: &str, parts: &[&str]) -> bool {
    let Some((first, others)) = parts.split_first() else { return id.is_empty() };
    match first.strip_prefix('"') {
        Some(quoted) => id.strip_prefix(quoted.trim_end_matches('"')).is_some_and(|rest| fits(rest, others)),
        None => (1..=id.len()).any(|end| id.get(end..).is_some_and(|rest| fits(rest, others))),
    }
}

#[test]
fn the_texts_neither_beg_nor_talk_shop() {
    let avoided = [
        "please",
        "simply",
        "oops",
        "sorry",
        "successfully",
        "invalid",
        "session",
        "token",
        "mfa",
        "otp",
        "2fa",
        "user error",
    ];
    // A sentence that people know word for word from the product that this one takes over from.
    let fixed = "keys-done-added";
    for (id, text) in texts(&files::load(None).unwrap(), "en").into_iter().filter(|(id, _)| id != fixed) {
        let words = text.words.to_lowercase();
        for word in avoided {
            assert!(
                !words.split(|letter: char| !letter.is_alphanumeric()).any(|spoken| spoken == word),
                "{id} says {word}"
            );
        }
    }
}
