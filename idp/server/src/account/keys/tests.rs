//! What the tab Security keys promises.

use keyholder_core::audit::AuditKind;
use keyholder_core::credential::Credential;
use keyholder_core::id::MailedLinkId;
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};

use super::*;
use crate::account::commands::Outcome;
use crate::digest::hash_token;
use crate::web::testing::fake_factors::{BROKEN, CODE, SHEET};
use crate::web::testing::{ANN, BETH, Browser, House, Page, session_cookie};
use crate::wiring::SystemRandom;

mod changes;
mod first;

/// Beside the name of a key that was not used yet.
const UNVERIFIED: &str = r#"<span class="marker">Unverified</span>"#;

/// Of the school to which the person belongs.
const COLOURS: &str = "/s/oakfield/brand.css";

async fn keys_of(house: &House, email: &str) -> Vec<Credential> {
    house.app().store.list_credentials(house.person(email).await.id).await.unwrap()
}

/// The mailed link for a first key, asked for by whoever is signed in with this browser.
async fn first_key_link(house: &House, browser: &Browser, email: &str) -> String {
    let person = house.person(email).await;
    let live = house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap();
    let token = hash_token(&session_cookie(browser).unwrap());
    let session = live.into_iter().find(|session| session.token == token).unwrap();
    house.link(email, LinkPurpose::FirstKey { session: session.id }).await
}

async fn permitted(house: &House, email: &str) -> Browser {
    let browser = house.signed_in(email).await;
    let link = first_key_link(house, &browser, email).await;
    let page = browser.open(&link).await;
    // Beth belongs to two schools, and chose none yet.
    assert_eq!(page.has(COLOURS), email == ANN, "{}", page.text);
    let page = browser.submit(&page, "/link/", &[]).await;
    assert!(page.has("You can add your first key now."), "{}", page.text);
    browser
}

async fn add(browser: &Browser, factor: &str, name: &str, fields: &[(&str, &str)]) -> Page {
    let tab = browser.open(HERE).await;
    let page = browser.submit(&tab, &format!("/add/{factor}"), &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let fields: Vec<(&str, &str)> = [("name", name)].into_iter().chain(fields.iter().copied()).collect();
    browser.submit(&page, "/adding/", &fields).await
}

async fn with_phone(house: &House) -> Browser {
    let browser = permitted(house, ANN).await;
    let page = add(&browser, CODE, "Ann's phone", &[("f-code", "2468101")]).await;
    assert!(page.has("Successfully added new two-factor authentication method."), "{}", page.text);
    browser
}

/// A browser in which Ann used her phone.
async fn raised(house: &House, code: &str) -> Browser {
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&format!("{HERE}/use/{CODE}")).await;
    let page = browser.submit(&page, "/factor", &[("f-code", code)]).await;
    assert_eq!(page.path, HERE, "{}", page.text);
    browser
}

