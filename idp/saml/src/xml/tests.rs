use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;
use proptest::prelude::*;

use super::{Element, Id, Value, ValueError};
use crate::external::xmllint_canonical;
use crate::gate::{Limits, read_again, read_signed};

#[derive(Debug)]
struct Fixed(u8);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// Characters that markup, attributes, encodings and careless parsers stumble over, and any other.
fn character() -> impl Strategy<Value = char> {
    let edges = "<>&\"'\0\t\n\r\u{1}\u{1F} ]-;#x\u{7F}\u{85}\u{A0}\u{2028}\u{FFFD}\u{FFFE}\u{FFFF}\u{FEFF}\u{202E}é🧑";
    prop_oneof![proptest::sample::select(edges.chars().collect::<Vec<_>>()), any::<char>()]
}

fn text() -> impl Strategy<Value = String> {
    let markup = ["]]>", "<!--", "&amp;", "&#13;", "</saml:NameID>", "<![CDATA[", "\r\n"].map(str::to_owned).to_vec();
    let piece = prop_oneof![4 => character().prop_map(String::from), 1 => proptest::sample::select(markup)];
    proptest::collection::vec(piece, 0..300).prop_map(|pieces| pieces.concat())
}

fn written(value: &Value) -> String {
    Element::new("a", "urn:a", "b").with("c", value).child(Element::new("a", "urn:a", "d").text(value)).canonical()
}

proptest! {
    #[test]
    fn any_text_arrives_as_it_was_or_is_refused(text in text()) {
        let Ok(value) = Value::new(text.clone()) else { return Ok(()) };
        let written = written(&value);
        let read = roxmltree::Document::parse(&written).unwrap();
        let inner = read.root_element().first_element_child().unwrap();
        prop_assert_eq!(read.root_element().attribute("c"), Some(text.as_str()));
        prop_assert_eq!(inner.text().unwrap_or_default(), text.as_str());
        prop_assert_eq!(read.root_element().descendants().filter(roxmltree::Node::is_element).count(), 2);
        let ours = read_again(written.as_bytes(), &Limits::MESSAGE).unwrap();
        prop_assert_eq!(ours.attribute("c"), Some(text.as_str()));
        prop_assert_eq!(ours.find("urn:a", "d").unwrap().own_text(), text);
    }

    #[test]
    fn a_text_is_refused_for_what_xml_cannot_carry_alone(text in text()) {
        let carried = |c: char| c == '\t' || c == '\n' || (c >= ' ' && c != '\u{FFFE}' && c != '\u{FFFF}');
        let wanted = match text.chars() {
            characters if characters.clone().count() > Value::LONGEST => Err(ValueError::Length),
            mut characters => if characters.all(carried) { Ok(text.as_str()) } else { Err(ValueError::Character) },
        };
        let value = Value::new(text.clone());
        prop_assert_eq!(value.as_ref().map(Value::as_str).map_err(|error| *error), wanted);
    }

    #[test]
    fn a_name_that_is_normalised_loses_nothing_but_what_cannot_be_written(text in text()) {
        let Ok(value) = Value::normalised(&text) else {
            prop_assert!(text.chars().count() > Value::LONGEST);
            return Ok(());
        };
        let writable: String = text.chars().filter(|c| Value::new(c.to_string()).is_ok() && *c != '\n').collect();
        prop_assert_eq!(value.as_str().replace('\n', ""), writable);
        let written = written(&value);
        let read = roxmltree::Document::parse(&written).unwrap();
        prop_assert_eq!(read.root_element().attribute("c"), Some(value.as_str()));
    }
}

