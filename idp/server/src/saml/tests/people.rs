//! What a service provider learns of people: the text that they typed, and nothing of another school.

use keyholder_core::application::ConsentRule;
use keyholder_core::id::{PersonId, PupilScopeId};
use keyholder_core::membership::{Membership, MembershipInFull, PupilScope, PupilScopeKind};
use keyholder_core::school::School;
use keyholder_saml::attributes::{Fact, Release};
use keyholder_saml::messages::{NestedStatus, TopStatus};

use async_trait::async_trait;
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};

use super::provider::posted;
use super::reading::{assertion, change, plain, read, register_for, values};
use crate::web::testing::keys::school;
use crate::web::testing::{ANN, BETH, Change, House, PASSWORD};

/// Registers the numbers of a school.
struct Number(School);

#[async_trait]
impl Command for Number {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_school(&self.0).await
    }
}

/// Restricts somebody to pupils, in the schools of these.
struct Restrict(PersonId, Vec<PupilScope>);

#[async_trait]
impl Command for Restrict {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for MembershipInFull { membership, .. } in transaction.list_memberships(self.0).await? {
            let own: Vec<_> = self.1.iter().filter(|scope| scope.school == membership.school).collect();
            for scope in &own {
                transaction.put_pupil_scope(scope).await?;
            }
            let pupil_scopes = own.iter().map(|scope| scope.id).collect();
            transaction.put_membership(&Membership { pupil_scopes, ..membership }).await?;
        }
        Ok(())
    }
}

#[actix_web::test]
async fn which_pupils_is_told_of_the_school_of_the_sign_in_and_all_of_them_in_a_word() {
    let provider = plain(|settings| settings.release = vec![Fact::PupilScopes.into()]);
    let house = House::open().await;
    register_for(&house, &provider, 9, &[1, 2]).await;
    let scope = |number, kind, name: &str| PupilScope {
        id: PupilScopeId::from_uuid(uuid::Uuid::from_u128(number)),
        school: school(1),
        kind,
        name: name.to_owned(),
    };
    let some = vec![scope(61, PupilScopeKind::YearGroup, "Year 6"), scope(62, PupilScopeKind::Class, "6B")];
    house.run(Restrict(house.person(BETH).await.id, some)).await;
    for (slug, told) in [("oakfield", &["class:6B", "year-group:Year 6"][..]), ("bryn", &["all"])] {
        let browser = house.browser();
        let page = browser.sign_in(&provider.by_redirect(&provider.request(&house)), BETH, PASSWORD).await;
        let page = browser.submit(&page, "/school", &[("school", slug)]).await;
        let mut found = values(&house, &assertion(&page), Fact::PupilScopes);
        found.sort();
        assert_eq!(found, told, "{slug}");
    }
    house.close().await;
}

