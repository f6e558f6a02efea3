//! Reading a TOML document entry by entry, noting every mistake with its place instead of stopping at the first.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::faults::{Fault, Origin, Place, listing, suggestion};

/// A value with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) key: String,
    pub(crate) place: Place,
}

impl<T> Located<T> {
    /// A mistake in this value.
    pub(crate) fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault { origin: Origin::File(self.place), key: self.key.clone(), problem: problem.into() }
    }

    /// The same place with another value.
    pub(crate) fn with<U>(&self, value: U) -> Located<U> {
        Located { value, key: self.key.clone(), place: self.place }
    }
}

/// The text of a document, and what is wrong with it so far.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
}

impl<'t> Document<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, faults: RefCell::default() }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// The mistakes, in the order of the file.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort_by(|a, b| a.origin.cmp(&b.origin));
        faults
    }

    /// The root of the document; `None` where it is not TOML.
    pub(crate) fn root(&'t self) -> Option<Spanned<DeTable<'t>>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let place = self.place(error.span().map_or(0, |span| span.start));
            let problem = format!("not TOML: {}", error.message());
            self.fault(Fault { origin: Origin::File(place), key: String::new(), problem });
        }
        errors.is_empty().then_some(table)
    }

    fn place(&self, offset: usize) -> Place {
        Place::of(self.text, offset)
    }
}

