//! A server whose disk is full says so to everybody, and has lost nothing of what it acknowledged.

use keyholder_tests::{Answer, Browser, Keyholder, PASSWORD, Page, RelyingApplication, SignedIn};

const TEACHER: &str = "teacher@oakfield.example";
/// Room for the log of the database and a few sign-ins.
const LIMIT: u64 = 384 * 1024;
/// Far more than there is room for.
const MOST_SIGN_INS: usize = 200;

/// Signs in as long as there is room; the answer that said there is none, and what was acknowledged before.
async fn fill_the_disk(application: &RelyingApplication) -> (Page, Vec<(Browser, SignedIn)>) {
    let mut acknowledged = Vec::new();
    let mut refused: Option<Answer> = None;
    for _ in 0..MOST_SIGN_INS {
        let browser = Browser::default();
        let request = application.request();
        let page = browser.open(request.url()).await;
        let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
        if page.status != 0 {
            return (page, acknowledged);
        }
        // The last room may go between the two.
        let answer = application.redeem(&application.code(&request, &page), &request.verifier).await;
        match answer.status {
            200 => acknowledged.push((browser, SignedIn::from_answer(&answer))),
            _ => refused = Some(answer),
        }
        if let Some(answer) = &refused {
            assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable"), "{}", answer.body);
        }
    }
    panic!("the disk does not get full");
}

async fn readiness(keyholder: &Keyholder) -> (u16, String) {
    let response = reqwest::get(keyholder.url("/readyz")).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let mut keyholder = Keyholder::set_up("").await;
    // The first start stores the plugins that come with the server.
    keyholder.serve().await;
    assert_eq!(keyholder.stop().await, Some(0));
    keyholder.serve_with_file_limit(LIMIT).await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app").with_scope("openid offline_access");
    let (page, acknowledged) = fill_the_disk(&application).await;
    assert!(!acknowledged.is_empty());
    assert_eq!(page.status, 507);
    assert_eq!(page.heading(), "Nothing can be saved just now");
    assert!(page.says("Our storage is full. This is our fault, not yours"), "{}", page.text());

    // The smallest write may still find room for a while.
    let mut ready = readiness(&keyholder).await;
    for _ in 0..600 {
        if ready.0 != 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        ready = readiness(&keyholder).await;
    }
    assert_eq!(ready.0, 503);
    assert!(ready.1.contains("the disk is full"), "{}", ready.1);
    // What needs no room goes on.
    for path in ["/healthz", "/.well-known/openid-configuration", "/oidc/jwks"] {
        assert_eq!(reqwest::get(keyholder.url(path)).await.unwrap().status(), 200, "{path}");
    }
    let (_, signed_in) = &acknowledged[0];
    assert_eq!(application.userinfo(&signed_in.access_token).await.status, 200);

    keyholder.kill().await;
    keyholder.serve().await;
    for (browser, signed_in) in &acknowledged {
        assert_eq!(application.sign_in_silently(browser).await.claims["sub"], signed_in.claims["sub"]);
        let refreshed = application.refresh(signed_in.refresh_token.as_deref().unwrap()).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    }
    application.sign_in(&Browser::default(), TEACHER, PASSWORD).await;
    let verified = keyholder.run(&["audit", "verify"]).await;
    assert!(verified.contains("oakfield: ok"), "{verified}");
}
