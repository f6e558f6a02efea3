//! The end of a sign-in is the answer to the form that led to it; what has to be read is shown at an address of its own.

use std::time::Duration;

use keyholder_core::assurance::{Method, Proof};
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Ask, Flow, LIFETIME, Origin, Stage};
use keyholder_core::grant::Grant;
use keyholder_core::id::{FlowId, SessionId};
use keyholder_core::person::Person;
use keyholder_core::ports::Queries;
use keyholder_core::session::Session;
use keyholder_theme::mail::Mail;

use crate::audit::{About, Whence, event};
use crate::cookies;
use crate::digest::hash_token;
use crate::spine::commands::{End, FinishFlow, SignIn, SignedIn};
use crate::spine::{circumstances, mail_to};
use crate::web::testing::fake_factors::{CODE, DIGITS};
use crate::web::testing::keys::house_with_keys;
use crate::web::testing::{ANN, BETH, Browser, House, PASSWORD, Page, asks, session_cookie};
use crate::wiring::SystemRandom;

/// Posts a form of a page, and goes nowhere.
async fn answer(browser: &Browser, page: &Page, form: &str, (name, value): (&str, &str)) -> Page {
    let (action, hidden) = page.form(form);
    let hidden = hidden.iter().filter(|(other, _)| other != name);
    let mut fields: Vec<(&str, &str)> = hidden.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push((name, value));
    browser.post(&action, &fields).await
}

#[track_caller]
fn assert_arrived(answer: &Page) {
    let there = answer.header("location").starts_with("https://app.example/callback?code=");
    assert!(answer.status == 303 && there, "{answer:?}");
}

#[track_caller]
fn assert_at_a_page(answer: &Page) {
    let rest = answer.header("location").strip_prefix("/sign-in/").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(answer.status == 303 && rest.len() == 32, "{answer:?}");
}

fn sets(answer: &Page, name: &str) -> bool {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies.filter_map(|line| line.to_str().ok()).any(|line| line.starts_with(name))
}

async fn grants_of(house: &House, email: &str) -> Vec<Grant> {
    let person = house.person(email).await;
    house.app().store.list_live_grants_of_person(person.id, house.app().now()).await.unwrap()
}

#[tokio::test]
async fn a_password_is_answered_with_the_code_and_every_cookie() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", ""), ANN).await;
    let there = answer(&browser, &page, "/password", ("password", PASSWORD)).await;
    assert_arrived(&there);
    for name in [cookies::SESSION, cookies::FAMILIAR, cookies::BROWSER] {
        assert!(sets(&there, name), "{name} is missing: {there:?}");
    }
    assert_eq!(browser.open("/").await.path, "/", "the session is the browser's");
    let grants = grants_of(&house, ANN).await;
    let sessions = house.app().store.list_live_sessions(grants[0].person, house.app().now()).await.unwrap();
    assert_eq!((grants.len(), sessions.len()), (1, 1));
    assert_eq!(grants[0].session, sessions[0].id);
    let events = house.events(ANN).await;
    assert!(events.len() == 2 && events.contains(&AuditKind::GrantMade), "{events:?}");
    house.close().await;
}

#[tokio::test]
async fn the_answer_is_about_whoever_proved_the_password_not_about_the_cookie_of_the_request() {
    let house = House::open().await;
    let browser = house.signed_in(BETH).await;
    house.pass(Duration::from_secs(1));
    let page = browser.at_password(&asks("safeguarding", "&prompt=login"), ANN).await;
    assert_arrived(&answer(&browser, &page, "/password", ("password", PASSWORD)).await);
    assert_eq!((grants_of(&house, ANN).await.len(), grants_of(&house, BETH).await.len()), (1, 0));
    house.close().await;
}

