//! Rows of plugins.

use async_trait::async_trait;

use super::StoreError;
use crate::id::{PluginId, PluginVersionId};
use crate::plugin::{Plugin, PluginFile, PluginVersion, PublisherKey};

type Result<T> = std::result::Result<T, StoreError>;

/// What can be asked of them. Lists are in the order of creation.
#[async_trait]
pub trait PluginQueries: Send + Sync {
    async fn list_plugins(&self) -> Result<Vec<Plugin>>;
    /// By the name in its manifest.
    async fn find_plugin(&self, name: &str) -> Result<Option<Plugin>>;
    /// All versions that are kept.
    async fn list_plugin_versions(&self, plugin: PluginId) -> Result<Vec<PluginVersion>>;
    async fn find_plugin_version(&self, id: PluginVersionId) -> Result<Option<PluginVersion>>;
    /// The files of a version, by name.
    async fn list_plugin_files(&self, version: PluginVersionId) -> Result<Vec<PluginFile>>;
    async fn list_publishers(&self) -> Result<Vec<PublisherKey>>;
    /// The formats in which keys of a factor are stored, each with the number of keys, sorted.
    async fn count_credentials_by_format(&self, factor: &str) -> Result<Vec<(u32, u64)>>;
}

/// What can be changed. Whoever changes something raises the revision ([`REVISION`](crate::plugin::REVISION)) in the same transaction.
#[async_trait]
pub trait PluginTransaction: PluginQueries {
    async fn insert_plugin(&self, plugin: &Plugin) -> Result<()>;
    /// Replaces everything but name and creation if the version is still `plugin.version`; raises it.
    async fn swap_plugin(&self, plugin: &Plugin) -> Result<bool>;
    /// Removes a plugin with its versions and files.
    async fn delete_plugin(&self, id: PluginId) -> Result<bool>;
    /// Stores a version with its files; conflicts where the plugin has that version.
    async fn insert_plugin_version(&self, version: &PluginVersion, files: &[PluginFile]) -> Result<()>;
    /// Removes a version with its files.
    async fn delete_plugin_version(&self, id: PluginVersionId) -> Result<bool>;
    /// Conflicts where another key has the name.
    async fn put_publisher(&self, publisher: &PublisherKey) -> Result<()>;
    async fn delete_publisher(&self, key: &str) -> Result<bool>;
}
