//! Metadata from servers on this machine, signed by a federation made here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_core::ports::{Command, Queries as _, SamlQueries as _, StoreError, Transaction};
use keyholder_core::saml::{MetadataSource, SamlMetadata, ServiceProvider as Stored};
use keyholder_core::time::Timestamp;
use keyholder_saml::certificate::Certificate;
use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::metadata::query_address;
use keyholder_saml::names::METADATA;
use keyholder_saml::service_provider::{ServiceProvider, SpMetadata};
use keyholder_saml::signer::{NativeSigner, Signer as _, sign_enveloped};
use keyholder_saml::templates::Template;
use url::Url;

use super::*;
use crate::applications::REVISION;
use crate::config::{Config, OutboundConfig};
use crate::oidc::back::tests::bed::{Bed, START};
use crate::outbound::Fetcher;
use crate::outbound::test_publisher::{Publisher, fetcher, on_test_bed};
use crate::workers::describe;

pub(crate) const OWN: &str = "http://localhost:8080/saml/metadata";
pub(crate) const SP: &str = "https://sp.example/metadata";

fn generate() -> NativeSigner {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
    NativeSigner::from_pkcs8(&key.serialize_der(), certificate.der().to_vec()).unwrap()
}

/// Whose signature is pinned, and another's.
pub(crate) static FEDERATION: LazyLock<NativeSigner> = LazyLock::new(generate);
static SOMEBODY: LazyLock<NativeSigner> = LazyLock::new(generate);

pub(crate) fn pinned() -> Vec<String> {
    vec![Certificate::from_der(FEDERATION.certificate().to_vec()).unwrap().to_base64()]
}

/// Metadata of a service provider that counts for so many days.
pub(crate) fn document(entity_id: &str, acs: &str, days: i64) -> String {
    let until = chrono::DateTime::from_timestamp(START.as_seconds() + days * 86_400, 0).unwrap();
    let until = until.format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        r#"<EntityDescriptor xmlns="{METADATA}" ID="_e" entityID="{entity_id}" validUntil="{until}"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{acs}" index="0"/></SPSSODescriptor></EntityDescriptor>"#
    )
}

fn signed_by(signer: &NativeSigner, document: &str) -> String {
    let root = if document.starts_with("<EntitiesDescriptor") { "EntitiesDescriptor" } else { "EntityDescriptor" };
    let gated = parse_document(document.as_bytes(), METADATA, root, &Limits::METADATA).unwrap();
    sign_enveloped(gated.unverified().clone(), signer).unwrap().canonical()
}

pub(crate) fn signed(document: &str) -> String {
    signed_by(&FEDERATION, document)
}

fn good() -> String {
    document(SP, "https://sp.example/acs", 14)
}

fn from(address: &Url, entity_id: Option<&str>, certificates: Vec<String>) -> MetadataSource {
    MetadataSource { address: address.clone(), entity_id: entity_id.map(str::to_owned), certificates }
}

async fn first(fetcher: &Fetcher, source: &MetadataSource) -> Result<SpMetadata, String> {
    fetch_first(fetcher, source, OWN, START).await.map_err(|error| describe(&error))
}

#[actix_web::test]
async fn metadata_is_had_from_an_address_a_query_server_and_an_aggregate() {
    let publisher = Publisher::of(&signed(&good())).await;
    let alone = first(&fetcher(), &from(&publisher.url, None, pinned())).await.unwrap();
    assert_eq!(alone.entity_id, SP);
    let base = publisher.url.join("/mdq/").unwrap();
    let address = query_address(base.as_str(), SP).parse().unwrap();
    let asked = first(&fetcher(), &from(&address, Some(SP), pinned())).await.unwrap();
    assert_eq!(asked, alone);
    assert_eq!(publisher.asked()[1], "GET /mdq/entities/https%3A%2F%2Fsp.example%2Fmetadata HTTP/1.1");

    let aggregate = vector("aggregate-signed.xml");
    publisher.publish(&aggregate);
    let text = vector("federation.pem");
    let federation = Certificate::from_pem_file(&text).unwrap().iter().map(Certificate::to_base64).collect();
    let one = from(&publisher.url, Some("https://one.example/metadata"), federation);
    assert_eq!(first(&fetcher(), &one).await.unwrap().entity_id, "https://one.example/metadata");
}

