use std::collections::BTreeMap;

use super::*;

/// Files by their paths in the folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    files
}

fn written(world: World, name: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    write(world, name, &out).unwrap();
    files(&out)
}

#[test]
fn a_plugin_is_named_throughout() {
    for world in [World::Factor, World::Policy] {
        let files = written(world, "my-2nd-plugin");
        assert!(files["plugin.toml"].contains("id = \"my-2nd-plugin\""));
        assert!(files["src/lib.rs"].contains("struct My2ndPlugin;"));
        for (name, text) in &files {
            assert!(!text.contains("{{"), "{name}");
        }
        for name in [".cargo/config.toml", ".gitignore", "Cargo.toml", "README.md", "locales/cy.ftl"] {
            assert!(files.contains_key(name), "{name}");
        }
    }
}

#[test]
fn a_name_that_no_server_would_take_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "-a", "a-", "A", "2nd", "a_b", "a/b", "..", "\u{e9}", &"a".repeat(41)] {
        let out = folder.path().join("new");
        assert!(matches!(write(World::Factor, name, &out), Err(Failure::Told(_))), "{name}");
        assert!(!out.exists());
    }
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    assert!(matches!(write(World::Factor, "mine", folder.path()), Err(Failure::Told(_))));
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn the_guide_shows_what_is_written() {
    let guide = fs::read_to_string(crate::root().join("docs/plugins/guide.md")).unwrap();
    let files = written(World::Factor, "grid-card");
    let mut shown = 0;
    // A file's block follows its name: "**`src/lib.rs`**", an empty line, the fence.
    for part in guide.split("\n**`").skip(1) {
        let (name, rest) = part.split_once("`**").unwrap();
        let (_, rest) = rest.split_once("```").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        let (block, _) = rest.split_once("\n```").unwrap();
        let expected = if name == "Cargo.toml" {
            // There the guide shows the dependency for those who have no checkout.
            let path = format!("path = {:?}", crate::root().join("plugins/sdk").display().to_string());
            files[name].replace(&path, "git = \"https://github.com/keyholder/keyholder\"")
        } else {
            files[name].clone()
        };
        assert_eq!(block, expected.trim_end(), "{name}");
        shown += 1;
    }
    assert_eq!(shown, files.len(), "{:?}", files.keys());
}
