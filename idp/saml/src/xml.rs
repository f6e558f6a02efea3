//! XML as this crate writes and reads it: elements, attributes and text, nothing else.
//!
//! Owns the tree and its one serialisation, which is Exclusive XML Canonicalization 1.0 without comments
//! (<https://www.w3.org/TR/xml-exc-c14n/>). What is written can therefore be signed without another parser. Does not own the
//! reading of untrusted bytes: that is [`crate::gate`].

use std::collections::BTreeSet;

/// Longest identifier or attribute value that is written, in characters.
pub const LONGEST_VALUE: usize = 256;

/// A value that XML or its readers could not carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A character that XML 1.0 forbids or that canonicalisation would change.
    #[error("a character that XML cannot carry")]
    Character,
    /// More than [`LONGEST_VALUE`] characters.
    #[error("longer than {LONGEST_VALUE} characters")]
    Length,
}

/// Text that arrives at a reader exactly as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// Takes a text of any origin; refuses what XML would lose or change.
    pub fn new(text: impl Into<String>) -> Result<Self, ValueError> {
        let text = text.into();
        if text.chars().count() > LONGEST_VALUE {
            return Err(ValueError::Length);
        }
        // XML 1.0 2.2; tab, LF and CR are legal but normalised by readers (2.11, 3.3.3), so none of them is accepted.
        if text.chars().any(|c| c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
            return Err(ValueError::Character);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name with its namespace; `prefix` and `namespace` are empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub prefix: String,
    pub local: String,
    pub namespace: String,
}

impl Name {
    /// Whether this is `local` in `namespace`, whatever the prefix.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }

    fn write(&self, out: &mut String) {
        if !self.prefix.is_empty() {
            out.push_str(&self.prefix);
            out.push(':');
        }
        out.push_str(&self.local);
    }
}

/// What an element contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Element(Element),
    Text(String),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: Name,
    pub attributes: Vec<(Name, String)>,
    pub children: Vec<Node>,
}

impl Element {
    /// An empty element.
    pub fn new(prefix: &str, namespace: &str, local: &str) -> Self {
        let name = Name { prefix: prefix.to_owned(), local: local.to_owned(), namespace: namespace.to_owned() };
        Self { name, attributes: Vec::new(), children: Vec::new() }
    }

    /// With an attribute that has no namespace.
    #[must_use]
    pub fn with(mut self, local: &str, value: impl Into<String>) -> Self {
        let name = Name { prefix: String::new(), local: local.to_owned(), namespace: String::new() };
        self.attributes.push((name, value.into()));
        self
    }

    /// With a child element.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// The value of an attribute that has no namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name.is("", local)).map(|(_, value)| value.as_str())
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element of this name.
    pub fn find(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.elements().find(|element| element.name.is(namespace, local))
    }

    /// The text directly inside; the gate leaves no comment that could split it.
    pub fn own_text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Exclusive C14N of this element as the apex.
    pub fn canonical(&self) -> String {
        let mut out = String::with_capacity(4096);
        self.write(&mut out, &[], None);
        out
    }

    /// Exclusive C14N of this element without one child: what the enveloped-signature transform leaves (`XMLDSig` 6.6.4).
    pub fn canonical_without(&self, omitted: &Element) -> String {
        let mut out = String::with_capacity(4096);
        self.write(&mut out, &[], Some(omitted));
        out
    }

    fn write(&self, out: &mut String, rendered: &[(&str, &str)], omitted: Option<&Element>) {
        let mut scope = rendered.to_vec();
        out.push('<');
        self.name.write(out);
        // Exclusive C14N 3: a namespace is written where its prefix is visibly used and not in force already.
        let own = std::iter::once(&self.name);
        let used = own.chain(self.attributes.iter().map(|(name, _)| name).filter(|name| !name.prefix.is_empty()));
        let used: BTreeSet<(&str, &str)> = used
            .filter(|name| name.prefix != "xml")
            .map(|name| (name.prefix.as_str(), name.namespace.as_str()))
            .collect();
        for (prefix, namespace) in used {
            let in_force = scope.iter().rev().find(|(known, _)| *known == prefix).map_or("", |(_, uri)| *uri);
            if in_force != namespace {
                out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
                out.push_str(prefix);
                out.push_str("=\"");
                escape_attribute(namespace, out);
                out.push('"');
                scope.push((prefix, namespace));
            }
        }
        let mut attributes: Vec<_> = self.attributes.iter().collect();
        attributes.sort_by_key(|(name, _)| (&name.namespace, &name.local)); // C14N 1.0 2.2
        for (name, value) in attributes {
            out.push(' ');
            name.write(out);
            out.push_str("=\"");
            escape_attribute(value, out);
            out.push('"');
        }
        out.push('>');
        for node in &self.children {
            match node {
                Node::Text(text) => escape_text(text, out),
                Node::Element(child) if omitted.is_some_and(|omitted| std::ptr::eq(omitted, child)) => {}
                Node::Element(child) => child.write(out, &scope, omitted),
            }
        }
        out.push_str("</");
        self.name.write(out);
        out.push('>');
    }
}

fn escape_text(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

fn escape_attribute(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}