#[actix_web::test]
async fn a_name_arrives_as_the_text_that_it_is_or_not_at_all() {
    let facts = [Fact::DisplayName, Fact::GivenName, Fact::Surname];
    let provider = plain(|settings| settings.release = facts.map(Release::from).into());
    let house = House::open().await;
    provider.register(&house).await;
    let browser = house.signed_in(ANN).await;
    let long = "x".repeat(300);
    for (typed, told) in [
        ("<b>Ann</b>", Some("<b>Ann</b>")),
        ("</saml:AttributeValue><saml:AttributeValue>admin", Some("</saml:AttributeValue><saml:AttributeValue>admin")),
        ("A & B &amp; C &lt; &#13; &x;", Some("A & B &amp; C &lt; &#13; &x;")),
        ("a]]>b<![CDATA[c]]>", Some("a]]>b<![CDATA[c]]>")),
        ("\"a\" 'b' x=\"y\"", Some("\"a\" 'b' x=\"y\"")),
        ("<!-- a --><?b c?>", Some("<!-- a --><?b c?>")),
        ("Siân Ŵyn-Łącki \u{1F9D1}", Some("Siân Ŵyn-Łącki \u{1F9D1}")),
        ("a\u{202E}b\u{200D}c\u{2028}d", Some("a\u{202E}b\u{200D}c\u{2028}d")),
        // What XML cannot carry, or would change on its way.
        ("a\0b", None),
        ("a\u{1}b", None),
        ("a\u{FFFE}b", None),
        ("a\rb", None),
        ("a\r\nb", None),
        (long.as_str(), None),
    ] {
        let mut ann = house.person(ANN).await;
        ann.given_name = typed.to_owned();
        ann.family_name = typed.to_owned();
        house.run(Change(ann)).await;
        let page = browser.open(&provider.by_redirect(&provider.request(&house))).await;
        let Some(told) = told else {
            let (response, assertions) = read(&page);
            assert_eq!((response.status.top, assertions.len()), (TopStatus::Responder, 0), "{typed}");
            continue;
        };
        assert!(read(&page).0.status.is_success(), "{typed:?}");
        let assertion = assertion(&page);
        assert_eq!(values(&house, &assertion, Fact::GivenName), [told], "{typed:?}");
        assert_eq!(values(&house, &assertion, Fact::Surname), [told], "{typed:?}");
        assert_eq!(values(&house, &assertion, Fact::DisplayName), [format!("{told} {told}")], "{typed:?}");
        assert_eq!(assertion.attributes.len(), 3, "{typed:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn nothing_of_another_school_is_told() {
    let provider = plain(|settings| {
        // Whoever has a verified address gets that too; hers names neither school.
        settings.release = Fact::ALL.into_iter().map(Release::from).collect();
    });
    let house = House::open().await;
    for (number, urn, ukprn) in [(1, "100001", "10000001"), (2, "200002", "20000002")] {
        let schools = house.app().store.list_schools().await.unwrap();
        let found = schools.into_iter().find(|known| known.id == school(number)).unwrap();
        house.run(Number(School { urn: Some(urn.into()), ukprn: Some(ukprn.into()), ..found })).await;
    }
    register_for(&house, &provider, 9, &[1, 2]).await;
    let mut told = Vec::new();
    for (slug, own, other) in [("oakfield", "100001", ["200002", "bryn"]), ("bryn", "200002", ["100001", "oakfield"])] {
        let browser = house.browser();
        let page = browser.sign_in(&provider.by_redirect(&provider.request(&house)), BETH, PASSWORD).await;
        let page = browser.submit(&page, "/school", &[("school", slug)]).await;
        let document = posted(&page).to_lowercase();
        for word in other {
            assert!(!document.contains(word), "{slug} learns of {word}: {document}");
        }
        let assertion = assertion(&page);
        assert_eq!(values(&house, &assertion, Fact::SchoolUrn), [own]);
        told.push(assertion);
    }
    let [oakfield, bryn] = told.as_slice() else { panic!("{told:?}") };
    assert_ne!(oakfield.subject.value, bryn.subject.value);
    assert_ne!(oakfield.authn.session_index, bryn.authn.session_index);
    for fact in [Fact::SubjectId, Fact::PairwiseId, Fact::EduPersonPrincipalName] {
        let (one, other) = (values(&house, oakfield, fact), values(&house, bryn, fact));
        assert!(one.len() == 1 && other.len() == 1, "{fact:?}");
        assert_ne!(one, other, "{fact:?} joins what two schools know");
    }
    house.close().await;
}

#[actix_web::test]
async fn whoever_belongs_to_another_school_is_refused_without_a_word_about_it() {
    let provider = plain(|_| {});
    let house = House::open().await;
    register_for(&house, &provider, 9, &[2]).await;
    let browser = house.browser();
    let page = browser.sign_in(&provider.by_redirect(&provider.request(&house)), ANN, PASSWORD).await;
    assert_eq!(page.status, 403, "{}", page.text);
    let page = browser.open(&page.link("/leave")).await;
    let (response, assertions) = read(&page);
    assert_eq!(response.status.nested, Some(NestedStatus::RequestDenied));
    assert!(assertions.is_empty());
    let document = posted(&page).to_lowercase();
    assert!(!document.contains("oakfield") && !document.contains("ann.price"), "{document}");
    house.close().await;
}

#[actix_web::test]
async fn where_people_are_asked_nothing_is_told_before_they_agree() {
    let provider = plain(|_| {});
    let house = House::open().await;
    provider.register(&house).await;
    change(&house, "timetables-9", |application| application.consent = ConsentRule::AskPerson).await;
    let browser = house.signed_in(ANN).await;
    let asks = || provider.by_redirect(&provider.request(&house));
    let page = browser.open(&asks()).await;
    assert!(page.has("sp.example") && !page.has("name=\"SAMLResponse\""), "{}", page.text);
    let (response, assertions) = read(&browser.submit(&page, "/consent", &[("answer", "deny")]).await);
    assert_eq!(response.status.nested, Some(NestedStatus::RequestDenied));
    assert!(assertions.is_empty());
    let page = browser.open(&asks()).await;
    assertion(&browser.submit(&page, "/consent", &[("answer", "allow")]).await);
    assertion(&browser.open(&asks()).await);
    house.close().await;
}
