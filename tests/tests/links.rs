//! Mailed links: they work once, for people and not for the machines that read mail before them.

use keyholder_tests::{Browser, Keyholder, PASSWORD, Page, RelyingApplication};

const NEW: &str = "new.person@oakfield.example";
const CHOSEN: &str = "otter under the old bridge";

async fn forgot(keyholder: &Keyholder, browser: &Browser, email: &str) -> Page {
    let request = RelyingApplication::new(keyholder, "oakfield-app").request();
    let page = browser.open(request.url()).await;
    let page = browser.submit(&page, &[("email", email)]).await;
    let page = browser.click(&page, "Forgot Password").await;
    browser.submit(&page, &[("email", email)]).await
}

#[tokio::test]
async fn a_new_person_sets_a_first_password_by_the_mailed_link_and_signs_in() {
    let keyholder = Keyholder::start().await;
    let browser = Browser::default();
    forgot(&keyholder, &browser, NEW).await;
    let link = keyholder.mailbox.next(NEW).await.link();
    assert!(link.starts_with(&keyholder.url("/link/")), "{link}");
    let page = browser.open(&link).await;
    let page = browser.submit(&page, &[("password", CHOSEN), ("again", CHOSEN)]).await;
    assert_eq!(page.status, 200, "{}", page.text());

    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let signed_in = application.sign_in(&Browser::default(), NEW, CHOSEN).await;
    let user = application.userinfo(&signed_in.access_token).await;
    // That very address answered a mail.
    assert_eq!(user.json["email_verified"], true);
}

#[tokio::test]
async fn a_mail_scanner_that_opens_every_link_uses_none() {
    let keyholder = Keyholder::start().await;
    forgot(&keyholder, &Browser::default(), NEW).await;
    let link = keyholder.mailbox.next(NEW).await.link();
    let http = reqwest::Client::new();
    for _ in 0..5 {
        assert!(http.get(&link).send().await.unwrap().status().is_success());
        assert!(http.head(&link).send().await.unwrap().status().is_success());
    }
    let browser = Browser::default();
    let page = browser.open(&link).await;
    let page = browser.submit(&page, &[("password", CHOSEN), ("again", CHOSEN)]).await;
    assert_eq!(page.status, 200, "{}", page.text());
}

#[tokio::test]
async fn a_link_works_once_and_not_at_all_once_a_newer_one_was_asked_for() {
    let keyholder = Keyholder::start().await;
    let browser = Browser::default();
    forgot(&keyholder, &browser, NEW).await;
    let older = keyholder.mailbox.next(NEW).await.link();
    forgot(&keyholder, &browser, NEW).await;
    let newer = keyholder.mailbox.next(NEW).await.link();
    assert_ne!(older, newer);
    let page = browser.open(&older).await;
    assert!(
        page.status >= 400 && page.forms().iter().all(|form| form.fields.iter().all(|(name, _)| name != "password"))
    );

    let form = browser.open(&newer).await;
    browser.submit(&form, &[("password", CHOSEN), ("again", CHOSEN)]).await;
    let again =
        browser.submit(&form, &[("password", "a second choice of words"), ("again", "a second choice of words")]).await;
    assert!(again.status >= 400, "{}", again.text());
    RelyingApplication::new(&keyholder, "oakfield-app").sign_in(&Browser::default(), NEW, CHOSEN).await;
}

#[tokio::test]
async fn a_password_that_others_would_guess_is_refused_and_the_link_lives_on() {
    let keyholder = Keyholder::start().await;
    let browser = Browser::default();
    forgot(&keyholder, &browser, NEW).await;
    let mut page = browser.open(keyholder.mailbox.next(NEW).await.link()).await;
    for (password, again) in
        [("", ""), ("short", "short"), ("passwordpassword", "passwordpassword"), (CHOSEN, "something else entirely")]
    {
        page = browser.submit(&page, &[("password", password), ("again", again)]).await;
        assert_eq!(page.status, 422, "{password:?} {}", page.text());
        assert!(page.all("title")[0].contains("Error"), "{:?}", page.all("title"));
    }
    let page = browser.submit(&page, &[("password", CHOSEN), ("again", CHOSEN)]).await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    let keyholder = Keyholder::start().await;
    let (known, unknown) = (Browser::default(), Browser::default());
    let nobody = "nobody.at.all@oakfield.example";
    let to_nobody = forgot(&keyholder, &unknown, nobody).await;
    let to_somebody = forgot(&keyholder, &known, NEW).await;
    assert_eq!(
        (to_nobody.status, to_nobody.text().replace(nobody, "X")),
        (to_somebody.status, to_somebody.text().replace(NEW, "X"))
    );
    // Mails leave in order: once this one is here, the other one would be.
    keyholder.mailbox.next(NEW).await;
    assert!(keyholder.mailbox.all(nobody).is_empty());
}

#[tokio::test]
async fn a_new_password_signs_every_browser_out_and_is_told_to_its_owner() {
    let keyholder = Keyholder::start().await;
    let teacher = "teacher@oakfield.example";
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let thief = Browser::default();
    application.sign_in(&thief, teacher, PASSWORD).await;
    let owner = Browser::default();
    forgot(&keyholder, &owner, teacher).await;
    let mut letter = keyholder.mailbox.next(teacher).await;
    while !letter.text.contains("/link/") {
        letter = keyholder.mailbox.next(teacher).await;
    }
    let page = owner.open(letter.link()).await;
    owner.submit(&page, &[("password", CHOSEN), ("again", CHOSEN)]).await;
    let page = thief.open(application.request().with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
    let told = keyholder.mailbox.next(teacher).await;
    assert!(!told.text.contains(CHOSEN) && told.subject.to_lowercase().contains("password"), "{told:?}");
}
