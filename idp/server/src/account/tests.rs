//! What Account Settings promise.
#![allow(clippy::unwrap_used, reason = "tests")]

mod log;
mod places;

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::outbox::Lane;
use keyholder_core::ports::Queries;

use super::commands::{self, Acting, Outcome};
use crate::audit::{self, About};
use crate::digest::hash_token;
use crate::web::testing::{ANN, BETH, Browser, House, PASSWORD, Page, session_cookie};
use crate::workers::outbox::{Post, deliver_due};

const FRESH: &str = "seven quiet otters downstream";
const ELSEWHERE: &str = "ann@new.example";

/// Every form of the account, with something to send.
const FORMS: [(&str, &[(&str, &str)]); 6] = [
    ("/account/name", &[("given_name", "Mallory")]),
    ("/account/email", &[("email", "mallory@evil.example"), ("current", PASSWORD)]),
    ("/account/email/withdraw", &[]),
    ("/account/password", &[("current", PASSWORD), ("password", FRESH), ("again", FRESH)]),
    ("/account/language", &[("language", "cy")]),
    ("/account/sign-ins/end", &[("sign_in", "0")]),
];

async fn change(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(path).await;
    browser.submit(&page, path, fields).await
}

/// The mails to an address, once nothing waits any more.
pub(super) async fn mails(house: &House, to: &str) -> Vec<String> {
    // Whatever the running worker has in hand, it finishes.
    while house.app().store.count_waiting_outbox().await.unwrap() > 0 {
        deliver_due(&Post::of(house.app()), "test", Lane::Mails).await.unwrap();
        tokio::task::yield_now().await;
    }
    let folder = std::fs::read_dir(house.app().config.data.join("mails")).unwrap();
    let files = folder.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "eml"));
    let texts = files.map(|path| std::fs::read_to_string(path).unwrap().replace("=\r\n", ""));
    texts.filter(|text| text.contains(&format!("<{to}>\r\n"))).collect()
}

pub(super) fn link_in(mail: &str) -> String {
    let (_, rest) = mail.split_once("/link/").unwrap();
    format!("/link/{}", rest.get(..43).unwrap())
}

#[tokio::test]
async fn without_a_sign_in_one_begins_that_comes_back() {
    let house = House::open().await;
    for path in ["/account", "/account/security-log", "/account/email"] {
        let page = house.browser().sign_in(path, ANN, PASSWORD).await;
        assert_eq!((page.status, page.path.as_str()), (200, path), "{}", page.text);
        assert!(page.header("content-security-policy").contains("form-action 'self'"));
        assert!(page.has("Joanne Whitlock"), "the school's help contact");
    }
    house.close().await;
}

#[tokio::test]
async fn account_forms_of_another_site_change_nothing() {
    let house = House::open().await;
    let (browser, other) = (house.signed_in(ANN).await, house.signed_in(BETH).await);
    let (_, foreign) = other.open("/account/name").await.form("/account/name");
    let foreign = foreign.iter().find(|(name, _)| name == "form_token").unwrap().1.clone();
    let before = house.person(ANN).await;
    for (path, fields) in FORMS {
        for token in [None, Some(""), Some(foreign.as_str())] {
            let fields: Vec<_> = fields.iter().copied().chain(token.map(|token| ("form_token", token))).collect();
            assert_eq!(browser.post(path, &fields).await.status, 403, "{path} {token:?}");
        }
    }
    assert_eq!(house.person(ANN).await, before);
    assert_eq!(browser.open("/account").await.path, "/account", "nobody was signed out");
    house.close().await;
}

#[tokio::test]
async fn a_form_posted_after_its_sign_in_ended_changes_nothing() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let pages = [browser.open("/account/name").await, browser.open("/account/password").await];
    let elsewhere = house.signed_in(ANN).await;
    let page = elsewhere.open("/account").await;
    elsewhere.submit(&page, "/sign-out/everywhere", &[]).await;
    let before = house.person(ANN).await;
    for (page, (path, fields)) in pages.iter().zip([FORMS[0], FORMS[3]]) {
        let answer = browser.submit(page, path, fields).await;
        assert!(answer.path.starts_with("/sign-in/"), "{path}: {}", answer.path);
    }
    assert_eq!(house.person(ANN).await, before);
    assert_eq!(house.browser().sign_in("/", ANN, PASSWORD).await.path, "/");
    house.close().await;
}

