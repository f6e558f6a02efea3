//! Packages: what is read, and what is refused.
#![allow(clippy::indexing_slicing, reason = "tests")]

use std::io::Cursor;

use serde_json::{Value, json};

use super::*;

const MANIFEST_TEXT: &str = r#"
manifest = 1
id = "soft-key"
version = "1.2.3"
world = "keyholder:factor/plugin@0.9.0"
name = "Soft key"
licence = "MIT"
floor = "1.2.0"

[formats]
reads = [1, 2]
writes = 2

[[requests]]
capability = "random"
reason = "draws secrets"

[ceiling]
possession = true
amr = ["otp"]
"#;

fn files() -> Files {
    let mut files = Files::default();
    files.add(MANIFEST, MANIFEST_TEXT.into()).unwrap();
    files.add(WASM, b"\0asm".into()).unwrap();
    files.add("locales/en.ftl", b"title = Code\n".into()).unwrap();
    files.add(README, b"# Soft key\n".into()).unwrap();
    files
}

fn sealed() -> Files {
    let mut files = files();
    let manifest = write_digests(&files).unwrap();
    files.replace(MANIFEST, manifest.into_bytes()).unwrap();
    files
}

fn problem(manifest: &str) -> String {
    Manifest::parse(manifest).unwrap_err().to_string()
}

#[test]
fn a_manifest_says_what_a_package_is() {
    let manifest = Manifest::parse(MANIFEST_TEXT).unwrap();
    assert_eq!((manifest.id.as_str(), manifest.version.to_string().as_str()), ("soft-key", "1.2.3"));
    assert_eq!(manifest.contract.to_string(), "keyholder:factor/plugin@0.9.0");
    assert_eq!(manifest.formats, Formats { reads: vec![1, 2], writes: 2 });
    assert_eq!(manifest.capabilities(), [crate::Capability::Random]);
    assert!(manifest.ceiling.possession && !manifest.ceiling.phishing_resistant);
    assert_eq!(manifest.limits, crate::Limits::PLUGIN);
}

