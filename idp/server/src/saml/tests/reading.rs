//! What the tests share that read responses which are signed as a whole and not encrypted.

use async_trait::async_trait;
use keyholder_core::application::{OfferedTo, RelyingApplication};
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_saml::attributes::Fact;
use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::messages::{Assertion, AuthnRequest, Response};
use keyholder_saml::names::PROTOCOL;
use keyholder_saml::service_provider::{Encrypt, Settings, Sign};

use super::provider::{Provider, posted};
use crate::applications::REVISION;
use crate::saml::path;
use crate::web::testing::keys::school;
use crate::web::testing::{House, ISSUER, Page};

/// A service provider whose responses [`read`] reads.
pub(super) fn plain(change: impl FnOnce(&mut Settings)) -> Provider {
    Provider::new(|settings| {
        settings.sign = Sign::Response;
        settings.encrypt = Encrypt::Never;
        change(settings);
    })
}

/// The response on a page, and what is in it.
pub(super) fn read(page: &Page) -> (Response, Vec<Assertion>) {
    assert_eq!(page.status, 200, "{}", page.text);
    let document = posted(page);
    let root = parse_document(document.as_bytes(), PROTOCOL, "Response", &Limits::METADATA).unwrap();
    let (response, contents) = Response::read(root.unverified()).unwrap();
    assert_eq!(contents.encrypted, 0);
    (response, contents.assertions)
}

/// The one assertion on a page.
pub(super) fn assertion(page: &Page) -> Assertion {
    let (response, mut assertions) = read(page);
    assert!(response.status.is_success(), "{:?}", response.status);
    assert_eq!(assertions.len(), 1);
    assertions.remove(0)
}

/// What an assertion says of a fact.
pub(super) fn values(house: &House, assertion: &Assertion, fact: Fact) -> Vec<String> {
    let name = fact.name(house.app().config.issuer());
    let found = assertion.attributes.iter().find(|attribute| attribute.name == name);
    found.map(|attribute| attribute.values.clone()).unwrap_or_default()
}

/// The address to which a service provider sends a browser that knows us by an entity with addresses below `folder`.
pub(super) fn by_redirect_to(provider: &Provider, mut request: AuthnRequest, folder: &str) -> String {
    request.header.destination = Some(format!("{ISSUER}{folder}/sso"));
    provider.by_redirect(&request).replacen(path::SSO, &format!("{folder}/sso"), 1)
}

struct Put(RelyingApplication);

#[async_trait]
impl Command for Put {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_application(&self.0).await?;
        transaction.raise_revision(REVISION).await
    }
}

/// Registers it for these schools, as `timetables-{number}`.
pub(super) async fn register_for(house: &House, provider: &Provider, number: u128, schools: &[u128]) {
    provider.register_as(house, number).await;
    let schools = schools.iter().map(|number| school(*number)).collect();
    let offered_to = OfferedTo::Schools(schools);
    change(house, &format!("timetables-{number}"), |application| application.offered_to = offered_to).await;
}

/// Registers an application otherwise.
pub(super) async fn change(house: &House, client_id: &str, change: impl FnOnce(&mut RelyingApplication)) {
    let applications = house.app().store.list_applications().await.unwrap();
    let mut application = applications.into_iter().find(|known| known.client.client_id == client_id).unwrap();
    change(&mut application);
    house.run(Put(application)).await;
    house.app().applications.refresh(&house.app().store).await.unwrap();
}
