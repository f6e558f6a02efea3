//! Service providers in a file.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use keyholder_core::ports::Queries as _;
use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;
use keyholder_saml::attributes::Fact;
use keyholder_saml::messages::NameIdFormat;
use keyholder_saml::service_provider::{ServiceProvider, Sign};
use keyholder_store::seal::MasterKey;
use keyholder_store::{SqlStore, SqliteOptions};

use super::plan::{Applied, Apply, Mode, Unlisted};
use super::saml_fetch::{Fetching, fetch_metadata};
use super::wanted::Surroundings;
use super::{Fault, parse};
use crate::wiring::SystemRandom;

const OWN: &str = "https://id.example/saml/metadata";
const METADATA: &str = r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/metadata">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="1"/>
</md:SPSSODescriptor></md:EntityDescriptor>"#;

pub(super) struct Bench {
    pub(super) store: SqlStore,
    pub(super) folder: tempfile::TempDir,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let sealer = MasterKey::load_or_create(&folder.path().join("master.key"), random).unwrap();
        let options = SqliteOptions::server(folder.path().join("keyholder.db"));
        let store = SqlStore::open(&options, Arc::new(sealer)).await.unwrap();
        std::fs::write(folder.path().join("sp.xml"), METADATA).unwrap();
        Self { store, folder }
    }

    pub(super) async fn apply(&self, text: &str, unlisted: Unlisted) -> Result<Applied, Vec<Fault>> {
        let mut wanted = read(self.folder.path(), text)?;
        let now = Timestamp::from_seconds(1_800_000_000);
        let outbound = &crate::outbound::test_publisher::on_test_bed();
        let fetching = Fetching { outbound, random: &SystemRandom, saml_entity_id: OWN, now };
        let faults = fetch_metadata(&mut wanted, &self.store, &fetching).await.unwrap();
        if !faults.is_empty() {
            return Err(faults);
        }
        let command = Apply { wanted, unlisted, mode: Mode::Write, now, random: Arc::new(SystemRandom) };
        self.store.execute(command).await.unwrap()
    }

    pub(super) fn complaint(&self, text: &str) -> String {
        let faults = read(self.folder.path(), text).map(|wanted| format!("{wanted:?}")).unwrap_err();
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        format!("{}: {}", fault.key, fault.problem)
    }
}

fn read(folder: &Path, text: &str) -> Result<super::Wanted, Vec<Fault>> {
    let now = Timestamp::from_seconds(1_800_000_000);
    let around = Surroundings { folder, is_legible: &|_| true, random: &SystemRandom, saml_entity_id: OWN, now };
    parse(text, &around)
}

pub(super) fn file(client_id: &str, saml: &str) -> String {
    format!(
        "[[school]]\nslug = 'oakfield'\nname = 'Oakfield'\n\
         [[application]]\nclient_id = '{client_id}'\nname = 'X'\nschools = ['oakfield']\nsaml = {saml}\n"
    )
}

#[tokio::test]
async fn a_service_provider_is_registered_from_its_metadata() {
    let bench = Bench::new().await;
    let text = file("x", "{ metadata_file = 'sp.xml', sign = 'both', name_id = 'transient', release = ['groups'] }");
    bench.apply(&text, Unlisted::Keep).await.unwrap();
    let application = bench.store.find_application_by_client_id("x").await.unwrap().unwrap();
    assert!(!application.client.speaks(), "it speaks SAML alone");
    let saml = application.saml.unwrap();
    assert_eq!(saml.entity_id, "https://sp.example/metadata");
    let provider: ServiceProvider = serde_json::from_value(saml.registration).unwrap();
    assert_eq!(provider.metadata.assertion_consumer_services[0].location, "https://sp.example/acs");
    assert_eq!((provider.settings.sign, provider.settings.name_id), (Sign::Both, NameIdFormat::Transient));
    assert_eq!(provider.settings.release.iter().map(|release| release.fact).collect::<Vec<_>>(), [Fact::Groups]);
    let again = bench.apply(&text, Unlisted::Keep).await.unwrap();
    assert!(again.changes.iter().all(|change| change.fields.is_empty()), "{:?}", again.changes);
}