fn vector(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/saml/metadata/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

#[actix_web::test]
async fn a_document_that_cannot_be_trusted_is_refused() {
    let publisher = Publisher::of("").await;
    let ours = "http://localhost:8080/saml/e/oakfield";
    let mut otherwise = Vec::new();
    for (what, document, entity_id, certificates, part) in [
        ("unsigned where pinned", good(), Some(SP), pinned(), "signature"),
        ("signed by another", signed_by(&SOMEBODY, &good()), Some(SP), pinned(), "no known key"),
        ("altered", signed(&good()).replace("/acs", "/other"), Some(SP), pinned(), "signature"),
        ("expired", signed(&document(SP, "https://sp.example/acs", -1)), Some(SP), pinned(), "has passed"),
        ("expired, unsigned", document(SP, "https://sp.example/acs", -1), Some(SP), vec![], "has passed"),
        ("for too long", signed(&document(SP, "https://sp.example/acs", 60)), Some(SP), pinned(), "too far away"),
        ("for ever", good().replace(" validUntil=", " a="), None, vec![], "no validUntil"),
        ("another's", signed(&good()), Some("https://other.example"), pinned(), "not the one expected"),
        ("ours", signed(&document(OWN, "https://sp.example/acs", 14)), None, pinned(), "our own"),
        ("an application's", signed(&document(ours, "https://sp.example/acs", 14)), None, pinned(), "our own"),
        ("an application's", signed(&document(ours, "https://sp.example/acs", 14)), Some(ours), pinned(), "our own"),
        ("no metadata", "<html></html>".to_owned(), Some(SP), vec![], "root"),
    ] {
        publisher.publish(&document);
        let refused = match first(&fetcher(), &from(&publisher.url, entity_id, certificates)).await {
            Ok(_) => "it is taken".to_owned(),
            Err(refused) => refused,
        };
        if !refused.contains(part) {
            otherwise.push(format!("{what}: {refused}"));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}

#[actix_web::test]
async fn an_address_that_leads_inward_is_not_asked() {
    let target = Publisher::of(&good()).await;
    let strict = Fetcher::new(&OutboundConfig::default()).unwrap();
    for (address, entity_id) in [
        (target.url.as_str(), None),
        (target.url.as_str(), Some(SP)),
        ("https://localhost:1/metadata", Some(SP)),
        ("https://169.254.169.254/latest/meta-data", None),
        ("https://[::ffff:10.0.0.1]/metadata", Some(SP)),
        ("file:///etc/passwd", None),
        ("file:///etc/passwd", Some(SP)),
    ] {
        let source = from(&address.parse().unwrap(), entity_id, vec![]);
        let refused = first(&strict, &source).await.unwrap_err();
        assert!(refused.starts_with("the address is refused"), "{address}: {refused}");
    }
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", target.url);
    let publisher = Publisher::of("").await;
    publisher.answer(&redirect);
    for entity_id in [None, Some(SP)] {
        let refused = first(&fetcher(), &from(&publisher.url, entity_id, vec![])).await.unwrap_err();
        assert!(refused.contains("302"), "{refused}");
    }
    assert_eq!(target.asked(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_document_without_end_is_cut_off() {
    let publisher = Publisher::of(&format!("{}<!--{}-->", good(), "x".repeat(1024 * 1024))).await;
    let refused = first(&fetcher(), &from(&publisher.url, None, vec![])).await.unwrap_err();
    assert!(refused.contains("too long"), "{refused}");
    // Where an aggregate may stand, it is none.
    let refused = first(&fetcher(), &from(&publisher.url, Some(SP), vec![])).await.unwrap_err();
    assert!(!refused.is_empty());
}

#[actix_web::test]
async fn a_server_that_hangs_is_given_up() {
    let receiver = crate::outbound::test_receiver::Receiver::hanging("200 OK").await;
    let hasty = Fetcher::with_timeout(&on_test_bed(), Duration::from_millis(1)).unwrap();
    for entity_id in [None, Some(SP)] {
        let refused = first(&hasty, &from(&receiver.url, entity_id, vec![])).await.unwrap_err();
        assert!(refused.starts_with("the address did not answer"), "{refused}");
    }
}

/// An application with a source.
struct Register(RelyingApplication, SamlMetadata);

#[async_trait]
impl Command for Register {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_application(&self.0).await?;
        transaction.put_saml_metadata(&self.1).await?;
        transaction.raise_revision(REVISION).await
    }
}

/// A whole application that may ask this machine.
pub(crate) async fn bed() -> Bed {
    Bed::open_with(Config { outbound: on_test_bed(), ..Config::default() }).await
}

/// Registers what a source has today, as `apply` does.
pub(crate) async fn register(bed: &Bed, client_id: &str, source: MetadataSource) -> RelyingApplication {
    let now = bed.app.now();
    let metadata = fetch_first(&bed.app.fetcher, &source, OWN, now).await.unwrap();
    let mut application = bed.register(client_id, |_| {}).await;
    let row = SamlMetadata {
        application: application.id,
        source,
        fetched_at: now,
        next_refresh: next_look(&metadata, now, bed.app.random.as_ref()),
        failure: None,
    };
    let entity_id = metadata.entity_id.clone();
    let provider = ServiceProvider { metadata, settings: Template::Generic.settings() };
    application.saml = Some(Stored { entity_id, registration: serde_json::to_value(provider).unwrap() });
    bed.app.store.execute(Register(application.clone(), row)).await.unwrap();
    application
}

async fn look(bed: &Bed, older: Older) -> Vec<Outcome> {
    let rows = bed.app.store.list_saml_metadata().await.unwrap();
    let around = Surroundings {
        store: &bed.app.store,
        fetcher: &bed.app.fetcher,
        random: bed.app.random.as_ref(),
        own: OWN,
        now: bed.app.now(),
    };
    refresh(&around, rows, older).await.unwrap()
}

/// The only service provider there is, as it is stored.
async fn stored(bed: &Bed) -> SpMetadata {
    let mut providers = list_providers(&bed.app.store).await.unwrap();
    assert_eq!(providers.len(), 1);
    providers.remove(0).registered.unwrap().metadata
}

async fn row(bed: &Bed) -> SamlMetadata {
    bed.app.store.list_saml_metadata().await.unwrap().remove(0)
}

fn acs(metadata: &SpMetadata) -> &str {
    &metadata.assertion_consumer_services[0].location
}

#[actix_web::test]
async fn what_a_service_provider_says_anew_counts_and_its_settings_stay() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&good())).await;
    let application = register(&bed, "sp", from(&publisher.url, None, pinned())).await;
    let revision = bed.app.store.revision(REVISION).await.unwrap();

    // The same again is no change, and wakes nobody.
    assert_eq!(look(&bed, Older::Refused).await[0].result, Ok(Renewed::Unchanged));
    assert_eq!(bed.app.store.revision(REVISION).await.unwrap(), revision);

    bed.clock.advance(Duration::from_hours(24));
    publisher.publish(&signed(&document(SP, "https://sp.example/new", 15)));
    assert_eq!(look(&bed, Older::Refused).await[0].result, Ok(Renewed::Changed));
    let metadata = stored(&bed).await;
    assert_eq!(acs(&metadata), "https://sp.example/new");
    assert!(bed.app.store.revision(REVISION).await.unwrap() > revision);
    let row = row(&bed).await;
    assert_eq!((row.fetched_at, &row.failure), (bed.app.now(), &None));
    let day = bed.app.now().plus(Duration::from_hours(24));
    assert!(row.next_refresh <= day && row.next_refresh >= day.minus(Duration::from_hours(3)), "{row:?}");
    let events = bed.app.store.list_unsealed_audit(100).await.unwrap();
    let told = events.iter().filter(|event| event.kind == AuditKind::ApplicationChanged);
    assert!(told.map(|event| event.application).eq([Some(application.id)]), "one line of the log, for the one change");

    // A later end alone comes into force, and is no news.
    publisher.publish(&signed(&document(SP, "https://sp.example/new", 16)));
    assert_eq!(look(&bed, Older::Refused).await[0].result, Ok(Renewed::Unchanged));
    assert_eq!(stored(&bed).await.valid_until, Some(START.plus(Duration::from_hours(24 * 16))));
}

#[actix_web::test]
async fn the_last_good_copy_stays_and_failures_wait_longer_and_longer() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&good())).await;
    register(&bed, "sp", from(&publisher.url, None, pinned())).await;
    let before = stored(&bed).await;
    publisher.publish(&good());
    let began = bed.app.now();
    let mut waits = Vec::new();
    for attempt in 1..=12 {
        assert!(look(&bed, Older::Refused).await[0].result.is_err());
        let row = row(&bed).await;
        let failure = row.failure.unwrap();
        assert_eq!((failure.attempts, failure.since, row.fetched_at), (attempt, began, began));
        assert!(failure.error.contains("signature"), "{failure:?}");
        waits.push(row.next_refresh.since(bed.app.now()).as_secs().div_ceil(60));
        bed.clock.advance(Duration::from_mins(1));
    }
    let most = [5, 10, 20, 40, 80, 160, 320, 360, 360, 360, 360, 360];
    assert!(waits.iter().zip(most).all(|(wait, most)| *wait <= most && *wait >= most * 9 / 10), "{waits:?}");
    assert_eq!(stored(&bed).await, before);

    publisher.publish(&signed(&good()));
    assert_eq!(look(&bed, Older::Refused).await[0].result, Ok(Renewed::Unchanged));
    assert_eq!(row(&bed).await.failure, None);
}

