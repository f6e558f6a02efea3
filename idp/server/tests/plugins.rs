//! Plugins as operators, authors and publishers meet them: the program itself, with the child in which it compiles.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keyholder_plugin_host::compile::{CompileError, CompileLimits, Compiler};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keyholder");

/// A data directory, and folders of packages beside it.
struct Installation {
    folder: tempfile::TempDir,
}

impl Installation {
    fn new() -> Self {
        let installation = Self { folder: tempfile::tempdir().unwrap() };
        installation.done(&["init"]);
        installation
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("KEYHOLDER_DATA", self.path("data")).env("KEYHOLDER_LISTEN", "127.0.0.1:0");
        command.envs(environment.iter().copied()).output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run_with(arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The sentence with which a command is refused.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run_with(arguments, &[]);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr).lines().last().unwrap_or_default().to_owned()
    }

    /// A publisher, trusted or not; the name of the secret key's file.
    fn publisher(&self, name: &str) -> String {
        let file = format!("{name}.key");
        self.done(&["plugin", "new-publisher-key", &file, "--no-password"]);
        file
    }

    fn trust(&self, name: &str) {
        self.done(&["plugin", "trust", &format!("{name}.key.pub"), "--name", name]);
    }

    /// A stranger's package: the bundled soft key, which a data directory does not have before its first server, in this version.
    fn package(&self, version: &str, alter: impl FnOnce(String) -> String) -> String {
        let bundled = keyholder_bundled_plugins::find("soft-key").unwrap();
        let name = format!("acme-{version}");
        let folder = self.path(&name);
        fs::create_dir_all(folder.join("locales")).unwrap();
        let own = |text: &str| text.replacen(VERSION, version, 1);
        assert_eq!(version.len(), VERSION.len(), "the component holds the version, and its length counts");
        fs::write(folder.join("plugin.toml"), alter(own(bundled.manifest))).unwrap();
        let wasm = replace(bundled.wasm, VERSION.as_bytes(), version.as_bytes());
        fs::write(folder.join("plugin.wasm"), wasm).unwrap();
        fs::write(folder.join("config.schema.json"), bundled.schema).unwrap();
        for (name, content) in bundled.locales {
            fs::write(folder.join("locales").join(name), content).unwrap();
        }
        name
    }

    fn signed(&self, version: &str, key: &str, alter: impl FnOnce(String) -> String) -> String {
        let name = self.package(version, alter);
        self.done(&["plugin", "sign", &name, "--key", key, "--no-password"]);
        name
    }
}

/// The version of the bundled soft key, as its manifest and its component have it.
const VERSION: &str = "0.1.0";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Each occurrence replaced by something of the same length.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = bytes.to_vec();
    let mut at = 0;
    while at + from.len() <= replaced.len() {
        if replaced[at..].starts_with(from) {
            replaced[at..at + from.len()].copy_from_slice(to);
            at += from.len();
        } else {
            at += 1;
        }
    }
    assert!(from == to || replaced != bytes, "{}", text(from));
    replaced
}

