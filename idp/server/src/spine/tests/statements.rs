//! What a sign-in costs the database: each statement is a way to the thread of a connection and back, which costs more than what most
//! of them do. The counts stand here so that one more is a decision.

use keyholder_store::Statements;

use crate::cookies;
use crate::web::testing::fake_factors::{CODE, DIGITS};
use crate::web::testing::keys::house_with_keys;
use crate::web::testing::{ANN, Browser, House, PASSWORD, Page, asks, with_fields};

/// RFC 7636 appendix B, as the challenge in [`asks`].
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Sign-ins: of each request the cheapest counts, since the workers of the server send statements as well.
const ROUNDS: usize = 4;

type Costs = Vec<(String, Statements)>;

/// Somebody who signs in, with what each of their requests cost.
struct Walk<'a> {
    house: &'a House,
    browser: Browser,
    costs: Costs,
}

impl<'a> Walk<'a> {
    fn new(house: &'a House) -> Self {
        Self { house, browser: house.browser(), costs: Vec::new() }
    }

    fn note(&mut self, what: String, before: Statements) {
        let Statements { reading, writing } = self.house.app().store.statements();
        let cost = Statements { reading: reading - before.reading, writing: writing - before.writing };
        self.costs.push((what, cost));
    }

    async fn get(&mut self, path: &str) -> Page {
        let before = self.house.app().store.statements();
        let page = self.browser.get(path).await;
        self.note(format!("GET {path}"), before);
        page
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let before = self.house.app().store.statements();
        let page = self.browser.post(path, fields).await;
        self.note(format!("POST {path}"), before);
        page
    }

    /// Follows redirects on this server; the last address is a page, or another server's.
    async fn follow(&mut self, mut page: Page) -> Page {
        while let Some(next) = page.headers.get("location").map(|next| next.to_str().unwrap().to_owned()) {
            if !next.starts_with('/') {
                return Page { path: next, ..page };
            }
            page = self.get(&next).await;
        }
        page
    }

    async fn submit(&mut self, page: &Page, form: &str, typed: (&str, &str)) -> Page {
        let (action, mut fields) = page.form(form);
        fields.retain(|(name, _)| name != typed.0);
        fields.push((typed.0.to_owned(), typed.1.to_owned()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let page = self.post(&action, &fields).await;
        self.follow(page).await
    }

    /// From the application's request to its tokens.
    async fn sign_in(&mut self, round: usize, key: bool) {
        self.costs.clear();
        let page = self.get(&asks("safeguarding", "&school=oakfield")).await;
        let page = self.follow(page).await;
        let page = self.submit(&page, "/email", ("email", ANN)).await;
        let mut page = self.submit(&page, "/password", ("password", PASSWORD)).await;
        if key {
            // Each code counts once.
            page = self.submit(&page, "/factor", ("f-code", &format!("{DIGITS}{round}"))).await;
        }
        let code = page.path.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap_or_default();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "safeguarding"),
            ("redirect_uri", "https://app.example/callback"),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        let before = self.house.app().store.statements();
        let request = self.browser.request(reqwest::Method::POST, "/oidc/token");
        let answer = self.browser.send("/oidc/token", with_fields(request, &fields)).await;
        assert_eq!(answer.status, 200, "{} {}", page.text, answer.text);
        self.note("POST /oidc/token".to_owned(), before);
    }

    /// Signs in some times in a browser that was used before, and tells what the cheapest of each request cost.
    async fn cheapest(&mut self, key: bool) -> Costs {
        self.sign_in(0, key).await;
        let mut least: Costs = Vec::new();
        for round in 1..=ROUNDS {
            self.browser.forget(cookies::SESSION);
            self.sign_in(round, key).await;
            if least.is_empty() {
                least.clone_from(&self.costs);
            }
            assert_eq!(least.len(), self.costs.len());
            for ((_, least), (_, cost)) in least.iter_mut().zip(&self.costs) {
                least.reading = least.reading.min(cost.reading);
                least.writing = least.writing.min(cost.writing);
            }
        }
        least
    }
}

#[track_caller]
fn assert_at_most(reading: u64, writing: u64, costs: &[(String, Statements)]) {
    let read: u64 = costs.iter().map(|(_, cost)| cost.reading).sum();
    let written: u64 = costs.iter().map(|(_, cost)| cost.writing).sum();
    let line = |(what, cost): &(String, Statements)| {
        let what: String = what.chars().take(60).collect();
        format!("\n{} read, {} written: {what}", cost.reading, cost.writing)
    };
    let told: String = costs.iter().map(line).collect();
    assert!(read <= reading && written <= writing, "{read} read, {written} written:{told}");
}

#[tokio::test]
async fn a_sign_in_sends_few_statements() {
    let house = House::open().await;
    let costs = Walk::new(&house).cheapest(false).await;
    assert_at_most(8, 13, &costs);
    house.close().await;
}

#[tokio::test]
async fn a_second_factor_adds_few_statements() {
    let house = house_with_keys(&["staff"], &[CODE]).await;
    let costs = Walk::new(&house).cheapest(true).await;
    assert_at_most(18, 26, &costs);
    house.close().await;
}
