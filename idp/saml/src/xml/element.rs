//! The tree.

use std::borrow::Cow;

use super::canonical;
use super::value::Value;

/// The name of an element or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    prefix: Cow<'static, str>,
    local: Cow<'static, str>,
    namespace: Cow<'static, str>,
}

impl Name {
    pub(crate) const fn fixed(prefix: &'static str, namespace: &'static str, local: &'static str) -> Self {
        Self { prefix: Cow::Borrowed(prefix), local: Cow::Borrowed(local), namespace: Cow::Borrowed(namespace) }
    }

    pub(crate) fn read(prefix: &str, namespace: &str, local: &str) -> Self {
        let owned = |text: &str| Cow::Owned(text.to_owned());
        Self { prefix: owned(prefix), local: owned(local), namespace: owned(namespace) }
    }

    /// Whether this is `local` in `namespace`, whatever the prefix.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }

    /// The part before the colon; empty where there is none.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The part after the colon.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The namespace; empty where there is none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// What an element contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Element(Element),
    Text(Value),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub(super) name: Name,
    /// Namespaces declared here, prefix and URI, as read. Empty for what we write: there they follow from the names.
    pub(super) declared: Vec<(String, String)>,
    pub(super) attributes: Vec<(Name, Value)>,
    pub(super) children: Vec<Node>,
}

impl Element {
    /// An empty element of ours.
    pub const fn new(prefix: &'static str, namespace: &'static str, local: &'static str) -> Self {
        let name = Name::fixed(prefix, namespace, local);
        Self { name, declared: Vec::new(), attributes: Vec::new(), children: Vec::new() }
    }

    /// An element that the gate read.
    pub(crate) fn read(name: Name, declared: Vec<(String, String)>, attributes: Vec<(Name, Value)>) -> Self {
        Self { name, declared, attributes, children: Vec::new() }
    }

    /// With an attribute that has no namespace; one of the same name is replaced.
    #[must_use]
    pub fn with(self, local: &'static str, value: impl Into<Value>) -> Self {
        self.with_in("", "", local, value)
    }

    /// With an attribute if there is a value for it.
    #[must_use]
    pub fn with_some(self, local: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(local, value),
            None => self,
        }
    }

    /// With an attribute in a namespace, such as `xml:lang`; one of the same name is replaced.
    #[must_use]
    pub fn with_in(
        mut self,
        prefix: &'static str,
        namespace: &'static str,
        local: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        self.attributes.retain(|(name, _)| !name.is(namespace, local));
        self.attributes.push((Name::fixed(prefix, namespace, local), value.into()));
        self
    }

    /// With a child element.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With a number of child elements.
    #[must_use]
    pub fn and_children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Value>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Whether this is the element `local` of `namespace`.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.name.is(namespace, local)
    }

    /// The attributes; namespace declarations are not among them.
    pub fn attributes(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.attributes.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// The value of an attribute that has no namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attribute_in("", local)
    }

    /// The value of an attribute in a namespace.
    pub fn attribute_in(&self, namespace: &str, local: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name.is(namespace, local)).map(|(_, value)| value.as_str())
    }

    /// Child elements and texts in order.
    pub fn children(&self) -> &[Node] {
        &self.children
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The child elements of this name.
    pub fn all<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(namespace, local))
    }

    /// The first child element of this name.
    pub fn find(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// The text directly inside; the gate leaves no comment that could split it.
    pub fn own_text(&self) -> String {
        self.texts().collect()
    }

    /// The pieces of text directly inside.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        })
    }

    /// Whether there is neither a child element nor any text but white space.
    pub fn is_empty(&self) -> bool {
        self.elements().next().is_none() && self.texts().all(|text| text.trim_ascii().is_empty())
    }

    /// How many elements of this name there are, this one and all below it counted.
    pub fn count(&self, namespace: &str, local: &str) -> usize {
        let below: usize = self.elements().map(|child| child.count(namespace, local)).sum();
        below + usize::from(self.is(namespace, local))
    }

    /// Exclusive C14N of this element as the apex: what is digested, and what is sent.
    pub fn canonical(&self) -> String {
        canonical::write(self, &canonical::Context::default())
    }

    /// Exclusive C14N with an `InclusiveNamespaces` prefix list, in the scope of `ancestors` (outermost first), with one element
    /// omitted: what the enveloped-signature transform leaves (`XMLDSig` 6.6.4).
    pub(crate) fn canonical_in(&self, ancestors: &[&Element], inclusive: &[&str], omitted: Option<&Element>) -> String {
        canonical::write(self, &canonical::Context { ancestors, inclusive, omitted })
    }

    /// Takes over the namespaces of the elements around it, so that it can stand alone.
    pub(crate) fn inherit(&mut self, ancestors: &[Vec<(String, String)>]) {
        for (prefix, uri) in ancestors.iter().rev().flatten() {
            if !self.declared.iter().any(|(known, _)| known == prefix) {
                self.declared.push((prefix.clone(), uri.clone()));
            }
        }
    }

    pub(crate) fn declared(&self) -> &[(String, String)] {
        &self.declared
    }

    pub(crate) fn push(&mut self, node: Node) {
        self.children.push(node);
    }

    pub(crate) fn children_mut(&mut self) -> &mut Vec<Node> {
        &mut self.children
    }
}
