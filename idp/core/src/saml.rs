//! What of SAML 2.0 stands in rows: service providers, signing keys, identifiers of people, and who was told what.
//!
//! Owns how these are stored and found. Does not own what is in them: registrations and what a service provider was told are
//! written and read by the protocol crate, as a flow's request is.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::id::{ApplicationId, GrantId, PersonId, SchoolId, SessionId, SigningKeyId};
use crate::key::KeyState;
use crate::time::Timestamp;

/// The SAML side of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceProvider {
    /// By which its messages name it; no two applications have the same.
    pub entity_id: String,
    /// Its metadata and settings, as the protocol crate wrote them and will read them.
    pub registration: serde_json::Value,
}

/// Where the metadata of a service provider is fetched, as an operator registered it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MetadataSource {
    /// Of its document, of its entry at a query server, or of a federation's aggregate.
    pub address: Url,
    /// Which entity of the document; `None`: its only service provider.
    pub entity_id: Option<String>,
    /// The certificates of the keys of which one has signed the document, DER in base64. None: TLS alone vouches for it, and the
    /// operator said so.
    pub certificates: Vec<String>,
}

/// A source of metadata, and how the looks at it went. The metadata itself stands in the registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlMetadata {
    pub application: ApplicationId,
    pub source: MetadataSource,
    /// When the copy in force was last seen there.
    pub fetched_at: Timestamp,
    /// When the source is looked at again.
    pub next_refresh: Timestamp,
    /// What is wrong since the last look that went well.
    pub failure: Option<MetadataFailure>,
}

/// Looks that failed, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFailure {
    /// When the first of them was.
    pub since: Timestamp,
    /// How many there were; at least one.
    pub attempts: u32,
    /// Why the last one failed, in words for the operator.
    pub error: String,
}

/// A key with its self-signed certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct SamlKey {
    pub id: SigningKeyId,
    pub purpose: SamlKeyPurpose,
    pub state: KeyState,
    /// PKCS#8 DER; sealed in the row.
    pub private_der: Vec<u8>,
    /// DER. A container of the public key: nobody checks its dates (SAML V2.0 Metadata Interoperability Profile 2.5).
    pub certificate: Vec<u8>,
    pub created_at: Timestamp,
    /// Until when it stands in the metadata after it stopped signing, or opens what is encrypted for it after it left the metadata; `None`
    /// before that.
    pub published_until: Option<Timestamp>,
}

impl std::fmt::Debug for SamlKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SamlKey")
            .field("id", &self.id)
            .field("purpose", &self.purpose)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What a key is for. One thing alone: who holds the one cannot make the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SamlKeyPurpose {
    /// Responses, assertions and messages about logout.
    Messages,
    /// The metadata alone, which says which keys sign messages.
    Metadata,
    /// Signs nothing: service providers encrypt identifiers for it.
    Encryption,
}

/// Whom a persistent identifier names, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameIdOwner {
    pub application: ApplicationId,
    pub person: PersonId,
    /// The school in which it holds; `None`: in all of the application's.
    pub school: Option<SchoolId>,
}

/// A service provider's knowledge of a session: what it was told when somebody signed in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlParticipant {
    /// It goes with its grant.
    pub grant: GrantId,
    pub session: SessionId,
    pub application: ApplicationId,
    /// The value of the `NameID`, as it was sent.
    pub name_id: String,
    /// Names this use of the application, and no other.
    pub session_index: String,
    /// Whether it took messages behind the browser's back (SOAP) when it was told.
    pub reached_by_soap: bool,
    /// All of it, as the protocol crate wrote it and will read it.
    pub told: serde_json::Value,
}
