//! Changes of stored plugins. Each raises the revision, so that every node follows within a second.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::{PluginId, PluginVersionId};
use keyholder_core::plugin::{Plugin, PluginFile, PluginVersion, PublisherKey, REVISION};
use keyholder_core::ports::{Command, StoreError, Transaction};

/// Stores a version and makes it the active one; `false` where the plugin was changed meanwhile.
#[derive(Debug)]
pub struct StoreVersion {
    /// With the new version as the active one.
    pub plugin: Plugin,
    /// Whether the plugin is stored already.
    pub existing: bool,
    pub version: PluginVersion,
    pub files: Vec<PluginFile>,
    /// A version that goes.
    pub replaces: Option<PluginVersionId>,
    pub audit: AuditEvent,
}

#[async_trait]
impl Command for StoreVersion {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !self.existing {
            transaction.insert_plugin(&self.plugin).await?;
        } else if !transaction.swap_plugin(&self.plugin).await? {
            return Ok(false);
        }
        if let Some(former) = self.replaces {
            transaction.delete_plugin_version(former).await?;
        }
        transaction.insert_plugin_version(&self.version, &self.files).await?;
        transaction.insert_audit(&self.audit).await?;
        transaction.raise_revision(REVISION).await?;
        Ok(true)
    }
}

/// Changes a plugin; `false` where somebody else did meanwhile.
#[derive(Debug)]
pub struct ChangePlugin {
    pub plugin: Plugin,
    pub audit: AuditEvent,
}

#[async_trait]
impl Command for ChangePlugin {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !transaction.swap_plugin(&self.plugin).await? {
            return Ok(false);
        }
        transaction.insert_audit(&self.audit).await?;
        transaction.raise_revision(REVISION).await?;
        Ok(true)
    }
}

/// Removes a plugin with everything of it but keys; `false` where there is none.
#[derive(Debug)]
pub struct RemovePlugin {
    pub id: PluginId,
    pub audit: AuditEvent,
}

#[async_trait]
impl Command for RemovePlugin {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !transaction.delete_plugin(self.id).await? {
            return Ok(false);
        }
        transaction.insert_audit(&self.audit).await?;
        transaction.raise_revision(REVISION).await?;
        Ok(true)
    }
}

/// Trusts a publisher.
#[derive(Debug)]
pub struct Trust {
    pub publisher: PublisherKey,
    pub audit: AuditEvent,
}

#[async_trait]
impl Command for Trust {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_publisher(&self.publisher).await?;
        transaction.insert_audit(&self.audit).await
    }
}

/// Trusts a publisher no longer; `false` where nobody has the key. What was installed stays.
#[derive(Debug)]
pub struct Distrust {
    pub key: String,
    pub audit: AuditEvent,
}

#[async_trait]
impl Command for Distrust {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !transaction.delete_publisher(&self.key).await? {
            return Ok(false);
        }
        transaction.insert_audit(&self.audit).await?;
        Ok(true)
    }
}