/// The request has passed its first look at the session when another browser ends it.
#[tokio::test]
async fn a_sign_in_that_ends_while_its_request_runs_has_no_effect() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let elsewhere = house.signed_in(ANN).await;
    let (app, before) = (house.app(), house.person(ANN).await);
    let session =
        app.store.find_session_by_token(hash_token(&session_cookie(&browser).unwrap())).await.unwrap().unwrap();
    let other =
        app.store.find_session_by_token(hash_token(&session_cookie(&elsewhere).unwrap())).await.unwrap().unwrap();
    let acting = Acting { session: session.id, idle: app.config.session.idle(), now: app.now() };
    let stored = app.store.find_password(before.id).await.unwrap().unwrap();
    let event = |kind| audit::event(app, kind, About { subject: Some(before.id), ..About::default() });
    let mail = || {
        let mail = keyholder_theme::mail::Mail::ConfirmEmail { name: String::new(), link: String::new(), minutes: 1 };
        crate::spine::mail_to(app, &before, &mail).unwrap()
    };
    let log = house.events(ANN).await;
    house
        .run(crate::spine::commands::EndSession {
            session: session.id,
            audit: event(AuditKind::SessionEnded),
            now: app.now(),
        })
        .await;

    let name = commands::ChangeName {
        acting,
        given_name: "Mallory".into(),
        family_name: String::new(),
        audit: event(AuditKind::PersonChanged),
    };
    assert_eq!(house.run(name).await, Outcome::SignedOut);
    let password = commands::ChangePassword {
        acting,
        former_hash: stored.hash.clone(),
        password: keyholder_core::person::StoredPassword { hash: "another".into(), changed_at: app.now() },
        token: hash_token("another"),
        audit: event(AuditKind::PasswordChanged),
        mail: mail(),
    };
    assert_eq!(house.run(password).await, Outcome::SignedOut);
    let language = commands::ChangeLanguage {
        acting,
        language: Some(keyholder_core::locale::Language::Cy),
        audit: event(AuditKind::PersonChanged),
    };
    assert_eq!(house.run(language).await, Outcome::SignedOut);
    let end = commands::EndSignIn { acting, other: other.id, audit: event(AuditKind::SessionEnded) };
    assert_eq!(house.run(end).await, Outcome::SignedOut);
    let forget = commands::ForgetBrowser { acting, browser: other.browser, audit: event(AuditKind::BrowserForgotten) };
    assert_eq!(house.run(forget).await, Outcome::SignedOut);
    let withdraw =
        commands::WithdrawEmail { acting, kind: "confirm-email", audit: event(AuditKind::EmailLinkWithdrawn) };
    assert_eq!(house.run(withdraw).await, Outcome::SignedOut);
    let ask = commands::AskEmail {
        acting,
        email: keyholder_core::person::Email::parse(ELSEWHERE).unwrap(),
        link: keyholder_core::link::MailedLink {
            id: keyholder_core::id::MailedLinkId::draw(&*app.random, app.now()),
            token: hash_token("link"),
            purpose: keyholder_core::link::LinkPurpose::ConfirmEmail { address: ELSEWHERE.into() },
            person: Some(before.id),
            created_at: app.now(),
            expires_at: app.now().plus(Duration::from_hours(1)),
            used_at: None,
        },
        mail: mail(),
        audit: event(AuditKind::EmailLinkAsked),
    };
    assert_eq!(house.run(ask).await, Outcome::SignedOut);

    assert_eq!(house.person(ANN).await, before);
    assert_eq!(app.store.find_password(before.id).await.unwrap(), Some(stored));
    assert!(app.store.find_link(hash_token("link")).await.unwrap().is_none());
    assert_eq!(house.events(ANN).await.len(), log.len() + 1, "only that the sign-in ended");
    assert_eq!(elsewhere.open("/account").await.path, "/account");
    house.close().await;
}

#[tokio::test]
async fn a_name_is_changed_and_what_was_typed_is_kept_where_it_is_wrong() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let long = "a".repeat(101);
    for bad in ["", "<b>", "ann@x.example", "https://evil.example", "\u{202e}nnA", "a\r\nBcc", long.as_str()] {
        let page = change(&browser, "/account/name", &[("given_name", bad), ("family_name", "")]).await;
        assert_eq!(page.status, 422, "{bad:?}");
        assert!(page.has("Error: "), "{bad:?}");
    }
    let page = change(&browser, "/account/name", &[("given_name", "Siân-Mai"), ("family_name", "O'Neill :")]).await;
    assert!(page.status == 422 && page.has("Siân-Mai"), "{}", page.text);
    let page =
        browser.submit(&page, "/account/name", &[("given_name", " Siân-Mai "), ("family_name", "O'Neill")]).await;
    assert!(page.path == "/account" && page.has("Your name is saved."), "{}", page.text);
    assert!(!browser.open("/account").await.has("Your name is saved."), "said once");
    assert_eq!(house.person(ANN).await.display_name(), "Siân-Mai O'Neill");
    house.close().await;
}

