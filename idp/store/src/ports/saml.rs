//! The ports of SAML 2.0.

use async_trait::async_trait;
use keyholder_core::id::{ApplicationId, SessionId, SigningKeyId};
use keyholder_core::ports::{SamlQueries, SamlTransaction};
use keyholder_core::saml::{NameIdOwner, SamlKey, SamlMetadata, SamlParticipant};
use keyholder_core::time::Timestamp;

use crate::rows::{self, Result};
use crate::sqlite::transaction::SqlTransaction;
use crate::store::SqlStore;

macro_rules! queries {
    ($type:ty) => {
        #[async_trait]
        impl SamlQueries for $type {
            async fn list_saml_keys(&self) -> Result<Vec<SamlKey>> {
                rows::saml::list_keys(self.rows(), self.sealer()).await
            }
            async fn find_name_id(&self, owner: NameIdOwner) -> Result<Option<String>> {
                rows::saml::find_name_id(self.rows(), owner).await
            }
            async fn list_participants(&self, session: SessionId) -> Result<Vec<SamlParticipant>> {
                rows::saml::list_participants(self.rows(), session).await
            }
            async fn list_participants_named(
                &self,
                application: ApplicationId,
                name_id: &str,
            ) -> Result<Vec<SamlParticipant>> {
                rows::saml::list_participants_named(self.rows(), application, name_id).await
            }
            async fn list_saml_metadata(&self) -> Result<Vec<SamlMetadata>> {
                rows::saml_metadata::list(self.rows()).await
            }
            async fn find_saml_metadata(&self, application: ApplicationId) -> Result<Option<SamlMetadata>> {
                rows::saml_metadata::find_of(self.rows(), application).await
            }
        }
    };
}

queries!(SqlStore);
queries!(SqlTransaction);

#[async_trait]
impl SamlTransaction for SqlTransaction {
    async fn insert_saml_key(&self, key: &SamlKey) -> Result<()> {
        rows::saml::insert_key(self.rows(), self.sealer(), key).await
    }
    async fn update_saml_key(&self, key: &SamlKey) -> Result<()> {
        rows::saml::update_key(self.rows(), key).await
    }
    async fn delete_saml_key(&self, id: SigningKeyId) -> Result<()> {
        rows::saml::delete_key(self.rows(), id).await
    }
    async fn insert_name_id(&self, owner: NameIdOwner, value: &str, now: Timestamp) -> Result<()> {
        rows::saml::insert_name_id(self.rows(), owner, value, now).await
    }
    async fn insert_participant(&self, participant: &SamlParticipant) -> Result<()> {
        rows::saml::insert_participant(self.rows(), participant).await
    }
    async fn put_saml_metadata(&self, metadata: &SamlMetadata) -> Result<()> {
        rows::saml_metadata::put_of(self.rows(), metadata).await
    }
    async fn delete_saml_metadata(&self, application: ApplicationId) -> Result<()> {
        rows::saml_metadata::delete_of(self.rows(), application).await
    }
}