#[test]
fn a_package_goes_from_its_publisher_to_the_operator_and_back() {
    let installation = Installation::new();
    let key = installation.publisher("acme");
    let first = installation.signed("0.1.1", &key, |manifest| manifest);
    // Nobody's that is trusted.
    let told = installation.refused(&["plugin", "install", &first, "--grant"]);
    assert!(told.contains("which is nobody's that you trust"), "{told}");
    installation.trust("acme");
    assert!(installation.done(&["plugin", "trust"]).contains("acme"));
    let checked = installation.done(&["plugin", "check", &first]);
    assert!(checked.contains("signed     by acme") && checked.contains("requests   random"), "{checked}");
    // Asked first.
    let told = installation.refused(&["plugin", "install", &first]);
    assert!(told.contains("repeat with --grant"), "{told}");
    assert_eq!(installation.done(&["plugin", "list"]), "");
    installation.done(&["plugin", "install", &first, "--grant"]);
    assert!(installation.done(&["plugin", "list"]).starts_with("soft-key  0.1.1  on, signed with the key"));
    // A later version, as one file, that wants no more than the first.
    let second = installation.package("0.1.2", |manifest| manifest);
    installation.done(&[
        "plugin",
        "sign",
        &second,
        "--key",
        &key,
        "--no-password",
        "--archive",
        "acme.keyholder-plugin",
    ]);
    installation.done(&["plugin", "install", "acme.keyholder-plugin"]);
    assert!(installation.done(&["plugin", "list"]).starts_with("soft-key  0.1.2  on, "));
    // An older one by mistake, the same again, and back on purpose.
    let old = installation.signed("0.1.0", &key, |manifest| manifest);
    assert!(installation.refused(&["plugin", "install", &old]).contains("it is older than 0.1.2, which serves"));
    assert!(installation.refused(&["plugin", "install", &second]).contains("this version is installed"));
    installation.done(&["plugin", "rollback", "soft-key"]);
    assert!(installation.done(&["plugin", "list"]).starts_with("soft-key  0.1.1  on, stays at this version, "));
    installation.done(&["plugin", "newest", "soft-key"]);
    assert!(installation.done(&["plugin", "list"]).starts_with("soft-key  0.1.2  on, signed"));
    installation.done(&["plugin", "disable", "soft-key"]);
    assert!(installation.done(&["plugin", "list"]).contains("0.1.2  off"));
    installation.done(&["plugin", "remove", "soft-key"]);
    assert_eq!(installation.done(&["plugin", "list"]), "");
    // Each of it can be read in the audit log.
    let log = installation.done(&["audit", "export"]);
    for event in ["publisher-trusted", "plugin-installed", "plugin-rolled-back", "plugin-changed", "plugin-removed"] {
        assert!(log.contains(event), "{event}: {log}");
    }
    installation.done(&["plugin", "distrust", "acme"]);
    assert!(installation.refused(&["plugin", "install", &first, "--grant"]).contains("nobody's that you trust"));
}

#[test]
fn what_was_altered_after_signing_is_not_installed() {
    let installation = Installation::new();
    let key = installation.publisher("acme");
    installation.trust("acme");
    let folder = installation.signed("0.1.1", &key, |manifest| manifest);
    let (manifest, wasm) =
        (installation.path(&folder).join("plugin.toml"), installation.path(&folder).join("plugin.wasm"));
    let honest = fs::read(&wasm).unwrap();
    let mut altered = honest.clone();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&wasm, altered).unwrap();
    for command in ["check", "install"] {
        assert!(installation.refused(&["plugin", command, &folder]).contains("plugin.wasm was altered"));
    }
    fs::write(&wasm, honest).unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("possession = true", "possession = true\nphishing_resistant = true", 1))
        .unwrap();
    for command in ["check", "install"] {
        assert!(installation.refused(&["plugin", command, &folder]).contains("the signature does not fit plugin.toml"));
    }
}

