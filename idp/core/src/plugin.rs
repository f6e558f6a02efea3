//! Installed plugins: which there are, in which versions, what each was granted, and whose packages are trusted.
//!
//! Owns what is stored of a plugin. Does not own the package's form or its admission (`keyholder-plugin-host`), nor what factors do
//! ([`crate::factor`]).

use serde::{Deserialize, Serialize};

use crate::factor::Evidence;
use crate::id::{PluginId, PluginVersionId};
use crate::time::Timestamp;

/// The counter that every change of plugins raises ([`Queries::revision`](crate::ports::Queries::revision)).
pub const REVISION: &str = "plugins";

/// An installed plugin, whatever its version. `Debug` shows no settings: some are secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Plugin {
    pub id: PluginId,
    /// As its manifest has it, such as `soft-key`; unique.
    pub name: String,
    pub switch: Switch,
    /// The version that serves.
    pub active: PluginVersionId,
    pub choice: Choice,
    /// Who may bring further versions.
    pub origin: Origin,
    /// Versions below it are refused: they are known to be vulnerable. Semantic Versioning.
    pub floor: Option<String>,
    /// What the operator set, without defaults; JSON, sealed in the row.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Raised by each compare-and-swap.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Plugin")
            .field("name", &self.name)
            .field("switch", &self.switch)
            .field("active", &self.active)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Whether a plugin is offered to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    On,
    Off,
}

/// Who chose the version that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The newest: an upgrade of the server may replace it.
    Newest,
    /// The operator went to this one, and stays there until they choose again.
    Pinned,
}

/// By what a package is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Origin {
    /// Its digest is compiled into the server.
    Bundled,
    /// Signed by a publisher whose key the operator pinned; the key's id, as minisign writes it.
    Publisher { key: String },
    /// Not signed: only where the configuration has the development switch.
    Development,
}

/// What the operator allows a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PluginGrant {
    /// Such as `random`, sorted.
    pub capabilities: Vec<String>,
    /// The most that its keys can prove.
    pub ceiling: Evidence,
}

/// One version of a plugin. Its files stand beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginVersion {
    pub id: PluginVersionId,
    pub plugin: PluginId,
    /// Semantic Versioning; unique in its plugin.
    pub version: String,
    /// SHA-256 over all its files.
    pub digest: [u8; 32],
    pub origin: Origin,
    pub grant: PluginGrant,
    /// Keyed digest over what was admitted: of the files, the origin and the grant. What was changed since does not load.
    pub seal: [u8; 32],
    pub installed_at: Timestamp,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFile {
    /// Such as `locales/en.ftl`.
    pub name: String,
    pub content: Vec<u8>,
}

/// A publisher whose packages the operator trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherKey {
    /// The key's id, as minisign writes it: 16 digits of hexadecimal.
    pub key: String,
    /// The operator's name for the publisher; unique.
    pub name: String,
    /// As minisign writes it, in base64.
    pub public_key: String,
    pub added_at: Timestamp,
}
