//! Stylesheets, script, fonts and pictures that pages link, each under a name with a hash of its bytes, so that browsers keep it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};

use crate::error::ThemeError;
use crate::files::{File, Files};

/// One file to serve.
#[derive(Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: &'static str,
    /// Whether the name changes with the bytes, so that it may be kept for a year (RFC 8246).
    pub immutable: bool,
}

impl std::fmt::Debug for Asset {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Asset").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// All of them.
pub(crate) struct Assets {
    by_name: BTreeMap<String, Asset>,
    /// From the path under `assets/` to the name under which it is served.
    names: BTreeMap<String, String>,
}

const FOLDER: &str = "assets/";
/// Linked only where the font was embedded.
const FONT_STYLESHEET: &str = "fonts.css";

impl Assets {
    pub(crate) fn load(files: &Files) -> Result<Self, ThemeError> {
        let mut assets = Self { by_name: BTreeMap::new(), names: BTreeMap::new() };
        let paths = || files.iter().filter_map(|(path, file)| Some((path.strip_prefix(FOLDER)?, file)));
        // Stylesheets last: they name the others.
        for (path, file) in paths().filter(|(path, _)| !is_stylesheet(path)) {
            assets.add(path, file.bytes.clone())?;
        }
        for (path, file) in paths().filter(|(path, _)| is_stylesheet(path)) {
            match assets.with_hashed_names(file) {
                Ok(css) => assets.add(path, Cow::Owned(css.into_bytes()))?,
                Err(ThemeError::MissingAsset { .. }) if path == FONT_STYLESHEET => {}
                Err(error) => return Err(error),
            }
        }
        Ok(assets)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Asset> {
        self.by_name.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.by_name.iter().map(|(name, asset)| (name.as_str(), asset))
    }

    /// The served names, by path.
    pub(crate) fn names(&self) -> &BTreeMap<String, String> {
        &self.names
    }

    pub(crate) fn has_font(&self) -> bool {
        self.names.contains_key(FONT_STYLESHEET)
    }

    fn add(&mut self, path: &str, bytes: Cow<'static, [u8]>) -> Result<(), ThemeError> {
        let file_name = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = file_name.rsplit_once('.').unwrap_or((file_name, ""));
        // 64 bits tell one version from the next; nobody is kept from anything by this hash.
        let hash = digest(&SHA256, &bytes).as_ref().first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
        let name = format!("{stem}.{hash:016x}.{extension}");
        let asset = Asset { bytes, content_type: content_type(extension), immutable: true };
        self.names.insert(path.to_owned(), name.clone());
        match self.by_name.insert(name.clone(), asset) {
            Some(former) if self.by_name.get(&name).is_some_and(|asset| asset.bytes != former.bytes) => {
                Err(ThemeError::SameName { name })
            }
            _ => Ok(()),
        }
    }

    /// A stylesheet with `url("path")` turned into the served name. Served side by side, so that the bare name is the address.
    fn with_hashed_names(&self, file: &File) -> Result<String, ThemeError> {
        const START: &str = "url(\"";
        let mut css = String::new();
        let mut rest = file.text()?;
        while let Some((before, after)) = rest.split_once(START) {
            let (path, behind) = after.split_once('"').unwrap_or((after, ""));
            let name = self
                .names
                .get(path)
                .ok_or_else(|| ThemeError::MissingAsset { file: file.shown.clone(), wanted: path.to_owned() })?;
            css.push_str(before);
            css.push_str(START);
            css.push_str(name);
            css.push('"');
            rest = behind;
        }
        css.push_str(rest);
        Ok(css)
    }
}

fn is_stylesheet(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "css")
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
