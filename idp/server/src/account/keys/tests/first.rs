//! What a first key takes, and what whoever knows the password or reads the mailbox alone gets by it.

use std::time::Duration;

use keyholder_core::assurance::Method;
use keyholder_core::credential::CredentialOwner;
use keyholder_core::id::{CredentialId, SchoolId, SessionId};
use keyholder_core::membership::FirstKey;
use keyholder_core::person::Person;
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::Mail;

use super::*;
use crate::account::keys::commands::{AskFirstKey, LINKS, StopKey};
use crate::account::tests::{link_in, mails};
use crate::audit::{About, event};
use crate::web::testing::Change;
use crate::web::testing::keys::{Put, key};

const WEEK: Duration = Duration::from_hours(7 * 24);

fn asks_for_link(page: &Page) -> bool {
    page.has(&format!("{HERE}/first"))
}

async fn session_of(house: &House, browser: &Browser, email: &str) -> Session {
    let person = house.person(email).await;
    let live = house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap();
    let token = hash_token(&session_cookie(browser).unwrap());
    live.into_iter().find(|session| session.token == token).unwrap()
}

/// An access pass for somebody.
async fn pass_for(house: &House, email: &str, typed: &str) {
    let now = house.app().now();
    let pass = MailedLink {
        id: MailedLinkId::draw(&SystemRandom, now),
        token: hash_token(typed),
        purpose: LinkPurpose::AccessPass,
        person: Some(house.person(email).await.id),
        created_at: now,
        expires_at: now.plus(Duration::from_hours(24)),
        used_at: None,
    };
    house.run(super::Pass(pass)).await;
}

async fn first_key_takes(house: &House, rule: FirstKey) {
    let school = SchoolId::from_uuid(uuid::Uuid::from_u128(1));
    let mut group = house.app().store.list_groups(school).await.unwrap().remove(0);
    group.first_key = rule;
    house.run(Put { group: Some(group), keys: Vec::new() }).await;
}

fn stop(house: &House, person: &Person, key: CredentialId) -> StopKey {
    let about = About { subject: Some(person.id), ..About::default() };
    let mail = Mail::KeyRenamed {
        name: String::new(),
        former: String::new(),
        key: String::new(),
        circumstances: crate::spine::circumstances(house.app(), &crate::audit::Whence::default()),
    };
    StopKey {
        person: person.id,
        key,
        audit: event(house.app(), AuditKind::KeyRemoved, about),
        mail: crate::spine::mail_to(house.app(), person, &mail).unwrap(),
        now: house.app().now(),
    }
}

fn permit(house: &House, session: SessionId, link: MailedLinkId) -> PermitFirstKey {
    PermitFirstKey {
        session,
        link,
        audit: event(house.app(), AuditKind::FirstKeyPermitted, About::default()),
        idle: house.app().config.session.idle(),
        now: house.app().now(),
    }
}

#[tokio::test]
async fn whoever_reads_the_mailbox_alone_takes_a_key_off_and_gets_none() {
    for rule in [FirstKey::Mailbox, FirstKey::Open] {
        let house = House::open().await;
        with_phone(&house).await;
        first_key_takes(&house, rule).await;
        let key = keys_of(&house, ANN).await.remove(0);
        let link = remove::stop_link(house.app(), house.person(ANN).await.id, key.id).unwrap();
        let thief = house.browser();
        let page = thief.open(&link).await;
        assert!(page.has("a new first key takes an access pass"), "{}", page.text);
        thief.submit(&page, "/stop-key/", &[]).await;
        // The mailbox brings a new password as well; here the thief signs in with it.
        let thief = house.signed_in(ANN).await;
        let tab = thief.open(HERE).await;
        assert!(!asks_for_link(&tab) && !tab.has("/add/"), "{}", tab.text);
        assert!(tab.has("removed by the link in an e-mail less than a week ago"), "{}", tab.text);
        let (_, fields) = tab.form("/pass");
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for what in ["first", "add/soft-key"] {
            let forged = thief.post(&format!("{HERE}/{what}"), &fields).await;
            assert_eq!((forged.status, forged.header("location")), (303, HERE), "{what}");
        }
        assert_eq!(
            house
                .app()
                .store
                .count_waiting_links(house.person(ANN).await.id, "first-key", house.app().now())
                .await
                .unwrap(),
            0
        );
        pass_for(&house, ANN, "ABCD0123EFGH4567").await;
        assert!(thief.submit(&tab, "/pass", &[("pass", "ABCD0123EFGH4567")]).await.has("/add/"), "a pass is enough");
        house.pass(WEEK);
        let tab = house.signed_in(ANN).await.open(HERE).await;
        assert!(asks_for_link(&tab) || tab.has("/add/"), "{}", tab.text);
        house.close().await;
    }
}

