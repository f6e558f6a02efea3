use std::fs;
use std::path::Path;

use super::*;

#[path = "../build.rs"]
#[allow(dead_code, reason = "a test needs only what builds one plugin")]
mod build;

#[test]
fn each_package_is_a_component_with_its_texts_in_two_languages() {
    assert!(!PACKAGES.is_empty());
    for package in PACKAGES {
        // Component binary, layer 1: <https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md>.
        assert_eq!(package.wasm.get(..8), Some(b"\0asm\x0d\0\x01\0".as_slice()), "{}", package.id);
        let names: Vec<_> = package.locales.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["cy.ftl", "en.ftl"], "{}", package.id);
        assert!(package.manifest.contains(&format!("id = \"{}\"", package.id)));
        assert_eq!(find(package.id).map(|found| found.sha256), Some(package.sha256));
    }
}

#[test]
fn no_package_tells_where_it_was_built() {
    let home = std::env::var("HOME").unwrap();
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    for package in PACKAGES {
        for place in [home.as_str(), here.trim_end_matches("/bundled/")] {
            let found = package.wasm.windows(place.len()).any(|window| window == place.as_bytes());
            assert!(!found, "{} holds {place}", package.id);
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_where_they_are_built() {
    let folder = tempfile::tempdir().unwrap();
    let (plugins, target) = (folder.path().join("elsewhere/plugins"), folder.path().join("target"));
    copy(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap(), &plugins);
    let built = build::build(&plugins, &target, "recovery-code", build::UNKNOWN).unwrap();
    assert!(fs::read(built).unwrap() == find("recovery-code").unwrap().wasm, "other bytes");
}

#[test]
fn a_target_that_is_not_installed_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // One that nobody installs stands for the one that is missing.
    let problem = build::build(plugins, folder.path(), "recovery-code", "sparc-unknown-none-elf").unwrap_err();
    assert!(problem.contains("sparc-unknown-none-elf, which is not installed"), "{problem}");
    assert!(problem.contains("`rustup target add wasm32-unknown-unknown wasm32-wasip2`"), "{problem}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        } else if name != "target" {
            copy(&path, &to.join(name));
        }
    }
}
