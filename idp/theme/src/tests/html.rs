//! A page as its tags and texts, and what holds for every page.

use std::collections::{BTreeMap, BTreeSet};

use html5gum::{Token, Tokenizer};

/// A start tag.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// Place of the form that it stands in.
    pub(super) form: Option<usize>,
}

impl Tag {
    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }
}

#[derive(Debug, Default)]
pub(super) struct Html {
    pub(super) tags: Vec<Tag>,
    /// Name of the element and its text.
    pub(super) texts: Vec<(String, String)>,
}

const VOID: [&str; 5] = ["meta", "link", "input", "img", "br"];

impl Html {
    /// Reads a page; fails where its tags are not nested well.
    pub(super) fn read(page: &str) -> Self {
        let mut html = Self::default();
        let mut open: Vec<String> = Vec::new();
        let mut form = None;
        for Ok(token) in Tokenizer::new(page) {
            match token {
                Token::StartTag(tag) => {
                    let name = text(&tag.name);
                    if name == "form" {
                        assert_eq!(form, None, "a form within a form");
                        form = Some(html.tags.len());
                    }
                    if !tag.self_closing && !VOID.contains(&name.as_str()) {
                        open.push(name.clone());
                    }
                    let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                    html.tags.push(Tag { name, attributes, form });
                }
                Token::EndTag(tag) => {
                    let name = text(&tag.name);
                    assert_eq!(open.pop().as_ref(), Some(&name), "badly nested");
                    if name == "form" {
                        form = None;
                    }
                }
                Token::String(string) => {
                    let text = text(&string);
                    if !text.trim().is_empty() {
                        html.texts.push((open.last().cloned().unwrap_or_default(), text.trim().to_owned()));
                    }
                }
                Token::Error(error) => panic!("not HTML: {error:?}"),
                Token::Comment(comment) => panic!("a comment leaves the server: {comment:?}"),
                Token::Doctype(_) => {}
            }
        }
        assert!(open.is_empty(), "left open: {open:?}");
        html
    }

    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }

    pub(super) fn title(&self) -> &str {
        self.texts.iter().find(|(element, _)| element == "title").map_or("", |(_, text)| text)
    }

    /// What holds for every page, whatever it shows.
    pub(super) fn check(&self, language: &str) {
        assert_eq!(self.named("html").next().unwrap().get("lang"), Some(language));
        assert!(self.title().ends_with(" - Keyholder") && self.title().len() > 13, "title {:?}", self.title());
        for once in ["h1", "main", "aside", "title", "header", "footer"] {
            assert_eq!(self.named(once).count(), 1, "{once}");
        }
        self.check_policy();
        self.check_names();
        self.check_fields();
        // Codes are typed as they stand.
        for (_, text) in self.texts.iter().filter(|(element, _)| element != "code") {
            let letters: Vec<char> = text.chars().filter(|letter| letter.is_alphabetic()).collect();
            let shouted = letters.len() > 3 && letters.iter().all(|letter| letter.is_uppercase());
            assert!(!shouted, "in capitals: {text}");
            assert!(!text.contains("**") && !text.contains("{{"), "markup left: {text}");
        }
    }

    /// Content security policy: nothing inline, scripts with a nonce only.
    fn check_policy(&self) {
        assert_eq!(self.named("style").count(), 0);
        for tag in &self.tags {
            for (name, value) in &tag.attributes {
                assert!(name != "style" && !name.starts_with("on"), "{} has {name}", tag.name);
                let address = ["href", "src", "action", "formaction"].contains(&name.as_str());
                assert!(!address || (!value.is_empty() && value != "#"), "{} leads nowhere by {name}", tag.name);
                assert!(!value.trim_start().to_lowercase().starts_with("javascript:"), "{name} is a script");
            }
        }
        for script in self.named("script") {
            assert!(script.get("src").is_some() && script.get("nonce").is_some_and(|nonce| !nonce.is_empty()));
        }
    }

    /// Ids are unique, and whatever points to one finds it.
    fn check_names(&self) {
        let ids: Vec<&str> = self.tags.iter().filter_map(|tag| tag.get("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "an id twice: {ids:?}");
        for tag in &self.tags {
            for attribute in ["for", "aria-describedby", "aria-labelledby"] {
                for id in tag.get(attribute).unwrap_or_default().split_whitespace() {
                    assert!(unique.contains(id), "{attribute} points to {id}, which is not there");
                }
            }
            assert!(tag.name != "img" || tag.get("alt").is_some());
            assert!(tag.name != "svg" || tag.get("aria-hidden") == Some("true"));
        }
    }

    fn check_fields(&self) {
        for form in self.named("form") {
            assert_eq!(form.get("method"), Some("post"), "passwords and answers do not belong in addresses");
            assert!(form.get("action").is_some());
        }
        let labelled: BTreeSet<&str> = self.named("label").filter_map(|label| label.get("for")).collect();
        for input in self.named("input") {
            assert!(input.form.is_some(), "a field outside a form");
            if input.get("type") == Some("hidden") {
                continue;
            }
            if input.get("hidden").is_none() {
                assert!(labelled.contains(input.get("id").unwrap()), "no label: {input:?}");
                // Never alone: it goes as soon as something is typed.
                assert!(input.get("placeholder").is_none() || input.get("aria-describedby").is_some());
            }
            let autocomplete = input.get("autocomplete").unwrap_or_else(|| panic!("no autocomplete: {input:?}"));
            match input.get("name").unwrap() {
                "email" => assert_eq!(autocomplete, "username"),
                "again" => assert_eq!(autocomplete, "new-password"),
                "password" => assert!(["current-password", "new-password"].contains(&autocomplete)),
                _ => {}
            }
            let wrong = input.get("aria-invalid") == Some("true");
            assert!(!wrong || input.get("aria-describedby").is_some_and(|ids| ids.contains("-error")));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
