//! What ceremonies promise, told by browsers, devices and two people.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::{ACR_MULTI_FACTOR, Assurance, Method, Proof, Reach};
use keyholder_core::audit::AuditKind;
use keyholder_core::ceremony::{Ceremony, Ending};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{DeviceKey, Purpose};
use keyholder_core::flow::Aim;
use keyholder_core::grant::Grant;
use keyholder_core::id::{CredentialId, GrantId, SessionId};
use keyholder_core::lockout::Diagnosis;
use keyholder_core::person::Person;
use keyholder_core::ports::{Command, Queries, SingleUse, StoreError, Transaction};
use keyholder_core::session::Session;
use reqwest::Method as Verb;

use super::commands::{Accept, Accepting, Browser as At, Refuse, Then};
use super::*;
use crate::account::keys::forget_proofs;
use crate::audit::{About, event};
use crate::digest::hash_token;
use crate::web::testing::fake_factors::{BROKEN, CODE, DIGITS, HELD, IS_HELD, LIAR, MAY_GO_ON, SHEET, TOUCH};
use crate::web::testing::keys::{Put, house_with_keys as house, key, school};
use crate::web::testing::{ANN, BETH, Browser, House, PASSWORD, Page, asks, session_cookie, with_fields};
use crate::wiring::SystemRandom;

mod bounds;
mod devices;
mod guesses;
mod pages;
mod removed;
mod security_key;

/// A key goes, or changes hands; with `here`, its holder's session is the one at hand.
struct Forget {
    key: CredentialId,
    person: Person,
    here: Option<SessionId>,
    now: Timestamp,
}

#[async_trait]
impl Command for Forget {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.hold_credential(self.key, None).await?;
        forget_proofs(transaction, self.key, self.person.id, self.here, self.now).await
    }
}

/// Ann at the page that asks for her key.
async fn at_factor(house: &House) -> (Browser, Page) {
    let browser = house.browser();
    let page = browser.sign_in(&asks("safeguarding", "&school=oakfield"), ANN, PASSWORD).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.has("Two Factor Authentication"), "{}", page.text);
    (browser, page)
}

async fn type_code(browser: &Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, "/factor", &[("f-code", code)]).await
}

fn is_answered(page: &Page) -> bool {
    page.path.starts_with("https://app.example/callback?") && page.path.contains("code=")
}

async fn keys_of(house: &House, email: &str) -> Vec<Credential> {
    house.app().store.list_credentials(house.person(email).await.id).await.unwrap()
}

/// The one live session of somebody.
async fn session_of(house: &House, email: &str) -> Session {
    let person = house.person(email).await;
    house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap().remove(0)
}

async fn open_ceremony(house: &House, email: &str) -> Ceremony {
    let person = house.person(email).await;
    house.app().store.list_open_ceremonies(person.id, house.app().now()).await.unwrap().remove(0)
}

fn factors_in(session: &Session) -> Vec<&Proof> {
    session.proofs.iter().filter(|proof| proof.method == Method::Factor).collect()
}

#[actix_web::test]
async fn a_right_code_completes_the_sign_in_under_a_fresh_token() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let before = session_cookie(&browser);
    let answered = type_code(&browser, &page, "246 810").await;
    assert!(is_answered(&answered), "{answered:?}");
    assert_ne!(session_cookie(&browser), before);
    let session = session_of(&house, ANN).await;
    assert_eq!(factors_in(&session)[0].amr, ["otp"]);
    assert_eq!(factors_in(&session)[0].reach, Reach::Everywhere);
    assert_eq!(session.elevated_until, Some(house.app().now().plus(Duration::from_mins(30))));
    assert!(house.events(ANN).await.contains(&AuditKind::FactorAccepted));
    assert_eq!(keys_of(&house, ANN).await[0].last_used_at, Some(house.app().now()));
    // The old token is worth nothing.
    let thief = house.browser();
    thief.set_cookie(crate::cookies::SESSION, &before.unwrap());
    thief.set_cookie(crate::cookies::BROWSER, &browser.cookie(crate::cookies::BROWSER).unwrap());
    assert!(thief.open("/account").await.path.starts_with("/sign-in/"));
}