#[actix_web::test]
async fn no_look_turns_a_service_provider_into_another() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&good())).await;
    // Registered by its address alone, without its name.
    register(&bed, "sp", from(&publisher.url, None, pinned())).await;
    for document in [
        signed(&document("https://other.example", "https://other.example/acs", 14)),
        signed(&document(OWN, "https://other.example/acs", 14)),
        signed(&format!(
            "<EntitiesDescriptor xmlns=\"{METADATA}\" ID=\"_g\" validUntil=\"2027-01-29T08:00:00Z\">{}</EntitiesDescriptor>",
            document("https://other.example", "https://other.example/acs", 14).replace("_e", "_f")
        )),
    ] {
        publisher.publish(&document);
        let refused = look(&bed, Older::Refused).await.remove(0).result.unwrap_err();
        assert!(refused.contains("entityID is not the one expected"), "{refused}");
        assert_eq!(acs(&stored(&bed).await), "https://sp.example/acs");
    }
}

#[actix_web::test]
async fn what_was_signed_before_does_not_come_back() {
    let bed = bed().await;
    let former = signed(&document(SP, "https://sp.example/lost", 14));
    let publisher = Publisher::of(&signed(&document(SP, "https://sp.example/acs", 15))).await;
    register(&bed, "sp", from(&publisher.url, None, pinned())).await;
    publisher.publish(&former);
    let refused = look(&bed, Older::Refused).await.remove(0).result.unwrap_err();
    assert!(refused.contains("older than the copy in force"), "{refused}");
    assert_eq!(acs(&stored(&bed).await), "https://sp.example/acs");
    // A publisher may change its habits: then the operator says so.
    assert_eq!(look(&bed, Older::Accepted).await[0].result, Ok(Renewed::Changed));
    assert_eq!(acs(&stored(&bed).await), "https://sp.example/lost");
}