#[tokio::test]
async fn an_entity_id_is_registered_once_and_never_our_own() {
    let bench = Bench::new().await;
    bench.apply(&file("x", "{ metadata_file = 'sp.xml' }"), Unlisted::Keep).await.unwrap();
    let by_hand =
        "{ entity_id = 'https://sp.example/metadata', assertion_consumer_service = 'https://sp.example/acs' }";
    let faults = bench.apply(&file("y", by_hand), Unlisted::Keep).await.unwrap_err();
    assert!(faults[0].problem.contains("registered for the application `x`"), "{faults:?}");
    bench.apply(&file("y", by_hand), Unlisted::Remove).await.unwrap();
    assert!(bench.store.find_application_by_client_id("x").await.unwrap().is_none(), "it moved to the other");

    let alone = |text: String| text.replace("[[school]]\nslug = 'oakfield'\nname = 'Oakfield'\n", "");
    let other = by_hand.replace("sp.example", "other.example");
    bench.apply(&(file("x", &other) + &alone(file("y", by_hand))), Unlisted::Keep).await.unwrap();
    bench.apply(&(file("x", by_hand) + &alone(file("y", &other))), Unlisted::Keep).await.unwrap();
    let swapped = bench.store.find_application_by_client_id("x").await.unwrap().unwrap();
    assert_eq!(swapped.saml.unwrap().entity_id, "https://sp.example/metadata");

    let twice =
        file("x", by_hand) + &file("y", by_hand).replace("[[school]]\nslug = 'oakfield'\nname = 'Oakfield'\n", "");
    assert!(bench.complaint(&twice).contains("is listed twice"));
    let ours = format!("{{ entity_id = '{OWN}', assertion_consumer_service = 'https://sp.example/acs' }}");
    assert!(bench.complaint(&file("z", &ours)).contains("own entity id"));
    let of_an_application = ours.replace("/saml/metadata", "/saml/e/oakfield");
    assert!(bench.complaint(&file("z", &of_an_application)).contains("own entity id"));
    for ours in [OWN, "https://id.example/saml/e/oakfield"] {
        std::fs::write(bench.folder.path().join("ours.xml"), METADATA.replace("https://sp.example/metadata", ours))
            .unwrap();
        let complaint = bench.complaint(&file("z", "{ metadata_file = 'ours.xml' }"));
        assert!(complaint.ends_with("the entityID is our own"), "{complaint}");
    }
}

#[tokio::test]
async fn one_service_provider_of_a_file_is_named() {
    let bench = Bench::new().await;
    let other = METADATA.replace("https://sp.example/metadata", "https://other.example");
    let (one, other) = (METADATA.replace("md:", ""), other.replace("md:", ""));
    let (one, other) = (one.replace(":md", ""), other.replace(":md", ""));
    let group =
        format!("<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{one}{other}</EntitiesDescriptor>");
    std::fs::write(bench.folder.path().join("group.xml"), group).unwrap();
    let complaint = bench.complaint(&file("x", "{ metadata_file = 'group.xml' }"));
    assert!(complaint.contains("more than one service provider"), "{complaint}");
    let named = "{ metadata_file = 'group.xml', entity_id = 'https://other.example' }";
    bench.apply(&file("x", named), Unlisted::Keep).await.unwrap();
    let application = bench.store.find_application_by_client_id("x").await.unwrap().unwrap();
    assert_eq!(application.saml.unwrap().entity_id, "https://other.example");
}

#[tokio::test]
async fn mistakes_in_the_table_are_told() {
    let bench = Bench::new().await;
    std::fs::write(bench.folder.path().join("bad.xml"), "<a/>").unwrap();
    for (saml, part) in [
        ("{ }", "expected one of `metadata_file`"),
        ("{ metadata_file = 'none.xml' }", "cannot be read"),
        ("{ metadata_file = 'bad.xml' }", "is not metadata that can be used"),
        ("{ metadata_file = 'sp.xml', domain = 'a.example' }", "expected one of `metadata_file`"),
        ("{ metadata_file = 'sp.xml', sign = 'nothing' }", "`nothing` is not known"),
        ("{ metadata_file = 'sp.xml', release = ['shoe-size'] }", "`shoe-size` is not known"),
        ("{ metadata_file = 'sp.xml', scopes = ['openid'] }", "there is no such key"),
        ("{ template = 'google-workspace' }", "it is missing"),
        ("{ entity_id = 'a', assertion_consumer_service = 'http://sp.example/acs' }", "https"),
    ] {
        let complaint = bench.complaint(&file("x", saml));
        assert!(complaint.contains(part), "{saml}: {complaint}");
    }
    let oidc = file("x", "{ metadata_file = 'sp.xml' }\nscopes = ['openid']");
    assert!(bench.complaint(&oidc).starts_with("application.scopes: there is no such key"));
}

#[tokio::test]
async fn google_and_microsoft_need_no_metadata() {
    let bench = Bench::new().await;
    let google = "{ template = 'google-workspace', domain = 'oakfield.example' }";
    bench.apply(&file("g", google), Unlisted::Keep).await.unwrap();
    bench.apply(&file("m", "{ template = 'microsoft-entra' }"), Unlisted::Keep).await.unwrap();
    let applications = bench.store.list_applications().await.unwrap();
    let mut ids: Vec<_> =
        applications.into_iter().filter_map(|application| Some(application.saml?.entity_id)).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["google.com/a/oakfield.example", "urn:federation:MicrosoftOnline"]);
}

#[tokio::test]
async fn an_application_may_know_us_by_an_entity_id_of_each_school() {
    let bench = Bench::new().await;
    let entra = |of: &str| file("m", &format!("{{ template = 'microsoft-entra', entity_id_of = '{of}' }}"));
    bench.apply(&entra("school"), Unlisted::Keep).await.unwrap();
    let application = bench.store.find_application_by_client_id("m").await.unwrap().unwrap();
    let provider: ServiceProvider = serde_json::from_value(application.saml.unwrap().registration).unwrap();
    assert_eq!(provider.settings.entity_id_of, keyholder_saml::service_provider::EntityIdOf::School);
    assert!(bench.complaint(&entra("nobody")).contains("`nobody` is not known"));
}
