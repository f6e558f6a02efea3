//! `sid`: the name of a session at an application (Front-Channel Logout 1.0, 3; Back-Channel Logout 1.0, 2.1, 2.4).
//!
//! Owns how it is derived, so that ID tokens, introspection and both kinds of logout say the same. It is never the session's
//! own id: two applications, or two schools to which one application knows a person by two subjects, could join by that what
//! their subjects keep apart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::grant::Grant;
use keyholder_core::id::{ApplicationId, SessionId};
use keyholder_core::ports::Sealer;
use serde::{Deserialize, Serialize};

/// A session as one application knows it, with the person under one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sid(String);

impl Sid {
    /// The name of a session.
    pub fn new(sealer: &dyn Sealer, session: SessionId, application: ApplicationId, subject: &str) -> Self {
        // The ids have a fixed length, so nothing of one passes for a part of another.
        let mut value = [session.as_uuid().into_bytes(), application.as_uuid().into_bytes()].concat();
        value.extend_from_slice(subject.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(sealer.digest("oidc-sid", &value)))
    }

    /// The name of a grant's session.
    pub fn of_grant(sealer: &dyn Sealer, grant: &Grant) -> Self {
        Self::new(sealer, grant.session, grant.application, &grant.subject)
    }

    /// The claim's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
pub(crate) mod tests;
