//! Whoever signs out at Keyholder is signed out of the applications as well, and nobody else is.

use keyholder_tests::{Browser, Keyholder, PASSWORD, Page, Safeguarding};

const TEACHER: &str = "teacher@oakfield.example";
const COLLEAGUE: &str = "colleague@oakfield.example";
/// The applications are on this machine.
const LOOPBACK: &str = "outbound = { test_bed = { allow_loopback = true } }\n";

/// Two applications, each with the same line in its entry.
async fn two_applications(keyholder: &Keyholder, line: &str) -> [Safeguarding; 2] {
    [
        Safeguarding::start(keyholder, "safeguarding-one", line).await,
        Safeguarding::start(keyholder, "safeguarding-two", line).await,
    ]
}

/// The password is typed at the first application; the second one has the session.
async fn sign_in(applications: &[Safeguarding; 2], email: &str) -> Browser {
    let browser = Browser::default();
    let page = browser.open(applications[0].page("/sign-in")).await;
    Keyholder::type_password(&browser, &page, email, PASSWORD).await;
    browser.open(applications[1].page("/sign-in")).await;
    for application in applications {
        assert!(application.knows(&browser).await, "{}", application.address);
    }
    browser
}

async fn sign_out(keyholder: &Keyholder, browser: &Browser) -> Page {
    let page = browser.open(keyholder.url("/sign-out")).await;
    let page = browser.send(page.form_to("/sign-out"), &[]).await;
    assert!(page.says("You are signed out"), "{}", page.text());
    page
}

#[tokio::test]
async fn a_sign_out_reaches_two_applications_by_the_back_channel() {
    let keyholder = Keyholder::start_with(LOOPBACK).await;
    let line = "backchannel_logout_uri = \"ADDRESS/backchannel-logout\"";
    let applications = two_applications(&keyholder, line).await;
    let (teacher, colleague) = (sign_in(&applications, TEACHER).await, sign_in(&applications, COLLEAGUE).await);
    let elsewhere = sign_in(&applications, TEACHER).await;
    assert_eq!(sign_out(&keyholder, &teacher).await.frames(), []);
    for application in &applications {
        application.forgets(&teacher).await;
        assert!(application.knows(&colleague).await, "a colleague stays");
        assert!(application.knows(&elsewhere).await, "another browser of the same person stays");
    }
}

#[tokio::test]
async fn a_sign_out_reaches_two_applications_by_the_front_channel() {
    let keyholder = Keyholder::start().await;
    let line = "frontchannel_logout_uri = \"ADDRESS/frontchannel-logout\"";
    let applications = two_applications(&keyholder, line).await;
    let (teacher, colleague) = (sign_in(&applications, TEACHER).await, sign_in(&applications, COLLEAGUE).await);
    let page = sign_out(&keyholder, &teacher).await;
    assert_eq!(page.frames().len(), 2, "{}", page.body);
    for application in &applications {
        assert!(application.knows(&teacher).await, "nothing but the frames tells these");
    }
    for frame in page.frames() {
        // A browser sends no cookies into frames of somebody else.
        assert_eq!(Browser::default().open(frame).await.status, 200);
    }
    for application in &applications {
        application.forgets(&teacher).await;
        assert!(application.knows(&colleague).await, "a colleague stays");
    }
}

#[tokio::test]
async fn a_sign_out_at_one_application_reaches_the_other() {
    let keyholder = Keyholder::start_with(LOOPBACK).await;
    let line = "backchannel_logout_uri = \"ADDRESS/backchannel-logout\"";
    let applications = two_applications(&keyholder, line).await;
    let teacher = sign_in(&applications, TEACHER).await;
    let home = teacher.open(applications[0].page("/")).await;
    let page = teacher.send(home.form_to("/sign-out"), &[]).await;
    assert!(page.url.as_str().starts_with(&applications[0].page("/signed-out")), "{}", page.url);
    for application in &applications {
        application.forgets(&teacher).await;
    }
}