#[actix_web::test]
async fn an_aggregate_that_several_name_is_fetched_once() {
    let bed = bed().await;
    let publisher = Publisher::of(&vector("aggregate-signed.xml")).await;
    let federation: Vec<_> =
        Certificate::from_pem_file(&vector("federation.pem")).unwrap().iter().map(Certificate::to_base64).collect();
    for name in ["one", "two"] {
        let entity_id = format!("https://{name}.example/metadata");
        register(&bed, name, from(&publisher.url, Some(&entity_id), federation.clone())).await;
    }
    let asked = publisher.asked().len();
    let outcomes = look(&bed, Older::Refused).await;
    assert_eq!(publisher.asked().len(), asked + 1);
    let mut named: Vec<_> = outcomes.iter().map(|outcome| (&*outcome.client_id, &*outcome.entity_id)).collect();
    named.sort_unstable();
    assert_eq!(named, [("one", "https://one.example/metadata"), ("two", "https://two.example/metadata")]);
    assert!(outcomes.iter().all(|outcome| outcome.result == Ok(Renewed::Unchanged)), "{outcomes:?}");
}

#[actix_web::test]
async fn what_is_registered_anew_meanwhile_is_not_overwritten() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&good())).await;
    register(&bed, "sp", from(&publisher.url, None, pinned())).await;
    let rows = bed.app.store.list_saml_metadata().await.unwrap();
    // As if the file were applied between the reading of the rows and the end of the fetching.
    let mut elsewhere = rows.clone();
    elsewhere[0].source.address = "https://elsewhere.example/metadata".parse().unwrap();
    bed.app.store.execute(Put(elsewhere[0].clone())).await.unwrap();
    publisher.publish(&signed(&document(SP, "https://sp.example/new", 15)));
    let own = OWN;
    let (store, fetcher, random) = (&bed.app.store, &bed.app.fetcher, bed.app.random.as_ref());
    let around = Surroundings { store, fetcher, random, own, now: bed.app.now() };
    assert_eq!(refresh(&around, rows, Older::Refused).await.unwrap()[0].result, Ok(Renewed::Gone));
    assert_eq!(acs(&stored(&bed).await), "https://sp.example/acs");
    assert_eq!(bed.app.store.list_saml_metadata().await.unwrap(), elsewhere);
}

