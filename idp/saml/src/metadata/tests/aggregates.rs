//! A federation's aggregate.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::*;
use crate::verify::VerifyError;

pub(super) const VECTORS: [&str; 12] = [
    "aggregate-group-first",
    "aggregate-empty",
    "aggregate-signed",
    "aggregate-signed-with-prefixes",
    "aggregate-signed-by-another",
    "aggregate-altered",
    "aggregate-appended",
    "aggregate-no-valid-until",
    "aggregate-expired",
    "aggregate-cut-short",
    "aggregate-two-roots",
    "aggregate-wrapped",
];

fn read_as(name: &str, keys: &[PublicKey]) -> Result<Aggregate, MetadataError> {
    let bytes = vector(&format!("metadata/{name}.xml"));
    let (own, all) = (ours(), |_: &str| true);
    let whole = read_aggregate(bytes.as_slice(), all, &Trust::pinned(keys, &own, NOW));
    // However the bytes come, the answer is the same.
    let slowly = read_aggregate(BufReader::with_capacity(7, bytes.as_slice()), all, &Trust::pinned(keys, &own, NOW));
    assert_eq!(whole, slowly, "{name}");
    whole
}

#[test]
fn a_signed_aggregate_is_read_entity_by_entity() {
    for name in ["aggregate-signed", "aggregate-signed-with-prefixes"] {
        let aggregate = read_as(name, &federation()).unwrap();
        assert_eq!(aggregate.seen, 5);
        assert_eq!(aggregate.cache_seconds, Some(6 * 3600));
        let names: Vec<&str> = aggregate.entities.iter().map(|(entity_id, _)| entity_id.as_str()).collect();
        // Identity providers alone are not among them.
        assert_eq!(
            names,
            [
                "https://one.example/metadata",
                "https://two.example/metadata",
                "https://own.example",
                "https://id.example/saml/metadata",
            ]
        );
        let results: Vec<_> = aggregate.entities.iter().map(|(_, result)| result.as_ref()).collect();
        // The group inside ends earlier than the whole.
        assert_eq!(results[0].unwrap().valid_until, crate::messages::time::read("2027-01-29T08:00:00Z"));
        assert_eq!(results[1].unwrap().valid_until, crate::messages::time::read("2027-01-20T08:00:00Z"));
        // One bad entity does not spoil the others.
        assert_eq!(results[2], Err(&MetadataError::Endpoint("javascript:alert(1)".into())));
        assert_eq!(results[3], Err(&MetadataError::OwnEntityId));
    }
}

#[test]
fn an_aggregate_that_was_not_signed_as_it_is_says_nothing() {
    let signature = MetadataError::Signature;
    for (name, expected) in [
        ("aggregate-unsigned", signature(VerifyError::Unsigned)),
        ("aggregate-signed-by-another", signature(VerifyError::Key)),
        ("aggregate-altered", signature(VerifyError::Digest)),
        ("aggregate-appended", signature(VerifyError::Digest)),
        ("aggregate-wrapped", signature(VerifyError::Unsigned)),
        ("aggregate-group-first", signature(VerifyError::Unsigned)),
        ("aggregate-empty", signature(VerifyError::Unsigned)),
        ("aggregate-no-valid-until", MetadataError::NoValidUntil),
        ("aggregate-expired", MetadataError::Expired),
        ("aggregate-cut-short", MetadataError::Gate(GateError::Malformed)),
        ("aggregate-two-roots", MetadataError::Gate(GateError::Root)),
    ] {
        assert_eq!(read_as(name, &federation()), Err(expected), "{name}");
    }
}

#[test]
fn every_change_of_one_byte_is_noticed() {
    let bytes = vector("metadata/aggregate-signed.xml");
    let own = ours();
    let keys = federation();
    let trust = Trust::pinned(&keys, &own, NOW);
    let good = read_aggregate(bytes.as_slice(), |_| true, &trust).unwrap();
    // A stride that meets every kind of place: tags, values, white space, the signature, comments.
    for at in (0..bytes.len()).step_by(23) {
        let mut bent = bytes.clone();
        bent[at] = if bent[at] == b'x' { b'y' } else { b'x' };
        match read_aggregate(bent.as_slice(), |_| true, &trust) {
            Err(_) => {}
            // Comments are not signed, and mean nothing.
            Ok(read) => assert_eq!(read, good, "byte {at}"),
        }
    }
}

#[test]
fn line_ends_of_another_system_change_nothing() {
    let text = String::from_utf8(vector("metadata/aggregate-signed.xml")).unwrap();
    let (own, keys) = (ours(), federation());
    let trust = Trust::pinned(&keys, &own, NOW);
    let good = read_aggregate(text.as_bytes(), |_| true, &trust);
    assert!(good.is_ok());
    assert_eq!(read_aggregate(text.replace('\n', "\r\n").as_bytes(), |_| true, &trust), good);
}

#[test]
fn one_of_an_aggregate_is_looked_up() {
    let one = pinned("aggregate-signed", Some("https://one.example/metadata")).unwrap();
    assert_eq!(one.entity_id, "https://one.example/metadata");
    assert_eq!(pinned("aggregate-signed", Some("https://nobody.example")), Err(MetadataError::EntityId));
    assert_eq!(pinned("aggregate-signed", Some(IDP)), Err(MetadataError::OwnEntityId));
}

