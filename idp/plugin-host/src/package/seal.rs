//! Writing the digests of a package's files into its manifest, so that a signature over the manifest covers all.

use super::{Files, MANIFEST, Manifest, PackageError, SIGNATURE, hexadecimal, sha256};

/// The manifest with the digests of all other files, in place of those that it had.
///
/// # Errors
/// A package without a manifest, or with one that cannot be read.
pub fn write_digests(files: &Files) -> Result<String, PackageError> {
    let text = files.text(MANIFEST)?.ok_or(PackageError::Missing(MANIFEST))?;
    let mut sealed = without_digests(text).trim_end().to_owned();
    sealed.push_str("\n\n[files]\n");
    for (name, content) in files.iter().filter(|(name, _)| *name != MANIFEST && *name != SIGNATURE) {
        use std::fmt::Write as _;
        let _ = writeln!(sealed, "\"{name}\" = \"{}\"", hexadecimal(&sha256(content)));
    }
    let (before, after) = (Manifest::parse(text)?, Manifest::parse(&sealed)?);
    if before.without_files() != after.without_files() {
        return Err(PackageError::Manifest("the section [files] must be the last one".into()));
    }
    Ok(sealed)
}

/// The section `[files]` is the last one, since it is written here.
fn without_digests(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim() == "[files]" {
            return text.get(..at).unwrap_or(text);
        }
        at += line.len();
    }
    text
}