#[test]
fn every_mistake_in_a_manifest_is_told() {
    let cases = [
        ("id = \"soft-key\"", "id = \"Soft Key\"", "id: it must be of a-z, 0-9 and hyphens"),
        ("id = \"soft-key\"", "id = \"../etc\"", "id: it must be of a-z, 0-9 and hyphens"),
        ("version = \"1.2.3\"", "version = \"1.2\"", "line 4: "),
        (
            "world = \"keyholder:factor/plugin@0.9.0\"",
            "world = \"wasi:cli/command@0.2.0\"",
            "there is no `wasi:cli/command`",
        ),
        (
            "world = \"keyholder:factor/plugin@0.9.0\"",
            "world = \"keyholder:factor/plugin\"",
            "expected a world and a version",
        ),
        ("licence = \"MIT\"", "licence = \"\"", "licence: it is empty"),
        ("name = \"Soft key\"", "name = \"Soft\\u001b[2Jkey\"", "name: expected one line"),
        ("name = \"Soft key\"", "name = \"Soft key\"\ncolour = \"red\"", "unknown field `colour`"),
        ("manifest = 1", "manifest = 2", "this server reads form 1, not 2"),
        ("floor = \"1.2.0\"", "floor = \"1.3.0\"", "floor: it is above the version itself"),
        ("writes = 2", "writes = 3", "formats: it writes 3 and does not read it"),
        ("reads = [1, 2]", "reads = []", "formats: a factor names what it reads and writes"),
        ("capability = \"random\"", "capability = \"files\"", "requests: there is no `files`"),
        ("reason = \"draws secrets\"", "reason = \" \"", "the reason for `random`: it is empty"),
        ("amr = [\"otp\"]", "amr = [\"mfa\"]", "ceiling.amr: `mfa` is not for a plugin to claim"),
        ("[ceiling]", "[limits]\nmemory_mib = 65\n[ceiling]", "limits.memory_mib: it must be from 1 to 64"),
        (
            "[ceiling]",
            "[limits]\nmemory_mib = 32\n[ceiling]",
            "more than 16 is only for those that request `scripting`",
        ),
        ("[ceiling]", "[limits]\nfuel = 0\n[ceiling]", "limits.fuel"),
        ("[ceiling]", "[limits]\ndeadline_ms = 1000\n[ceiling]", "limits.deadline_ms"),
        (
            "[ceiling]",
            "[[requests]]\ncapability = \"random\"\nreason = \"x\"\n[ceiling]",
            "`random` is requested twice",
        ),
        ("possession = true", "posession = true", "unknown field `posession`"),
        // What a terminal would turn round or not show.
        ("name = \"Soft key\"", "name = \"Soft\u{202e} yek\"", "name: expected one line"),
        (
            "reason = \"draws secrets\"",
            "reason = \"draws\u{2066} secrets\"",
            "the reason for `random`: expected one line",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(MANIFEST_TEXT.contains(from), "{from}");
        let told = problem(&MANIFEST_TEXT.replacen(from, to, 1));
        assert!(told.contains(expected), "{to}: {told}");
    }
}

#[test]
fn a_package_is_what_its_files_are() {
    let package = Package::from_files(sealed()).unwrap();
    assert!(package.is_sealed() && package.signature().is_none());
    assert_eq!(package.locales, [("en".to_owned(), "title = Code\n".to_owned())]);
    // The signature is no part of what is signed.
    let mut signed = sealed();
    signed.add(SIGNATURE, b"untrusted comment: x\n".into()).unwrap();
    assert_eq!(Package::from_files(signed).unwrap().digest(), package.digest());
    let mut other = files();
    other.replace(README, b"# Soft key!\n".into()).unwrap();
    assert_ne!(Package::from_files(other).unwrap().digest(), Package::from_files(files()).unwrap().digest());
}

#[test]
fn an_altered_file_is_noticed() {
    for (name, content) in [(WASM, &b"\0asn"[..]), ("locales/en.ftl", b"title = Pass\n"), (README, b"# x\n")] {
        let mut files = sealed();
        files.replace(name, content.into()).unwrap();
        assert!(matches!(Package::from_files(files), Err(PackageError::Altered(altered)) if altered == name));
    }
    let mut more = sealed();
    more.add("locales/cy.ftl", b"title = Cod\n".into()).unwrap();
    assert!(matches!(Package::from_files(more), Err(PackageError::NoDigest(name)) if name == "locales/cy.ftl"));
    let mut fewer = Files::default();
    for (name, content) in sealed().iter().filter(|(name, _)| *name != README) {
        fewer.add(name, content.into()).unwrap();
    }
    assert!(matches!(Package::from_files(fewer), Err(PackageError::Unlisted(name)) if name == README));
}

#[test]
fn sealing_again_changes_nothing_and_keeps_what_the_author_wrote() {
    let once = write_digests(&files()).unwrap();
    let mut files = files();
    files.replace(MANIFEST, once.clone().into_bytes()).unwrap();
    assert_eq!(write_digests(&files).unwrap(), once);
    let late = format!("{once}\n[limits]\nmemory_mib = 8\n");
    files.replace(MANIFEST, late.into_bytes()).unwrap();
    assert!(write_digests(&files).is_err(), "what stands after the digests would be lost");
}

#[test]
fn what_has_no_place_in_a_package_is_refused() {
    for name in
        ["../plugin.wasm", "/etc/passwd", "locales/../../x.ftl", "locales/en.txt", "src/lib.rs", "locales/.ftl", ""]
    {
        assert!(matches!(Files::default().add(name, Vec::new()), Err(PackageError::Stray(_))), "{name}");
    }
    assert!(matches!(Files::default().add(MANIFEST, vec![b' '; 65 * 1024]), Err(PackageError::TooLarge { .. })));
    let mut twice = files();
    assert!(matches!(twice.add(WASM, Vec::new()), Err(PackageError::Twice(_))));
    for name in [MANIFEST, WASM, "locales/en.ftl"] {
        let mut files = Files::default();
        for (other, content) in self::files().iter().filter(|(other, _)| *other != name) {
            files.add(other, content.into()).unwrap();
        }
        assert!(matches!(Package::from_files(files), Err(PackageError::Missing(missing)) if missing == name));
    }
    let mut garbled = files();
    garbled.replace("locales/en.ftl", b"= no key\n".into()).unwrap();
    assert!(matches!(Package::from_files(garbled), Err(PackageError::Locale { .. })));
}

/// What is said of texts.
fn problem_with(texts: &str) -> Option<String> {
    let mut files = files();
    files.replace("locales/en.ftl", texts.into()).unwrap();
    Package::from_files(files).err().map(|error| error.to_string())
}

#[test]
fn texts_that_nest_deep_are_refused_before_they_are_parsed() {
    let deep = |open: &str, close: &str| format!("title = {}\"x\"{}\n", open.repeat(30_000), close.repeat(30_000));
    let calls = format!("title = {{ {}1{} }}\n", "A(".repeat(30_000), ")".repeat(30_000));
    let lines = format!("title = {}\"x\"{}\n", "{\n".repeat(30_000), "}\n".repeat(30_000));
    // A closing brace in a string closes nothing, and what looks like a new message begins none.
    let closed = format!("title = {{ {}1{} }}\n", "A(\")\"\n".repeat(15_000), ")".repeat(15_000));
    let comments = format!("title = {{\n{}", "A(\n# x\nx\n".repeat(10_000));
    for texts in [deep("{", "}"), deep("{ ", " }"), calls, lines, closed, comments] {
        let told = problem_with(&texts).unwrap();
        assert!(told.contains("more than 100 braces and parentheses in one message"), "{told}");
    }
    let most = format!("title = {}\"x\"{}\n", "{".repeat(100), "}".repeat(100));
    assert!(problem_with(&most).unwrap().contains("a placeable stands in another"), "so deep the parser may go");
    let many = (0..500).fold(String::new(), |texts, number| texts + &format!("title{number} = {{ $a }} ({{ $b }})\n"));
    assert_eq!(problem_with(&many), None, "each message counts for itself");
}

#[test]
fn texts_over_which_the_resolver_ends_the_process_are_refused() {
    let cases = [
        ("a = { { $x } }", "`a`: a placeable stands in another"),
        ("a = { \"x\" ->\n   *[x] y\n }", "`a`: it selects by what is always the same"),
        ("a = { 1 ->\n   *[x] y\n }", "`a`: it selects by what is always the same"),
        ("a = x\n    .b = { $x ->\n   *[x] { { $y } }\n }", "`a`: a placeable stands in another"),
        ("-a = { NUMBER($x) }", "`a`: there is no function NUMBER"),
        ("a = { 0.00000000000000000001 }", "`a`: a number of more than 15 characters"),
        ("a = { -b(n: 0.00000000000000000001) }", "`a`: a number of more than 15 characters"),
        ("a = { $x ->\n    [0.00000000000000000001] z\n   *[x] y\n }", "`a`: a number of more than 15 characters"),
    ];
    for (texts, expected) in cases {
        let told = problem_with(&format!("{texts}\n")).unwrap_or_default();
        assert_eq!(told, format!("locales/en.ftl: {expected}"), "{texts}");
    }
    let usual =
        "a = { $n ->\n    [one] { -b(case: \"x\") } (1)\n   *[other] { a.c } { \"{\" }\n }\n    .c = { 12 }\n-b = B\n";
    assert_eq!(problem_with(usual), None);
}

fn archive_of(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        // Written raw: the builder itself refuses names that lead out.
        let field = &mut header.as_mut_bytes()[..name.len()];
        field.copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn an_archive_is_read_as_it_was_written() {
    let mut bytes = Vec::new();
    write_archive(&sealed(), &mut bytes).unwrap();
    assert_eq!(read_archive(Cursor::new(&bytes)).unwrap(), sealed());
    let mut again = Vec::new();
    write_archive(&sealed(), &mut again).unwrap();
    assert_eq!(bytes, again, "the same files make the same archive");
}

#[test]
fn an_archive_leads_nowhere_else() {
    use tar::EntryType;
    let strays: [(&str, EntryType, &[u8]); 6] = [
        ("../plugin.toml", EntryType::Regular, b"x"),
        ("/plugin.toml", EntryType::Regular, b"x"),
        ("locales/../../plugin.toml", EntryType::Regular, b"x"),
        ("plugin.wasm", EntryType::Symlink, b""),
        ("plugin.wasm", EntryType::Char, b""),
        ("build.sh", EntryType::Regular, b"x"),
    ];
    for stray in strays {
        let read = read_archive(Cursor::new(archive_of(&[stray])));
        assert!(matches!(read, Err(PackageError::Stray(_))), "{stray:?}: {read:?}");
    }
    for nothing in [&b""[..], b"not an archive at all", &[0; 1024]] {
        assert!(matches!(read_archive(Cursor::new(nothing)), Err(PackageError::NotAPackage(_))));
    }
    let large = vec![0; 65 * 1024];
    let read = read_archive(Cursor::new(archive_of(&[("plugin.toml", EntryType::Regular, &large)])));
    assert!(matches!(read, Err(PackageError::TooLarge { .. })), "{read:?}");
}

#[test]
fn a_folder_may_hold_the_source_as_well_but_no_links() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("locales")).unwrap();
    for (name, content) in files().iter() {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    assert_eq!(read(folder.path()).unwrap(), files());
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join(SCHEMA)).unwrap();
    assert!(matches!(read(folder.path()), Err(PackageError::Stray(name)) if name == SCHEMA));
}

