//! Bytes to tree, under limits. Owns well-formedness; what the elements mean is decided elsewhere.

use quick_xml::NsReader;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, QName, ResolveResult};

use super::{Comments, GateError, Limits, is_name};
use crate::xml::{Element, Name, Node, Value, is_xml_character};

/// Reads a whole document.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Element, GateError> {
    if bytes.len() > limits.bytes {
        return Err(GateError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| GateError::Encoding)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut reader = NsReader::from_str(text);
    reader.resolver_mut().set_max_namespace_bindings(limits.namespaces);
    let mut tree = Tree { open: Vec::new(), root: None };
    let mut first = true;
    let mut events = 0;
    loop {
        let event = reader.read_event().map_err(|error| refusal(&error))?;
        events += 1;
        if events > limits.events {
            return Err(GateError::TooManyEvents);
        }
        match event {
            Event::Start(start) => {
                if tree.open.len() >= limits.depth {
                    return Err(GateError::TooDeep);
                }
                tree.open.push(element(&start, &reader, limits)?);
            }
            Event::Empty(start) => {
                if tree.open.len() >= limits.depth {
                    return Err(GateError::TooDeep);
                }
                tree.close(element(&start, &reader, limits)?)?;
            }
            Event::End(_) => {
                let element = tree.open.pop().ok_or(GateError::Malformed)?;
                tree.close(element)?;
            }
            Event::Text(raw) => {
                // XML 1.0 2.4: the end of a CDATA section must not stand in text.
                if raw.contains("]]>") {
                    return Err(GateError::Malformed);
                }
                tree.append(&line_ends(&raw))?;
            }
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                tree.append_reference(character)?;
            }
            Event::Decl(declaration) if first => check_declaration(&declaration)?,
            Event::Decl(_) => return Err(GateError::Malformed),
            Event::CData(_) => return Err(GateError::CData),
            Event::Comment(comment) => match limits.comments {
                Comments::Refused => return Err(GateError::Comment),
                Comments::Ignored if is_comment(&comment) => {}
                Comments::Ignored => return Err(GateError::Malformed),
            },
            Event::PI(_) => return Err(GateError::ProcessingInstruction),
            Event::DocType(_) => return Err(GateError::DocumentType),
            Event::Eof => break,
        }
        first = false;
    }
    if !tree.open.is_empty() {
        return Err(GateError::Malformed);
    }
    tree.root.ok_or(GateError::Malformed)
}

fn refusal(error: &quick_xml::Error) -> GateError {
    match error {
        quick_xml::Error::Namespace(quick_xml::name::NamespaceError::TooManyBindings(_)) => {
            GateError::TooManyNamespaces
        }
        _ => GateError::Malformed,
    }
}

/// XML 1.0 2.8. Version 1.1 has other line ends and other characters.
fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), GateError> {
    let text: &str = declaration;
    let mut rest = text.strip_prefix("xml").ok_or(GateError::Malformed)?;
    let mut next = |name: &str| -> Result<Option<&str>, GateError> {
        let trimmed = rest.trim_start_matches(WHITE);
        let Some(after) = trimmed.strip_prefix(name).filter(|_| trimmed.len() < rest.len()) else { return Ok(None) };
        let after = after.trim_start_matches(WHITE).strip_prefix('=').ok_or(GateError::Malformed)?;
        let after = after.trim_start_matches(WHITE);
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or(GateError::Malformed)?;
        let (value, after) = after.get(1..).and_then(|after| after.split_once(quote)).ok_or(GateError::Malformed)?;
        rest = after;
        Ok(Some(value))
    };
    if next("version")? != Some("1.0") {
        return Err(GateError::Malformed);
    }
    if next("encoding")?.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
        return Err(GateError::Encoding);
    }
    if next("standalone")?.is_some_and(|standalone| !matches!(standalone, "yes" | "no")) {
        return Err(GateError::Malformed);
    }
    if rest.trim_matches(WHITE).is_empty() { Ok(()) } else { Err(GateError::Malformed) }
}

/// XML 1.0 2.5.
fn is_comment(text: &str) -> bool {
    !text.contains("--") && !text.ends_with('-') && text.chars().all(is_xml_character)
}

/// In bytes; those of the field have less than a hundred.
const LONGEST_NAMESPACE: usize = 256;

