//! What is there before a file is applied.

use std::collections::BTreeMap;

use keyholder_core::application::RelyingApplication;
use keyholder_core::id::{ApplicationId, SchoolId};
use keyholder_core::membership::{PupilScope, UserGroup};
use keyholder_core::ports::{StoreError, Transaction};
use keyholder_core::saml::SamlMetadata;
use keyholder_core::school::{School, Trust};

/// What is there before.
pub(super) struct Stored {
    pub(super) trusts: BTreeMap<String, Trust>,
    pub(super) schools: BTreeMap<String, School>,
    pub(super) groups: BTreeMap<(SchoolId, String), UserGroup>,
    pub(super) pupil_scopes: Vec<PupilScope>,
    pub(super) applications: BTreeMap<String, RelyingApplication>,
    pub(super) metadata: BTreeMap<ApplicationId, SamlMetadata>,
}

impl Stored {
    pub(super) async fn read(transaction: &dyn Transaction) -> Result<Self, StoreError> {
        let trusts = transaction.list_trusts().await?;
        let schools = transaction.list_schools().await?;
        let (mut groups, mut pupil_scopes) = (BTreeMap::new(), Vec::new());
        for school in &schools {
            let of_school = transaction.list_groups(school.id).await?;
            groups.extend(of_school.into_iter().map(|group| ((school.id, group.slug.clone()), group)));
            pupil_scopes.extend(transaction.list_pupil_scopes(school.id).await?);
        }
        let applications = transaction.list_applications().await?;
        let metadata = transaction.list_saml_metadata().await?;
        Ok(Self {
            metadata: metadata.into_iter().map(|row| (row.application, row)).collect(),
            trusts: trusts.into_iter().map(|trust| (trust.slug.clone(), trust)).collect(),
            schools: schools.into_iter().map(|school| (school.slug.clone(), school)).collect(),
            groups,
            pupil_scopes,
            applications: applications
                .into_iter()
                .map(|application| (application.client.client_id.clone(), application))
                .collect(),
        })
    }
}