/// Few prefixes and few namespaces, so that they are declared, hidden and declared again.
fn tree() -> impl Strategy<Value = Element> {
    let prefix = || proptest::sample::select(vec!["", "a", "b"]);
    let namespace = || proptest::sample::select(vec!["urn:1", "urn:2"]);
    let attribute = (
        proptest::sample::select(vec!["x", "y", "Z"]),
        proptest::option::of((proptest::sample::select(vec!["a", "c"]), namespace())),
        proptest::sample::select(vec!["", "1", "<&\"\t\n>é"]),
    );
    let leaf = (prefix(), namespace(), proptest::collection::vec(attribute, 0..4)).prop_map(
        |(prefix, namespace, attributes)| {
            let mut element = Element::new(prefix, namespace, "e");
            for (local, qualified, value) in attributes {
                // One prefix means one namespace in one element.
                let clashes = |p: &str, ns: &str| {
                    p == prefix && ns != namespace
                        || element.attributes().any(|(name, _)| name.prefix() == p && name.namespace() != ns)
                };
                element = match qualified {
                    None => element.with(local, value),
                    Some((p, ns)) if !clashes(p, ns) => element.with_in(p, ns, local, value),
                    Some(_) => element,
                };
            }
            element
        },
    );
    let texts = proptest::sample::select(vec!["", "text", " <&>\n\t\"' ", "]]>"]);
    leaf.prop_recursive(5, 24, 4, move |inner| {
        (inner.clone(), proptest::collection::vec((inner, texts.clone()), 0..4)).prop_map(|(element, children)| {
            children.into_iter().fold(element, |element, (child, text)| element.text(text).child(child))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_is_written_is_its_own_canonical_form(tree in tree()) {
        let canonical = tree.canonical();
        prop_assert_eq!(xmllint_canonical(&canonical), canonical);
    }
}

#[test]
fn what_is_read_has_the_canonical_form_that_another_implementation_gives_it() {
    for document in [
        r#"<a xmlns="urn:1" xmlns:b="urn:2"><b:c/><c xmlns=""><d xmlns="urn:1"/></c></a>"#,
        r#"<x:a xmlns:x="urn:1" xmlns:y="urn:2" b="1" y:b="2" x:b='3' a="&#9;&#10;&#13; &quot;'&lt;&gt;"> <x:b xmlns:x="urn:2"><x:c y:d=""/></x:b></x:a>"#,
        "<a>\r\n<b c='\r\n\t'/>&#13;&gt;&#x1F9D1;&amp;lt;</a>\n",
        r#"<?xml version="1.0" encoding="utf-8" standalone="no"?><a xml:lang="cy" xmlns:unused="urn:unused" xml:space="preserve"><b xml:lang="en"/></a>"#,
        r#"<a:a xmlns:a="urn:a" xmlns:b="urn:a" a:z="1" b:y="2" A="3" _="4"><b:b xmlns:b="urn:a" xmlns:a="urn:a"/></a:a>"#,
        r#"<a xmlns="urn:1"><b xmlns="urn:1"/><c xmlns:p="urn:1"><p:d/></c></a>"#,
    ] {
        let ours = read_signed(document.as_bytes(), &Limits::MESSAGE).unwrap().canonical();
        assert_eq!(ours, xmllint_canonical(document));
    }
}

#[test]
fn identifiers_are_limited_to_256_characters_and_addresses_to_what_is_asked_for() {
    let name = |characters| "é".repeat(characters);
    assert!(Value::new(name(256)).is_ok());
    assert_eq!(Value::new(name(257)), Err(ValueError::Length));
    assert!(Value::up_to(1024, name(1024)).is_ok());
    assert_eq!(Value::up_to(1024, name(1025)), Err(ValueError::Length));
    assert_eq!(Value::normalised(&name(257)), Err(ValueError::Length));
}

#[test]
fn a_literal_with_a_control_character_is_written_without_it() {
    assert_eq!(Value::from("a\u{0}b\r").as_str(), "ab\n");
}

#[test]
fn an_id_is_a_name_with_160_random_bits() {
    assert_eq!(Id::draw(&Fixed(0xAB)).as_str(), format!("_{}", "ab".repeat(20)));
    assert!(crate::gate::is_name(Id::draw(&Fixed(0)).as_str()));
}

#[test]
fn instants_are_written_in_utc_with_whole_seconds() {
    let written = |millis| Value::instant(Timestamp::from_millis(millis)).map(|value| value.as_str().to_owned());
    assert_eq!(written(1_700_000_000_999).as_deref(), Ok("2023-11-14T22:13:20Z"));
    assert_eq!(written(-1).as_deref(), Ok("1969-12-31T23:59:59Z"));
    assert_eq!(written(i64::MAX), Err(ValueError::Instant));
    assert_eq!(written(253_402_300_800_000), Err(ValueError::Instant)); // the year 10000
}