#[actix_web::test]
async fn a_wrong_code_lets_nobody_in_and_says_so_at_the_field() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let refused = type_code(&browser, &page, "111111").await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("Incorrect or out of date code") && refused.has("<title>Error: "), "{}", refused.text);
    assert!(refused.has("autocomplete=\"one-time-code\"") && refused.has("inputmode=\"numeric\""));
    assert!(!refused.has("111111"), "a typed code is not shown again");
    assert!(house.events(ANN).await.contains(&AuditKind::FactorRefused));
    let empty = type_code(&browser, &refused, " ").await;
    assert_eq!(empty.status, 422);
    assert!(empty.has("Fill this in first"));
    assert!(is_answered(&type_code(&browser, &empty, DIGITS).await));
}

#[actix_web::test]
async fn a_code_is_accepted_once() {
    let house = house(&[], &[CODE]).await;
    let (first, page) = at_factor(&house).await;
    let (second, other_page) = at_factor(&house).await;
    assert!(is_answered(&type_code(&first, &page, DIGITS).await));
    let refused = type_code(&second, &other_page, DIGITS).await;
    assert_eq!(refused.status, 422);
    assert!(refused.has("This code was used already"), "{}", refused.text);
    assert!(is_answered(&type_code(&second, &refused, "2468100").await));
}

#[actix_web::test]
async fn of_two_identical_answers_sent_at_once_one_wins() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let (action, hidden) = page.form("/factor");
    let mut fields: Vec<(&str, &str)> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "f-code")
        .collect();
    fields.push(("f-code", DIGITS));
    let send = || {
        let request = browser.request(Verb::POST, &action).header("sec-fetch-site", "same-origin");
        let request = with_fields(request, &fields);
        async move { request.send().await.unwrap() }
    };
    let answers = futures::future::join_all((0..8).map(|_| send())).await;
    let renewed = |answer: &reqwest::Response| {
        answer.headers().get_all("set-cookie").iter().any(|line| line.to_str().unwrap().contains("kh-session="))
    };
    assert_eq!(answers.iter().filter(|answer| renewed(answer)).count(), 1);
    assert!(answers.iter().all(|answer| answer.status().as_u16() < 500));
    assert_eq!(factors_in(&session_of(&house, ANN).await).len(), 1);
    let accepted = house.events(ANN).await.into_iter().filter(|kind| *kind == AuditKind::FactorAccepted);
    assert_eq!(accepted.count(), 1);
}

#[actix_web::test]
async fn a_step_answers_its_own_session_person_and_purpose_alone() {
    let house = house(&[], &[CODE]).await;
    let (ann, page) = at_factor(&house).await;
    let beth = house.browser();
    let of_beth = beth.sign_in(&asks("safeguarding", "&school=oakfield"), BETH, PASSWORD).await;
    let mine = open_ceremony(&house, ANN).await;
    let theirs = open_ceremony(&house, BETH).await;
    // Another person's, and another session's.
    for (browser, page, ceremony) in [(&beth, &of_beth, &mine), (&ann, &page, &theirs)] {
        let refused =
            browser.submit(page, "/factor", &[("ceremony", &ceremony.id.to_string()), ("f-code", DIGITS)]).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.has("This went on somewhere else"), "{}", refused.text);
    }
    // One of an enrolment.
    let person = house.person(ANN).await;
    let session = session_of(&house, ANN).await;
    let whence = Whence::default();
    let asked = Asked { app: house.app(), session: &session, person: &person, whence: &whence, language: Language::En };
    let Begun::Waiting(enrolment) = begin_enrolment(&asked, &house.app().factors.find(CODE).unwrap()).await.unwrap()
    else {
        panic!("nothing to enrol")
    };
    assert_eq!(enrolment.purpose, Purpose::Enrolment);
    let refused = ann.submit(&page, "/factor", &[("ceremony", &enrolment.id.to_string()), ("f-code", DIGITS)]).await;
    assert!(refused.has("This went on somewhere else"), "{}", refused.text);
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
    assert!(factors_in(&session_of(&house, BETH).await).is_empty());
}

