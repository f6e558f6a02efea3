//! A federation's aggregate, read as it comes: entity after entity, in memory that does not grow with it.
//!
//! The document is cut at the children of its groups (`EntitiesDescriptor`). Each piece is put between the start and
//! end tags around it and read by the gate, so that a piece is under the very rules of a document that is read whole.
//! Where a key is pinned, the canonical form of every piece goes into the digest as it passes, and nothing is returned
//! before the digest is the one that was signed.

use std::io::{self, BufRead, Read};

use aws_lc_rs::digest;
use keyholder_core::time::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{MetadataError, Trust, entity};
use crate::algorithm::DigestAlgorithm;
use crate::gate::{GateError, Limits, parse_document, read_signed};
use crate::names::METADATA;
use crate::service_provider::SpMetadata;
use crate::verify::VerifyError;
use crate::xml::{Element, Node};

/// Longest document, in bytes. The largest federations have about 100 MB.
const LONGEST: u64 = 512 * 1024 * 1024;
/// Groups inside each other.
const DEEPEST: usize = 8;

/// What an aggregate holds of what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aggregate {
    /// Entity id, and the metadata or what is wrong with it.
    pub entities: Vec<(String, Result<SpMetadata, MetadataError>)>,
    /// How many entities were read.
    pub seen: usize,
    /// When the whole document stops to count.
    pub valid_until: Option<Timestamp>,
    pub cache_seconds: Option<u64>,
}

/// Reads the service providers whose entity ids are wanted.
pub fn read_aggregate(
    input: impl BufRead,
    wanted: impl Fn(&str) -> bool,
    trust: &Trust<'_>,
) -> Result<Aggregate, MetadataError> {
    let mut reader = Reader::from_reader(Limited { inner: input, piece: 0, left: LONGEST });
    let mut buffer = Vec::new();
    let mut walk =
        Walk { trust, wanted, groups: Vec::new(), digest: None, held_text: String::new(), found: Aggregate::default() };
    let mut piece: Option<Piece> = None;
    let mut ended = false;
    loop {
        buffer.clear();
        reader.get_mut().piece = Limits::METADATA.bytes;
        let event = reader.read_event_into(&mut buffer).map_err(refusal)?;
        if let Some(open) = &mut piece {
            if open.take(&event)? {
                walk.finish_piece(&open.raw)?;
                piece = None;
            }
            continue;
        }
        match event {
            Event::Start(start) if is_group(&start) && !ended => walk.open(format!("<{}>", &*start), &start)?,
            Event::Start(_) | Event::Empty(_) if walk.groups.is_empty() => return Err(GateError::Root.into()),
            Event::Start(start) => piece = Some(Piece { raw: format!("<{}>", &*start), depth: 1 }),
            Event::Empty(start) => walk.finish_piece(&format!("<{}/>", &*start))?,
            Event::End(_) => ended = walk.close()?,
            Event::Text(text) => walk.layout(&text)?,
            Event::Decl(_) | Event::Comment(_) => {}
            Event::GeneralRef(_) => return Err(GateError::Malformed.into()),
            Event::CData(_) => return Err(GateError::CData.into()),
            Event::PI(_) => return Err(GateError::ProcessingInstruction.into()),
            Event::DocType(_) => return Err(GateError::DocumentType.into()),
            Event::Eof => break,
        }
    }
    if ended { walk.finish() } else { Err(GateError::Malformed.into()) }
}

fn is_group(start: &str) -> bool {
    let name = start.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
    name.rsplit(':').next() == Some("EntitiesDescriptor")
}

fn refusal(error: quick_xml::Error) -> MetadataError {
    match error {
        quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => MetadataError::TooLong,
        quick_xml::Error::Io(error) => MetadataError::Io(error.kind()),
        _ => GateError::Malformed.into(),
    }
}

/// One child of a group, as it was written.
struct Piece {
    raw: String,
    depth: usize,
}

impl Piece {
    /// Takes an event; whether the piece is whole.
    fn take(&mut self, event: &Event<'_>) -> Result<bool, MetadataError> {
        let parts: [&str; 3] = match event {
            Event::Start(start) => {
                self.depth += 1;
                ["<", start, ">"]
            }
            Event::Empty(start) => ["<", start, "/>"],
            Event::End(end) => {
                self.depth -= 1;
                ["</", end, ">"]
            }
            Event::Text(text) => ["", text, ""],
            Event::GeneralRef(reference) => ["&", reference, ";"],
            Event::Comment(_) => ["", "", ""],
            Event::CData(_) => return Err(GateError::CData.into()),
            Event::PI(_) => return Err(GateError::ProcessingInstruction.into()),
            Event::DocType(_) => return Err(GateError::DocumentType.into()),
            Event::Decl(_) | Event::Eof => return Err(GateError::Malformed.into()),
        };
        if self.raw.len() + parts.iter().map(|part| part.len()).sum::<usize>() > Limits::METADATA.bytes {
            return Err(MetadataError::TooLong);
        }
        self.raw.extend(parts);
        Ok(self.depth == 0)
    }
}