#[test]
fn a_signature_fits_one_manifest_and_one_key() {
    let (mine, other) = (generate_key(None).unwrap(), generate_key(None).unwrap());
    let signature = sign(b"manifest", &mine.secret, None, "test").unwrap();
    let key = PublicKey::parse(&mine.public).unwrap();
    assert_eq!(key.check(b"manifest", &signature), Ok(()));
    assert_eq!(signer(&signature).unwrap(), key.id());
    assert_eq!(PublicKey::parse(key.text()).unwrap().id(), key.id());
    assert_eq!(key.check(b"manifes!", &signature), Err(SignatureError::Wrong));
    let other = PublicKey::parse(&other.public).unwrap();
    assert_ne!(other.id(), key.id());
    assert_eq!(other.check(b"manifest", &signature), Err(SignatureError::Wrong));
    // The comment is signed as well.
    let commented = signature.replace("trusted comment: test", "trusted comment: best");
    assert_eq!(key.check(b"manifest", &commented), Err(SignatureError::Wrong));
    assert_eq!(key.check(b"manifest", "no signature"), Err(SignatureError::NoSignature));
    assert!(matches!(PublicKey::parse("RWQ"), Err(SignatureError::NoKey)));
    assert!(sign(b"manifest", &mine.public, None, "test").is_err(), "a public key signs nothing");
}