#[actix_web::test]
async fn a_step_that_expired_or_ended_answers_nothing() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    house.pass(Duration::from_mins(6));
    let late = type_code(&browser, &page, DIGITS).await;
    assert!(late.has("This went on somewhere else"), "{}", late.text);
    let used = open_ceremony(&house, ANN).await;
    assert!(is_answered(&type_code(&browser, &late, DIGITS).await));
    // Used up: another flow of the same session cannot use it again.
    house.pass(Duration::from_mins(31));
    let again = browser.open(&asks("safeguarding", "&school=oakfield")).await;
    let refused = browser.submit(&again, "/factor", &[("ceremony", &used.id.to_string()), ("f-code", "2468101")]).await;
    assert!(refused.has("This went on somewhere else"), "{}", refused.text);
    assert!(is_answered(&type_code(&browser, &refused, "2468102").await));
}

/// A challenge as its answer is checked against it.
async fn challenge(house: &House) -> (Browser, Ceremony, Credential, Session) {
    let (browser, _) = at_factor(house).await;
    let key = keys_of(house, ANN).await.remove(0);
    (browser, open_ceremony(house, ANN).await, key, session_of(house, ANN).await)
}

fn accept(house: &House, ceremony: &Ceremony, key: &Credential, session: &Session) -> Accept {
    let (app, now) = (house.app(), house.app().now());
    let event = |kind| event(app, kind, About::default());
    Accept {
        ceremony: ceremony.clone(),
        key: key.clone(),
        update: None,
        consume: Vec::new(),
        proof: Proof::of_factor(now, key.id, &key.evidence, Reach::Everywhere),
        browser: Some(At {
            session: session.clone(),
            token: hash_token("fresh"),
            until: now.plus(Duration::from_mins(30)),
        }),
        audit: event(AuditKind::FactorAccepted),
        replayed: event(AuditKind::FactorRefused),
        locked: event(AuditKind::FactorLocked),
        mails: Vec::new(),
        end: None,
        now,
    }
}

#[actix_web::test]
async fn a_plugin_cannot_name_a_key_that_was_not_handed_in() {
    let house = house(&[], &[LIAR]).await;
    let (browser, page) = at_factor(&house).await;
    let refused = type_code(&browser, &page, "forge").await;
    assert_eq!(refused.status, 503);
    assert!(refused.has("This key cannot be checked just now"), "{}", refused.text);
    assert!(house.events(ANN).await.contains(&AuditKind::FactorFault));
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
}

#[actix_web::test]
async fn evidence_above_the_ceiling_is_cut_down() {
    let house = house(&[], &[LIAR]).await;
    let (browser, page) = at_factor(&house).await;
    assert!(is_answered(&type_code(&browser, &page, "claims").await));
    let session = session_of(&house, ANN).await;
    assert_eq!(factors_in(&session)[0].amr, ["hwk"]);
    assert!(!factors_in(&session)[0].phishing_resistant);
}

