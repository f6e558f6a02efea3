//! Service providers whose metadata is fetched, in a file.
#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::ports::{Queries as _, SamlQueries as _};
use keyholder_saml::certificate::Certificate;
use keyholder_saml::service_provider::{ServiceProvider, Sign};
use keyholder_saml::signer::Signer as _;

use super::plan::{Applied, ChangeKind, Unlisted};
use super::saml_tests::{Bench, file};
use crate::outbound::test_publisher::Publisher;
use crate::saml::source::tests::{FEDERATION, SP, document, signed};

fn good() -> String {
    signed(&document(SP, "https://sp.example/acs", 14))
}

async fn bench() -> Bench {
    let bench = Bench::new().await;
    let certificate = Certificate::from_der(FEDERATION.certificate().to_vec()).unwrap().to_base64();
    let pem = format!("Federation:\n-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    std::fs::write(bench.folder.path().join("federation.pem"), pem).unwrap();
    bench
}

fn fields(applied: &Applied) -> Vec<&str> {
    let changed = applied.changes.iter().filter(|change| change.kind == ChangeKind::Changed);
    changed.flat_map(|change| change.fields.iter().map(String::as_str)).collect()
}

async fn acs(bench: &Bench) -> String {
    let application = bench.store.find_application_by_client_id("x").await.unwrap().unwrap();
    let provider: ServiceProvider = serde_json::from_value(application.saml.unwrap().registration).unwrap();
    provider.metadata.assertion_consumer_services[0].location.clone()
}

#[tokio::test]
async fn metadata_is_fetched_once_and_then_left_to_the_schedule() {
    let (bench, publisher) = (bench().await, Publisher::of(&good()).await);
    let saml = format!("{{ metadata_url = '{}', metadata_certificate = 'federation.pem' }}", publisher.url);
    bench.apply(&file("x", &saml), Unlisted::Keep).await.unwrap();
    let rows = bench.store.list_saml_metadata().await.unwrap();
    assert_eq!((&rows[0].source.address, rows[0].source.certificates.len()), (&publisher.url, 1));
    assert_eq!(acs(&bench).await, "https://sp.example/acs");

    // A second run finds nothing to do, and does not even ask.
    publisher.answer("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
    let again = bench.apply(&file("x", &saml), Unlisted::Keep).await.unwrap();
    assert!(again.changes.iter().all(|change| change.kind == ChangeKind::Unchanged), "{:?}", again.changes);
    assert_eq!(publisher.asked().len(), 1);
    assert_eq!(bench.store.list_saml_metadata().await.unwrap(), rows);

    // Settings change without the publisher; what was fetched stays.
    let both = saml.replace(" }", ", sign = 'both' }");
    let changed = bench.apply(&file("x", &both), Unlisted::Keep).await.unwrap();
    assert_eq!(fields(&changed), ["saml"]);
    let application = bench.store.find_application_by_client_id("x").await.unwrap().unwrap();
    let provider: ServiceProvider = serde_json::from_value(application.saml.unwrap().registration).unwrap();
    assert_eq!((provider.settings.sign, provider.metadata.entity_id.as_str()), (Sign::Both, SP));
    assert_eq!(bench.store.list_saml_metadata().await.unwrap(), rows);
    assert_eq!(publisher.asked().len(), 1);
}

#[tokio::test]
async fn another_source_is_asked_at_once_and_a_file_ends_the_fetching() {
    let (bench, publisher) = (bench().await, Publisher::of(&good()).await);
    let saml = format!("{{ metadata_url = '{}', metadata_certificate = 'federation.pem' }}", publisher.url);
    bench.apply(&file("x", &saml), Unlisted::Keep).await.unwrap();
    let query = format!(
        "{{ metadata_query = '{}', entity_id = '{SP}', metadata_certificate = 'federation.pem' }}",
        publisher.url.join("/mdq").unwrap()
    );
    let changed = bench.apply(&file("x", &query), Unlisted::Keep).await.unwrap();
    assert_eq!(fields(&changed), ["metadata_source"]);
    assert_eq!(publisher.asked()[1], "GET /mdq/entities/https%3A%2F%2Fsp.example%2Fmetadata HTTP/1.1");
    let changed = bench.apply(&file("x", "{ metadata_file = 'sp.xml' }"), Unlisted::Keep).await.unwrap();
    assert!(fields(&changed).contains(&"metadata_source"), "{:?}", changed.changes);
    assert_eq!(bench.store.list_saml_metadata().await.unwrap(), []);
}

#[tokio::test]
async fn unsigned_metadata_is_fetched_only_where_the_operator_says_so() {
    let (bench, publisher) = (bench().await, Publisher::of(&document(SP, "https://sp.example/acs", 14)).await);
    let url = &publisher.url;
    let complaint = bench.complaint(&file("x", &format!("{{ metadata_url = '{url}' }}")));
    assert!(complaint.starts_with("application.saml.metadata_certificate: it is missing"), "{complaint}");
    assert!(complaint.contains("`metadata_unsigned = true`"), "{complaint}");
    assert_eq!(publisher.asked(), Vec::<String>::new());
    let unsigned = format!("{{ metadata_url = '{url}', metadata_unsigned = true }}");
    bench.apply(&file("x", &unsigned), Unlisted::Keep).await.unwrap();
    assert_eq!(acs(&bench).await, "https://sp.example/acs");
}

#[tokio::test]
async fn what_cannot_be_fetched_is_told_with_its_key_and_changes_nothing() {
    let (bench, publisher) = (bench().await, Publisher::of(&good()).await);
    let url = &publisher.url;
    let pinned = format!("metadata_url = '{url}', metadata_certificate = 'federation.pem'");
    for (saml, answer, part) in [
        (pinned.clone(), document(SP, "https://sp.example/acs", 14), "the signature does not count"),
        (format!("{pinned}, entity_id = 'https://other.example'"), good(), "the entityID is not the one expected"),
        (pinned.clone(), signed(&document("https://id.example/saml/metadata", "https://a.example", 14)), "is our own"),
        (
            format!("metadata_url = '{url}', metadata_unsigned = true"),
            good().replace("validUntil", "a"),
            "no validUntil",
        ),
        (pinned.replace("http://127.0.0.1", "https://10.0.0.1"), good(), "the address is refused"),
    ] {
        publisher.publish(&answer);
        let faults = bench.apply(&file("x", &format!("{{ {saml} }}")), Unlisted::Keep).await.unwrap_err();
        assert_eq!((faults.len(), faults[0].key.as_str()), (1, "application.saml.metadata_url"), "{faults:?}");
        assert!(faults[0].problem.contains(part), "{saml}: {}", faults[0].problem);
        assert!(bench.store.find_application_by_client_id("x").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn two_applications_cannot_fetch_the_same_service_provider() {
    let (bench, publisher) = (bench().await, Publisher::of(&good()).await);
    let saml = format!("{{ metadata_url = '{}', metadata_certificate = 'federation.pem' }}", publisher.url);
    let second = file("y", &saml).replace("[[school]]\nslug = 'oakfield'\nname = 'Oakfield'\n", "");
    let faults = bench.apply(&(file("x", &saml) + &second), Unlisted::Keep).await.unwrap_err();
    assert!(faults.len() == 1 && faults[0].problem.contains("is listed twice"), "{faults:?}");
    bench.apply(&file("x", &saml), Unlisted::Keep).await.unwrap();
    let faults = bench.apply(&file("y", &saml), Unlisted::Keep).await.unwrap_err();
    assert!(faults[0].problem.contains("registered for the application `x`"), "{faults:?}");
}

#[tokio::test]
async fn mistakes_about_a_source_are_told() {
    let bench = bench().await;
    std::fs::write(bench.folder.path().join("empty.pem"), "nothing").unwrap();
    std::fs::write(
        bench.folder.path().join("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    )
    .unwrap();
    let weak = include_bytes!("../../../../../tests/vectors/saml/keys/rsa-1024.certificate.der");
    let weak = Certificate::from_der(weak.to_vec()).unwrap().to_base64();
    let weak = format!("-----BEGIN CERTIFICATE-----\n{weak}\n-----END CERTIFICATE-----");
    std::fs::write(bench.folder.path().join("weak.pem"), weak).unwrap();
    let url = "metadata_url = 'https://sp.example/metadata'";
    for (saml, key, part) in [
        (format!("{url}, metadata_certificate = 'none.pem'"), "metadata_certificate", "cannot be read"),
        (format!("{url}, metadata_certificate = 'empty.pem'"), "metadata_certificate", "has no certificate"),
        (
            format!("{url}, metadata_certificate = 'broken.pem'"),
            "metadata_certificate",
            "certificate that cannot be read",
        ),
        (format!("{url}, metadata_certificate = 'weak.pem'"), "metadata_certificate", "less than 2048 bits"),
        (
            format!("{url}, metadata_certificate = 'federation.pem', metadata_unsigned = true"),
            "metadata_unsigned",
            "is not unsigned",
        ),
        (format!("{url}, metadata_unsigned = true, metadata_file = 'sp.xml'"), "metadata_file", "expected one of"),
        ("metadata_file = 'sp.xml', metadata_unsigned = true".into(), "metadata_unsigned", "goes with `metadata_url`"),
        ("metadata_url = 'http://sp.example', metadata_unsigned = true".into(), "metadata_url", "https://"),
        ("metadata_url = 'file:///etc/passwd', metadata_unsigned = true".into(), "metadata_url", "https://"),
        ("metadata_query = 'https://mdq.example', metadata_unsigned = true".into(), "entity_id", "it is missing"),
        ("assertion_consumer_service = 'https://sp.example/acs'".into(), "entity_id", "it is missing"),
    ] {
        let complaint = bench.complaint(&file("x", &format!("{{ {saml} }}")));
        assert!(
            complaint.starts_with(&format!("application.saml.{key}: ")) && complaint.contains(part),
            "{saml}: {complaint}"
        );
    }
}
