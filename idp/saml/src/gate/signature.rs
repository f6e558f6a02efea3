//! The one shape of signature that is accepted (XML Signature 4, restricted as SAML Core 5.4 restricts it, and further).

use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::gate::is_name;
use crate::names::{DSIG, ENVELOPED, EXCLUSIVE_C14N};
use crate::xml::Element;

/// Most prefixes of an `InclusiveNamespaces` list; service providers send one or two.
const MOST_PREFIXES: usize = 16;

/// Why a signature is not accepted, whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SignatureFault {
    #[error("there is more than one")]
    Repeated,
    #[error("it is not a child of the root")]
    Misplaced,
    /// Other or missing parts: a `ds:Object`, for example.
    #[error("its parts are not those of a simple signature")]
    Parts,
    /// `RetrievalMethod` or `Manifest`.
    #[error("it points elsewhere for what it is made of")]
    Indirection,
    /// None, or more than one.
    #[error("it has not exactly one reference")]
    References,
    #[error("its reference is not to the ID of the root")]
    Reference,
    #[error("its transforms are not enveloped-signature and exclusive canonicalisation")]
    Transforms,
    #[error("its canonicalisation is not accepted")]
    Canonicalization,
    #[error("its digest algorithm is not accepted")]
    Digest,
    #[error("its signature algorithm is not accepted")]
    Algorithm,
    #[error("its values are not base64")]
    Base64,
}

/// A signature taken apart.
#[derive(Debug)]
pub(crate) struct Shape<'a> {
    pub(crate) signature: &'a Element,
    pub(crate) info: &'a Element,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) digest_algorithm: DigestAlgorithm,
    /// Prefix lists of the canonicalisation of the `SignedInfo`, and of what is referred to.
    pub(crate) info_prefixes: Vec<&'a str>,
    pub(crate) root_prefixes: Vec<&'a str>,
    pub(crate) digest: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// Takes the signature of `root` apart, or says what is wrong with it.
pub(crate) fn shape<'a>(signature: &'a Element, root: &'a Element) -> Result<Shape<'a>, SignatureFault> {
    // Nothing of these is ever followed; that they are there at all is an attack.
    if ["RetrievalMethod", "Manifest"].iter().any(|name| signature.count(DSIG, name) > 0) {
        return Err(SignatureFault::Indirection);
    }
    let parts: Vec<&Element> = signature.elements().collect();
    let (info, value) = match parts.as_slice() {
        [info, value] => (*info, *value),
        [info, value, key_info] if key_info.is(DSIG, "KeyInfo") => (*info, *value),
        _ => return Err(SignatureFault::Parts),
    };
    if !info.is(DSIG, "SignedInfo") || !value.is(DSIG, "SignatureValue") {
        return Err(SignatureFault::Parts);
    }
    let parts: Vec<&Element> = info.elements().collect();
    let [canonicalization, method, references @ ..] = parts.as_slice() else { return Err(SignatureFault::Parts) };
    if !canonicalization.is(DSIG, "CanonicalizationMethod") || !method.is(DSIG, "SignatureMethod") {
        return Err(SignatureFault::Parts);
    }
    let [reference] = references else { return Err(SignatureFault::References) };
    if !reference.is(DSIG, "Reference") {
        return Err(SignatureFault::References);
    }
    // An ID that is not a name never gets here, so neither `#xpointer(...)` nor an empty one equals it.
    let id = root.attribute("ID").ok_or(SignatureFault::Reference)?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(SignatureFault::Reference);
    }
    let parts: Vec<&Element> = reference.elements().collect();
    let [transforms, digest_method, digest_value] = parts.as_slice() else { return Err(SignatureFault::Transforms) };
    if !transforms.is(DSIG, "Transforms") {
        return Err(SignatureFault::Transforms);
    }
    if !digest_method.is(DSIG, "DigestMethod") || !digest_value.is(DSIG, "DigestValue") {
        return Err(SignatureFault::Parts);
    }
    let algorithm = method.attribute("Algorithm").and_then(SignatureAlgorithm::from_uri);
    let digest_algorithm = digest_method.attribute("Algorithm").and_then(DigestAlgorithm::from_uri);
    // A child of either would be a parameter: HMACOutputLength (XML Signature 4.4.2), for one.
    let algorithm = algorithm.filter(|_| method.is_empty()).ok_or(SignatureFault::Algorithm)?;
    let digest_algorithm = digest_algorithm.filter(|_| digest_method.is_empty()).ok_or(SignatureFault::Digest)?;
    Ok(Shape {
        signature,
        info,
        algorithm,
        digest_algorithm,
        info_prefixes: prefixes(canonicalization).ok_or(SignatureFault::Canonicalization)?,
        root_prefixes: check_transforms(transforms).ok_or(SignatureFault::Transforms)?,
        digest: base64(digest_value)?,
        value: base64(value)?,
    })
}

/// SAML Core 5.4.4: enveloped, then exclusive C14N, here in that order and nothing else. The prefix list.
fn check_transforms(transforms: &Element) -> Option<Vec<&str>> {
    let parts: Vec<&Element> = transforms.elements().collect();
    let [enveloped, exclusive] = parts.as_slice() else { return None };
    let is_transform = enveloped.is(DSIG, "Transform") && exclusive.is(DSIG, "Transform");
    if !is_transform || enveloped.attribute("Algorithm") != Some(ENVELOPED) || !enveloped.is_empty() {
        return None;
    }
    prefixes(exclusive)
}

/// The prefix list of an element that must name exclusive C14N without comments (Exclusive C14N 4). A list makes more namespace declarations
/// part of what is signed; it takes nothing away.
fn prefixes(method: &Element) -> Option<Vec<&str>> {
    if method.attribute("Algorithm") != Some(EXCLUSIVE_C14N) || method.texts().any(|text| !text.trim().is_empty()) {
        return None;
    }
    let parts: Vec<&Element> = method.elements().collect();
    let list = match parts.as_slice() {
        [] => return Some(Vec::new()),
        [list] if list.is(EXCLUSIVE_C14N, "InclusiveNamespaces") && list.is_empty() => list.attribute("PrefixList")?,
        _ => return None,
    };
    let prefixes: Vec<&str> = list.split_ascii_whitespace().filter(|prefix| *prefix != "xml").collect();
    let good =
        prefixes.len() <= MOST_PREFIXES && prefixes.iter().all(|prefix| *prefix == "#default" || is_name(prefix));
    good.then_some(prefixes)
}

fn base64(element: &Element) -> Result<Vec<u8>, SignatureFault> {
    if element.elements().next().is_some() {
        return Err(SignatureFault::Base64);
    }
    crate::base64::decode_lenient(&element.own_text()).ok_or(SignatureFault::Base64)
}
