//! Exclusive XML Canonicalization 1.0 without comments (W3C, 18 July 2002), with prefix lists.

use super::element::{Element, Name, Node};

/// What of the document around an element decides its canonical form.
#[derive(Default)]
pub(super) struct Context<'a> {
    /// The elements around the apex, outermost first; they matter for prefixes of the list alone.
    pub(super) ancestors: &'a [&'a Element],
    /// `InclusiveNamespaces/@PrefixList`, split (Exclusive C14N 3); `#default` is the default namespace.
    pub(super) inclusive: &'a [&'a str],
    /// An element that is left out, by identity.
    pub(super) omitted: Option<&'a Element>,
}

/// The canonical octets of an element as the apex.
pub(super) fn write(apex: &Element, context: &Context<'_>) -> String {
    let mut writer = Writer { context, scope: Vec::new(), rendered: Vec::new(), out: String::with_capacity(4096) };
    for ancestor in context.ancestors {
        writer.declare(ancestor);
    }
    writer.element(apex);
    writer.out
}

struct Writer<'a> {
    context: &'a Context<'a>,
    /// Namespaces declared so far, as read; kept for the prefix list.
    scope: Vec<(&'a str, &'a str)>,
    /// Namespaces written so far and in force.
    rendered: Vec<(&'a str, &'a str)>,
    out: String,
}

/// The namespace that a prefix stands for; empty where it stands for none.
fn in_force<'a>(stack: &[(&'a str, &'a str)], prefix: &str) -> &'a str {
    stack.iter().rev().find(|(known, _)| *known == prefix).map_or("", |(_, uri)| *uri)
}

impl<'a> Writer<'a> {
    fn declare(&mut self, element: &'a Element) {
        if !self.context.inclusive.is_empty() {
            self.scope.extend(element.declared.iter().map(|(prefix, uri)| (prefix.as_str(), uri.as_str())));
        }
    }

    fn element(&mut self, element: &'a Element) {
        let (scope, rendered) = (self.scope.len(), self.rendered.len());
        self.declare(element);
        self.out.push('<');
        self.name(&element.name);
        self.namespaces(element);
        self.attributes(element);
        self.out.push('>');
        for node in &element.children {
            match node {
                Node::Text(text) => escape(text.as_str(), &mut self.out, in_text),
                Node::Element(child) if self.context.omitted.is_some_and(|omitted| std::ptr::eq(omitted, child)) => {}
                Node::Element(child) => self.element(child),
            }
        }
        self.out.push_str("</");
        self.name(&element.name);
        self.out.push('>');
        self.scope.truncate(scope);
        self.rendered.truncate(rendered);
    }

    fn name(&mut self, name: &Name) {
        if !name.prefix().is_empty() {
            self.out.push_str(name.prefix());
            self.out.push(':');
        }
        self.out.push_str(name.local());
    }

    /// A namespace is written where its prefix is visibly used, or listed and in scope, and is not in force already
    /// (Exclusive C14N 3). The prefix `xml` is never declared.
    fn namespaces(&mut self, element: &'a Element) {
        let own = std::iter::once(&element.name);
        let used = own.chain(element.attributes.iter().map(|(name, _)| name).filter(|name| !name.prefix().is_empty()));
        let mut wanted: Vec<(&str, &str)> = used.map(|name| (name.prefix(), name.namespace())).collect();
        for listed in self.context.inclusive {
            let prefix = if *listed == "#default" { "" } else { listed };
            // One that is not declared resolves to nothing, like a default namespace that was taken back: the comparison below decides.
            wanted.push((prefix, in_force(&self.scope, prefix)));
        }
        wanted.retain(|(prefix, uri)| *prefix != "xml" && in_force(&self.rendered, prefix) != *uri);
        wanted.sort_unstable(); // C14N 1.0 2.2: by prefix, the default namespace first
        wanted.dedup();
        for (prefix, uri) in wanted {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.out.push_str("=\"");
            escape(uri, &mut self.out, in_attribute);
            self.out.push('"');
            self.rendered.push((prefix, uri));
        }
    }

    fn attributes(&mut self, element: &'a Element) {
        let mut attributes: Vec<_> = element.attributes.iter().collect();
        attributes.sort_by_key(|(name, _)| (name.namespace(), name.local())); // C14N 1.0 2.2
        for (name, value) in attributes {
            self.out.push(' ');
            self.name(name);
            self.out.push_str("=\"");
            escape(value.as_str(), &mut self.out, in_attribute);
            self.out.push('"');
        }
    }
}

/// C14N 1.0 2.3, text nodes.
fn in_text(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

/// C14N 1.0 2.3, attribute nodes.
fn in_attribute(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

fn escape(text: &str, out: &mut String, special: fn(u8) -> Option<&'static str>) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(reference) = special(byte) {
            out.push_str(text.get(plain..at).unwrap_or_default());
            out.push_str(reference);
            plain = at + 1;
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
}
