//! The files of a theme: ours, embedded, and an operator's folder laid over them file by file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rust_embed::Embed;

use crate::error::ThemeError;

#[derive(Embed)]
#[folder = "../../themes/default"]
#[exclude = "*/.*"]
struct Embedded;

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// How messages name it.
    pub(crate) shown: String,
    pub(crate) bytes: Cow<'static, [u8]>,
    /// The file of ours whose place it takes.
    pub(crate) former: Option<Box<File>>,
}

impl File {
    pub(crate) fn text(&self) -> Result<&str, ThemeError> {
        std::str::from_utf8(&self.bytes).map_err(|_| ThemeError::NotText { file: self.shown.clone() })
    }
}

/// By path within the theme, such as `texts/en/frame.ftl`.
pub(crate) type Files = BTreeMap<String, File>;

/// Where an operator may add a file that we do not have; elsewhere a new name is taken for a misspelt one.
const OPEN_FOLDERS: [&str; 3] = ["assets/", "icons/", "templates/partials/"];

pub(crate) fn load(folder: Option<&Path>) -> Result<Files, ThemeError> {
    let mut files: Files = Embedded::iter()
        .filter_map(|path| {
            let bytes = Embedded::get(&path)?.data;
            Some((path.to_string(), File { shown: format!("themes/default/{path}"), bytes, former: None }))
        })
        .collect();
    if let Some(folder) = folder {
        lay_over(&mut files, folder, "")?;
    }
    Ok(files)
}

fn lay_over(files: &mut Files, folder: &Path, prefix: &str) -> Result<(), ThemeError> {
    let failed = |path: &Path, source| ThemeError::Read { path: path.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let entry = entry.map_err(|source| failed(folder, source))?;
        let path: PathBuf = entry.path();
        let Ok(name) = entry.file_name().into_string() else { return Err(ThemeError::Unknown { path }) };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            lay_over(files, &path, &format!("{prefix}{name}/"))?;
            continue;
        }
        let inside = format!("{prefix}{name}");
        let open = OPEN_FOLDERS.iter().any(|start| inside.starts_with(start));
        if !open && !files.contains_key(&inside) {
            return Err(ThemeError::Unknown { path });
        }
        let bytes = std::fs::read(&path).map_err(|source| failed(&path, source))?;
        let former = files.remove(&inside).map(Box::new);
        files.insert(inside, File { shown: path.display().to_string(), bytes: Cow::Owned(bytes), former });
    }
    Ok(())
}
