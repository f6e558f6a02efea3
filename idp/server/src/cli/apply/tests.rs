use std::path::Path;
use std::sync::Arc;

use keyholder_core::application::{ClientAuthentication, OfferedTo, ResponseEncryption};
use keyholder_core::ports::Queries as _;
use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;
use keyholder_store::seal::MasterKey;
use keyholder_store::{SqlStore, SqliteOptions};

use super::plan::Applied;
use super::*;
use crate::wiring::SystemRandom;

const FULL: &str = r##"
[[trust]]
slug = "river"
name = "River Trust"

[[school]]
slug = "oakfield"
name = "Oakfield Primary"
trust = "river"
urn = "123456"
ukprn = "10012345"
[school.branding]
colour = "#1f6f54"
logo = "https://oakfield.example/logo.svg"
help = { name = "Office", email = "office@oakfield.example", phone = "020 7946 0000" }

[[group]]
school = "oakfield"
slug = "teachers"
name = "Teachers"
full = ["incidents.read", "incidents.write"]
restricted = ["incidents.write"]
needs = "multi-factor"

[[pupil_scope]]
school = "oakfield"
kind = "class"
name = "4B"

[[application]]
client_id = "safeguarding"
name = "Safeguarding"
schools = ["oakfield"]
consent = "first-party"
launch_url = "https://safeguarding.example/"
authentication = { method = "client_secret_basic", generate = true }
redirect_uris = ["https://safeguarding.example/callback"]
grant_types = ["authorization_code", "refresh_token"]
scopes = ["openid", "profile", "offline_access"]

[[application]]
client_id = "register"
name = "Register"
trust = "river"
application_type = "native"
authentication = { method = "none" }
redirect_uris = ["uk.example.register:/callback", "http://127.0.0.1/callback"]
scopes = ["openid"]
"##;

/// The public key of RFC 7517 A.1.
const EC_KEYS: &str = "{ keys = [{ kty = 'EC', crv = 'P-256', use = 'enc', \
     x = 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4', y = '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM' }] }";