#[tokio::test]
async fn an_address_counts_once_its_person_has_confirmed_it() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let page = change(&browser, "/account/email", &[("email", ELSEWHERE)]).await;
    assert!(page.path == "/account" && page.has(ELSEWHERE) && page.has("a link is on its way"), "{}", page.text);
    assert_eq!(house.person(ANN).await.email.as_str(), ANN, "nothing changes before");
    let asked = mails(&house, ELSEWHERE).await;
    assert_eq!(asked.len(), 1);
    assert!(mails(&house, ANN).await.is_empty());
    let page = browser.open(&link_in(&asked[0])).await;
    assert_eq!(browser.submit(&page, "/link/", &[]).await.status, 200);
    assert_eq!(mails(&house, ANN).await.len(), 1, "a notice to the former address");
    let page = browser.open("/account").await;
    assert!(page.has(ELSEWHERE) && !page.has("Not confirmed") && !page.has("on its way"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn a_change_of_address_can_be_withdrawn() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let page = change(&browser, "/account/email", &[("email", ELSEWHERE)]).await;
    let link = link_in(&mails(&house, ELSEWHERE).await[0]);
    let page = browser.submit(&page, "/account/email/withdraw", &[]).await;
    assert!(page.has("withdrawn") && !page.has(ELSEWHERE), "{}", page.text);
    assert_eq!(house.browser().open(&link).await.status, 410);
    house.close().await;
}

#[tokio::test]
async fn another_persons_address_is_answered_like_any_other_and_taken_by_nobody() {
    let house = House::open().await;
    let mut answers = Vec::new();
    for address in [BETH, "free@nobody.example"] {
        let browser = house.signed_in(ANN).await;
        let page = change(&browser, "/account/email", &[("email", address)]).await;
        let again = browser.open("/account").await;
        answers.push([page, again].map(|page| (page.status, page.alike(address).matches("TYPED").count())));
    }
    assert_eq!(answers[0], answers[1]);
    assert!(mails(&house, BETH).await.iter().all(|mail| !mail.contains("/link/")), "the owner hears nothing");
    assert_eq!(mails(&house, "free@nobody.example").await.len(), 1);
    assert_eq!(house.person(BETH).await.email.as_str(), BETH);
    house.close().await;
}

#[tokio::test]
async fn an_address_that_was_taken_meanwhile_is_refused_at_the_confirmation() {
    let house = House::open().await;
    let (ann, beth) = (house.signed_in(ANN).await, house.signed_in(BETH).await);
    let fields = [("email", "shared@office.example")];
    change(&ann, "/account/email", &fields).await;
    let to_ann = mails(&house, "shared@office.example").await;
    change(&beth, "/account/email", &fields).await;
    let mut to_beth = mails(&house, "shared@office.example").await;
    to_beth.retain(|mail| !to_ann.contains(mail));
    assert_eq!((to_ann.len(), to_beth.len()), (1, 1));
    let (first, second) = (ann.open(&link_in(&to_ann[0])).await, beth.open(&link_in(&to_beth[0])).await);
    let (a, b) = tokio::join!(ann.submit(&first, "/link/", &[]), beth.submit(&second, "/link/", &[]));
    let mut answers = [a.status, b.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 410], "parallel confirmations: one person has the address");
    house.close().await;
}

#[tokio::test]
async fn new_addresses_are_asked_for_three_times_in_a_quarter_of_an_hour() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    for address in ["a@new.example", BETH, "c@new.example"] {
        assert_eq!(change(&browser, "/account/email", &[("email", address)]).await.path, "/account");
    }
    for address in ["d@new.example", BETH] {
        let page = change(&browser, "/account/email", &[("email", address)]).await;
        assert!(page.status == 422 && page.has("too many links"), "{}", page.text);
    }
    house.close().await;
}