/// One table of a document. Keys that nobody asked for are mistakes, told by [`Entry::finish`].
#[derive(Debug)]
pub(crate) struct Entry<'d> {
    document: &'d Document<'d>,
    /// What stands before a key in messages, such as `application`.
    section: String,
    table: &'d DeTable<'d>,
    place: Place,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'d> Entry<'d> {
    pub(crate) fn root(document: &'d Document<'d>, table: &'d Spanned<DeTable<'d>>) -> Self {
        Self::of(document, String::new(), table.get_ref(), table.span().start)
    }

    fn of(document: &'d Document<'d>, section: String, table: &'d DeTable<'d>, offset: usize) -> Self {
        Self { document, section, table, place: document.place(offset), asked: RefCell::default() }
    }

    fn key(&self, name: &str) -> String {
        if self.section.is_empty() { name.to_owned() } else { format!("{}.{name}", self.section) }
    }

    fn find(&self, name: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().insert(name);
        self.table.get(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    fn locate<T>(&self, name: &str, value: &Spanned<DeValue<'_>>, read: T) -> Located<T> {
        Located { value: read, key: self.key(name), place: self.document.place(value.span().start) }
    }

    fn wrong_type(&self, name: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let problem = format!("it is of type {}; expected {expected}", value.get_ref().type_str());
        self.document.fault(self.locate(name, value, ()).fault(problem));
    }

    /// A mistake of the entry as a whole.
    pub(crate) fn fault(&self, name: &str, problem: impl Into<String>) {
        let key = if name.is_empty() { self.section.clone() } else { self.key(name) };
        self.document.fault(Fault { origin: Origin::File(self.place), key, problem: problem.into() });
    }

    /// The place of the entry itself.
    pub(crate) fn here(&self) -> Located<()> {
        Located { value: (), key: self.section.clone(), place: self.place }
    }

    /// Notes a mistake in a value of this entry.
    pub(crate) fn refuse<T>(&self, located: &Located<T>, problem: impl Into<String>) {
        self.document.fault(located.fault(problem));
    }

    /// Text that is not empty.
    pub(crate) fn text(&self, name: &'static str) -> Option<Located<String>> {
        let value = self.find(name)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(name, value, "text");
            return None;
        };
        let text = self.locate(name, value, text.to_owned());
        if text.value.trim().is_empty() || text.value.chars().any(char::is_control) {
            self.refuse(&text, "it is empty or has control characters; expected text");
            return None;
        }
        Some(text)
    }

    pub(crate) fn required_text(&self, name: &'static str) -> Option<Located<String>> {
        if !self.has(name) {
            self.find(name);
            self.fault(name, "it is missing");
            return None;
        }
        self.text(name)
    }

    pub(crate) fn switch(&self, name: &'static str) -> Option<bool> {
        let value = self.find(name)?;
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.wrong_type(name, value, "`true` or `false`");
        }
        switch
    }

    pub(crate) fn whole(&self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.find(name)?;
        let number =
            value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let problem = format!("expected a whole number from {} to {}", range.start(), range.end());
            self.document.fault(self.locate(name, value, ()).fault(problem));
        }
        number
    }

    /// A list of texts; empty where the key is absent.
    pub(crate) fn texts(&self, name: &'static str) -> Vec<Located<String>> {
        let Some(value) = self.find(name) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(name, value, "a list of texts");
            return Vec::new();
        };
        let mut texts: Vec<Located<String>> = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                None => self.wrong_type(name, item, "text"),
                Some(text) => {
                    let text = self.locate(name, item, text.to_owned());
                    if texts.iter().any(|other| other.value == text.value) {
                        self.refuse(&text, format!("`{}` is listed twice", text.value));
                    } else {
                        texts.push(text);
                    }
                }
            }
        }
        texts
    }

    /// One of the names that a serde enum knows.
    pub(crate) fn choice<T: DeserializeOwned>(&self, name: &'static str, choices: &[&str]) -> Option<Located<T>> {
        let text = self.text(name)?;
        self.choose(&text, choices)
    }

    /// A list of such names.
    pub(crate) fn choices<T: DeserializeOwned>(&self, name: &'static str, choices: &[&str]) -> Vec<Located<T>> {
        self.texts(name).iter().filter_map(|text| self.choose(text, choices)).collect()
    }

    fn choose<T: DeserializeOwned>(&self, text: &Located<String>, choices: &[&str]) -> Option<Located<T>> {
        let known = choices.contains(&text.value.as_str());
        match serde_json::from_value(Json::String(text.value.clone())) {
            Ok(value) if known => Some(text.with(value)),
            _ => {
                let hint = suggestion(&text.value, choices.iter().copied());
                let expected = listing(choices.iter().copied());
                self.refuse(text, format!("`{}` is not known; expected one of {expected}{hint}", text.value));
                None
            }
        }
    }

    /// A table inside this one.
    pub(crate) fn table(&self, name: &'static str) -> Option<Entry<'d>> {
        let value = self.find(name)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(name, value, "a table");
            return None;
        };
        Some(Self::of(self.document, self.key(name), table, value.span().start))
    }

    /// The tables of `[[name]]`.
    pub(crate) fn tables(&self, name: &'static str) -> Vec<Entry<'d>> {
        let Some(value) = self.find(name) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(name, value, &format!("sections that begin with `[[{name}]]`"));
            return Vec::new();
        };
        let mut entries = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => {
                    entries.push(Self::of(self.document, self.key(name), table, item.span().start));
                }
                _ => self.wrong_type(name, item, "a table"),
            }
        }
        entries
    }

    /// JSON, written as text or as a table.
    pub(crate) fn json(&self, name: &'static str) -> Option<Located<Json>> {
        let value = self.find(name)?;
        let json = match value.get_ref() {
            DeValue::String(text) => serde_json::from_str(text).ok(),
            DeValue::Table(_) => to_json(value.get_ref()),
            _ => None,
        };
        if json.is_none() {
            self.wrong_type(name, value, "a table, or JSON as text");
        }
        json.map(|json| self.locate(name, value, json))
    }

    /// Notes the keys that nobody asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            if !asked.contains(name.get_ref().as_ref()) {
                let hint = suggestion(name.get_ref(), asked.iter().copied());
                self.document.fault(Fault {
                    origin: Origin::File(self.document.place(name.span().start)),
                    key: self.key(name.get_ref()),
                    problem: format!("there is no such key{hint}"),
                });
            }
        }
    }
}

fn to_json(value: &DeValue<'_>) -> Option<Json> {
    Some(match value {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(switch) => Json::Bool(*switch),
        DeValue::Integer(number) => Json::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Array(items) => Json::Array(items.iter().map(|item| to_json(item.get_ref())).collect::<Option<_>>()?),
        DeValue::Table(table) => Json::Object(
            table
                .iter()
                .map(|(name, value)| Some((name.get_ref().to_string(), to_json(value.get_ref())?)))
                .collect::<Option<_>>()?,
        ),
        DeValue::Float(_) | DeValue::Datetime(_) => return None,
    })
}
