//! `Subject` (saml-core-2.0-os 3.4.1): the person whom the service provider wants to see signed in.

use crate::messages::{AuthnRequest, NameIdFormat};

/// The identifier under which the service provider knows the person: nobody else may be answered for.
pub(crate) fn named_subject(request: &AuthnRequest) -> Option<String> {
    let subject = request.subject.as_ref()?;
    let persistent = subject.format.as_deref() == Some(NameIdFormat::Persistent.uri());
    persistent.then(|| subject.value.clone())
}

/// An address, whatever it is called, for the e-mail field.
pub(crate) fn login_hint(request: &AuthnRequest) -> Option<String> {
    let subject = request.subject.as_ref()?;
    let persistent = subject.format.as_deref() == Some(NameIdFormat::Persistent.uri());
    (!persistent && subject.value.contains('@')).then(|| subject.value.clone())
}
