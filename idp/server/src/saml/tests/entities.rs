//! Entity ids of one application or one school.

use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::logout::{Participant, Telling, ask};
use keyholder_saml::messages::NestedStatus;
use keyholder_saml::names::METADATA;
use keyholder_saml::service_provider::{EntityIdOf, IdpInitiated, LogoutBinding, SingleLogoutService};

use super::provider::{Provider, SP, outgoing, signer};
use super::reading::{assertion, by_redirect_to, plain, read, register_for};
use crate::saml::path;
use crate::web::testing::{ANN, BETH, House, ISSUER, PASSWORD};
use crate::wiring::SystemRandom;

const OAKFIELD: &str = "/saml/e/oakfield";
const BRYN: &str = "/saml/e/bryn";
const OWN: &str = "/saml/a/timetables-9";

fn provider(of: EntityIdOf) -> Provider {
    plain(|settings| {
        settings.entity_id_of = of;
        settings.idp_initiated = IdpInitiated::Allowed { relay_state: None };
    })
}

async fn house(provider: &Provider) -> House {
    let house = House::open().await;
    register_for(&house, provider, 9, &[1, 2]).await;
    house
}

/// What the metadata at an address calls itself, and where it takes requests.
async fn entity(house: &House, address: &str) -> Option<(String, String)> {
    let page = house.browser().get(address).await;
    if page.status == 404 {
        return None;
    }
    assert_eq!(page.status, 200, "{}", page.text);
    let root = parse_document(page.text.as_bytes(), METADATA, "EntityDescriptor", &Limits::METADATA).unwrap();
    let role = root.unverified().find(METADATA, "IDPSSODescriptor").unwrap();
    let service = role.find(METADATA, "SingleSignOnService").unwrap();
    let text = |text: Option<&str>| text.unwrap().to_owned();
    Some((text(root.unverified().attribute("entityID")), text(service.attribute("Location"))))
}

#[actix_web::test]
async fn two_schools_are_two_identity_providers_to_one_service_provider() {
    // As two domains at Microsoft Entra are.
    let provider = provider(EntityIdOf::School);
    let house = house(&provider).await;
    let browser = house.browser();
    let at = |folder: &str| by_redirect_to(&provider, provider.request(&house), folder);
    let oakfield = assertion(&browser.sign_in(&at(OAKFIELD), BETH, PASSWORD).await);
    let page = browser.open(&at(BRYN)).await;
    let bryn = assertion(&page);
    assert_eq!(read(&page).0.header.issuer, format!("{ISSUER}{BRYN}"));
    assert_eq!(oakfield.issuer, format!("{ISSUER}{OAKFIELD}"), "the school was not asked for: it is who was asked");
    assert_eq!(bryn.issuer, format!("{ISSUER}{BRYN}"));
    assert_ne!(oakfield.subject.value, bryn.subject.value);

    let anns = house.browser();
    let page = anns.sign_in(&at(BRYN), ANN, PASSWORD).await;
    assert_eq!(page.status, 403, "{}", page.text);
    let (response, assertions) = read(&anns.open(&page.link("/leave")).await);
    assert_eq!(response.status.nested, Some(NestedStatus::RequestDenied), "she does not belong there");
    assert_eq!(response.header.issuer, format!("{ISSUER}{BRYN}"));
    assert!(assertions.is_empty());
    house.close().await;
}

#[actix_web::test]
async fn nobody_answers_under_a_name_by_which_the_service_provider_does_not_know_us() {
    for (of, known) in
        [(EntityIdOf::Installation, "/saml"), (EntityIdOf::School, OAKFIELD), (EntityIdOf::Application, OWN)]
    {
        let provider = provider(of);
        let house = house(&provider).await;
        let browser = house.signed_in(ANN).await;
        for folder in ["/saml", OAKFIELD, "/saml/e/nowhere", OWN, "/saml/a/safeguarding", "/saml/a/oakfield"] {
            let status = if folder == known { 200 } else { 400 };
            for browser in [&browser, &house.browser()] {
                let page = browser.open(&by_redirect_to(&provider, provider.request(&house), folder)).await;
                assert_eq!(page.status, status, "{of:?} {folder}: {}", page.text);
            }
        }
        // Meant for another entity.
        let elsewhere = by_redirect_to(&provider, provider.request(&house), "/saml/e/bryn").replacen("/e/bryn", "", 1);
        assert_eq!(browser.open(&elsewhere).await.status, 400);
        house.close().await;
    }
}

