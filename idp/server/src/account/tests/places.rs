//! Sign-ins in other browsers, and browsers that are known.

use keyholder_core::audit::AuditKind;
use keyholder_core::id::{GrantId, RefreshTokenId};
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};

use crate::digest::hash_token;
use crate::web::testing::{ANN, BETH, Browser, House, PASSWORD, asks, session_cookie};

/// The value of the only field of this name on the account page.
async fn only(browser: &Browser, form: &str, name: &str) -> String {
    let page = browser.open("/account").await;
    let (_, fields) = page.form(form);
    fields.into_iter().find(|(field, _)| field == name).unwrap().1
}

async fn end(browser: &Browser, sign_in: &str) -> u16 {
    let page = browser.open("/account/name").await;
    let (_, fields) = page.form("/account/name");
    let token = fields.into_iter().find(|(field, _)| field == "form_token").unwrap().1;
    browser.post("/account/sign-ins/end", &[("form_token", &token), ("sign_in", sign_in)]).await.status
}

/// Makes the grants of a session outlive it.
struct MakeOffline(keyholder_core::grant::Grant);

#[async_trait::async_trait]
impl Command for MakeOffline {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_grant(&self.0).await
    }
}

#[tokio::test]
async fn an_ended_sign_in_counts_no_more_at_once_nor_do_its_applications() {
    let house = House::open().await;
    let (here, lost) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let away = lost.open(&asks("safeguarding", "")).await;
    assert!(away.path.starts_with("https://app.example/"), "{}", away.path);
    let store = &house.app().store;
    let session = store.find_session_by_token(hash_token(&session_cookie(&lost).unwrap())).await.unwrap().unwrap();
    let grants = store.list_live_grants(session.id, house.app().now()).await.unwrap();
    let mut offline = grants[0].clone();
    offline.id = GrantId::draw(&*house.app().random, house.app().now());
    offline.offline = true;
    house.run(MakeOffline(offline.clone())).await;

    let page = here.open("/account").await;
    assert!(page.has("This browser"), "{}", page.text);
    let page = here.submit(&page, "/account/sign-ins/end", &[]).await;
    assert!(page.has("That sign-in has ended."), "{}", page.text);
    assert!(lost.open("/account").await.path.starts_with("/sign-in/"));
    assert_eq!(here.open("/account").await.path, "/account");
    for grant in [grants[0].id, offline.id] {
        assert!(!store.find_grant(grant).await.unwrap().unwrap().is_live(house.app().now()));
    }
    assert!(house.events(ANN).await.contains(&AuditKind::SessionEnded));
    house.close().await;
}

#[tokio::test]
async fn nobody_ends_a_sign_in_of_somebody_else_or_their_own_present_one() {
    let house = House::open().await;
    let (ann, beth) = (house.signed_in(ANN).await, house.browser());
    beth.sign_in("/", BETH, PASSWORD).await;
    let store = &house.app().store;
    for browser in [&ann, &beth] {
        let session =
            store.find_session_by_token(hash_token(&session_cookie(browser).unwrap())).await.unwrap().unwrap();
        assert_eq!(end(&ann, &session.id.to_string()).await, 303);
    }
    let made_up = RefreshTokenId::draw(&*house.app().random, house.app().now()).to_string();
    for nonsense in ["", "x", made_up.as_str()] {
        assert_eq!(end(&ann, nonsense).await, 303, "{nonsense}");
    }
    assert_eq!(ann.open("/account").await.path, "/account");
    let session = store.find_session_by_token(hash_token(&session_cookie(&beth).unwrap())).await.unwrap().unwrap();
    assert_eq!(session.ended_at, None);
    house.close().await;
}

#[tokio::test]
async fn a_removed_browser_is_new_again() {
    let house = House::open().await;
    let (first, second) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let page = first.open("/account").await;
    let page = first.submit(&page, "/account/browsers/forget", &[]).await;
    assert!(page.has("removed from the list"), "{}", page.text);
    assert!(!page.has("/account/browsers/forget"), "the one in use cannot be removed");
    let person = house.person(ANN).await;
    assert_eq!(house.app().store.list_known_browsers(person.id).await.unwrap().len(), 1);
    let page = second.open("/sign-out").await;
    second.submit(&page, "/sign-out", &[]).await;
    second.sign_in("/", ANN, PASSWORD).await;
    assert!(first.open("/account/security-log").await.has("Signed in with a new browser"));
    assert_eq!(house.app().store.list_known_browsers(person.id).await.unwrap().len(), 2);
    house.close().await;
}

#[tokio::test]
async fn the_last_browser_stays_though_two_remove_each_other() {
    let house = House::open().await;
    let (first, second) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let handles = [only(&first, "browsers/forget", "browser").await, only(&second, "browsers/forget", "browser").await];
    let (one, two) = (first.open("/account").await, second.open("/account").await);
    let fields = handles.each_ref().map(|handle| [("browser", handle.as_str())]);
    tokio::join!(first.submit(&one, "browsers/forget", &fields[0]), second.submit(&two, "browsers/forget", &fields[1]));
    let person = house.person(ANN).await;
    assert_eq!(house.app().store.list_known_browsers(person.id).await.unwrap().len(), 1);
    house.close().await;
}
