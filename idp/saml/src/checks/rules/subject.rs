//! `Subject` (saml-core-2.0-os 3.4.1): the person whom the service provider wants to see signed in.

use super::super::{Context, Refusal};
use crate::messages::{AuthnRequest, NameId, NameIdFormat};

/// Whoever names somebody gets an answer about this person or none: what cannot be read is not passed over.
pub(crate) fn is_readable(request: &AuthnRequest, _: &Context<'_>) -> Result<(), Refusal> {
    if request.opaque_subject.is_some() { Err(Refusal::OpaqueSubject) } else { Ok(()) }
}

/// The identifier under which the service provider knows the person: nobody else may be answered for.
pub(crate) fn named_subject(request: &AuthnRequest) -> Option<String> {
    let subject = request.subject.as_ref()?;
    is_identifier(subject).then(|| subject.value.clone())
}

/// An address, whatever it is called, for the e-mail field.
pub(crate) fn login_hint(request: &AuthnRequest) -> Option<String> {
    let subject = request.subject.as_ref()?;
    (!is_identifier(subject) && subject.value.contains('@')).then(|| subject.value.clone())
}

/// Whether it is an identifier of ours. Of no named format it is one, unless it looks like an address: many applications send what
/// somebody typed into a field of theirs, as a hint.
fn is_identifier(subject: &NameId) -> bool {
    match subject.format.as_deref() {
        Some(format) if format == NameIdFormat::Persistent.uri() => true,
        Some(format) if format != NameIdFormat::Unspecified.uri() => false,
        _ => !subject.value.contains('@'),
    }
}