#[actix_web::test]
async fn a_plugin_that_fails_lets_nobody_in_and_leaves_the_other_ways() {
    let house = house(&[], &[BROKEN, CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let broken = browser.open(&format!("{}/factor/{BROKEN}", page.path.split("/factor").next().unwrap())).await;
    assert_eq!(broken.status, 503);
    assert!(broken.has("This key cannot be checked just now"), "{}", broken.text);
    assert!(house.events(ANN).await.contains(&AuditKind::FactorFault));
    let other = browser.open(&broken.link("/factor/soft-key")).await;
    assert!(is_answered(&type_code(&browser, &other, DIGITS).await));
}

#[actix_web::test]
async fn whoever_may_goes_on_without_a_key() {
    let house = house(&["staff"], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    assert!(page.has("Continue without my key"));
    let answered = browser.submit(&page, "/factor/continue", &[]).await;
    assert!(is_answered(&answered), "{answered:?}");
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
    // Not where the application asked for more, nor where the group gets nothing.
    let asking = asks("safeguarding", &format!("&school=oakfield&acr_values={ACR_MULTI_FACTOR}"));
    let page = house.browser().sign_in(&asking, ANN, PASSWORD).await;
    assert!(page.has("Two Factor Authentication") && !page.has("Continue without my key"), "{}", page.text);
}

#[actix_web::test]
async fn a_forged_continue_is_no_way_past_a_key() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let here = page.form("/factor").0;
    let answer = browser.post(&format!("{here}/continue"), &[]).await;
    assert_eq!(answer.status, 303);
    assert!(browser.open(answer.header("location")).await.has("Two Factor Authentication"));
}

fn approval(ceremony: &Ceremony, key: &Credential, body: &str) -> DeviceRequest {
    DeviceRequest {
        target: Target::Challenge { ceremony: ceremony.id, credential: key.id },
        body: body.as_bytes().to_vec(),
        whence: Whence::default(),
    }
}

#[actix_web::test]
async fn a_clock_that_is_off_is_told_every_five_minutes() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let told = type_code(&browser, &page, "late").await;
    assert!(told.has("clock is 3 minutes slow") && told.has("automatic"), "{}", told.text);
    let silent = type_code(&browser, &told, "late").await;
    assert!(!silent.has("3 minutes slow"), "{}", silent.text);
    house.pass(Duration::from_mins(5));
    let page = browser.open(&silent.link("/factor/soft-key")).await;
    assert!(type_code(&browser, &page, "late").await.has("3 minutes slow"));
    // It never lets anybody in.
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
}

#[actix_web::test]
async fn a_recovery_code_opens_ones_keys_and_no_application() {
    let house = house(&[], &[CODE, SHEET]).await;
    let (browser, page) = at_factor(&house).await;
    assert!(!page.has("/factor/recovery-code"));
    let page = browser.open(&page.link("/account/security-keys/use/recovery-code")).await;
    let answered = type_code(&browser, &page, "one").await;
    assert_eq!(answered.path, "/account/security-keys", "{}", answered.text);
    let session = session_of(&house, ANN).await;
    assert_eq!(factors_in(&session)[0].reach, Reach::KeyManagement);
    assert!(session.manages_keys_until(house.app().now()).is_some());
    assert!(house.events(ANN).await.contains(&AuditKind::RecoveryCodeUsed));
    let sheet = keys_of(&house, ANN).await.into_iter().find(|key| key.factor == SHEET).unwrap();
    assert_eq!(sheet.secret, b"two");
    assert_eq!(sheet.facts, [("left".to_owned(), "1".to_owned())]);
    let page = browser.open(&asks("safeguarding", "&school=oakfield")).await;
    assert!(page.has("Two Factor Authentication"), "{}", page.text);
}

#[actix_web::test]
async fn a_managed_key_counts_in_its_own_school() {
    let house = House::open().await;
    let person = house.person(BETH).await;
    let issued = Credential { owner: CredentialOwner::School(school(1)), ..key(&house, &person, CODE) };
    house.run(Put { group: None, keys: vec![issued] }).await;
    let offered = |number, aim| {
        let wanted = Wanted { aim, school: school(number), needed: Assurance::MultiFactor };
        let (app, person) = (house.app(), &person);
        async move {
            let held = Held::by(app, person.id).await.unwrap();
            offers(app, &held, &wanted).len()
        }
    };
    assert_eq!(offered(1, Aim::Use).await, 1);
    assert_eq!(offered(2, Aim::Use).await, 0);
    assert_eq!(offered(1, Aim::ManageKeys).await, 0, "it proves nothing about the person's own keys");
    let keys = house.app().store.list_credentials(person.id).await.unwrap();
    assert_eq!(at_hand(house.app(), &keys)[0].reach, Reach::School(school(1)));
}

#[actix_web::test]
async fn a_second_tab_asks_the_same() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let again = browser.open(&page.path).await;
    assert_eq!(page.form("/factor").1, again.form("/factor").1);
    assert!(is_answered(&type_code(&browser, &again, DIGITS).await));
    // The first tab looks how far the flow is.
    let late = type_code(&browser, &page, DIGITS).await;
    assert!(late.has("already finished") || is_answered(&late), "{}", late.text);
}

#[actix_web::test]
async fn whoever_has_a_key_uses_it_before_the_address_changes() {
    let house = house(&["staff"], &[CODE]).await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/account/email").await;
    assert!(page.has("Two Factor Authentication"), "{}", page.text);
    let page = type_code(&browser, &page, DIGITS).await;
    assert_eq!(page.path, "/account/email", "{}", page.text);
}