#[test]
fn an_unsigned_package_needs_the_development_switch() {
    let installation = Installation::new();
    let folder = installation.package("0.1.1", |manifest| manifest);
    assert!(installation.done(&["plugin", "check", &folder]).contains("it is not signed"));
    let install = ["plugin", "install", &folder, "--grant"];
    assert!(installation.refused(&install).contains("unsigned packages run only with the switch"));
    let output = installation.run_with(&install, &[("KEYHOLDER_PLUGINS__DEVELOPMENT_UNSIGNED", "true")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(installation.done(&["plugin", "list"]).contains("not signed"));
}

#[test]
fn an_upgrade_that_wants_more_asks_again() {
    let installation = Installation::new();
    let key = installation.publisher("acme");
    installation.trust("acme");
    let first = installation.signed("0.1.1", &key, |manifest| manifest);
    installation.done(&["plugin", "install", &first, "--grant"]);
    let more = installation.signed("0.1.2", &key, |manifest| {
        let wider = manifest.replacen("possession = true", "possession = true\nphishing_resistant = true", 1);
        format!("{wider}\n[[requests]]\ncapability = \"std\"\nreason = \"a wish\"\n")
    });
    let told = installation.refused(&["plugin", "install", &more]);
    assert!(told.contains("asks for more than was granted: std, to prove phishing_resistant"), "{told}");
    assert!(installation.done(&["plugin", "list"]).contains("0.1.1"));
    installation.done(&["plugin", "install", &more, "--grant"]);
}

#[test]
fn another_publisher_does_not_take_a_name_over() {
    let installation = Installation::new();
    let (acme, other) = (installation.publisher("acme"), installation.publisher("other"));
    installation.trust("acme");
    installation.trust("other");
    let first = installation.signed("0.1.1", &acme, |manifest| manifest);
    installation.done(&["plugin", "install", &first, "--grant"]);
    let second = installation.signed("0.1.2", &other, |manifest| manifest);
    let told = installation.refused(&["plugin", "install", &second, "--grant"]);
    assert!(told.contains("--change-publisher takes it nevertheless"), "{told}");
    installation.done(&["plugin", "install", &second, "--grant", "--change-publisher"]);
}

#[test]
fn a_version_below_the_floor_does_not_come_back() {
    let installation = Installation::new();
    let key = installation.publisher("acme");
    installation.trust("acme");
    let first = installation.signed("0.1.1", &key, |manifest| manifest);
    installation.done(&["plugin", "install", &first, "--grant"]);
    assert!(installation.refused(&["plugin", "floor", "soft-key", "0.1.2"]).contains("serves, which is below 0.1.2"));
    let mended = installation.signed("0.1.2", &key, |manifest| {
        manifest.replacen("version = \"0.1.2\"", "version = \"0.1.2\"\nfloor = \"0.1.2\"", 1)
    });
    installation.done(&["plugin", "install", &mended]);
    for refused in [
        installation.refused(&["plugin", "rollback", "soft-key"]),
        installation.refused(&["plugin", "rollback", "soft-key", "--to", "0.1.1"]),
    ] {
        assert!(refused.contains("versions below 0.1.2 are refused"), "{refused}");
    }
    let old = installation.signed("0.1.0", &key, |manifest| manifest);
    let refused = installation.refused(&["plugin", "install", &old, "--downgrade"]);
    assert!(refused.contains("versions below 0.1.2 are refused"), "{refused}");
}

#[test]
fn a_call_and_vectors_run_in_the_sandbox() {
    let installation = Installation::new();
    let folder = installation.package("0.1.1", |manifest| manifest);
    let described = installation.done(&["plugin", "run", &folder, "describe"]);
    assert!(described.contains("\"id\": \"soft-key\""), "{described}");
    fs::write(installation.path("call.json"), r#"{ "now": 1700000000000, "expect": { "step": {} } }"#).unwrap();
    let step = installation.done(&["plugin", "run", &folder, "begin-enrolment", "--input", "call.json"]);
    assert!(step.contains("\"prompts\""), "{step}");
    let same = installation.done(&["plugin", "run", &folder, "begin-enrolment", "--input", "call.json"]);
    assert_eq!(step, same, "time and randomness are what the vector says");
    let vectors = installation.path("vectors");
    fs::create_dir(&vectors).unwrap();
    let vector = |kind: &str| {
        format!(
            r#"{{ "about": "it says what it is", "calls": [{{ "call": "describe", "expect": {{ "descriptor": {{ "kind": "{kind}" }} }} }}] }}"#
        )
    };
    fs::write(vectors.join("a.json"), vector("soft-key")).unwrap();
    let ran = installation.done(&["plugin", "run", &folder, "--vectors", "vectors"]);
    assert_eq!(ran, "ok      a.json: it says what it is\n");
    fs::write(vectors.join("b.json"), vector("managed-key")).unwrap();
    let output = installation.run_with(&["plugin", "run", &folder, "--vectors", "vectors"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("call 1, describe: /descriptor/kind: expected \"managed-key\""));
}

#[test]
fn no_key_file_is_written_over() {
    let installation = Installation::new();
    installation.publisher("acme");
    let told = installation.refused(&["plugin", "new-publisher-key", "acme.key", "--no-password"]);
    assert!(told.contains("acme.key exists already"), "{told}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(installation.path("acme.key")).unwrap().permissions());
    assert_eq!(mode & 0o077, 0);
}

/// A component whose only function nests this many branches, one in the other: a compiler takes much longer than linear time.
fn bomb(branches: usize) -> Vec<u8> {
    fn leb(mut number: usize) -> Vec<u8> {
        let mut digits = Vec::new();
        loop {
            let digit = u8::try_from(number & 0x7f).unwrap();
            number >>= 7;
            if number == 0 {
                digits.push(digit);
                return digits;
            }
            digits.push(digit | 0x80);
        }
    }
    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        [&[id][..], &leb(content.len()), content].concat()
    }
    // (func (param i32) (local.get 0) (if (then)) ...), one after the other.
    let branch = [0x20, 0, 0x04, 0x40, 0x0b];
    let body = [&[0][..], &branch.repeat(branches), &[0x0b]].concat();
    let code = [&[1][..], &leb(body.len()), &body].concat();
    let module =
        [&b"\0asm\x01\0\0\0"[..], &section(1, &[1, 0x60, 1, 0x7f, 0]), &section(3, &[1, 0]), &section(10, &code)]
            .concat();
    [&b"\0asm\x0d\0\x01\0"[..], &section(1, &module)].concat()
}

fn compile(wasm: &[u8], limits: CompileLimits) -> Result<Vec<u8>, CompileError> {
    Compiler::limited(PathBuf::from(PROGRAM), limits).compile(wasm)
}

#[test]
fn a_compile_bomb_ends_within_its_limits() {
    let usual = CompileLimits::default();
    assert_eq!((usual.cpu_seconds, usual.memory_mib), (60, 1024));
    // Small ones compile: what is refused below is refused for its size.
    assert!(compile(&bomb(10), usual).is_ok());
    // The limits of a real server would take a minute of this test: smaller ones end the same way, sooner.
    let wasm = bomb(340_000);
    assert!(matches!(compile(&wasm, CompileLimits { cpu_seconds: 1, ..usual }), Err(CompileError::Time(1))));
    let starved = compile(&wasm, CompileLimits { memory_mib: 128, ..usual });
    assert!(matches!(starved, Err(CompileError::Memory(128) | CompileError::Crashed(_))), "{starved:?}");
    // And the next one is compiled as if nothing had been.
    let honest = keyholder_bundled_plugins::find("soft-key").unwrap();
    assert!(compile(honest.wasm, usual).is_ok());
}

#[test]
fn the_child_tells_what_is_wrong_with_a_component() {
    let broken = compile(b"\0asm\x0d\0\x01\0\x01\x05\0\0", CompileLimits::default());
    assert!(matches!(broken, Err(CompileError::Refused(_))), "{broken:?}");
    assert!(Path::new(PROGRAM).exists());
}

#[test]
fn the_cost_of_a_factor_is_told() {
    let installation = Installation::new();
    let vector = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/factors/soft-key/vectors/rfc-6238.json");
    let arguments = ["plugin", "measure", "soft-key", "--vector", vector, "--calls", "3"];
    let told = installation.done(&arguments);
    assert!(told.contains("of processor time, with the host's work"), "{told}");
    let told = installation.done(&[&arguments[..], &["--json"]].concat());
    let figures: serde_json::Value = serde_json::from_str(&told).unwrap();
    for name in ["compile", "load", "verify", "verify_bare", "verify_on_demand"] {
        assert!(figures[name]["cpu_us"].as_f64().unwrap() > 0.0, "{name}: {told}");
    }
    assert!(figures["fuel"].as_u64().unwrap() > 0, "{told}");
    // Nothing in it is accepted.
    let vector = concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/factors/soft-key/vectors/bad-settings.json");
    let told = installation.refused(&["plugin", "measure", "soft-key", "--vector", vector]);
    assert!(told.contains("no verification that is accepted") || told.contains("settings"), "{told}");
}
