//! Sign-ins that applications ask for: schools, consent, links on the way.

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::Queries;

use crate::web::testing::{ANN, BETH, House, PASSWORD, asks};

#[tokio::test]
async fn a_signed_in_person_is_not_asked_again() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let away = browser.open(&asks("safeguarding", "")).await;
    assert!(away.path.starts_with("https://app.example/callback?code="), "{} {}", away.path, away.text);
    house.close().await;
}

#[tokio::test]
async fn the_application_is_named_on_the_way_and_the_typed_address_chooses_no_school() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", ""), ANN).await;
    assert!(page.has("Safeguarding") && !page.has("Oakfield Primary"), "{}", page.text);
    let page = house.browser().open(&asks("safeguarding", "&school=bryn")).await;
    assert!(page.has("Ysgol Bryn Celyn"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn consent_is_asked_once_and_may_be_refused() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&asks("guest", "")).await;
    assert!(page.has("guest.example") && page.has("Guest"), "{}", page.text);
    let denied = browser.submit(&page, "/consent", &[("answer", "deny")]).await;
    assert!(denied.path.contains("error=access_denied"), "{} {}", denied.path, denied.text);
    let page = browser.open(&asks("guest", "")).await;
    let nonsense = browser.submit(&page, "/consent", &[("answer", "perhaps")]).await;
    assert_eq!(nonsense.status, 400);
    let allowed = browser.submit(&page, "/consent", &[("answer", "allow")]).await;
    assert!(allowed.path.starts_with("https://guest.example/callback?code="), "{} {}", allowed.path, allowed.text);
    assert!(house.events(ANN).await.contains(&AuditKind::ConsentGiven));
    let again = browser.open(&asks("guest", "")).await;
    assert!(again.path.starts_with("https://guest.example/callback?code="), "{} {}", again.path, again.text);
    house.close().await;
}

#[tokio::test]
async fn the_school_may_be_changed_before_the_end() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in(&asks("guest", ""), BETH, PASSWORD).await;
    let page = browser.submit(&page, "/school", &[("school", "oakfield")]).await;
    assert!(page.has("Oakfield Primary"), "{}", page.text);
    let page = browser.open(&page.link("/school")).await;
    let page = browser.submit(&page, "/school", &[("school", "bryn")]).await;
    assert!(page.has("Ysgol Bryn Celyn"), "{}", page.text);
    let away = browser.submit(&page, "/consent", &[("answer", "allow")]).await;
    assert!(away.path.starts_with("https://guest.example/callback?code="), "{} {}", away.path, away.text);
    house.close().await;
}

#[tokio::test]
async fn a_school_of_which_one_is_no_member_cannot_be_chosen() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in(&asks("safeguarding", ""), BETH, PASSWORD).await;
    let answer = browser.submit(&page, "/school", &[("school", "elsewhere")]).await;
    assert_eq!(answer.path, page.path, "the question is asked again");
    house.close().await;
}

#[tokio::test]
async fn a_sign_in_goes_on_at_the_application_after_a_first_password() {
    let house = House::open().await;
    let asker = house.browser();
    let page = asker.at_password(&asks("safeguarding", ""), ANN).await;
    let flow = crate::spine::ticket::read_for_test(house.app(), page.path.rsplit('/').next().unwrap()).await;
    let resume = crate::spine::resume::seal(house.app(), &flow).unwrap();
    let link = house.link(ANN, keyholder_core::link::LinkPurpose::SetPassword { resume }).await;
    // The mail is read in another browser.
    let reader = house.browser();
    let page = reader.open(&link).await;
    let fields = [("password", "seven quiet otters downstream"), ("again", "seven quiet otters downstream")];
    let page = reader.submit(&page, "/link/", &fields).await;
    assert!(page.has("Safeguarding"), "{}", page.text);
    let page = reader.open(&page.link("/sign-in/")).await;
    let page = reader.submit(&page, "/email", &[]).await;
    let away = reader.submit(&page, "/password", &[("password", "seven quiet otters downstream")]).await;
    assert!(away.path.starts_with("https://app.example/callback?code="), "{} {}", away.path, away.text);
    house.close().await;
}

#[tokio::test]
async fn asking_for_a_link_is_recorded_for_known_and_unknown_addresses_alike() {
    let house = House::open().await;
    for email in [ANN, "nobody@oakfield.example"] {
        let browser = house.browser();
        let page = browser.open("/forgot-password").await;
        let page = browser.submit(&page, "/forgot", &[("email", email)]).await;
        assert!(page.path.ends_with("/sent"), "{}", page.text);
    }
    let chain = house.app().store.list_audit_chain(None, 0, 50).await.unwrap();
    let unsealed = house.app().store.list_unsealed_audit(50).await.unwrap();
    let all = chain.into_iter().map(|(event, _)| event).chain(unsealed);
    let asked = all.filter(|event| event.kind == AuditKind::PasswordLinkAsked).count();
    assert!(asked >= 2, "{asked}");
    house.close().await;
}
