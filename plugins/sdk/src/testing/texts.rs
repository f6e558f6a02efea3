//! Whether the texts that a step names are in the package.

use crate::factor::{Ask, Exhibit, Form, Step, Text};

/// The texts of a step, in the order of the page.
pub fn texts_of(step: &Step) -> Vec<&Text> {
    let mut texts = Vec::new();
    for prompt in &step.prompts {
        match &prompt.ask {
            Ask::Form(form) => texts_of_form(form, &mut texts),
            Ask::Wait(wait) => {
                texts.push(&wait.message);
                texts.extend(wait.exhibits.iter().filter_map(note));
            }
            Ask::WebauthnCreate(_) | Ask::WebauthnGet(_) | Ask::Other(_) => {}
        }
    }
    texts.extend(step.problem.iter().filter_map(|problem| problem.text.as_ref()));
    texts
}

/// What a step names and a Fluent file lacks: a message (`title`), or a placeholder of one that the step fills in (`left: $count`).
pub fn missing_texts(step: &Step, ftl: &str) -> Vec<String> {
    let messages = messages(ftl);
    let mut missing = Vec::new();
    for text in texts_of(step) {
        match messages.iter().find(|(key, _)| *key == text.key) {
            None => missing.push(text.key.clone()),
            Some((_, pattern)) => {
                let absent = text.args.iter().filter(|(name, _)| !pattern.contains(&format!("${name}")));
                missing.extend(absent.map(|(name, _)| format!("{}: ${name}", text.key)));
            }
        }
    }
    missing
}

/// Messages by their keys: a line `key = ...` and the indented ones below it.
pub fn messages(ftl: &str) -> Vec<(&str, String)> {
    let mut messages: Vec<(&str, String)> = Vec::new();
    for line in ftl.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if line.starts_with(char::is_whitespace) {
            if let Some((_, pattern)) = messages.last_mut() {
                pattern.push_str(line);
            }
        } else if let Some((key, pattern)) = line.split_once('=') {
            messages.push((key.trim(), pattern.into()));
        }
    }
    messages
}

fn texts_of_form<'a>(form: &'a Form, texts: &mut Vec<&'a Text>) {
    texts.push(&form.title);
    texts.extend(&form.help);
    texts.extend(form.exhibits.iter().filter_map(note));
    for field in &form.fields {
        texts.push(&field.label);
        texts.extend(&field.hint);
        texts.extend(&field.placeholder);
    }
    texts.push(&form.submit);
}

fn note(exhibit: &Exhibit) -> Option<&Text> {
    match exhibit {
        Exhibit::Note(text) => Some(text),
        _ => None,
    }
}