#[actix_web::test]
async fn a_name_that_changed_meanwhile_answers_nothing() {
    let house = house(&provider(EntityIdOf::Installation)).await;
    let asks = provider(EntityIdOf::Installation);
    let browser = house.browser();
    let page = browser.at_password(&asks.by_redirect(&asks.request(&house)), ANN).await;
    register_for(&house, &provider(EntityIdOf::Application), 9, &[1, 2]).await;
    let page = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert_eq!(page.status, 400, "{}", page.text);
    assert!(!page.has("name=\"SAMLResponse\""), "{}", page.text);
    house.close().await;
}

#[actix_web::test]
async fn metadata_is_there_for_each_entity_that_somebody_knows() {
    let provider = provider(EntityIdOf::School);
    let house = house(&provider).await;
    for folder in [OAKFIELD, BRYN] {
        let address = format!("{ISSUER}{folder}");
        assert_eq!(entity(&house, folder).await, Some((address.clone(), format!("{address}/sso"))));
    }
    let page = house.browser().get(OAKFIELD).await;
    assert!(page.has(">Oakfield Primary<") && page.has(&format!("errorURL=\"{ISSUER}/help\"")), "{}", page.text);
    let own = Some((format!("{ISSUER}{}", path::METADATA), format!("{ISSUER}{}", path::SSO)));
    assert_eq!(entity(&house, path::METADATA).await, own);
    for nobody in ["/saml/e/nowhere", OWN, "/saml/a/nobody"] {
        assert_eq!(entity(&house, nobody).await, None, "{nobody}");
    }
    house.close().await;
    let house = self::house(&self::provider(EntityIdOf::Application)).await;
    assert_eq!(entity(&house, OWN).await, Some((format!("{ISSUER}{OWN}"), format!("{ISSUER}{OWN}/sso"))));
    assert_eq!(entity(&house, OAKFIELD).await, None);
    house.close().await;
}

#[actix_web::test]
async fn a_sign_in_that_begins_here_speaks_for_the_school_on_the_page() {
    let provider = provider(EntityIdOf::School);
    let house = house(&provider).await;
    let browser = house.browser();
    let page = browser.sign_in("/", BETH, PASSWORD).await;
    let home = browser.submit(&page, "/school", &[("school", "bryn")]).await;
    let page = browser.submit(&home, path::START, &[("provider", SP)]).await;
    assert_eq!(assertion(&page).issuer, format!("{ISSUER}{BRYN}"));
    house.close().await;
}

#[actix_web::test]
async fn a_logout_is_asked_of_the_entity_that_signed_in() {
    const SLO: &str = "https://sp.example/slo";
    let mut provider = provider(EntityIdOf::School).with_key();
    provider.registered.metadata.single_logout_services =
        vec![SingleLogoutService { binding: LogoutBinding::Redirect, location: SLO.into(), response_location: None }];
    let house = house(&provider).await;
    let browser = house.browser();
    let address = by_redirect_to(&provider, provider.request(&house), OAKFIELD);
    let told = assertion(&browser.sign_in(&address, BETH, PASSWORD).await);
    let participant = Participant {
        // As the service provider writes it: its own name in place of ours.
        issuer: SP.into(),
        provider: SP.into(),
        name_id: told.subject,
        session_index: told.authn.session_index,
    };
    let asks = |folder: &str| {
        let (participant, address) = (participant.clone(), format!("{ISSUER}{folder}/slo"));
        let telling = Telling { participant, binding: LogoutBinding::Redirect, address };
        let (_, message) = ask(&telling, None, signer(), house.app().now(), &SystemRandom).unwrap();
        outgoing(message).strip_prefix(ISSUER).unwrap().to_owned()
    };
    let page = browser.open(&asks("/saml")).await;
    assert_eq!(page.status, 400, "it does not know the installation: {}", page.text);
    let answer = async |folder: &str| {
        let page = browser.open(&asks(folder)).await;
        let query = page.path.strip_prefix(&format!("{SLO}?")).unwrap_or_else(|| panic!("{} {}", page.path, page.text));
        let query = keyholder_saml::redirect::Query::parse(query).unwrap();
        String::from_utf8(query.message().to_vec()).unwrap()
    };
    let refused = answer(BRYN).await;
    assert!(refused.contains("UnknownPrincipal") && refused.contains(&format!("{ISSUER}{BRYN}<")), "{refused}");
    let done = answer(OAKFIELD).await;
    assert!(done.contains("status:Success") && done.contains(&format!("{ISSUER}{OAKFIELD}<")), "{done}");
    house.close().await;
}
