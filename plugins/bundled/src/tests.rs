use super::*;

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
