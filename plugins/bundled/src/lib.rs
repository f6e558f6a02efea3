//! The plugins that come with Keyholder, as packages.
//!
//! Owns their bytes and the digests by which the server trusts them; the build script makes both from `plugins/`. Does not own how a
//! package is admitted: these are loaded as a stranger's would be.

/// A package: the files that `docs/plugins/package.md` describes.
#[derive(Clone, Copy)]
pub struct Package {
    /// Such as `soft-key`.
    pub id: &'static str,
    /// `plugin.toml`.
    pub manifest: &'static str,
    /// `plugin.wasm`, a component.
    pub wasm: &'static [u8],
    /// `config.schema.json`.
    pub schema: &'static str,
    /// Name and content of the files in `locales/`, by name: `("en.ftl", "title = ...")`.
    pub locales: &'static [(&'static str, &'static str)],
    /// `README.md`.
    pub readme: &'static str,
    /// SHA-256 over all files: for each, in the order of the names' bytes, length and name, length and content, the lengths as 64
    /// bits, big-endian.
    pub sha256: [u8; 32],
}

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Package").field("id", &self.id).finish_non_exhaustive()
    }
}

include!(concat!(env!("OUT_DIR"), "/packages.rs"));

/// One of them.
pub fn find(id: &str) -> Option<&'static Package> {
    PACKAGES.iter().find(|package| package.id == id)
}

#[cfg(test)]
mod tests;
