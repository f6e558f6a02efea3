#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

const OPERATORS: &str = include_str!("../../../../../docs/operators.md");

/// Every `(level, event)` that the sources of a folder write.
fn written(folder: &Path, events: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.contains("test") {
            continue;
        }
        if path.is_dir() {
            written(&path, events);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for level in ["error", "warn", "info"] {
                for call in source.split(&format!("tracing::{level}!(")).skip(1) {
                    events.extend(event(call).map(|event| (level.to_owned(), event)));
                }
            }
        }
    }
}

/// The last string of a call's arguments that is no value of a field: its event. `None` where it has none.
fn event(call: &str) -> Option<String> {
    let (mut depth, mut text, mut last, mut before) = (1, None::<String>, None, ' ');
    let mut characters = call.chars();
    while let Some(character) = characters.next() {
        match (&mut text, character) {
            (Some(text), '\\') => text.extend(characters.next()),
            (Some(_), '"') => last = text.take(),
            (Some(text), _) => text.push(character),
            (None, '"') if depth == 1 && before != '=' && before != ':' => text = Some(String::new()),
            (None, '"') => drop(characters.by_ref().find(|character| *character == '"')),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if !character.is_whitespace() {
            before = character;
        }
    }
    last
}

#[test]
fn every_event_is_documented_and_no_other() {
    let mut events = BTreeSet::new();
    for folder in ["src", "../store/src", "../plugin-host/src"] {
        written(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut events);
    }
    let documented: BTreeSet<(String, String)> = OPERATORS
        .lines()
        .filter_map(|line| {
            let (level, rest) = line.strip_prefix("| ")?.split_once(" | `")?;
            let known = ["error", "warn", "info"].contains(&level);
            known.then(|| (level.to_owned(), rest.split_once("` |").unwrap().0.to_owned()))
        })
        .collect();
    assert!(events.len() > 20);
    let missing: Vec<_> = events.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&events).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/operators.md, Log events: lacks {missing:?}, has too much {gone:?}"
    );
}