#[tokio::test]
async fn a_password_proved_again_goes_on_in_the_same_session() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let person = house.person(ANN).await;
    // With the session's cookie, and without it.
    for _ in 0..2 {
        house.pass(Duration::from_secs(1));
        let page = browser.at_password(&asks("safeguarding", "&prompt=login"), ANN).await;
        assert_arrived(&answer(&browser, &page, "/password", ("password", PASSWORD)).await);
        assert_eq!(browser.open("/").await.path, "/");
        browser.forget(cookies::SESSION);
    }
    let sessions = house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap();
    assert_eq!(sessions.len(), 1);
    let grants = house.app().store.list_live_grants(sessions[0].id, house.app().now()).await.unwrap();
    assert_eq!(grants.len(), 2, "both stand in the session that lives");
    house.close().await;
}

#[tokio::test]
async fn a_code_from_a_key_is_answered_with_the_applications_code() {
    let house = house_with_keys(&["staff"], &[CODE]).await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", "&school=oakfield"), ANN).await;
    let asked = answer(&browser, &page, "/password", ("password", PASSWORD)).await;
    assert_at_a_page(&asked);
    let page = browser.open(asked.header("location")).await;
    let before = session_cookie(&browser);
    let there = answer(&browser, &page, "/factor", ("f-code", DIGITS)).await;
    assert_arrived(&there);
    assert!(sets(&there, cookies::SESSION) && session_cookie(&browser) != before);
    assert_eq!(browser.open("/account/security-keys").await.path, "/account/security-keys", "the session is raised");
    let grant = grants_of(&house, ANN).await.remove(0);
    assert!(grant.proofs.iter().any(|proof| proof.method == Method::Factor), "{grant:?}");
    assert!(grant.elevated_until.is_some());
    let again = answer(&browser, &page, "/factor", ("f-code", DIGITS)).await;
    let again = browser.open(if again.status == 303 { again.header("location") } else { &page.path }).await;
    assert_eq!(again.status, 409, "a flow is answered once");
    house.close().await;
}

#[tokio::test]
async fn going_on_without_a_key_is_answered_with_the_code() {
    let house = house_with_keys(&["staff"], &[CODE]).await;
    let browser = house.browser();
    let page = browser.sign_in(&asks("safeguarding", "&school=oakfield"), ANN, PASSWORD).await;
    let (action, fields) = page.form("/factor/continue");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_arrived(&browser.post(&action, &fields).await);
    house.close().await;
}

#[tokio::test]
async fn school_and_consent_are_answered_with_the_code() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in(&asks("safeguarding", ""), BETH, PASSWORD).await;
    let there = answer(&browser, &page, "/school", ("school", "bryn")).await;
    assert_arrived(&there);
    assert!(sets(&there, cookies::SCHOOL));
    let page = browser.open(&asks("guest", "&school=bryn")).await;
    let there = answer(&browser, &page, "/consent", ("answer", "allow")).await;
    assert!(there.header("location").starts_with("https://guest.example/callback?code="), "{there:?}");
    assert_eq!(grants_of(&house, BETH).await.len(), 2);
    let events = house.events(BETH).await;
    assert!(events.contains(&AuditKind::ConsentGiven), "{events:?}");
    house.close().await;
}

#[tokio::test]
async fn what_a_reader_is_asked_or_told_next_stands_at_an_address_of_its_own() {
    let house = House::open().await;
    for (email, from, told) in [
        (BETH, asks("safeguarding", ""), "Ysgol Bryn Celyn"),
        (ANN, asks("guest", ""), "guest.example"),
        ("nowhere@example", asks("safeguarding", ""), "/leave"),
        ("nowhere@example", "/".to_owned(), "/another"),
    ] {
        let browser = house.browser();
        let page = browser.at_password(&from, email).await;
        let asked = answer(&browser, &page, "/password", ("password", PASSWORD)).await;
        assert_at_a_page(&asked);
        assert!(sets(&asked, cookies::SESSION), "{asked:?}");
        for _ in 0..2 {
            let page = browser.get(asked.header("location")).await;
            assert!(page.has(told), "{email} {}", page.text);
        }
    }
    house.close().await;
}