#[tokio::test]
async fn an_address_that_was_just_changed_brings_no_first_key() {
    const NEW_ADDRESS: &str = "ann@new.example";
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    assert!(asks_for_link(&browser.open(HERE).await));
    let page = browser.open("/account/email").await;
    browser.submit(&page, "/account/email", &[("email", NEW_ADDRESS)]).await;
    let page = browser.open(&link_in(&mails(&house, NEW_ADDRESS).await[0])).await;
    browser.submit(&page, "/link/", &[]).await;
    let tab = browser.open(HERE).await;
    assert!(!asks_for_link(&tab) && tab.has("changed less than a week ago"), "{}", tab.text);
    house.pass(WEEK);
    assert!(asks_for_link(&house.signed_in(NEW_ADDRESS).await.open(HERE).await));
    // The same address, confirmed: nothing has changed.
    let person = house.person(NEW_ADDRESS).await;
    let purpose = LinkPurpose::ConfirmEmail { address: "Ann@new.example".into() };
    let link = house.link(NEW_ADDRESS, purpose).await;
    let browser = house.signed_in(NEW_ADDRESS).await;
    let page = browser.open(&link).await;
    browser.submit(&page, "/link/", &[]).await;
    assert_eq!(house.person(NEW_ADDRESS).await.email_changed_at, person.email_changed_at);
    house.close().await;
}

#[tokio::test]
async fn taking_a_key_back_ends_sign_ins_kills_links_and_counts_once() {
    let house = House::open().await;
    let browser = with_phone(&house).await;
    let (person, own) = (house.person(ANN).await, keys_of(&house, ANN).await.remove(0));
    let school = SchoolId::from_uuid(uuid::Uuid::from_u128(1));
    let issued = Credential { owner: CredentialOwner::School(school), ..key(&house, &person, CODE) };
    let beth = house.person(BETH).await;
    let theirs = key(&house, &beth, CODE);
    house.run(Put { group: None, keys: vec![issued.clone(), theirs.clone()] }).await;
    for not_theirs in [issued.id, theirs.id, CredentialId::draw(&SystemRandom, house.app().now())] {
        assert!(!house.run(stop(&house, &person, not_theirs)).await);
    }
    assert_eq!(house.person(ANN).await.key_stopped_at, None, "nothing was changed");
    assert_eq!(keys_of(&house, ANN).await.len(), 2);
    let link = house.password_link(ANN).await;
    let session = session_of(&house, &browser, ANN).await;
    assert!(house.run(stop(&house, &person, own.id)).await);
    assert!(!house.run(stop(&house, &person, own.id)).await, "it is gone");
    let now = house.app().now();
    assert_eq!(house.person(ANN).await.key_stopped_at, Some(now));
    assert!(house.app().store.find_session(session.id).await.unwrap().unwrap().ended_at.is_some());
    assert_eq!(house.browser().open(&link).await.status, 410, "links die");
    assert_eq!(keys_of(&house, ANN).await.iter().map(|key| key.id).collect::<Vec<_>>(), [issued.id]);
    assert_eq!(house.events(ANN).await.iter().filter(|kind| **kind == AuditKind::KeyRemoved).count(), 1);
    house.close().await;
}