#[tokio::test]
async fn a_password_alone_adds_no_key() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let tab = browser.open(HERE).await;
    assert!(tab.has("Add your first key") && !tab.has("/add/"), "{}", tab.text);
    let (_, fields) = tab.form("/first");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // The form that the page does not show, made by hand.
    let forged = browser.post(&format!("{HERE}/add/{CODE}"), &fields).await;
    assert_eq!((forged.status, forged.header("location")), (303, HERE));
    assert!(keys_of(&house, ANN).await.is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_first_key_takes_the_mailed_link_in_the_session_that_asked() {
    let house = House::open().await;
    let (asker, other) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let link = first_key_link(&house, &asker, ANN).await;
    for stranger in [&other, &house.signed_in(BETH).await, &house.browser()] {
        let page = stranger.open(&link).await;
        assert_eq!(page.status, 403, "{}", page.text);
        assert!(page.has("Open this link where you asked for it"));
    }
    // Opening changes nothing; the form does, once.
    let page = asker.open(&link).await;
    assert!(asker.open(HERE).await.has("Add your first key"));
    let (action, fields) = page.form("/link/");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(asker.post(&action, &fields).await.status, 303);
    assert_eq!(asker.post(&action, &fields).await.status, 410);
    assert!(asker.open(HERE).await.has("/add/"));
    assert!(!other.open(HERE).await.has("/add/"), "the other session is not permitted");
    house.pass(std::time::Duration::from_mins(31));
    assert!(asker.open(HERE).await.has("Add your first key"), "the permission is over");
    house.close().await;
}

#[tokio::test]
async fn nobody_guesses_without_end_while_a_key_is_added() {
    let house = House::open().await;
    let browser = permitted(&house, ANN).await;
    let mut page = add(&browser, CODE, "Ann's phone", &[("f-code", "111111")]).await;
    for _ in 1..5 {
        assert_eq!(page.status, 422, "{}", page.text);
        page = browser.submit(&page, "/adding/", &[("name", "Ann's phone"), ("f-code", "111111")]).await;
    }
    let right = [("name", "Ann's phone"), ("f-code", "2468101")];
    let early = browser.submit(&page, "/adding/", &right).await;
    assert_eq!((early.status, early.header("retry-after")), (429, "60"), "{}", early.text);
    assert!(keys_of(&house, ANN).await.is_empty());
    house.pass(std::time::Duration::from_secs(6));
    let late = browser.submit(&page, "/adding/", &right).await;
    assert!(late.has("Successfully added new two-factor authentication method."), "{}", late.text);
    house.close().await;
}

#[tokio::test]
async fn nothing_is_saved_before_the_code_is_right_and_the_session_is_not_raised() {
    let house = House::open().await;
    let browser = permitted(&house, ANN).await;
    let page = add(&browser, CODE, "Ann's phone", &[("f-code", "111111")]).await;
    assert_eq!(page.status, 422);
    assert!(page.has("Ann&#x27;s phone") && page.has("GEZD"), "the name and the secret stay: {}", page.text);
    assert!(keys_of(&house, ANN).await.is_empty());
    let page = browser.submit(&page, "/adding/", &[("name", ""), ("f-code", "2468101")]).await;
    assert!(page.has("Choose a name for the key"), "{}", page.text);
    let page = browser.submit(&page, "/adding/", &[("name", "Ann's phone"), ("f-code", "2468101")]).await;
    assert!(page.has(UNVERIFIED) && page.has("N/A"), "{}", page.text);
    // The key counts from the next sign-in: here it is asked for.
    assert!(page.has("You can look, but not change anything yet"), "{}", page.text);
    let person = house.person(ANN).await;
    let session = house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap().remove(0);
    assert_eq!(session.manages_keys_until(house.app().now()), None);
    assert!(house.events(ANN).await.contains(&AuditKind::KeyAdded));
    house.close().await;
}

#[tokio::test]
async fn whoever_has_a_key_uses_it_before_anything_is_changed() {
    let house = House::open().await;
    let without = with_phone(&house).await;
    let key = keys_of(&house, ANN).await.remove(0);
    let rename = without.open(&format!("{HERE}/{}/rename", key.id)).await;
    let page = without.submit(&rename, "/rename", &[("name", "Mine")]).await;
    assert!(page.has("You can look"), "{}", page.text);
    let removal = without.open(&format!("{HERE}/{}/remove", key.id)).await;
    without.submit(&removal, "/remove", &[]).await;
    assert_eq!(keys_of(&house, ANN).await, std::slice::from_ref(&key));

    let browser = raised(&house, "2468102").await;
    let rename = browser.open(&format!("{HERE}/{}/rename", key.id)).await;
    let page = browser.submit(&rename, "/rename", &[("name", "<b>")]).await;
    assert!(page.has("a character that names do not have"), "{}", page.text);
    let page = browser.submit(&page, "/rename", &[("name", "Old phone")]).await;
    assert!(page.has("Old phone") && page.has("The new name is saved.") && !page.has(UNVERIFIED), "{}", page.text);
    let removal = browser.open(&format!("{HERE}/{}/remove", key.id)).await;
    assert!(removal.has("It is the last key"));
    let page = browser.submit(&removal, "/remove", &[]).await;
    assert!(page.has("The key is removed."), "{}", page.text);
    assert!(keys_of(&house, ANN).await.is_empty());
    let events = house.events(ANN).await;
    assert!([AuditKind::KeyRenamed, AuditKind::KeyRemoved].iter().all(|kind| events.contains(kind)));
    house.close().await;
}

#[tokio::test]
async fn nobody_reaches_a_key_of_somebody_else() {
    let house = House::open().await;
    with_phone(&house).await;
    let key = keys_of(&house, ANN).await.remove(0);
    let beth = permitted(&house, BETH).await;
    for what in ["rename", "remove"] {
        let page = beth.get(&format!("{HERE}/{}/{what}", key.id)).await;
        assert_eq!((page.status, page.header("location")), (303, HERE), "{what}");
    }
    house.close().await;
}

struct Pass(MailedLink);

#[async_trait::async_trait]
impl Command for Pass {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_link(&self.0).await
    }
}

