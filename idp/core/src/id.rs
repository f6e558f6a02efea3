//! Identifiers. One newtype for each kind of thing, so that a school's id never passes for a person's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::random::{Random, draw_uuid};
use crate::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Draws a new identifier.
            pub fn draw(random: &dyn Random, now: Timestamp) -> Self {
                Self(draw_uuid(random, now))
            }

            /// The identifier that a row holds.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The value that a row holds.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_simple().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )*};
}

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct InvalidId;

ids! {
    /// A [`Trust`](crate::school::Trust).
    TrustId;
    /// A [`School`](crate::school::School).
    SchoolId;
    /// A [`Person`](crate::person::Person).
    PersonId;
    /// A [`Membership`](crate::membership::Membership).
    MembershipId;
    /// A [`UserGroup`](crate::membership::UserGroup).
    UserGroupId;
    /// A [`PupilScope`](crate::membership::PupilScope).
    PupilScopeId;
    /// A [`Credential`](crate::credential::Credential).
    CredentialId;
    /// A [`RelyingApplication`](crate::application::RelyingApplication).
    ApplicationId;
    /// A [`Session`](crate::session::Session).
    SessionId;
    /// A [`Grant`](crate::grant::Grant).
    GrantId;
    /// A [`RefreshToken`](crate::grant::RefreshToken).
    RefreshTokenId;
    /// A [`Flow`](crate::flow::Flow).
    FlowId;
    /// A [`ManagedKey`](crate::managed_key::ManagedKey).
    ManagedKeyId;
    /// A [`ManagedKeyChange`](crate::managed_key::ManagedKeyChange).
    ManagedKeyChangeId;
    /// A [`Ceremony`](crate::ceremony::Ceremony).
    CeremonyId;
    /// A [`MailedLink`](crate::link::MailedLink).
    MailedLinkId;
    /// An [`OutboxMessage`](crate::outbox::OutboxMessage).
    OutboxId;
    /// A [`SigningKey`](crate::key::SigningKey).
    SigningKeyId;
    /// An [`AuditEvent`](crate::audit::AuditEvent).
    AuditId;
    /// A [`Plugin`](crate::plugin::Plugin).
    PluginId;
    /// A [`PluginVersion`](crate::plugin::PluginVersion).
    PluginVersionId;
}

/// The SHA-256 digest of an opaque bearer value. What is at rest in its place (design, invariant 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(pub [u8; 32]);
