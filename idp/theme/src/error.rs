//! What can be wrong with a theme, and with drawing from it.

use std::path::PathBuf;

/// Why a theme cannot be used. Every variant names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThemeError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// A misspelt name would otherwise change nothing, silently.
    #[error("{} takes the place of no file of the default theme; see docs/look.md for what may be added", path.display())]
    Unknown { path: PathBuf },
    #[error("{file} is not text in UTF-8")]
    NotText { file: String },
    #[error("{file} is not a template that can be compiled")]
    Template { file: String, source: Box<handlebars::TemplateError> },
    #[error("{file} is not a list of texts that can be read: {reason}")]
    Texts { file: String, reason: String },
    #[error("{file} asks for {wanted}, which is not in the theme")]
    MissingAsset { file: String, wanted: String },
    #[error("two assets have the name {name}")]
    SameName { name: String },
    /// The templates compile, but this page or mail cannot be drawn with them.
    #[error("cannot draw {page} in its state \"{state}\"")]
    Sample { page: &'static str, state: &'static str, source: DrawError },
}

/// Why a page or mail could not be drawn. The tests draw every state in every language, so that none of these should be met.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    #[error("no template can be drawn as {template}")]
    Template { template: String, source: Box<handlebars::RenderError> },
    #[error("the theme has no such language")]
    Language,
    #[error("the theme cannot be compiled: {0}")]
    Theme(String),
    #[error("the time of the mail cannot be written")]
    Time(#[source] Box<dyn std::error::Error + Send + Sync>),
}