fn schema(properties: &Value) -> Schema {
    let text = json!({ "type": "object", "properties": properties, "required": [] }).to_string();
    Schema::parse(&text).unwrap()
}

#[test]
fn settings_are_completed_with_their_defaults() {
    let schema = schema(&json!({
        "digits": { "type": "integer", "minimum": 6, "maximum": 8, "default": 6 },
        "label": { "type": "string", "maxLength": 5 },
    }));
    let settings = json!({ "label": "abc" });
    let complete = schema.complete(settings.as_object().unwrap()).unwrap();
    assert_eq!(Value::Object(complete), json!({ "digits": 6, "label": "abc" }));
}

#[test]
fn every_wrong_setting_is_told() {
    let schema = schema(&json!({
        "digits": { "type": "integer", "minimum": 6, "maximum": 8 },
        "rate": { "type": "number", "maximum": 1.5 },
        "label": { "type": "string", "minLength": 2, "maxLength": 5 },
        "mode": { "type": "string", "enum": ["a", "b"] },
        "on": { "type": "boolean" },
        "names": { "type": "array", "items": { "type": "string", "maxLength": 3 }, "maxItems": 2, "uniqueItems": true },
    }));
    let wrong = [
        (json!({ "digits": 5 }), "`digits`: expected a whole number from 6 to 8"),
        (json!({ "digits": 6.5 }), "`digits`: expected a whole number from 6 to 8"),
        (json!({ "digits": "6" }), "`digits`: expected a whole number from 6 to 8"),
        (json!({ "rate": 1.6 }), "`rate`: expected a number of at most 1.5"),
        (json!({ "label": "x" }), "`label`: expected text of 2 to 5 characters"),
        (json!({ "label": "abcdef" }), "`label`: expected text of 2 to 5 characters"),
        (json!({ "mode": "c" }), "`mode`: expected one of `a`, `b`"),
        (json!({ "on": 1 }), "`on`: expected `true` or `false`"),
        (json!({ "names": ["abcd"] }), "`names/0`: expected text of at most 3 characters"),
        (json!({ "names": ["a", "a"] }), "`names/1`: it stands in the list already"),
        (json!({ "names": ["a", "b", "c"] }), "`names`: expected a list of 0 to 2 texts"),
        (json!({ "nmae": 1 }), "`nmae`: there is no such setting"),
    ];
    for (settings, expected) in wrong {
        let faults = schema.complete(settings.as_object().unwrap()).unwrap_err();
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
    assert_eq!(schema.read_setting("digits", "7"), Ok(json!(7)));
    assert_eq!(schema.read_setting("names", "a, b"), Ok(json!(["a", "b"])));
    assert_eq!(schema.read_setting("on", "true"), Ok(json!(true)));
    assert!(schema.read_setting("on", "yes").is_err());
    let text = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] }).to_string();
    let required = Schema::parse(&text).unwrap().complete(&serde_json::Map::new()).unwrap_err();
    assert_eq!(required[0].to_string(), "`a`: it is missing");
}

