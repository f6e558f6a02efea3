//! Rows of SAML 2.0.

use async_trait::async_trait;

use super::StoreError;
use crate::id::{ApplicationId, SessionId, SigningKeyId};
use crate::saml::{NameIdOwner, SamlKey, SamlMetadata, SamlParticipant};
use crate::time::Timestamp;

type Result<T> = std::result::Result<T, StoreError>;

/// What can be asked of them.
#[async_trait]
pub trait SamlQueries: Send + Sync {
    /// Every key, the oldest first.
    async fn list_saml_keys(&self) -> Result<Vec<SamlKey>>;
    /// The identifier by which an application knows a person, once there is one.
    async fn find_name_id(&self, owner: NameIdOwner) -> Result<Option<String>>;
    /// Who was told of a session, in the order of telling; whether their grants are live or not.
    async fn list_participants(&self, session: SessionId) -> Result<Vec<SamlParticipant>>;
    /// What one application was told of whom it knows by this `NameID`.
    async fn list_participants_named(&self, application: ApplicationId, name_id: &str) -> Result<Vec<SamlParticipant>>;
    /// Every source of metadata, in the order of their applications.
    async fn list_saml_metadata(&self) -> Result<Vec<SamlMetadata>>;
    /// The source of an application's metadata, where it is fetched.
    async fn find_saml_metadata(&self, application: ApplicationId) -> Result<Option<SamlMetadata>>;
}

/// What can be changed.
#[async_trait]
pub trait SamlTransaction: SamlQueries {
    async fn insert_saml_key(&self, key: &SamlKey) -> Result<()>;
    /// Changes state and times; key and certificate never change.
    async fn update_saml_key(&self, key: &SamlKey) -> Result<()>;
    async fn delete_saml_key(&self, id: SigningKeyId) -> Result<()>;
    /// Gives a person an identifier for good. Conflicts where they have one, or somebody else at this application has it.
    async fn insert_name_id(&self, owner: NameIdOwner, value: &str, now: Timestamp) -> Result<()>;
    async fn insert_participant(&self, participant: &SamlParticipant) -> Result<()>;
    async fn put_saml_metadata(&self, metadata: &SamlMetadata) -> Result<()>;
    async fn delete_saml_metadata(&self, application: ApplicationId) -> Result<()>;
}