#[tokio::test]
async fn a_first_key_is_permitted_in_a_live_session_by_a_live_link_once() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let session = session_of(&house, &browser, ANN).await;
    let purpose = LinkPurpose::FirstKey { session: session.id };
    let waiting = async || {
        let link = house.link(ANN, purpose.clone()).await;
        let token = hash_token(link.strip_prefix("/link/").unwrap());
        house.app().store.find_link(token).await.unwrap().unwrap().id
    };
    let permitted = async || session_of(&house, &browser, ANN).await.enrols_first_key(house.app().now());
    // No such session; one that is over; one that is idle for too long.
    let link = waiting().await;
    let nobody = SessionId::draw(&SystemRandom, house.app().now());
    assert!(!house.run(permit(&house, nobody, link)).await);
    assert!(!house.run(PermitFirstKey { idle: Duration::ZERO, ..permit(&house, session.id, link) }).await);
    let other = house.signed_in(ANN).await;
    let over = session_of(&house, &other, ANN).await.id;
    let page = other.open("/sign-out").await;
    other.submit(&page, "/sign-out", &[]).await;
    assert!(!house.run(permit(&house, over, link)).await);
    // A link that is no longer enough.
    let person = house.person(ANN).await;
    for barred in [
        Person { key_stopped_at: Some(house.app().now()), ..person.clone() },
        Person { email_changed_at: Some(house.app().now()), ..person.clone() },
    ] {
        house.run(Change(barred)).await;
        assert!(!house.run(permit(&house, session.id, link)).await);
    }
    house.run(Change(person)).await;
    // None of them used the link up, and none permitted anything.
    assert_eq!(permitted().await, None);
    assert!(house.run(permit(&house, session.id, link)).await);
    assert_eq!(permitted().await, Some(Method::FirstKey));
    assert!(!house.run(permit(&house, session.id, link)).await, "once");
    let old = waiting().await;
    house.pass(Duration::from_hours(1));
    assert!(!house.run(permit(&house, session.id, old)).await, "too old");
    house.close().await;
}

#[tokio::test]
async fn nobody_kills_the_owners_link_by_asking_for_more() {
    let house = House::open().await;
    let (owner, thief) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let tab = owner.open(HERE).await;
    owner.submit(&tab, "/first", &[]).await;
    // Beside it lies the mail about the thief's browser.
    let mails = mails(&house, ANN).await;
    let link = link_in(mails.iter().find(|mail| mail.contains("/link/")).unwrap());
    let tab = thief.open(HERE).await;
    for _ in 0..3 {
        let page = thief.submit(&tab, "/first", &[]).await;
        assert!(page.has("a link is on its way"), "{}", page.text);
    }
    let person = house.person(ANN).await.id;
    let count = async || house.app().store.count_waiting_links(person, "first-key", house.app().now()).await.unwrap();
    assert_eq!(count().await, 2, "within a session the newer takes the place of the older");
    let page = owner.open(&link).await;
    assert!(owner.submit(&page, "/link/", &[]).await.has("You can add your first key now."));
    house.close().await;
}

#[tokio::test]
async fn a_bounded_number_of_links_for_a_first_key_waits() {
    let house = House::open().await;
    let owner = house.signed_in(ANN).await;
    let tab = owner.open(HERE).await;
    owner.submit(&tab, "/first", &[]).await;
    for _ in 1..LINKS {
        let session = SessionId::draw(&SystemRandom, house.app().now());
        house.link(ANN, LinkPurpose::FirstKey { session }).await;
    }
    // Their own is replaced, which is none more.
    assert!(owner.submit(&tab, "/first", &[]).await.has("a link is on its way"));
    let other = house.signed_in(ANN).await;
    let page = other.submit(&tab_of(&other).await, "/first", &[]).await;
    assert_eq!(page.status, 429, "{}", page.text);
    let person = house.person(ANN).await.id;
    let count = house.app().store.count_waiting_links(person, "first-key", house.app().now()).await.unwrap();
    assert_eq!(count, LINKS);
    assert_eq!(house.events(ANN).await.iter().filter(|kind| **kind == AuditKind::FirstKeyLinkAsked).count(), 2);
    house.close().await;
}

async fn tab_of(browser: &Browser) -> Page {
    browser.open(HERE).await
}