struct Put(SamlMetadata);

#[async_trait]
impl Command for Put {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_saml_metadata(&self.0).await
    }
}

#[actix_web::test]
async fn an_operator_learns_what_goes_wrong_before_people_do() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&good())).await;
    register(&bed, "sp", from(&publisher.url, None, pinned())).await;
    let now = bed.app.now();
    let told = async |at: Timestamp| findings(&list_providers(&bed.app.store).await.unwrap()[0], at);
    let only_note = |found: &[(Level, String)]| found.iter().all(|(level, _)| *level == Level::Note);
    // Two weeks to go are every day's state of what is fetched.
    assert!(only_note(&told(now).await), "{:?}", told(now).await);
    publisher.answer("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
    look(&bed, Older::Refused).await;
    look(&bed, Older::Refused).await;
    let found = told(now).await;
    let (level, text) = found.last().unwrap();
    assert_eq!(*level, Level::Warning);
    assert_eq!(
        text,
        "its metadata could not be renewed since 2027-01-15 (tried 2 times): the address answered 503 Service Unavailable"
    );
    let soon = told(now.plus(Duration::from_hours(24 * 13))).await;
    assert!(soon.iter().any(|(_, text)| text.contains("counts until 2027-01-29; then nobody")), "{soon:?}");
    let late = told(now.plus(Duration::from_hours(24 * 14))).await;
    assert_eq!(late.last().unwrap().0, Level::Failed);
    assert!(late.last().unwrap().1.contains("counted until 2027-01-29: nobody can sign in"), "{late:?}");
}

#[test]
fn our_names_are_ours_and_no_others() {
    for ours in [OWN, "http://localhost:8080/saml/e/oakfield", "http://localhost:8080/saml/sso"] {
        assert!(is_ours(OWN, ours), "{ours}");
    }
    for other in
        ["http://localhost:8080/app", "http://localhost:8081/saml/metadata", "https://sp.example/saml/metadata"]
    {
        assert!(!is_ours(OWN, other), "{other}");
    }
}