#[tokio::test]
async fn an_access_pass_counts_for_its_person_once() {
    let house = House::open().await;
    let now = house.app().now();
    let pass = MailedLink {
        id: MailedLinkId::draw(&SystemRandom, now),
        token: hash_token("ABCD0123EFGH4567"),
        purpose: LinkPurpose::AccessPass,
        person: Some(house.person(ANN).await.id),
        created_at: now,
        expires_at: now.plus(std::time::Duration::from_hours(24)),
        used_at: None,
    };
    house.run(Pass(pass)).await;
    let (ann, beth) = (house.signed_in(ANN).await, house.signed_in(BETH).await);
    let typed = [("pass", " abcd-o123 efgh-4567 ")];
    let page = beth.open(HERE).await;
    let page = beth.submit(&page, "/pass", &typed).await;
    assert!(page.has("This pass is not right"), "{}", page.text);
    let page = ann.open(HERE).await;
    assert!(ann.submit(&page, "/pass", &[("pass", " ")]).await.has("Enter the access pass"));
    assert!(ann.submit(&page, "/pass", &typed).await.has("/add/"));
    let again = house.signed_in(ANN).await;
    let page = again.open(HERE).await;
    assert!(again.submit(&page, "/pass", &typed).await.has("This pass is not right"));
    house.close().await;
}

#[tokio::test]
async fn the_mailed_link_takes_a_key_back_and_ends_every_sign_in() {
    let house = House::open().await;
    let browser = with_phone(&house).await;
    let key = keys_of(&house, ANN).await.remove(0);
    let person = house.person(ANN).await;
    let link = remove::stop_link(house.app(), person.id, key.id).unwrap();
    let stranger = house.browser();
    let page = stranger.open(&link).await;
    assert!(page.has(COLOURS), "{}", page.text);
    assert_eq!(keys_of(&house, ANN).await.len(), 1, "opening changes nothing");
    let page = stranger.submit(&page, "/stop-key/", &[]).await;
    assert_eq!(page.path.split('/').next_back(), Some("forgot"), "{}", page.text);
    assert!(keys_of(&house, ANN).await.is_empty());
    assert!(browser.open(HERE).await.path.starts_with("/sign-in/"), "signed out");
    assert_eq!(stranger.open(&link).await.status, 410);
    house.pass(std::time::Duration::from_hours(25));
    assert_eq!(stranger.open(&format!("{link}x")).await.status, 410);
    house.close().await;
}

#[tokio::test]
async fn a_new_sheet_takes_the_place_of_the_old_and_a_broken_factor_says_so() {
    let house = House::open().await;
    let browser = permitted(&house, ANN).await;
    let page = add(&browser, SHEET, "Sheet", &[("f-kept", "true")]).await;
    assert!(page.has("2 codes of the sheet are left"), "{}", page.text);
    let raised = house.signed_in(ANN).await;
    let page = raised.open(&format!("{HERE}/use/{SHEET}")).await;
    let page = raised.submit(&page, "/factor", &[("f-code", "one")]).await;
    assert!(page.has("One code of the sheet is left"), "{}", page.text);
    add(&raised, SHEET, "Sheet", &[("f-kept", "true")]).await;
    let keys = keys_of(&house, ANN).await;
    assert_eq!((keys.len(), left(&keys[0])), (1, Some(2)));
    let tab = raised.open(HERE).await;
    let page = raised.submit(&tab, &format!("/add/{BROKEN}"), &[]).await;
    assert_eq!(page.status, 503);
    assert!(house.events(ANN).await.contains(&AuditKind::FactorFault));
    house.close().await;
}