#[tokio::test]
async fn an_answer_that_is_posted_on_is_given_at_the_flows_page() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", "&response_mode=form_post"), ANN).await;
    let asked = answer(&browser, &page, "/password", ("password", PASSWORD)).await;
    assert_at_a_page(&asked);
    let posts = browser.open(asked.header("location")).await;
    assert!(posts.has("name=\"code\""), "{}", posts.text);
    house.close().await;
}

#[tokio::test]
async fn an_error_that_no_page_tells_is_the_answer_as_well() {
    let house = House::open().await;
    let browser = house.browser();
    let essential = "&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22values%22%3A%5B%22https%3A%2F%2F\
                     refeds.org%2Fprofile%2Fmfa%22%5D%7D%7D%7D";
    let page = browser.at_password(&asks("safeguarding", essential), ANN).await;
    let told = answer(&browser, &page, "/password", ("password", PASSWORD)).await;
    let there = told.header("location");
    assert!(there.starts_with("https://app.example/callback?error=unmet_authentication_requirements"), "{told:?}");
    assert!(sets(&told, cookies::SESSION), "{told:?}");
    assert_eq!(browser.open("/").await.path, "/", "who signed in stays signed in");
    let events = house.events(ANN).await;
    assert!(events.len() == 2 && events.contains(&AuditKind::SignInFailed), "{events:?}");
    house.close().await;
}

#[tokio::test]
async fn the_way_to_our_own_pages_is_as_short() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", ANN).await;
    let home = answer(&browser, &page, "/password", ("password", PASSWORD)).await;
    assert_eq!((home.status, home.header("location")), (303, "/"), "{home:?}");
    assert!(sets(&home, cookies::SESSION) && sets(&home, cookies::SCHOOL), "{home:?}");
    assert!(browser.open("/").await.has("Oakfield Primary"));
    house.close().await;
}

/// A password proved just now in some browser, for a flow that goes to our own pages.
fn sign_in(house: &House, person: &Person) -> SignIn {
    let (app, now) = (house.app(), house.app().now());
    let mail = Mail::NewBrowser {
        name: person.display_name(),
        application: None,
        circumstances: circumstances(app, &Whence::default()),
    };
    let session = Session {
        id: SessionId::draw(&SystemRandom, now),
        person: person.id,
        token: hash_token("token"),
        browser: hash_token("browser"),
        proofs: vec![Proof::of_password(now)],
        elevated_until: None,
        started_at: now,
        last_seen_at: now,
        expires_at: now.plus(Duration::from_hours(1)),
        ended_at: None,
        address: String::new(),
        user_agent: String::new(),
        version: 1,
    };
    let flow = Flow {
        id: FlowId::draw(&SystemRandom, now),
        version: 0,
        browser: session.browser,
        origin: Origin::Portal { return_to: "/".to_owned() },
        ask: Ask::default(),
        began_at: now,
        expires_at: now.plus(LIFETIME),
        stage: Stage::FirstProof { email: ANN.to_owned() },
    };
    SignIn {
        session,
        shown: None,
        flow,
        rehash: None,
        end: None,
        warning: mail_to(app, person, &mail).unwrap(),
        audit: event(app, AuditKind::SignedIn, About::default()),
        idle: Duration::from_hours(1),
        now,
    }
}

#[tokio::test]
async fn an_end_that_was_decided_for_other_proofs_is_not_made() {
    let house = House::open().await;
    let person = house.person(ANN).await;
    for fits in [false, true] {
        let mut command = sign_in(&house, &person);
        let flow = command.flow.clone();
        let proofs = if fits { command.session.proofs.clone() } else { Vec::new() };
        let finish = FinishFlow { flow: flow.clone(), grant: None, audit: Vec::new() };
        command.end = Some(End { decided_for: Session { proofs, ..command.session.clone() }, finish });
        let outcome = house.run(command).await;
        assert!(matches!(outcome, SignedIn::Now { ended, .. } if ended == fits), "{outcome:?}");
        let row = house.app().store.find_flow(flow.id).await.unwrap().unwrap();
        assert_eq!(row.stage == Stage::Finished, fits, "{row:?}");
    }
    house.close().await;
}
