//! SIGKILL at any moment: whatever was acknowledged is still so, and nothing becomes usable twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{Either, join_all, select};
use keyholder_tests::{Keyholder, PASSWORD};
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};

/// How often the server is killed, and how many acknowledged sign-ins come before each time.
const ROUNDS: usize = 3;
const BEFORE_THE_KILL: usize = 12;
/// Fewer than the tries for one account that cost nothing: they all sign in as the same person.
const AT_ONCE: usize = 4;

/// What one visitor was told by the server before it died.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Codes redeemed with an answer, with their verifiers.
    redeemed: Vec<(String, String)>,
    /// Refresh tokens handed out.
    refresh_tokens: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_change_is_lost_and_nothing_works_twice() {
    let mut keyholder = Keyholder::start().await;
    for _ in 0..ROUNDS {
        let acknowledged = load_until_killed(&mut keyholder).await;
        keyholder.serve().await;
        let client = Client::new(&keyholder);
        assert!(acknowledged.iter().map(|one| one.redeemed.len()).sum::<usize>() >= BEFORE_THE_KILL);
        for token in acknowledged.iter().flat_map(|one| &one.refresh_tokens) {
            let (status, body) =
                client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await.unwrap();
            assert_eq!(status, 200, "a refresh token that was handed out is lost: {body}");
        }
        for (code, verifier) in acknowledged.iter().flat_map(|one| &one.redeemed) {
            let (status, body) = client.redeem(code, verifier).await.unwrap();
            assert_eq!(status, 400, "a code works twice: {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_was_promised_comes_after_the_crash() {
    let mut keyholder = Keyholder::start().await;
    let new = "new.person@oakfield.example";
    let browser = keyholder_tests::Browser::default();
    let request = keyholder_tests::RelyingApplication::new(&keyholder, "oakfield-app").request();
    let page = browser.open(request.url()).await;
    let page = browser.submit(&page, &[("email", new)]).await;
    let page = browser.click(&page, "Forgot Password").await;
    browser.submit(&page, &[("email", new)]).await;
    keyholder.kill().await;
    keyholder.serve().await;
    let link = keyholder.mailbox.next(new).await.link();
    let form = browser.open(&link).await;
    let chosen = "otter under the old bridge";
    let page = browser.submit(&form, &[("password", chosen), ("again", chosen)]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    keyholder.kill().await;
    keyholder.serve().await;
    // Used before the crash: used after it.
    let page =
        browser.submit(&form, &[("password", "another choice of words"), ("again", "another choice of words")]).await;
    assert!(page.status >= 400, "{}", page.text());
    let application = keyholder_tests::RelyingApplication::new(&keyholder, "oakfield-app");
    application.sign_in(&keyholder_tests::Browser::default(), new, chosen).await;
}

/// Several visitors sign in again and again until the server is killed in the middle of it.
async fn load_until_killed(keyholder: &mut Keyholder) -> Vec<Acknowledged> {
    let done = Arc::new(AtomicUsize::new(0));
    let client = Arc::new(Client::new(keyholder));
    let visitors = (0..AT_ONCE).map(|_| tokio::spawn(visit_until_it_fails(Arc::clone(&client), Arc::clone(&done))));
    let everybody = join_all(visitors);
    let enough = async {
        while done.load(Ordering::Relaxed) < BEFORE_THE_KILL {
            tokio::task::yield_now().await;
        }
    };
    futures::pin_mut!(everybody, enough);
    let everybody = match select(everybody, enough).await {
        Either::Left(_) => panic!("every sign-in failed before the kill"),
        Either::Right(((), everybody)) => everybody,
    };
    keyholder.kill().await;
    everybody.await.into_iter().map(Result::unwrap).collect()
}

async fn visit_until_it_fails(client: Arc<Client>, done: Arc<AtomicUsize>) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    while let Some((code, verifier)) = client.sign_in().await {
        let Some((200, body)) = client.redeem(&code, &verifier).await else { break };
        acknowledged.redeemed.push((code, verifier));
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        acknowledged.refresh_tokens.push(answer["refresh_token"].as_str().expect("a refresh token").to_owned());
        done.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// A browser and an application in one, in which every request may fail because the server is gone.
struct Client {
    http: reqwest::Client,
    issuer: String,
    application: keyholder_tests::RelyingApplication,
}

impl Client {
    fn new(keyholder: &Keyholder) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let application =
            keyholder_tests::RelyingApplication::new(keyholder, "oakfield-app").with_scope("openid offline_access");
        Self { http, issuer: keyholder.issuer.clone(), application }
    }

    /// The code, unless the server died meanwhile.
    async fn sign_in(&self) -> Option<(String, String)> {
        let request = self.application.request();
        let mut cookies: Vec<String> = Vec::new();
        let mut next = (request.url(), None);
        for _ in 0..12 {
            let call = match next.1.take() {
                None => self.http.get(&next.0),
                Some(form) => {
                    self.http.post(&next.0).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
                }
            };
            let response = call.header(COOKIE, cookies.join("; ")).send().await.ok()?;
            for cookie in response.headers().get_all(SET_COOKIE) {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
                let name = pair.split('=').next().unwrap().to_owned();
                cookies.retain(|other| !other.starts_with(&format!("{name}=")));
                cookies.push(pair);
            }
            if let Some(location) = response.headers().get(LOCATION) {
                let location = url::Url::parse(&next.0).unwrap().join(location.to_str().unwrap()).unwrap();
                if location.host_str() != Some("localhost") {
                    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
                    return Some((code, request.verifier));
                }
                next = (location.into(), None);
                continue;
            }
            let page = keyholder_tests::Page {
                url: url::Url::parse(&next.0).unwrap(),
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: response.text().await.ok()?,
            };
            if page.status >= 500 {
                return None;
            }
            next = fill(&page);
        }
        panic!("a sign-in without end");
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Option<(u16, String)> {
        let redirect_uri = self.application.redirect_uri.as_str();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        self.token(&form).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> Option<(u16, String)> {
        let call = self.http.post(format!("{}/oidc/token", self.issuer));
        let call = call.basic_auth(&self.application.client_id, self.application.secret.as_ref()).form(form);
        let response = call.send().await.ok()?;
        Some((response.status().as_u16(), response.text().await.ok()?))
    }
}

/// Fills in the address or the password, whichever the page asks for.
fn fill(page: &keyholder_tests::Page) -> (String, Option<String>) {
    let forms = page.forms();
    let form = forms.iter().find(|form| form.method == "POST").unwrap_or_else(|| panic!("no form: {}", page.text()));
    let mut body = url::Url::parse("form:/").unwrap();
    for (name, value) in &form.fields {
        let value = match name.as_str() {
            "email" => "teacher@oakfield.example",
            "password" => PASSWORD,
            _ => value,
        };
        body.query_pairs_mut().append_pair(name, value);
    }
    (form.action.to_string(), Some(body.query().unwrap_or_default().to_owned()))
}
