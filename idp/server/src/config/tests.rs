use super::faults::{Origin, Place};
use super::keys::{KEYS, Kind};
use super::load::{ConfigError, Loaded, load};
use super::*;

const EXAMPLE: &str = include_str!("../../../../config/keyholder.example.toml");
const OPERATORS: &str = include_str!("../../../../docs/operators.md");

/// Loads a file of this text.
fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.toml");
    std::fs::write(&path, text).unwrap();
    load(Some(&path), environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// What is said about a file, without the folder in which it happens to be.
fn complaint(text: &str, environment: &[(&str, &str)]) -> String {
    let error = load_text(text, environment).unwrap_err().to_string();
    let bare = |line: &str| match line.split_once("keyholder.toml:") {
        Some((_, rest)) => rest.trim_start().to_owned(),
        None => line.to_owned(),
    };
    error.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// Files, and what is said about each.
const MISTAKES: &[(&str, &str)] = &[
    ("isuer = 'https://id.example'", "1:1: `isuer`: there is no such key; did you mean `issuer`?"),
    ("[mail]\nhots = 'x'", "2:1: `mail.hots`: there is no such key; did you mean `mail.host`?"),
    ("[smtp]\nhost = 'x'", "1:2: `smtp`: there is no such key"),
    ("memory_kib = 20000", "1:1: `memory_kib`: there is no such key; did you mean `password.memory_kib`?"),
    (
        "[password]\nminimum = 'long'",
        "2:11: `password.minimum`: text is not a whole number; expected a whole number from 8 to 64",
    ),
    ("[password]\nminimum = 7", "2:11: `password.minimum`: 7 is out of range; expected a whole number from 8 to 64"),
    ("[password]\nminimum = 65", "2:11: `password.minimum`: 65 is out of range; expected a whole number from 8 to 64"),
    (
        "[password]\nmemory_kib = 8192",
        "2:14: `password.memory_kib`: 8192 is out of range; expected a whole number from 19456 to 262144",
    ),
    (
        "[password]\npasses = 1",
        "2:10: `password.passes`: 1 is too few for this memory; expected 2 or more, or `password.memory_kib` of at least 47104",
    ),
    (
        "[password]\npasses = 50\nmemory_kib = 262144",
        "2:10: `password.passes`: 50 passes over 262144 KiB take seconds; expected at most 1048576 KiB together",
    ),
    (
        "listen = 8080",
        "1:10: `listen`: a number is not text; expected an address and a port, such as `127.0.0.1:8080` or `[::]:443`",
    ),
    (
        "listen = 'localhost'",
        "1:10: `listen`: `localhost` is not an address and a port; expected an address and a port, such as `127.0.0.1:8080` or `[::]:443`",
    ),
    ("mail = 'smtp'", "1:8: `mail`: expected a section: write `[mail]` and its keys below"),
    ("[log]\nformat = 'xml'", "2:10: `log.format`: `xml` is not known; expected one of `text`, `json`"),
    (
        "[log]\nlevel = 'info,keyholder=loud'",
        "2:9: `log.level`: it is not a level; expected `error`, `warn`, `info`, `debug`, or a directive such as `info,keyholder=debug`",
    ),
    (
        "[proxy]\ntrusted = ['10.0.0.0/33']",
        "2:11: `proxy.trusted`: `10.0.0.0/33` is not a network; expected a list of networks, such as `[\"10.0.0.0/8\", \"192.168.1.7\"]`",
    ),
    (
        "[outbound.test_bed]\nallow_loopback = 'yes'",
        "2:18: `outbound.test_bed.allow_loopback`: text is neither; expected `true` or `false`",
    ),
    (
        "issuer = 'id.example'",
        "1:10: `issuer`: `id.example` is not an address (relative URL without a base); expected an address such as `https://id.school.example`",
    ),
    (
        "issuer = 'http://id.example'",
        "1:10: `issuer`: `http` is only for `localhost`: passwords would travel in the clear; expected an address such as `https://id.school.example`",
    ),
    (
        "issuer = 'ftp://id.example'",
        "1:10: `issuer`: it does not begin with `https://`; expected an address such as `https://id.school.example`",
    ),
    (
        "issuer = 'https://id.example/?a=b'",
        "1:10: `issuer`: it has a query or a fragment; expected an address such as `https://id.school.example`",
    ),
    (
        "issuer = 'https://id.example/#'",
        "1:10: `issuer`: it has a query or a fragment; expected an address such as `https://id.school.example`",
    ),
    (
        "issuer = 'https://me@id.example'",
        "1:10: `issuer`: it has a user name or a password; expected an address such as `https://id.school.example`",
    ),
    (
        "issuer = 'https://id.example/keyholder'",
        "1:10: `issuer`: it has a path: Keyholder stands at the root of its host name; expected an address such as `https://id.school.example`",
    ),
    (
        "[session]\nidle_minutes = 900",
        "2:16: `session.idle_minutes`: 900 is longer than `session.absolute_minutes` (720); expected less",
    ),
    (
        "[keys]\nrotate_days = 1",
        "`keys.overlap_hours`: 24 is too long; expected at most half of `keys.rotate_days` (12 hours)",
    ),
    ("[mail]\ntransport = 'smtp'\nfrom = 'a@b.c'", "`mail.host`: it is missing; expected the name of the mail server"),
    ("[mail]\nhost = 'mail.example'", "2:8: `mail.host`: it counts only with `mail.transport = \"smtp\"`"),
    (
        "[mail]\ntransport = 'smtp'\nfrom = 'a@b.c'\nhost = 'mail.example'\nsecurity = 'none'",
        "5:12: `mail.security`: `none` is only for a mail server on this machine; expected `tls` or `starttls`",
    ),
    (
        "[mail]\ntransport = 'smtp'\nfrom = 'a@b.c'\nhost = 'h'\nusername = 'u'",
        "`mail.password`: it is missing; `mail.username` and `mail.password` are set together",
    ),
    (
        "[mail]\nfrom = 'Keyholder'",
        "2:8: `mail.from`: it is not a sender; expected an address such as `Keyholder <sign-in@school.example>`",
    ),
    ("theme = '/nowhere'", "1:9: `theme`: /nowhere is not a folder; expected a folder with templates, texts or assets"),
    (
        "[outbound.test_bed]\nca_file = '/nowhere'",
        "2:11: `outbound.test_bed.ca_file`: /nowhere cannot be read: there is no such file",
    ),
    ("listen = ", "1:10: not TOML: "),
    ("data = 'a'\ndata = 'b'", "2:1: not TOML: duplicate key"),
];

#[test]
fn every_mistake_names_its_key_what_is_wrong_and_what_is_expected() {
    for (text, expected) in MISTAKES {
        let said = complaint(text, &[]);
        assert!(said.starts_with(expected), "{text}\nsaid:     {said}\nexpected: {expected}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let said = complaint("isuer = 1\n[log]\nformat = 1\n[password]\nminimum = 1", &[("KEYHOLDER_WORKERS", "many")]);
    let keys: Vec<_> = said.lines().map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(keys, ["isuer", "log.format", "password.minimum", "workers"]);
}

#[test]
fn a_secret_is_never_told() {
    let (said, hidden) = (complaint("[mail]\npassword = 987654", &[]), "987654");
    assert!(!said.contains(hidden), "{said}");
    let loaded = load_text(
        "[mail]\ntransport = 'smtp'\nfrom = 'a@b.example'\nhost = 'h'\nusername = 'u'\npassword = '987654'",
        &[],
    )
    .unwrap();
    assert!(!format!("{loaded:?}").contains(hidden), "{loaded:?}");
}

#[test]
fn the_environment_overrides_the_file() {
    let environment = [
        ("KEYHOLDER_ISSUER", "https://id.example"),
        ("KEYHOLDER_MAIL__TRANSPORT", "smtp"),
        ("KEYHOLDER_MAIL__FROM", "Keyholder <id@school.example>"),
        ("KEYHOLDER_MAIL__HOST", "localhost"),
        ("KEYHOLDER_MAIL__SECURITY", "none"),
        ("KEYHOLDER_PASSWORD__MINIMUM", "12"),
        ("KEYHOLDER_OUTBOUND__ALLOW", "10.0.0.0/8, 192.168.1.7"),
        ("KEYHOLDER_OUTBOUND__TEST_BED__ALLOW_LOOPBACK", "true"),
        ("KEYHOLDER_MASTER_KEY", "not a setting"),
        ("KEYHOLDER_SERVICE_HOST", "what Kubernetes sets"),
        ("PATH", "/bin"),
    ];
    let loaded = load_text("issuer = 'https://other.example'\n[password]\nminimum = 20", &environment).unwrap();
    assert_eq!(loaded.config.issuer(), "https://id.example");
    assert_eq!(loaded.config.password.minimum, 12);
    assert!(matches!(&loaded.config.mail.transport, MailTransport::Smtp { host, port: 25, .. } if host == "localhost"));
    let allowed: Vec<_> = loaded.config.outbound.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["10.0.0.0/8", "192.168.1.7/32"]);
    assert!(loaded.config.outbound.test_bed.allow_loopback);
    let issuer = loaded.set.iter().find(|setting| setting.key == "issuer").unwrap();
    assert_eq!(issuer.origin, Origin::Environment("KEYHOLDER_ISSUER".into()));
}

#[test]
fn a_wrong_environment_variable_is_named() {
    for (variable, value, expected) in [
        (
            "KEYHOLDER_ISUER",
            "x",
            "environment variable KEYHOLDER_ISUER: there is no such setting; did you mean `KEYHOLDER_ISSUER`?",
        ),
        (
            "KEYHOLDER_MAIL_HOST",
            "x",
            "environment variable KEYHOLDER_MAIL_HOST: there is no such setting; did you mean `KEYHOLDER_MAIL__HOST`?",
        ),
        (
            "KEYHOLDER_PASSWORD__MINIMUM",
            "x",
            "environment variable KEYHOLDER_PASSWORD__MINIMUM: `password.minimum`: the text is not a whole number; expected a whole number from 8 to 64",
        ),
    ] {
        assert_eq!(complaint("", &[(variable, value)]), expected);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = load(Some(std::path::Path::new("/nowhere/keyholder.toml")), []).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration file /nowhere/keyholder.toml cannot be read: there is no such file"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = load(Some(folder.path()), []).unwrap_err().to_string();
    assert!(error.ends_with("cannot be read: it is a folder"), "{error}");
    let latin = folder.path().join("latin.toml");
    std::fs::write(&latin, b"data = '\xe9'").unwrap();
    assert!(load(Some(&latin), []).unwrap_err().to_string().ends_with("it is not UTF-8 text"));
}

#[test]
fn relative_paths_are_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.toml");
    std::fs::write(&path, "[mail]\nfolder = 'mails'\n").unwrap();
    let loaded = load(Some(&path), []).unwrap();
    assert_eq!(load::mail_folder(&loaded.config), Some(folder.path().join("mails")));
    assert_eq!(loaded.config.data, folder.path().join("keyholder-data"));
    let outside = load(Some(&path), [("KEYHOLDER_DATA".to_owned(), "elsewhere".to_owned())]).unwrap();
    assert_eq!(
        outside.config.data,
        PathBuf::from("elsewhere"),
        "those of the environment are relative to where it is started"
    );
}

#[test]
fn an_http_issuer_is_for_this_machine_only() {
    for good in
        ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]", "http://id.localhost", "https://id.example/"]
    {
        assert!(load_text(&format!("issuer = '{good}'"), &[]).is_ok(), "{good}");
    }
    for bad in ["http://localhost.example", "http://127.0.0.1.example", "http://10.0.0.1"] {
        assert!(load_text(&format!("issuer = '{bad}'"), &[]).is_err(), "{bad}");
    }
}

#[test]
fn places_count_lines_and_characters() {
    assert_eq!(Place::of("a\nüb = 1", 4), Place { line: 2, column: 2 });
    assert_eq!(Place::of("", 9), Place { line: 1, column: 1 });
}

#[test]
fn the_example_is_a_configuration_that_changes_nothing() {
    let loaded = load_text(EXAMPLE, &[]).unwrap();
    assert!(loaded.set.is_empty(), "{:?}", loaded.set);
}

#[test]
fn the_example_shows_every_key_with_a_value_that_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["certificate.pem", "key.pem", "ca.pem"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    std::fs::create_dir(folder.path().join("theme")).unwrap();
    for key in KEYS {
        let (section, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        let mut current = "";
        let line = EXAMPLE.lines().find(|line| {
            let line = line.trim_start_matches("# ");
            if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                current = header;
            }
            current == section && line.split(" = ").next() == Some(name)
        });
        let line = line.unwrap_or_else(|| panic!("`{}` is not in the example", key.name)).trim_start_matches("# ");
        let text = if section.is_empty() { line.to_owned() } else { format!("[{section}]\n{line}") };
        let path = folder.path().join("one.toml");
        std::fs::write(&path, text).unwrap();
        // Some keys need others beside them; none may be of a wrong type or range.
        if let Err(error) = load(Some(&path), []) {
            let error = error.to_string();
            assert!(
                error.contains("set together") || error.contains("counts only with") || error.contains("is missing"),
                "{error}"
            );
        }
    }
}

#[test]
fn every_key_is_documented_for_operators() {
    for key in KEYS {
        assert!(OPERATORS.contains(&format!("| `{}` |", key.name)), "`{}` is not in docs/operators.md", key.name);
    }
}

#[test]
fn the_table_of_keys_has_every_field_and_no_other() {
    let sections: [(&str, &[&str]); 13] = [
        ("", fields_of::<Config>()),
        ("tls.", fields_of::<TlsConfig>()),
        ("proxy.", fields_of::<ProxyConfig>()),
        ("mail.", fields_of::<MailTable>()),
        ("password.", fields_of::<PasswordSettings>()),
        ("session.", fields_of::<SessionConfig>()),
        ("token.", fields_of::<TokenConfig>()),
        ("keys.", fields_of::<KeysConfig>()),
        ("outbound.", fields_of::<OutboundConfig>()),
        ("outbound.test_bed.", fields_of::<TestBedConfig>()),
        ("plugins.", fields_of::<PluginsConfig>()),
        ("log.", fields_of::<LogConfig>()),
        ("metrics.", fields_of::<MetricsConfig>()),
    ];
    let names: Vec<_> = sections.iter().map(|(section, _)| section.trim_end_matches('.')).collect();
    let mut fields: Vec<_> = sections
        .iter()
        .flat_map(|(section, fields)| fields.iter().map(move |field| format!("{section}{field}")))
        .filter(|field| !names.contains(&field.as_str()))
        .collect();
    let mut keys: Vec<_> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    fields.sort();
    keys.sort();
    assert_eq!(fields, keys);
    assert!(KEYS.iter().any(|key| matches!(key.kind, Kind::Secret)));
}

/// The names of the fields that a type's `Deserialize` asks for.
fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    #[derive(Debug)]
    struct Fields(&'static [&'static str]);
    impl std::fmt::Display for Fields {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Ok(())
        }
    }
    impl std::error::Error for Fields {}
    impl serde::de::Error for Fields {
        fn custom<T: std::fmt::Display>(_: T) -> Self {
            Self(&[])
        }
    }
    struct Asks;
    impl<'de> serde::Deserializer<'de> for Asks {
        type Error = Fields;
        fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Fields> {
            Err(Fields(&[]))
        }
        fn deserialize_struct<V: serde::de::Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Fields> {
            Err(Fields(fields))
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    match T::deserialize(Asks) {
        Ok(_) => &[],
        Err(Fields(fields)) => fields,
    }
}