#[tokio::test]
async fn a_new_address_takes_the_password_again_unless_it_was_proved_lately() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let early = browser.open("/account/email").await;
    assert!(!early.has("name=\"current\""));
    house.pass(Duration::from_mins(16));
    for (current, status) in [("", 422), ("not mine at all", 422)] {
        let fields = [("email", ELSEWHERE), ("current", current)];
        let page = browser.submit(&early, "/account/email", &fields).await;
        assert_eq!(page.status, status, "{current}");
        assert!(page.has("name=\"current\"") && page.has(ELSEWHERE) && !page.has("not mine at all"), "{}", page.text);
    }
    assert!(house.events(ANN).await.contains(&AuditKind::PasswordRefused));
    assert!(!browser.open("/account").await.has(ELSEWHERE));
    let page = browser.submit(&early, "/account/email", &[("email", ELSEWHERE), ("current", PASSWORD)]).await;
    assert!(page.path == "/account" && page.has(ELSEWHERE), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn a_changed_password_ends_every_other_sign_in_and_every_link() {
    let house = House::open().await;
    let (browser, elsewhere) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let link = house.password_link(ANN).await;
    let before = session_cookie(&browser).unwrap();
    let fields = [("current", PASSWORD), ("password", FRESH), ("again", FRESH)];
    let page = change(&browser, "/account/password", &fields).await;
    assert!(page.path == "/account" && page.has("Your password is changed."), "{} {}", page.path, page.text);
    assert_ne!(session_cookie(&browser).unwrap(), before, "a copied cookie counts no more");
    assert!(elsewhere.open("/account").await.path.starts_with("/sign-in/"));
    assert_eq!(house.browser().open(&link).await.status, 410);
    assert_eq!(mails(&house, ANN).await.iter().filter(|mail| mail.contains("password was changed")).count(), 1);
    elsewhere.set_cookie(crate::cookies::BROWSER, &browser.cookie(crate::cookies::BROWSER).unwrap());
    elsewhere.set_cookie(crate::cookies::SESSION, &before);
    assert!(elsewhere.open("/account").await.path.starts_with("/sign-in/"));
    assert_eq!(house.browser().sign_in("/", ANN, FRESH).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn a_password_changes_only_by_the_present_one_and_within_the_rules() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let bad = [("", FRESH, FRESH), ("wrong", FRESH, FRESH), (PASSWORD, FRESH, "other"), (PASSWORD, "short", "short")];
    for (current, password, again) in bad {
        let fields = [("current", current), ("password", password), ("again", again)];
        let page = change(&browser, "/account/password", &fields).await;
        assert_eq!(page.status, 422, "{current} {password}");
        assert!(!page.has(FRESH) && !page.has(PASSWORD), "passwords are never written on a page");
    }
    assert_eq!(house.browser().sign_in("/", ANN, PASSWORD).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn guesses_at_the_present_password_are_throttled() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let guess = [("current", "a guess"), ("password", FRESH), ("again", FRESH)];
    for _ in 0..5 {
        assert!(change(&browser, "/account/password", &guess).await.has("not the password"));
    }
    for current in ["a guess", PASSWORD] {
        let fields = [("current", current), ("password", FRESH), ("again", FRESH)];
        let page = change(&browser, "/account/password", &fields).await;
        assert!(page.status == 422 && page.has("too many tries"), "{}", page.text);
    }
    assert!(!house.events(ANN).await.contains(&AuditKind::PasswordChanged));
    house.close().await;
}

#[tokio::test]
async fn the_chosen_language_counts_in_browsers_where_no_other_was_chosen() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    browser.open("/language/en").await;
    let page = browser.open("/account/language").await;
    let (action, hidden) = page.form("/account/language");
    let token = hidden.iter().find(|(name, _)| name == "form_token").unwrap().1.clone();
    assert_eq!(browser.post(&action, &[("form_token", &token), ("language", "klingon")]).await.status, 400);
    let page = browser.submit(&page, "/account/language", &[("language", "cy")]).await;
    assert!(page.has("Mae eich iaith wedi") && page.has("lang=\"cy\""), "{}", page.text);
    let other = house.signed_in(ANN).await;
    assert!(other.open("/account").await.has("<html lang=\"cy\">"));
    assert!(other.open("/").await.has("<html lang=\"cy\">"));
    other.open("/language/en").await;
    assert!(other.open("/account").await.has("<html lang=\"en\">"), "the switch of a browser goes first");
    let page = other.open("/account/language").await;
    other.submit(&page, "/account/language", &[("language", "")]).await;
    assert_eq!(house.person(ANN).await.language, None);
    house.close().await;
}
