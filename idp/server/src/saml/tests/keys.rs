//! Keys and the metadata that lists them.

use std::sync::Arc;

use keyholder_core::random::Random;
use keyholder_core::saml::SamlKeyPurpose;
use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::names::METADATA;

use keyholder_saml::service_provider::Sign;

use super::provider::{Provider, certificate_from, house, posted, verifies, xmlsec1_verifies};
use crate::saml::{keys, path};
use crate::web::testing::{ANN, House};
use crate::wiring::SystemRandom;

async fn metadata(house: &House) -> String {
    let page = house.browser().get(path::METADATA).await;
    assert_eq!((page.status, page.header("content-type")), (200, "application/samlmetadata+xml"));
    page.text
}

#[actix_web::test]
async fn the_metadata_is_signed_by_a_key_of_its_own() {
    let house = House::open().await;
    let document = metadata(&house).await;
    let listed = certificate_from(&document);
    assert_eq!(listed.len(), 1);
    let root = parse_document(document.as_bytes(), METADATA, "EntityDescriptor", &Limits::METADATA).unwrap();
    assert_eq!(root.unverified().attribute("entityID"), Some("http://localhost:8080/saml/metadata"));
    let ring = house.app().saml.load(house.app()).await.unwrap();
    let own = keyholder_saml::signer::Signer::certificate(ring.metadata_signer.as_ref()).to_vec();
    assert!(!listed.contains(&own));
    xmlsec1_verifies(&document, &["EntityDescriptor"], &own);
    assert_eq!(metadata(&house).await, document, "one signature serves for a while");
    house.close().await;
}

#[actix_web::test]
async fn a_key_is_replaced_without_a_sign_in_that_fails() {
    let provider = Provider::new(|settings| settings.sign = Sign::Response);
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    let response = async || posted(&browser.open(&provider.by_redirect(&provider.request(&house))).await);
    let (app, random): (_, Arc<dyn Random>) = (house.app(), Arc::new(SystemRandom));
    let first = certificate_from(&metadata(&house).await);
    assert!(verifies(&response().await, &first));

    assert!(matches!(
        keys::switch(&app.store, random.as_ref(), app.now(), SamlKeyPurpose::Messages).await,
        Err(keys::SamlKeyError::NoSuccessor)
    ));
    keys::prepare(&app.store, &random, app.now(), "localhost", SamlKeyPurpose::Messages).await.unwrap();
    app.saml.refresh(&app.store, app.now()).await.unwrap();
    let both = certificate_from(&metadata(&house).await);
    assert_eq!((both.len(), &both[0]), (2, &first[0]), "the key that signs comes first");
    assert!(verifies(&response().await, &first), "the successor is published before it signs");

    keys::switch(&app.store, random.as_ref(), app.now(), SamlKeyPurpose::Messages).await.unwrap();
    app.saml.refresh(&app.store, app.now()).await.unwrap();
    let after = response().await;
    assert!(verifies(&after, &both) && !verifies(&after, &first));
    let listed = certificate_from(&metadata(&house).await);
    assert_eq!((listed.len(), &listed[0], &listed[1]), (2, &both[1], &both[0]));
    house.close().await;
}