/// An application as valid as can be, with lines of the test's own.
fn application(lines: &str) -> String {
    let mut text = "[[application]]\nclient_id = 'x'\nname = 'X'\n".to_owned();
    for (key, line) in [
        ("schools", "schools = ['oakfield']"),
        ("authentication", "authentication = { method = 'client_secret_basic', generate = true }"),
        ("redirect_uris", "redirect_uris = ['https://x.example/cb']"),
        ("scopes", "scopes = ['openid']"),
    ] {
        if !lines.lines().any(|own| own.starts_with(key)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text + lines
}

fn parse_text(text: &str) -> Result<Wanted, Vec<Fault>> {
    let is_legible = |colour: &str| colour.starts_with('#') && colour != "#ffff00";
    parse(
        text,
        &Surroundings {
            folder: Path::new("/nowhere"),
            is_legible: &is_legible,
            random: &SystemRandom,
            saml_entity_id: "https://id.example/saml/metadata",
            now: keyholder_core::time::Timestamp::from_seconds(1_800_000_000),
        },
    )
}

fn complaints(text: &str) -> Vec<String> {
    let faults = parse_text(text).map(|wanted| format!("{wanted:?}")).unwrap_err();
    faults.into_iter().map(|fault| format!("{}: {}", fault.key, fault.problem)).collect()
}

struct Bench {
    store: SqlStore,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let sealer = MasterKey::load_or_create(&folder.path().join("master.key"), random).unwrap();
        let options = SqliteOptions::server(folder.path().join("keyholder.db"));
        Self { store: SqlStore::open(&options, Arc::new(sealer)).await.unwrap(), _folder: folder }
    }

    async fn apply(&self, text: &str, unlisted: Unlisted, mode: Mode) -> Result<Applied, Vec<Fault>> {
        let command = Apply {
            wanted: parse_text(text)?,
            unlisted,
            mode,
            now: Timestamp::from_seconds(1_800_000_000),
            random: Arc::new(SystemRandom),
        };
        self.store.execute(command).await.unwrap()
    }

    async fn lines(&self, text: &str, unlisted: Unlisted) -> Vec<String> {
        let applied = self.apply(text, unlisted, Mode::Write).await.unwrap();
        applied.changes.iter().map(ToString::to_string).collect()
    }
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_do_and_keeps_the_generated_secret() {
    let bench = Bench::new().await;
    let first = bench.apply(FULL, Unlisted::Keep, Mode::Write).await.unwrap();
    assert!(first.changes.iter().all(|change| change.kind == ChangeKind::Added), "{:?}", first.changes);
    assert_eq!(first.secrets.len(), 1);
    assert_eq!(first.secrets[0].1.expose_secret().len(), 43, "256 bits in base64url");
    let stored = bench.store.find_application_by_client_id("safeguarding").await.unwrap().unwrap();
    let revision = bench.store.revision("applications").await.unwrap();
    let second = bench.apply(FULL, Unlisted::Remove, Mode::Write).await.unwrap();
    assert!(second.changes.iter().all(|change| change.kind == ChangeKind::Unchanged), "{:?}", second.changes);
    assert_eq!(second.changes.len(), 6);
    assert!(second.secrets.is_empty());
    assert_eq!(bench.store.find_application_by_client_id("safeguarding").await.unwrap().unwrap(), stored);
    assert_eq!(bench.store.revision("applications").await.unwrap(), revision);
}

#[tokio::test]
async fn what_is_stored_is_what_the_file_says() {
    let bench = Bench::new().await;
    bench.apply(FULL, Unlisted::Keep, Mode::Write).await.unwrap();
    let school = bench.store.find_school_by_slug("oakfield").await.unwrap().unwrap();
    let trust = bench.store.find_trust_by_slug("river").await.unwrap().unwrap();
    assert_eq!(school.trust, Some(trust.id));
    assert_eq!(school.branding.help.phone.as_deref(), Some("020 7946 0000"));
    let groups = bench.store.list_groups(school.id).await.unwrap();
    assert_eq!((groups[0].full.len(), groups[0].restricted.as_slice()), (2, ["incidents.write".to_owned()].as_slice()));
    let public = bench.store.find_application_by_client_id("register").await.unwrap().unwrap();
    assert_eq!(public.offered_to, OfferedTo::Trust(trust.id));
    assert!(public.client.require_pkce && public.client.authentication == ClientAuthentication::None);
}

#[tokio::test]
async fn a_change_is_named_and_the_rest_is_kept() {
    let bench = Bench::new().await;
    bench.apply(FULL, Unlisted::Keep, Mode::Write).await.unwrap();
    let less = application("consent = 'first-party'").replace("'x'", "'safeguarding'");
    let lines = bench.lines(&less, Unlisted::Keep).await;
    assert_eq!(lines, ["changed    application safeguarding: grant_types, launch_url, name, redirect_uris, scopes"]);
    assert_eq!(bench.store.list_applications().await.unwrap().len(), 2);
    assert_eq!(bench.store.list_schools().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_school_without_branding_in_the_file_keeps_its_own() {
    let bench = Bench::new().await;
    bench.apply(FULL, Unlisted::Keep, Mode::Write).await.unwrap();
    let lines =
        bench.lines("[[school]]\nslug = 'oakfield'\nname = 'Oakfield'\ntrust = 'river'\n", Unlisted::Keep).await;
    assert_eq!(lines, ["changed    school oakfield: name, ukprn, urn"]);
    let school = bench.store.find_school_by_slug("oakfield").await.unwrap().unwrap();
    assert_eq!(school.branding.colour.as_deref(), Some("#1f6f54"));
}

#[tokio::test]
async fn pruning_removes_unlisted_applications_and_nothing_else() {
    let bench = Bench::new().await;
    bench.apply(FULL, Unlisted::Keep, Mode::Write).await.unwrap();
    let only = application("").replace("'x'", "'safeguarding'");
    let lines = bench.lines(&only, Unlisted::Remove).await;
    assert_eq!(lines.last().unwrap(), "removed    application register");
    let left = bench.store.list_applications().await.unwrap();
    assert_eq!(
        left.iter().map(|application| application.client.client_id.as_str()).collect::<Vec<_>>(),
        ["safeguarding"]
    );
    assert_eq!(bench.store.list_schools().await.unwrap().len(), 1);
    let events = bench.store.list_unsealed_audit(100).await.unwrap();
    assert!(events.iter().any(|event| event.kind == keyholder_core::audit::AuditKind::ApplicationRemoved));
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let bench = Bench::new().await;
    let applied = bench.apply(FULL, Unlisted::Remove, Mode::DryRun).await.unwrap();
    assert_eq!(applied.changes.len(), 6);
    assert!(bench.store.list_schools().await.unwrap().is_empty());
    assert!(bench.store.list_unsealed_audit(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reference_to_nothing_is_told_and_changes_nothing() {
    let bench = Bench::new().await;
    let text =
        format!("{FULL}\n[[group]]\nschool = 'oakfeld'\nslug = 'a'\nname = 'A'\n{}", application("schools = ['elm']"));
    let faults = bench.apply(&text, Unlisted::Keep, Mode::Write).await.unwrap_err();
    let said: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.key, fault.problem)).collect();
    assert_eq!(
        said,
        [
            "group.school: there is no school `oakfeld`, neither here nor stored; did you mean `oakfield`?",
            "application.schools: there is no school `elm`, neither here nor stored",
        ]
    );
    assert!(bench.store.list_schools().await.unwrap().is_empty(), "all or nothing");
}

#[test]
fn every_mistake_in_a_file_is_told_with_its_place() {
    let text = "[[school]]\nslug = 'Oak Field'\nnam = 'Oakfield'\n\n[[group]]\nschool = 'oakfield'\nslug = 'g'\nname = 'G'\nfull = ['a']\nrestricted = ['b']\n\n[[applications]]\nclient_id = 'x'\n";
    let faults = parse_text(text).map(|_| ()).unwrap_err();
    let said: Vec<_> = Faults { file: None, faults }.to_string().lines().map(str::to_owned).collect();
    assert_eq!(
        said,
        [
            "line 1, column 1: `school.name`: it is missing",
            "line 2, column 8: `school.slug`: `Oak Field` is not a slug; expected at most 63 lower-case letters, digits and hyphens",
            "line 3, column 1: `school.nam`: there is no such key; did you mean `name`?",
            "line 10, column 15: `group.restricted`: `b` is not in `full`; expected a part of it",
            "line 12, column 3: `applications`: there is no such key; did you mean `application`?",
        ]
    );
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    let faults = parse_text("[[school]\nslug = 'a'").map(|_| ()).unwrap_err();
    assert!(faults[0].problem.starts_with("not TOML"), "{faults:?}");
}

#[test]
fn wrong_applications_are_refused() {
    let long = "q7Jr0xKf2mVb9ZsN4dWc8hTy1uLpEaGi";
    for (lines, expected) in [
        ("authentication = { method = 'client_secret_basic' }", "application.authentication.secret: it is missing"),
        (
            "authentication = { method = 'client_secret_basic', secret = 'short' }",
            "application.authentication.secret: expected at least 32 random characters",
        ),
        (
            "authentication = { method = 'client_secret_basic', secret = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }",
            "application.authentication.secret: expected at least 32 random characters",
        ),
        (
            &format!("authentication = {{ method = 'none', secret = '{long}' }}"),
            "application.authentication.method: this method has no secret",
        ),
        (
            &format!("authentication = {{ method = 'client_secret_post', generate = true, secret = '{long}' }}"),
            "application.authentication.secret: expected only one of",
        ),
        (
            "authentication = { method = 'client_secret_post', secret_file = 'no.txt' }",
            "application.authentication.secret_file: /nowhere/no.txt cannot be read: there is no such file",
        ),
        (
            "authentication = { method = 'client_secret_jwt' }",
            "application.authentication.method: `client_secret_jwt` is not known",
        ),
        ("authentication = { method = 'private_key_jwt' }", "application.authentication.jwks: it is missing"),
        (
            "authentication = { method = 'private_key_jwt', jwks = { keys = [] } }",
            "application.authentication.jwks: expected a JWK Set",
        ),
        (
            "authentication = { method = 'private_key_jwt', jwks = '{\"keys\": [{\"kty\": \"EC\", \"d\": \"x\"}]}' }",
            "application.authentication.jwks: it holds a private or symmetric key",
        ),
        (
            "authentication = { method = 'private_key_jwt', jwks = { keys = [{ kty = 'oct', k = 'x' }] } }",
            "application.authentication.jwks: it holds a private or symmetric key",
        ),
        (
            "authentication = { method = 'private_key_jwt', jwks_uri = 'http://x.example/jwks' }",
            "application.authentication.jwks_uri: expected an address that begins with `https://`",
        ),
        ("schools = ['oakfield']\ntrust = 'river'", "application.schools: expected either `schools` or `trust`"),
        ("schools = []", "application.schools: expected at least one school"),
        ("schools = ['oakfield', 'oakfield']", "application.schools: `oakfield` is listed twice"),
        ("authentication = { method = 'none' }\nrequire_pkce = false", "application.require_pkce: a public client"),
        (
            "authentication = { method = 'none' }\ngrant_types = ['client_credentials']",
            "application.grant_types: `client_credentials` needs a client that can keep a secret",
        ),
        ("grant_types = ['implicit']", "application.grant_types: `implicit` is not known"),
        (
            "grant_types = ['authorisation_code']",
            "application.grant_types: `authorisation_code` is not known; expected one of `authorization_code`, `refresh_token`, `client_credentials`; did you mean `authorization_code`?",
        ),
        ("response_types = ['token']", "application.response_types: `token` is not known"),
        (
            "scopes = ['openid', 'offline_access']",
            "application.scopes: `offline_access` needs the grant type `refresh_token`",
        ),
        ("scopes = ['opendi']", "application.scopes: `opendi` is not known"),
        ("consent = 'never'", "application.consent: `never` is not known"),
        ("id_token_signed_response_alg = 'none'", "application.id_token_signed_response_alg: `none` is not known"),
        ("id_token_signed_response_alg = 'HS256'", "application.id_token_signed_response_alg: `HS256` is not known"),
        ("origins = ['https://x.example/']", "application.origins: `https://x.example/`: expected `https://x.example`"),
        ("default_max_age = 0", "application.default_max_age: expected a whole number from 1 to 31536000"),
        (
            "launch_url = 'javascript:alert(1)'",
            "application.launch_url: expected an address that begins with `https://`",
        ),
        (
            "redirect_uris = 'https://x.example/cb'",
            "application.redirect_uris: it is of type string; expected a list of texts",
        ),
    ] {
        assert_refused(lines, expected);
    }
}

#[test]
fn logout_addresses_and_encryption_that_cannot_work_are_refused() {
    for (lines, expected) in [
        (
            "backchannel_logout_uri = 'http://x.example/out'",
            "application.backchannel_logout_uri: expected an address that begins with `https://`",
        ),
        ("backchannel_logout_uri = 'https://x.example/out#a'", "application.backchannel_logout_uri: "),
        (
            "backchannel_logout_session_required = 'yes'",
            "application.backchannel_logout_session_required: it is of type string",
        ),
        (
            "frontchannel_logout_uri = 'javascript:alert(1)'",
            "application.frontchannel_logout_uri: expected an address that begins with `https://`",
        ),
        (
            "frontchannel_logout_uri = 'https://y.example/out'",
            "application.frontchannel_logout_uri: its scheme, host and port are those of no redirect address",
        ),
        (
            "frontchannel_logout_uri = 'https://x.example:8443/out'",
            "application.frontchannel_logout_uri: its scheme, host and port are those of no redirect address",
        ),
        (
            "id_token_encrypted_response_alg = 'RSA1_5'",
            "application.id_token_encrypted_response_alg: `RSA1_5` is not known",
        ),
        ("id_token_encrypted_response_enc = 'A256GCM'", "application.id_token_encrypted_response_alg: it is missing"),
        (
            "userinfo_encrypted_response_alg = 'ECDH-ES'\nuserinfo_encrypted_response_enc = 'A256CTR'",
            "application.userinfo_encrypted_response_enc: `A256CTR` is not known",
        ),
        ("userinfo_encrypted_response_alg = 'ECDH-ES'", "application.jwks: it is missing"),
        (
            &format!("id_token_encrypted_response_alg = 'RSA-OAEP-256'\njwks = {EC_KEYS}"),
            "application.jwks: it holds no key for `RSA-OAEP-256`",
        ),
        (
            &format!(
                "id_token_encrypted_response_alg = 'RSA-OAEP-256'\n\
                 authentication = {{ method = 'private_key_jwt', jwks = {EC_KEYS} }}"
            ),
            "application.jwks: it holds no key for `RSA-OAEP-256`",
        ),
        (
            &format!("jwks = {EC_KEYS}\nauthentication = {{ method = 'private_key_jwt', jwks = {EC_KEYS} }}"),
            "application.jwks: the keys of `private_key_jwt` stand in `authentication`",
        ),
    ] {
        assert_refused(lines, expected);
    }
}

fn assert_refused(lines: &str, expected: &str) {
    let said = complaints(&application(lines));
    assert!(said.iter().any(|said| said.starts_with(expected)), "{lines}\nsaid: {said:#?}\nexpected: {expected}");
}

#[tokio::test]
async fn logout_and_encryption_are_stored_as_the_file_says() {
    let bench = Bench::new().await;
    let text = application(&format!(
        "backchannel_logout_uri = 'https://other.example/out'\nbackchannel_logout_session_required = true\n\
         frontchannel_logout_uri = 'https://x.example/away?a=b'\nfrontchannel_logout_session_required = true\n\
         id_token_encrypted_response_alg = 'ECDH-ES'\n\
         userinfo_encrypted_response_alg = 'ECDH-ES+A256KW'\nuserinfo_encrypted_response_enc = 'A256GCM'\n\
         jwks = {EC_KEYS}"
    ));
    let text = format!("{FULL}\n{text}");
    bench.apply(&text, Unlisted::Keep, Mode::Write).await.unwrap();
    let client = bench.store.find_application_by_client_id("x").await.unwrap().unwrap().client;
    assert_eq!(client.backchannel_logout_uri.unwrap().as_str(), "https://other.example/out");
    assert_eq!(client.frontchannel_logout_uri.unwrap().as_str(), "https://x.example/away?a=b");
    assert!(client.backchannel_logout_session_required && client.frontchannel_logout_session_required);
    let names =
        |encryption: Option<ResponseEncryption>| encryption.map(|one| (one.alg.name(), one.enc.name())).unwrap();
    // Dynamic Client Registration 2: "If id_token_encrypted_response_alg is specified, the default ... is A128CBC-HS256."
    assert_eq!(names(client.id_token_encrypted_response), ("ECDH-ES", "A128CBC-HS256"));
    assert_eq!(names(client.userinfo_encrypted_response), ("ECDH-ES+A256KW", "A256GCM"));
    let applied = bench.apply(&text, Unlisted::Keep, Mode::Write).await.unwrap();
    assert!(applied.changes.iter().all(|change| change.kind == ChangeKind::Unchanged), "{:?}", applied.changes);
}

#[test]
fn a_secret_is_not_told_and_not_kept() {
    let secret = "q7Jr0xKf2mVb9ZsN4dWc8hTy1uLpEaGi";
    let wanted = parse_text(&application(&format!(
        "authentication = {{ method = 'client_secret_basic', secret = '{secret}' }}"
    )));
    assert!(!format!("{:?}", wanted.unwrap()).contains(secret));
    let short = "authentication = { method = 'client_secret_basic', secret = 'hunter2' }";
    assert!(!complaints(&application(short)).join("").contains("hunter2"));
}

#[test]
fn redirect_addresses_are_exact_and_https() {
    for bad in [
        "http://x.example/cb",
        "https://x.example/cb#a",
        "https://x.example/#",
        "https://*.example/cb",
        "https://x.example/*",
        "https://me@x.example/cb",
        "https://x.example/a/../cb",
        "https://X.example/cb",
        "https://x.example:443/cb",
        "https://x.example\\\\@y.example/cb",
        "https://x.example/c b",
        "https://x.example/ü",
        "/cb",
        "x.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://localhost.example/cb",
        "http://127.0.0.1.example/cb",
        "uk.example.app:/cb",
    ] {
        let said = complaints(&application(&format!("redirect_uris = [\"{bad}\"]")));
        assert!(said.iter().any(|said| said.starts_with("application.redirect_uris")), "{bad}: {said:?}");
    }
    for bad in ["app:/cb", "javascript:alert(1)", "http://x.example/cb"] {
        let said = complaints(&application(&format!("application_type = 'native'\nredirect_uris = ['{bad}']")));
        assert!(said.iter().any(|said| said.starts_with("application.redirect_uris")), "{bad}: {said:?}");
    }
    for good in [
        "https://x.example",
        "https://x.example/",
        "https://x.example:8443/cb?a=b",
        "http://localhost:3000/cb",
        "http://127.0.0.1:8081/cb",
        "http://[::1]:3000/cb",
    ] {
        assert!(parse_text(&application(&format!("redirect_uris = ['{good}']"))).is_ok(), "{good}");
    }
}

#[test]
fn a_colour_that_cannot_be_read_is_refused() {
    let said = complaints(
        "[[school]]\nslug = 'a'\nname = 'A'\nbranding = { colour = '#ffff00', logo = 'http://a.example/l.png' }\n",
    );
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("school.branding.colour: expected a colour"), "{said:?}");
}
