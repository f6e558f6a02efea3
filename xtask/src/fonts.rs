//! Brings the typeface of the default theme from its npm package: a build input that is not copied into the repository.

use std::fs;

use crate::install;
use crate::run::Failure;

const PACKAGE: &str = "node_modules/@fontsource-variable/atkinson-hyperlegible-next";
/// In the package, and as the theme knows them. The licence goes with the font (SIL OFL 1.1, 2).
const FILES: [(&str, &str); 3] = [
    ("files/atkinson-hyperlegible-next-latin-wght-normal.woff2", "atkinson-hyperlegible-next-latin-wght-normal.woff2"),
    (
        "files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
        "atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
    ),
    ("LICENSE", "OFL.txt"),
];

/// Copies the files that the theme embeds, unless they are there.
pub(crate) fn fetch() -> Result<(), Failure> {
    let to = crate::root().join("themes/default/assets/fonts");
    if FILES.iter().all(|(_, name)| to.join(name).exists()) {
        return Ok(());
    }
    install::system(&[install::NODE])?;
    let folder = crate::root().join("xtask/fonts");
    install::npm(&folder)?;
    for (file, name) in FILES {
        let path = to.join(name);
        let copied = fs::create_dir_all(&to).and_then(|()| fs::copy(folder.join(PACKAGE).join(file), &path));
        copied.map_err(|source| Failure::File { path, source })?;
    }
    Ok(())
}
