//! The ports of plugins.

use async_trait::async_trait;
use keyholder_core::id::{PluginId, PluginVersionId};
use keyholder_core::plugin::{Plugin, PluginFile, PluginVersion, PublisherKey};
use keyholder_core::ports::{PluginQueries, PluginTransaction};

use crate::rows::{self, Result};
use crate::sqlite::transaction::SqlTransaction;
use crate::store::SqlStore;

macro_rules! queries {
    ($type:ty) => {
        #[async_trait]
        impl PluginQueries for $type {
            async fn list_plugins(&self) -> Result<Vec<Plugin>> {
                rows::plugins::list_plugins(self.rows(), self.sealer()).await
            }
            async fn find_plugin(&self, name: &str) -> Result<Option<Plugin>> {
                rows::plugins::find_plugin(self.rows(), self.sealer(), name).await
            }
            async fn list_plugin_versions(&self, plugin: PluginId) -> Result<Vec<PluginVersion>> {
                rows::plugins::list_plugin_versions(self.rows(), plugin).await
            }
            async fn find_plugin_version(&self, id: PluginVersionId) -> Result<Option<PluginVersion>> {
                rows::plugins::find_plugin_version(self.rows(), id).await
            }
            async fn list_plugin_files(&self, version: PluginVersionId) -> Result<Vec<PluginFile>> {
                rows::plugins::list_plugin_files(self.rows(), version).await
            }
            async fn list_publishers(&self) -> Result<Vec<PublisherKey>> {
                rows::plugins::list_publishers(self.rows()).await
            }
            async fn count_credentials_by_format(&self, factor: &str) -> Result<Vec<(u32, u64)>> {
                rows::plugins::count_credentials_by_format(self.rows(), factor).await
            }
        }
    };
}

queries!(SqlStore);
queries!(SqlTransaction);

#[async_trait]
impl PluginTransaction for SqlTransaction {
    async fn insert_plugin(&self, plugin: &Plugin) -> Result<()> {
        rows::plugins::insert_plugin(self.rows(), self.sealer(), plugin).await
    }
    async fn swap_plugin(&self, plugin: &Plugin) -> Result<bool> {
        rows::plugins::swap_plugin(self.rows(), self.sealer(), plugin).await
    }
    async fn delete_plugin(&self, id: PluginId) -> Result<bool> {
        rows::plugins::delete_plugin(self.rows(), id).await
    }
    async fn insert_plugin_version(&self, version: &PluginVersion, files: &[PluginFile]) -> Result<()> {
        rows::plugins::insert_plugin_version(self.rows(), version, files).await
    }
    async fn delete_plugin_version(&self, id: PluginVersionId) -> Result<bool> {
        rows::plugins::delete_plugin_version(self.rows(), id).await
    }
    async fn put_publisher(&self, publisher: &PublisherKey) -> Result<()> {
        rows::plugins::put_publisher(self.rows(), publisher).await
    }
    async fn delete_publisher(&self, key: &str) -> Result<bool> {
        rows::plugins::delete_publisher(self.rows(), key).await
    }
}