#[test]
fn a_schema_promises_nothing_that_is_not_enforced() {
    let property = |property: Value| json!({ "type": "object", "properties": { "a": property } });
    let cases = [
        (json!([]), "/: expected an object"),
        (json!({ "type": "array" }), "/type: expected `object`"),
        (json!({ "type": "object", "additionalProperties": true }), "/additionalProperties: expected `false`"),
        (json!({ "type": "object", "oneOf": [] }), "/oneOf: this keyword is not supported"),
        (json!({ "type": "object", "required": ["b"] }), "/required: there is no property `b`"),
        (json!({ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object" }), "/$schema: expected"),
        (property(json!({ "type": "string", "pattern": "x" })), "/properties/a/pattern: this keyword is not supported"),
        (property(json!({ "type": "object" })), "/properties/a/type: expected"),
        (property(json!({ "type": "integer", "minimum": "6" })), "/properties/a/minimum: expected a whole number"),
        (property(json!({ "type": "integer", "maximum": 8, "default": 9 })), "/properties/a/default: expected"),
        (
            property(json!({ "type": "array", "items": { "type": "integer" } })),
            "/properties/a/items/type: expected `string`",
        ),
        (
            property(json!({ "type": "boolean", "maxLength": 1 })),
            "/properties/a/maxLength: this keyword is not supported",
        ),
    ];
    for (schema, expected) in cases {
        let told = Schema::parse(&schema.to_string()).unwrap_err();
        assert!(told.starts_with(expected), "{schema}: {told}");
    }
}
