//! Signing out.

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::Queries;

use crate::web::testing::{ANN, House, session_cookie};

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let house = House::open().await;
    let (here, there) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let before = session_cookie(&here).unwrap();
    house.pass(Duration::from_secs(1));
    let page = here.open("/sign-out").await;
    let page = here.submit(&page, "/sign-out", &[]).await;
    assert_eq!(page.path, "/signed-out");
    assert!(session_cookie(&here).is_none());
    // The cookie's value counts no more, should anybody have copied it.
    here.set_cookie(crate::cookies::SESSION, &before);
    assert!(here.open("/").await.path.starts_with("/sign-in/"));
    assert_eq!(there.open("/").await.path, "/");
    assert_eq!(house.events(ANN).await.first(), Some(&AuditKind::SignedOut));
    house.close().await;
}

#[tokio::test]
async fn sign_out_everywhere_reaches_every_browser() {
    let house = House::open().await;
    let (here, there) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let page = here.open("/").await;
    let page = here.submit(&page, "/sign-out/everywhere", &[]).await;
    assert_eq!(page.path, "/signed-out/everywhere");
    for browser in [&here, &there] {
        assert!(browser.open("/").await.path.starts_with("/sign-in/"));
    }
    let person = house.person(ANN).await;
    assert!(house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap().is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_sign_out_without_its_readers_token_is_refused() {
    let house = House::open().await;
    let (browser, other) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let (_, foreign) = other.open("/sign-out").await.form("/sign-out");
    let foreign = foreign.iter().find(|(name, _)| name == "form_token").unwrap().1.clone();
    for path in ["/sign-out", "/sign-out/everywhere"] {
        for fields in [&[][..], &[("form_token", "")], &[("form_token", foreign.as_str())]] {
            assert_eq!(browser.post(path, fields).await.status, 403, "{path} {fields:?}");
        }
    }
    assert_eq!(browser.open("/").await.path, "/");
    assert_eq!(other.open("/").await.path, "/");
    house.close().await;
}