/// XML 1.0 2.3, S.
const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// XML 1.0 2.11.
fn line_ends(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// What has been read so far.
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn close(&mut self, element: Element) -> Result<(), GateError> {
        match self.open.last_mut() {
            Some(parent) => parent.push(Node::Element(element)),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err(GateError::Malformed), // two roots
        }
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<(), GateError> {
        if !text.chars().all(is_xml_character) {
            return Err(GateError::Malformed);
        }
        let Some(parent) = self.open.last_mut() else {
            return if text.trim_matches(WHITE).is_empty() { Ok(()) } else { Err(GateError::Malformed) };
        };
        // One text node, whatever references and comments it was made of.
        if let Some(Node::Text(before)) = parent.children_mut().last_mut() {
            before.append(text);
        } else {
            parent.push(Node::Text(Value::read(text.to_owned())));
        }
        Ok(())
    }

    fn append_reference(&mut self, character: char) -> Result<(), GateError> {
        if self.open.is_empty() {
            return Err(GateError::Malformed);
        }
        self.append(character.encode_utf8(&mut [0; 4]))
    }
}

/// XML 1.0 4.1 and 4.6; there is no document type that could declare another entity.
fn resolve(reference: &str) -> Result<char, GateError> {
    let code = |digits: &str, radix| {
        let digits = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()).and_then(char::from_u32);
        code.filter(|character| is_xml_character(*character)).ok_or(GateError::Malformed)
    };
    match reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => match (other.strip_prefix("#x"), other.strip_prefix('#')) {
            (Some(hexadecimal), _) => code(hexadecimal, 16),
            (None, Some(decimal)) => code(decimal, 10),
            (None, None) => Err(GateError::Entity),
        },
    }
}

/// XML 1.0 3.3.3, of attributes that no document type declares.
fn attribute_value(raw: &str) -> Result<String, GateError> {
    let plain = |text: &str| text.replace("\r\n", " ").replace(['\t', '\r', '\n'], " ");
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (reference, after) = after.split_once(';').ok_or(GateError::Malformed)?;
        value.push_str(&plain(before));
        value.push(resolve(reference)?);
        rest = after;
    }
    value.push_str(&plain(rest));
    if value.chars().all(is_xml_character) && !raw.contains('<') { Ok(value) } else { Err(GateError::Malformed) }
}

fn element(start: &BytesStart<'_>, reader: &NsReader<&[u8]>, limits: &Limits) -> Result<Element, GateError> {
    check_attribute_spacing(start)?;
    let mut declared: Vec<(String, String)> = Vec::new();
    let mut attributes: Vec<(Name, Value)> = Vec::new();
    for (number, attribute) in start.attributes().enumerate() {
        if number >= limits.attributes {
            return Err(GateError::TooManyAttributes);
        }
        let attribute = attribute.map_err(|_| GateError::Malformed)?;
        if let Some(prefix) = attribute.key.as_namespace_binding() {
            declared.extend(declaration(&prefix, &attribute.value)?);
            continue;
        }
        let name = name(attribute.key, Kind::Attribute, reader)?;
        // Namespaces in XML 6.3: not the same name twice under two prefixes either.
        if attributes.iter().any(|(known, _)| known.is(name.namespace(), name.local())) {
            return Err(GateError::Malformed);
        }
        attributes.push((name, Value::read(attribute_value(&attribute.value)?)));
    }
    Ok(Element::read(name(start.name(), Kind::Element, reader)?, declared, attributes))
}

/// A namespace declaration. Its value is compared literally, so references and white space in it are not accepted.
fn declaration(prefix: &PrefixDeclaration<'_>, value: &str) -> Result<Option<(String, String)>, GateError> {
    if value.contains(['&', '<', '\t', '\r', '\n']) || !value.chars().all(is_xml_character) {
        return Err(GateError::Malformed);
    }
    if value.len() > LONGEST_NAMESPACE {
        return Err(GateError::LongNamespace);
    }
    match *prefix {
        PrefixDeclaration::Default => Ok(Some((String::new(), value.to_owned()))),
        // Namespaces in XML 3: the one prefix that may be declared and need not be.
        PrefixDeclaration::Named("xml") => Ok(None),
        // Namespaces in XML 1.0 2.2: a prefix is not taken back.
        PrefixDeclaration::Named(prefix) if is_name(prefix) && !value.is_empty() => {
            Ok(Some((prefix.to_owned(), value.to_owned())))
        }
        PrefixDeclaration::Named(_) => Err(GateError::Malformed),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Element,
    Attribute,
}

fn name(key: QName<'_>, kind: Kind, reader: &NsReader<&[u8]>) -> Result<Name, GateError> {
    let (prefix, local) = key.0.split_once(':').unwrap_or(("", key.0));
    if !is_name(local) || !(prefix.is_empty() || is_name(prefix)) || (prefix.is_empty() && key.0.contains(':')) {
        return Err(GateError::Malformed);
    }
    let (namespace, _) = match kind {
        Kind::Element => reader.resolver().resolve_element(key),
        Kind::Attribute => reader.resolver().resolve_attribute(key),
    };
    match namespace {
        ResolveResult::Bound(namespace) => Ok(Name::read(prefix, namespace.0, local)),
        ResolveResult::Unbound if prefix.is_empty() => Ok(Name::read("", "", local)),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => Err(GateError::Malformed),
    }
}

/// XML 1.0 3.1: white space between attributes. The library does without.
fn check_attribute_spacing(start: &BytesStart<'_>) -> Result<(), GateError> {
    let mut quote = None;
    let mut closed = false;
    for byte in start.attributes_raw().bytes() {
        match quote {
            Some(open) if byte == open => (quote, closed) = (None, true),
            Some(_) => {}
            None if closed && !byte.is_ascii_whitespace() => return Err(GateError::Malformed),
            None => {
                closed = false;
                if matches!(byte, b'"' | b'\'') {
                    quote = Some(byte);
                }
            }
        }
    }
    Ok(())
}
