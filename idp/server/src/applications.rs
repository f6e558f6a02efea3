//! Relying applications, kept in memory and read again when they change.
//!
//! Owns the snapshot. Does not own registration (`keyholder apply`), which raises the revision that is watched here; a
//! worker calls [`ApplicationCache::refresh`] twice a second.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use keyholder_core::application::RelyingApplication;
use keyholder_core::id::ApplicationId;
use keyholder_core::ports::{Queries, StoreError};
use keyholder_saml::service_provider::ServiceProvider;

use crate::app::App;

/// The counter that every change of an application raises.
pub const REVISION: &str = "applications";

/// All applications, as they were at one revision.
#[derive(Debug, Default)]
pub struct ApplicationCache {
    snapshot: ArcSwapOption<Snapshot>,
}

#[derive(Debug)]
struct Snapshot {
    revision: i64,
    by_client_id: HashMap<String, Arc<RelyingApplication>>,
    by_id: HashMap<ApplicationId, Arc<RelyingApplication>>,
    by_entity_id: HashMap<String, Arc<Registered>>,
}

/// A service provider with its registration, decoded once.
#[derive(Debug)]
pub struct Registered {
    pub application: Arc<RelyingApplication>,
    pub provider: ServiceProvider,
}

impl Registered {
    /// Decodes a registration; one that cannot be read is as if it were none, and the operator is told.
    fn of(application: &Arc<RelyingApplication>) -> Option<Self> {
        let saml = application.saml.as_ref()?;
        match serde_json::from_value(saml.registration.clone()) {
            Ok(provider) => Some(Self { application: Arc::clone(application), provider }),
            Err(error) => {
                let client_id = application.client.client_id.as_str();
                tracing::error!(client_id, error = %error, "the registration of a service provider cannot be read");
                None
            }
        }
    }
}

impl Snapshot {
    fn new(revision: i64, applications: Vec<RelyingApplication>) -> Self {
        let applications: Vec<_> = applications.into_iter().map(Arc::new).collect();
        Self {
            revision,
            by_client_id: applications
                .iter()
                .filter(|app| app.client.speaks())
                .map(|app| (app.client.client_id.clone(), Arc::clone(app)))
                .collect(),
            by_entity_id: applications
                .iter()
                .filter_map(Registered::of)
                .map(|registered| (registered.provider.metadata.entity_id.clone(), Arc::new(registered)))
                .collect(),
            by_id: applications.into_iter().map(|app| (app.id, app)).collect(),
        }
    }
}

impl ApplicationCache {
    /// The OIDC client registered under this client id.
    pub async fn find(&self, app: &App, client_id: &str) -> Result<Option<Arc<RelyingApplication>>, StoreError> {
        Ok(self.load(&app.store).await?.by_client_id.get(client_id).cloned())
    }

    /// The service provider registered under this entity id.
    pub async fn find_provider(&self, app: &App, entity_id: &str) -> Result<Option<Arc<Registered>>, StoreError> {
        Ok(self.load(&app.store).await?.by_entity_id.get(entity_id).cloned())
    }

    /// The application with this id.
    pub async fn find_by_id(
        &self,
        app: &App,
        id: ApplicationId,
    ) -> Result<Option<Arc<RelyingApplication>>, StoreError> {
        Ok(self.load(&app.store).await?.by_id.get(&id).cloned())
    }

    /// Every service provider, in no order.
    pub async fn list_providers(&self, app: &App) -> Result<Vec<Arc<Registered>>, StoreError> {
        Ok(self.load(&app.store).await?.by_entity_id.values().cloned().collect())
    }

    /// Every application, in no order.
    pub async fn list(&self, app: &App) -> Result<Vec<Arc<RelyingApplication>>, StoreError> {
        Ok(self.load(&app.store).await?.by_id.values().cloned().collect())
    }

    /// Reads the applications again if the revision has changed.
    pub async fn refresh(&self, store: &dyn Queries) -> Result<(), StoreError> {
        // The revision first: a change in between makes the snapshot newer than its number, and so read once more.
        let revision = store.revision(REVISION).await?;
        if self.snapshot.load().as_ref().is_some_and(|snapshot| snapshot.revision == revision) {
            return Ok(());
        }
        let snapshot = Snapshot::new(revision, store.list_applications().await?);
        self.snapshot.store(Some(Arc::new(snapshot)));
        Ok(())
    }

    async fn load(&self, store: &dyn Queries) -> Result<Arc<Snapshot>, StoreError> {
        if let Some(snapshot) = self.snapshot.load_full() {
            return Ok(snapshot);
        }
        self.refresh(store).await?;
        // Nothing takes a snapshot away again; an empty one stands for the impossible.
        Ok(self.snapshot.load_full().unwrap_or_else(|| Arc::new(Snapshot::new(0, Vec::new()))))
    }
}