#[tokio::test]
async fn a_link_that_was_barred_meanwhile_is_not_sent() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let (person, now) = (house.person(ANN).await, house.app().now());
    let session = session_of(&house, &browser, ANN).await;
    let ask = |at: Timestamp| AskFirstKey {
        acting: crate::account::commands::Acting {
            session: session.id,
            idle: house.app().config.session.idle(),
            now: at,
        },
        link: MailedLink {
            id: MailedLinkId::draw(&SystemRandom, now),
            token: hash_token("a token of a link"),
            purpose: LinkPurpose::FirstKey { session: session.id },
            person: Some(person.id),
            created_at: now,
            expires_at: now.plus(Duration::from_hours(1)),
            used_at: None,
        },
        mail: stop(&house, &person, CredentialId::draw(&SystemRandom, now)).mail,
        audit: event(house.app(), AuditKind::FirstKeyLinkAsked, About::default()),
    };
    house.run(Change(Person { key_stopped_at: Some(now), ..person.clone() })).await;
    assert_eq!(house.run(ask(now)).await, Outcome::Refused);
    assert_eq!(house.app().store.count_waiting_links(person.id, "first-key", now).await.unwrap(), 0);
    house.run(Change(person.clone())).await;
    assert_eq!(house.run(ask(now)).await, Outcome::Done);
    house.close().await;
}

#[tokio::test]
async fn the_log_tells_by_what_right_a_key_was_added() {
    let house = House::open().await;
    let browser = with_phone(&house).await;
    let log = browser.open("/account/security-log").await;
    let told = |page: &Page, what: &str| page.text.matches(what).count();
    assert_eq!(told(&log, "By the link in an e-mail"), 2, "permitted, and added: {}", log.text);
    let raised = raised(&house, "2468102").await;
    add(&raised, SHEET, "Sheet", &[("f-kept", "true")]).await;
    let log = raised.open("/account/security-log").await;
    assert_eq!(told(&log, "In a sign-in that had used a key"), 1, "{}", log.text);
    assert!(log.has("Ann&#x27;s phone") && !log.has("soft-key"), "{}", log.text);

    let beth = house.signed_in(BETH).await;
    pass_for(&house, BETH, "ABCD0123EFGH4567").await;
    let tab = beth.open(HERE).await;
    beth.submit(&tab, "/pass", &[("pass", "WRONG")]).await;
    beth.submit(&tab, "/pass", &[("pass", "ABCD0123EFGH4567")]).await;
    add(&beth, CODE, "Phone", &[("f-code", "2468101")]).await;
    let log = beth.open("/account/security-log").await;
    assert_eq!(told(&log, "A wrong access pass was entered"), 1, "{}", log.text);
    assert_eq!(told(&log, "By an access pass"), 2, "{}", log.text);

    house.close().await;
}

#[tokio::test]
async fn a_key_that_cannot_be_used_now_is_told_of_and_a_link_does_not_take_its_place() {
    let house = House::open().await;
    let browser = permitted(&house, ANN).await;
    let person = house.person(ANN).await;
    let away = Credential { factor: "away".into(), label: "Old ring".into(), ..key(&house, &person, CODE) };
    house.run(Put { group: None, keys: vec![away] }).await;
    let tab = browser.open(HERE).await;
    assert!(tab.has("Old ring") && tab.has("Keys that cannot be used for now"), "{}", tab.text);
    assert!(tab.has("You have a key already") && !asks_for_link(&tab) && !tab.has("/add/"), "{}", tab.text);
    // A pass does.
    pass_for(&house, ANN, "ABCD0123EFGH4567").await;
    let tab = browser.submit(&tab, "/pass", &[("pass", "ABCD0123EFGH4567")]).await;
    assert!(tab.has("/add/") && tab.has("Old ring"), "{}", tab.text);
    let page = add(&browser, CODE, "Ann's phone", &[("f-code", "2468101")]).await;
    assert!(page.has("Successfully added"), "{}", page.text);
    // And whoever has a key that can be used takes the other off.
    let raised = raised(&house, "2468102").await;
    let tab = raised.open(HERE).await;
    let removal = raised.open(&tab.link("/remove")).await;
    assert!(removal.has("Old ring"), "{}", removal.text);
    raised.submit(&removal, "/remove", &[]).await;
    assert!(!raised.open(HERE).await.has("Old ring"));
    house.close().await;
}