/// A document that is made as it is read.
struct Endless {
    next: Box<dyn FnMut(usize) -> Option<String>>,
    made: usize,
    current: Cursor<Vec<u8>>,
    longest_held: usize,
}

impl Endless {
    fn new(next: impl FnMut(usize) -> Option<String> + 'static) -> Self {
        Self { next: Box::new(next), made: 0, current: Cursor::default(), longest_held: 0 }
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        out[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Endless {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.fill_buf()?.is_empty()
            && let Some(text) = (self.next)(self.made)
        {
            self.made += 1;
            self.longest_held = self.longest_held.max(text.len());
            self.current = Cursor::new(text.into_bytes());
        }
        self.current.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.current.consume(length);
    }
}

const START: &str =
    "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2027-01-20T08:00:00Z\">";

#[test]
fn of_many_entities_only_the_wanted_are_kept() {
    const MANY: usize = 5_000;
    let document = Endless::new(|at| match at {
        0 => Some(START.to_owned()),
        MANY => Some("</EntitiesDescriptor>".to_owned()),
        at if at > MANY => None,
        at => Some(format!(
            "<EntityDescriptor entityID=\"https://{at}.example\"><SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><AssertionConsumerService index=\"0\" Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://{at}.example/acs\"/></SPSSODescriptor></EntityDescriptor>\n"
        )),
    });
    let aggregate =
        read_aggregate(document, |entity_id| entity_id == "https://4999.example", &Trust::fetched(&[], NOW)).unwrap();
    assert_eq!(aggregate.seen, MANY - 1);
    assert_eq!(aggregate.entities.len(), 1);
}

#[test]
fn no_part_of_an_aggregate_grows_without_end() {
    let endless = |start: &'static str, rest: &'static str| {
        let document = Endless::new(move |at| Some(if at == 0 { start.to_owned() } else { rest.to_owned() }));
        read_aggregate(document, |_| true, &Trust::fetched(&[], NOW))
    };
    let entity = "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"><EntityDescriptor entityID=\"a\">";
    assert_eq!(endless(START, "     "), Err(MetadataError::TooLong));
    assert_eq!(endless(entity, "     "), Err(MetadataError::TooLong));
    assert_eq!(endless(entity, "<a></a>"), Err(MetadataError::TooLong));
    assert_eq!(endless("<EntitiesDescriptor a=\"", "aaaa"), Err(MetadataError::TooLong));
    assert_eq!(endless("<!--", "aaaa"), Err(MetadataError::TooLong));
    assert_eq!(endless("", START), Err(MetadataError::Gate(GateError::TooDeep)));
}

fn wanted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn several_of_an_aggregate_are_read_at_once_and_one_bad_entity_spoils_no_other() {
    let bytes = vector("metadata/aggregate-signed.xml");
    let (own, keys) = (ours(), federation());
    let names = wanted(&["https://two.example/metadata", "https://nobody.example", "https://own.example", IDP]);
    let read = read_entities(bytes.as_slice(), &names, &Trust::pinned(&keys, &own, NOW)).unwrap();
    assert_eq!(read[0].as_ref().unwrap().entity_id, names[0]);
    assert_eq!(read[1], Err(MetadataError::EntityId));
    assert_eq!(read[2], Err(MetadataError::Endpoint("javascript:alert(1)".into())));
    assert_eq!(read[3], Err(MetadataError::OwnEntityId));
    let altered = vector("metadata/aggregate-altered.xml");
    let refused = read_entities(altered.as_slice(), &names, &Trust::pinned(&keys, &own, NOW));
    assert_eq!(refused, Err(MetadataError::Signature(VerifyError::Digest)));
}

#[test]
fn one_entity_is_read_in_the_place_of_an_aggregate() {
    let read = |name: &str, entity_id: &str| {
        let bytes = vector(&format!("metadata/{name}.xml"));
        let own = ours();
        read_entities(bytes.as_slice(), &wanted(&[entity_id]), &Trust::uploaded(&own, NOW)).map(|mut all| all.remove(0))
    };
    assert_eq!(read("good", "https://sp.example/metadata").unwrap().unwrap().entity_id, "https://sp.example/metadata");
    assert_eq!(read("good", "https://other.example"), Ok(Err(MetadataError::EntityId)));
    assert_eq!(read("doctype", "https://sp.example/metadata"), Err(MetadataError::Gate(GateError::DocumentType)));
}

#[test]
fn an_aggregate_longer_than_any_entity_is_read_as_it_comes() {
    let entity = |at: usize| {
        format!(
            "<EntityDescriptor entityID=\"https://{at}.example\"><SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><AssertionConsumerService index=\"0\" Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://{at}.example/acs\"/></SPSSODescriptor></EntityDescriptor>\n"
        )
    };
    // Fewer bytes than an entity may have, but more parts; and more bytes.
    for many in [2_500, 5_000] {
        let document = Endless::new(move |at| match at {
            0 => Some(START.to_owned()),
            at if at < many => Some(entity(at)),
            at if at == many => Some(entity(1) + "</EntitiesDescriptor>"),
            _ => None,
        });
        let names = wanted(&["https://2.example", "https://2400.example", "https://1.example"]);
        let read = read_entities(document, &names, &Trust::fetched(&[], NOW)).unwrap();
        assert_eq!(read[0].as_ref().unwrap().entity_id, names[0]);
        assert_eq!(read[1].as_ref().unwrap().entity_id, names[1]);
        assert_eq!(read[2], Err(MetadataError::Several), "whoever adds a second one gains nothing");
    }
}