/// A group that is open.
struct Group {
    /// Its start tag and end tag as written.
    start: String,
    end: String,
    /// The canonical form of this start tag.
    canonical: String,
    valid_until: Option<Timestamp>,
    cache_seconds: Option<u64>,
}

/// What was signed, while it passes.
struct Digest {
    context: digest::Context,
    expected: Vec<u8>,
    prefixes: Vec<String>,
}

struct Walk<'a, W> {
    trust: &'a Trust<'a>,
    wanted: W,
    groups: Vec<Group>,
    /// From the root's signature on.
    digest: Option<Digest>,
    /// White space before the signature, which is digested like any.
    held_text: String,
    found: Aggregate,
}

impl<W: Fn(&str) -> bool> Walk<'_, W> {
    /// A piece with the groups around it.
    fn around(&self, piece: &str) -> String {
        let starts = self.groups.iter().map(|group| group.start.as_str());
        let ends = self.groups.iter().rev().map(|group| group.end.as_str());
        starts.chain([piece]).chain(ends).collect()
    }

    fn needs_signature(&self) -> bool {
        !self.trust.pinned.is_empty()
    }

    fn open(&mut self, start: String, inside: &str) -> Result<(), MetadataError> {
        if self.groups.len() >= DEEPEST {
            return Err(GateError::TooDeep.into());
        }
        let name = inside.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        let group = Group {
            end: format!("</{name}>"),
            start,
            canonical: String::new(),
            valid_until: None,
            cache_seconds: None,
        };
        self.groups.push(group);
        if self.groups.len() > 1 {
            self.expect_digest()?;
        }
        let tree = read_signed(self.around("").as_bytes(), &Limits::METADATA)?;
        let chain = chain(&tree);
        let own = chain.last().filter(|own| own.is(METADATA, "EntitiesDescriptor")).ok_or(GateError::Root)?;
        let (valid_until, cache_seconds) = (entity::valid_until(own)?, entity::cache_seconds(own)?);
        let around = self.groups.iter().rev().nth(1);
        let valid_until = entity::earliest(valid_until, around.and_then(|group| group.valid_until));
        let cache_seconds = entity::earliest(cache_seconds, around.and_then(|group| group.cache_seconds));
        if let Some(group) = self.groups.last_mut() {
            (group.valid_until, group.cache_seconds) = (valid_until, cache_seconds);
        }
        if self.groups.len() == 1 {
            (self.found.valid_until, self.found.cache_seconds) = (valid_until, cache_seconds);
        } else {
            self.digest_start(&tree)?;
        }
        Ok(())
    }

    /// The canonical form of the innermost start tag goes into the digest.
    fn digest_start(&mut self, tree: &Element) -> Result<(), MetadataError> {
        let Some(digest) = &mut self.digest else { return Ok(()) };
        let prefixes: Vec<&str> = digest.prefixes.iter().map(String::as_str).collect();
        let whole = tree.canonical_in(&[], &prefixes, None);
        let outer: usize = self.groups.iter().map(|group| group.canonical.len()).sum();
        let ends: usize = self.groups.iter().map(|group| group.end.len()).sum();
        let own = whole.get(outer..whole.len().saturating_sub(ends)).ok_or(GateError::Malformed)?.to_owned();
        digest.context.update(own.as_bytes());
        if let Some(group) = self.groups.last_mut() {
            group.canonical = own;
        }
        Ok(())
    }

    /// Where a key is pinned, nothing but white space comes before the signature.
    fn expect_digest(&self) -> Result<(), MetadataError> {
        if self.needs_signature() && self.digest.is_none() { Err(VerifyError::Unsigned.into()) } else { Ok(()) }
    }

    /// White space between the pieces.
    fn layout(&mut self, text: &str) -> Result<(), MetadataError> {
        if !text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            return Err(GateError::Malformed.into());
        }
        if self.groups.is_empty() {
            return Ok(());
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n"); // XML 1.0 2.11
        if let Some(digest) = &mut self.digest {
            digest.context.update(text.as_bytes());
        } else if self.needs_signature() {
            if self.held_text.len() + text.len() > Limits::METADATA.bytes {
                return Err(MetadataError::TooLong);
            }
            self.held_text.push_str(&text);
        }
        Ok(())
    }

    fn finish_piece(&mut self, raw: &str) -> Result<(), MetadataError> {
        let document = self.around(raw);
        if self.groups.len() == 1 && self.needs_signature() && self.digest.is_none() {
            return self.begin_digest(&document);
        }
        let tree = read_signed(document.as_bytes(), &Limits::METADATA)?;
        let around = chain(&tree);
        let innermost = around.get(self.groups.len() - 1).ok_or(GateError::Malformed)?;
        let piece = innermost.elements().next().ok_or(GateError::Malformed)?;
        if let Some(digest) = &mut self.digest {
            let prefixes: Vec<&str> = digest.prefixes.iter().map(String::as_str).collect();
            let whole = tree.canonical_in(&[], &prefixes, None);
            let outer: usize = self.groups.iter().map(|group| group.canonical.len()).sum();
            let ends: usize = self.groups.iter().map(|group| group.end.len()).sum();
            let own = whole.get(outer..whole.len().saturating_sub(ends)).ok_or(GateError::Malformed)?;
            digest.context.update(own.as_bytes());
        }
        if piece.is(METADATA, "EntityDescriptor") {
            self.entity(piece);
        }
        Ok(())
    }

    fn entity(&mut self, element: &Element) {
        self.found.seen += 1;
        let Some(entity_id) = entity::entity_id_of_sp(element).filter(|entity_id| (self.wanted)(entity_id)) else {
            return;
        };
        let group = self.groups.last();
        let result = entity::read(element).and_then(|mut metadata| {
            metadata.valid_until = entity::earliest(metadata.valid_until, group.and_then(|group| group.valid_until));
            metadata.cache_seconds =
                entity::earliest(metadata.cache_seconds, group.and_then(|group| group.cache_seconds));
            self.trust.check_entity(&metadata, None)?;
            self.trust.check_validity(metadata.valid_until)?;
            Ok(metadata)
        });
        self.found.entities.push((entity_id.to_owned(), result));
    }

    /// The first piece, where a key is pinned: the signature of the root, made by that key.
    fn begin_digest(&mut self, document: &str) -> Result<(), MetadataError> {
        let gated = parse_document(document.as_bytes(), METADATA, "EntitiesDescriptor", &Limits::METADATA)?;
        let shape = gated.shape()?.ok_or(VerifyError::Unsigned)?;
        let root = gated.unverified();
        let info = shape.info.canonical_in(&[root, shape.signature], &shape.info_prefixes, None);
        let right = |key: &crate::verify::PublicKey| key.verifies(shape.algorithm, info.as_bytes(), &shape.value);
        if !self.trust.pinned.iter().any(right) {
            return Err(VerifyError::Key.into());
        }
        let algorithm = match shape.digest_algorithm {
            DigestAlgorithm::Sha256 => &digest::SHA256,
            DigestAlgorithm::Sha384 => &digest::SHA384,
            DigestAlgorithm::Sha512 => &digest::SHA512,
        };
        let prefixes = shape.root_prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        let expected = shape.digest.clone();
        self.digest = Some(Digest { context: digest::Context::new(algorithm), expected, prefixes });
        let bare = read_signed(self.around("").as_bytes(), &Limits::METADATA)?;
        self.digest_start(&bare)?;
        let held = std::mem::take(&mut self.held_text);
        self.layout(&held)
    }

    /// Whether the root was closed.
    fn close(&mut self) -> Result<bool, MetadataError> {
        self.expect_digest()?;
        let group = self.groups.pop().ok_or(GateError::Malformed)?;
        if let Some(digest) = &mut self.digest {
            digest.context.update(group.end.as_bytes());
        }
        Ok(self.groups.is_empty())
    }

    fn finish(self) -> Result<Aggregate, MetadataError> {
        if let Some(digest) = self.digest
            && digest.context.finish().as_ref() != digest.expected
        {
            return Err(VerifyError::Digest.into());
        }
        self.trust.check_validity(self.found.valid_until)?;
        Ok(self.found)
    }
}

/// The groups from the root inwards, in a tree that has one of everything.
fn chain(root: &Element) -> Vec<&Element> {
    let mut chain = vec![root];
    while let Some(inner) = chain.last().and_then(|last| {
        let mut elements = last.children().iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        });
        elements.next().filter(|element| element.is(METADATA, "EntitiesDescriptor"))
    }) {
        chain.push(inner);
    }
    chain
}

/// A reader that gives up where one part, or the whole, is too long.
struct Limited<R> {
    inner: R,
    /// Bytes left for one tag or text.
    piece: usize,
    /// Bytes left for the document.
    left: u64,
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        if let (Some(from), Some(to)) = (available.get(..length), out.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let limit = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.piece);
        let available = self.inner.fill_buf()?;
        if limit == 0 && !available.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(available.get(..available.len().min(limit)).unwrap_or_default())
    }

    fn consume(&mut self, length: usize) {
        self.piece = self.piece.saturating_sub(length);
        self.left = self.left.saturating_sub(length as u64);
        self.inner.consume(length);
    }
}
