//! An `EntityDescriptor` of a service provider (saml-metadata-2.0-os 2.3.2, 2.4.4).

use keyholder_core::time::Timestamp;

use super::{MetadataError, duration, endpoint};
use crate::certificate::Certificate;
use crate::messages::read::{self, ReadError};
use crate::messages::{LONGEST_ADDRESS, POST_BINDING};
use crate::names::{DSIG, METADATA, PROTOCOL};
use crate::service_provider::{
    AssertionConsumerService, EncryptionKey, LogoutBinding, SingleLogoutService, SpMetadata,
};
use crate::xml::Element;

/// Metadata UI extensions (sstc-saml-metadata-ui-v1.0-os).
pub(super) const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
/// Most endpoints, keys or names of one kind that are kept.
const MOST: usize = 100;

/// Reads the service provider in an entity. Other roles are passed over.
pub(super) fn read(entity: &Element) -> Result<SpMetadata, MetadataError> {
    read::expect(entity, METADATA, "EntityDescriptor")?;
    let entity_id = read::attribute(entity, "entityID")?.to_owned();
    let role = role(entity)?;
    let mut metadata = SpMetadata {
        entity_id,
        display_name: display_name(role),
        assertion_consumer_services: assertion_consumer_services(role)?,
        single_logout_services: single_logout_services(role)?,
        signing: Vec::new(),
        encryption: Vec::new(),
        authn_requests_signed: read::boolean(role, "AuthnRequestsSigned")?,
        want_assertions_signed: read::boolean(role, "WantAssertionsSigned")?,
        name_id_formats: texts(role, "NameIDFormat")?,
        requested_attributes: requested_attributes(role),
        valid_until: earliest(valid_until(entity)?, valid_until(role)?),
        cache_seconds: earliest(cache_seconds(entity)?, cache_seconds(role)?),
    };
    for descriptor in role.all(METADATA, "KeyDescriptor").take(MOST) {
        keys(descriptor, &mut metadata)?;
    }
    if metadata.assertion_consumer_services.is_empty() {
        return Err(MetadataError::NoAssertionConsumerService);
    }
    Ok(metadata)
}

/// The only `SPSSODescriptor` that speaks SAML 2.0.
fn role(entity: &Element) -> Result<&Element, MetadataError> {
    let speaks = |role: &&Element| {
        let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
    };
    let mut roles = entity.all(METADATA, "SPSSODescriptor").filter(speaks);
    match (roles.next(), roles.next()) {
        (Some(role), None) => Ok(role),
        (None, _) => Err(MetadataError::NoServiceProvider),
        (Some(_), Some(_)) => Err(ReadError::Repeated("SPSSODescriptor").into()),
    }
}

/// The entity id, where there is a service provider in the entity.
pub(super) fn entity_id_of_sp(entity: &Element) -> Option<&str> {
    let has_role = entity.find(METADATA, "SPSSODescriptor").is_some();
    entity.attribute("entityID").filter(|_| has_role && entity.is(METADATA, "EntityDescriptor"))
}

/// `validUntil` of an entity, a role, or a group.
pub(super) fn valid_until(element: &Element) -> Result<Option<Timestamp>, ReadError> {
    read::instant(element, "validUntil")
}

/// `cacheDuration` of an entity, a role, or a group.
pub(super) fn cache_seconds(element: &Element) -> Result<Option<u64>, ReadError> {
    let text = element.attribute("cacheDuration");
    text.map(|text| duration::read(text).ok_or(ReadError::Malformed("cacheDuration"))).transpose()
}

/// The smaller of what two elements say.
pub(super) fn earliest<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn assertion_consumer_services(role: &Element) -> Result<Vec<AssertionConsumerService>, MetadataError> {
    let posts =
        role.all(METADATA, "AssertionConsumerService").filter(|one| one.attribute("Binding") == Some(POST_BINDING));
    let read = |service: &Element| {
        let is_default = match service.attribute("isDefault") {
            None => None,
            Some(_) => Some(read::boolean(service, "isDefault")?),
        };
        Ok(AssertionConsumerService {
            location: endpoint::check(read::attribute(service, "Location")?)?,
            index: read::unsigned_short(service, "index")?.ok_or(ReadError::Missing("index"))?,
            is_default,
        })
    };
    posts.take(MOST).map(read).collect()
}

fn single_logout_services(role: &Element) -> Result<Vec<SingleLogoutService>, MetadataError> {
    let mut services = Vec::new();
    for service in role.all(METADATA, "SingleLogoutService").take(MOST) {
        let written = service.attribute("Binding");
        let Some(binding) = LogoutBinding::ALL.into_iter().find(|known| Some(known.uri()) == written) else { continue };
        services.push(SingleLogoutService {
            binding,
            location: endpoint::check(read::attribute(service, "Location")?)?,
            response_location: service.attribute("ResponseLocation").map(endpoint::check).transpose()?,
        });
    }
    Ok(services)
}

/// A `KeyDescriptor`: for signing, for encryption, or for both where it does not say (saml-metadata-2.0-os 2.4.1.1).
fn keys(descriptor: &Element, metadata: &mut SpMetadata) -> Result<(), MetadataError> {
    let (signing, encryption) = match descriptor.attribute("use") {
        None => (true, true),
        Some("signing") => (true, false),
        Some("encryption") => (false, true),
        Some(_) => return Err(ReadError::Malformed("use").into()),
    };
    let info = read::exactly_one(descriptor, DSIG, "KeyInfo")?;
    let methods: Vec<String> = descriptor
        .all(METADATA, "EncryptionMethod")
        .filter_map(|method| method.attribute("Algorithm"))
        .take(MOST)
        .map(str::to_owned)
        .collect();
    // Metadata Interoperability Profile 2.6.1: one certificate in each X509Data; others would be its chain.
    for held in info.all(DSIG, "X509Data").filter_map(|data| data.find(DSIG, "X509Certificate")).take(MOST) {
        let certificate = Certificate::from_text(&held.own_text())?;
        if encryption {
            metadata.encryption.push(EncryptionKey { certificate: certificate.clone(), methods: methods.clone() });
        }
        if signing {
            metadata.signing.push(certificate);
        }
    }
    Ok(())
}

fn texts(role: &Element, name: &'static str) -> Result<Vec<String>, ReadError> {
    role.all(METADATA, name).take(MOST).map(|element| read::text(element, name)).collect()
}

fn requested_attributes(role: &Element) -> Vec<String> {
    let services = role.all(METADATA, "AttributeConsumingService");
    let attributes = services.flat_map(|service| service.all(METADATA, "RequestedAttribute"));
    attributes.filter_map(|attribute| attribute.attribute("Name")).take(MOST).map(str::to_owned).collect()
}

/// `mdui:DisplayName`, else the `ServiceName`; English first.
fn display_name(role: &Element) -> Option<String> {
    let info = role.find(METADATA, "Extensions").and_then(|extensions| extensions.find(MDUI, "UIInfo"));
    let shown = info.into_iter().flat_map(|info| info.all(MDUI, "DisplayName"));
    let services = role.all(METADATA, "AttributeConsumingService");
    let named = services.flat_map(|service| service.all(METADATA, "ServiceName"));
    let names: Vec<&Element> = shown.chain(named).collect();
    let english = |name: &&&Element| name.attribute_in(XML, "lang").is_some_and(|lang| lang.starts_with("en"));
    let chosen = names.iter().find(english).or_else(|| names.first())?;
    let text: String = chosen.own_text().split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty() && text.len() <= LONGEST_ADDRESS).then_some(text)
}

/// The namespace of `xml:lang`.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
