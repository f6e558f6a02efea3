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
}

impl Snapshot {
    fn new(revision: i64, applications: Vec<RelyingApplication>) -> Self {
        let applications: Vec<_> = applications.into_iter().map(Arc::new).collect();
        Self {
            revision,
            by_client_id: applications.iter().map(|app| (app.client.client_id.clone(), Arc::clone(app))).collect(),
            by_id: applications.into_iter().map(|app| (app.id, app)).collect(),
        }
    }
}

impl ApplicationCache {
    /// The application registered under this client id.
    pub async fn find(&self, app: &App, client_id: &str) -> Result<Option<Arc<RelyingApplication>>, StoreError> {
        Ok(self.load(&app.store).await?.by_client_id.get(client_id).cloned())
    }

    /// The application with this id.
    pub async fn find_by_id(
        &self,
        app: &App,
        id: ApplicationId,
    ) -> Result<Option<Arc<RelyingApplication>>, StoreError> {
        Ok(self.load(&app.store).await?.by_id.get(&id).cloned())
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
