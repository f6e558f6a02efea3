//! A person with a browser, as far as a sign-in to an application needs one.

use std::collections::BTreeMap;

use super::http::{Answer, Connection, Result, encode, get, post};
use super::seed::{Application, PASSWORD, REDIRECT_URI, SCOPE};
use crate::visitor::{Page, path_of};

/// RFC 7636 appendix B: the load generator needs no digest of its own.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// More redirects than a sign-in with a live session has.
const MOST_REDIRECTS: usize = 6;
const SESSION: &str = "__Host-kh-session";

/// A browser of a person.
#[derive(Debug, Clone)]
pub(super) struct Browser {
    email: String,
    cookies: BTreeMap<String, String>,
}

/// What an application has after a sign-in.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Browser {
    pub(super) fn new(email: String) -> Self {
        Self::with_cookies(email, BTreeMap::new())
    }

    /// One that was used before.
    pub(super) fn with_cookies(email: String, cookies: BTreeMap<String, String>) -> Self {
        Self { email, cookies }
    }

    /// Forgets the session and remains a browser that its owner has used before.
    pub(super) fn leave(&mut self) {
        self.cookies.remove(SESSION);
    }

    /// The whole way: authorization request, both pages with their forms, and back to the application with a code.
    pub(super) fn sign_in(&mut self, connection: &mut Connection, client: &Application) -> Result<String> {
        let next = self.prove(connection, client)?;
        self.follow(connection, &next)
    }

    /// The same for somebody who is asked for a second factor: three pages.
    pub(super) fn sign_in_with(
        &mut self,
        connection: &mut Connection,
        client: &Application,
        code: &str,
    ) -> Result<String> {
        let next = self.prove(connection, client)?;
        self.raise(connection, &next, code)
    }

    /// The same for somebody who goes on without the key.
    pub(super) fn sign_in_without(&mut self, connection: &mut Connection, client: &Application) -> Result<String> {
        let next = self.prove(connection, client)?;
        let page = self.follow_to_page(connection, &next)?;
        let (action, fields) = page.fill("/factor/continue", &[]).map_err(|failure| failure.to_string())?;
        let next = self.submit(connection, action, &fields)?;
        self.follow(connection, &next)
    }

    /// With a live session that the key has not raised yet: one page, which asks for a code.
    pub(super) fn step_up(&mut self, connection: &mut Connection, client: &Application, code: &str) -> Result<String> {
        self.raise(connection, &authorization_request(client), code)
    }

    /// Answers the page of the second factor with a code.
    fn raise(&mut self, connection: &mut Connection, path: &str, code: &str) -> Result<String> {
        let page = self.follow_to_page(connection, path)?;
        let typed = [("f-code", code)];
        let (action, fields) = page.fill("/factor", &typed).map_err(|failure| failure.to_string())?;
        let next = self.submit(connection, action, &fields)?;
        self.follow(connection, &next)
    }

    fn follow_to_page(&mut self, connection: &mut Connection, address: &str) -> Result<Page> {
        let mut path = path_of(address).to_owned();
        for _ in 0..MOST_REDIRECTS {
            let request = get(&path, &[&self.cookie_line()]);
            let answer = self.keep(connection.send(&request)?);
            let Some(location) = answer.header("location") else {
                return Ok(Page::read(path, answer.status, &String::from_utf8_lossy(&answer.body)));
            };
            path_of(location).clone_into(&mut path);
        }
        Err("redirects without end".into())
    }

    /// The pages of address and password; where they lead.
    fn prove(&mut self, connection: &mut Connection, client: &Application) -> Result<String> {
        let page = self.open(connection, &authorization_request(client))?;
        let ticket = page.ok_or("a sign-in did not begin with a page")?;
        self.draw(connection, &ticket)?;
        let password = self.submit(connection, &format!("{ticket}/email"), &[("email", &self.email.clone())])?;
        let password = path_of(&password);
        self.draw(connection, password)?;
        self.submit(connection, &format!("{password}/password"), &[("password", PASSWORD)])
    }

    /// With a live session: no page is shown.
    pub(super) fn sign_on(&mut self, connection: &mut Connection, client: &Application) -> Result<String> {
        self.follow(connection, &authorization_request(client))
    }

    /// With a live session, over SAML: to the page that posts the response.
    pub(super) fn sign_on_saml(&mut self, connection: &mut Connection, path: &str) -> Result<()> {
        let mut path = path.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let request = get(&path, &[&self.cookie_line()]);
            let answer = self.keep(connection.send(&request)?);
            let Some(location) = answer.header("location") else {
                let posts = String::from_utf8_lossy(&answer.body).contains("name=\"SAMLResponse\"");
                return if answer.status == 200 && posts { Ok(()) } else { Err(answer.complaint(&request)) };
            };
            path_of(location).clone_into(&mut path);
        }
        Err("redirects without end".into())
    }

    /// Follows redirects to the application, and reads the code. A form may have led there already.
    fn follow(&mut self, connection: &mut Connection, address: &str) -> Result<String> {
        let mut address = address.to_owned();
        for _ in 0..MOST_REDIRECTS {
            if let Some(query) = address.strip_prefix(REDIRECT_URI).and_then(|rest| rest.strip_prefix('?')) {
                let code = query.split('&').find_map(|pair| pair.strip_prefix("code="));
                return code.map(str::to_owned).ok_or_else(|| "an application got no code".to_owned());
            }
            let request = get(path_of(&address), &[&self.cookie_line()]);
            let answer = self.keep(connection.send(&request)?);
            let Some(location) = answer.header("location") else { return Err(answer.complaint(&request)) };
            location.clone_into(&mut address);
        }
        Err("redirects without end".into())
    }

    /// Asks for an address that redirects to a page of ours.
    fn open(&mut self, connection: &mut Connection, path: &str) -> Result<Option<String>> {
        let request = get(path, &[&self.cookie_line()]);
        let answer = self.keep(connection.send(&request)?);
        match answer.header("location") {
            Some(location) => Ok(Some(path_of(location).to_owned())),
            None => Err(answer.complaint(&request)),
        }
    }

    fn draw(&mut self, connection: &mut Connection, path: &str) -> Result<()> {
        let answer = connection.must(&get(path, &[&self.cookie_line()]))?;
        self.keep(answer);
        Ok(())
    }

    /// Sends a form, and says to which address it leads.
    fn submit(&mut self, connection: &mut Connection, path: &str, form: &[(&str, &str)]) -> Result<String> {
        let request = post(path, &[&self.cookie_line()], form);
        let answer = self.keep(connection.send(&request)?);
        match answer.header("location") {
            Some(location) => Ok(location.to_owned()),
            None => Err(answer.complaint(&request)),
        }
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}", pairs.join("; "))
    }
}

/// The request that redeems a code.
pub(super) fn redemption(code: &str, client: &Application) -> Vec<u8> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    post("/oidc/token", &[&client.basic], &form)
}

/// Redeems a code.
pub(super) fn redeem(connection: &mut Connection, code: &str, client: &Application) -> Result<Tokens> {
    let answer = connection.must(&redemption(code, client))?;
    Ok(Tokens { access: answer.member("access_token")?, refresh: answer.member("refresh_token")? })
}

fn authorization_request(client: &Application) -> String {
    format!(
        "/oidc/authorize?response_type=code&client_id={}&redirect_uri={}&scope={}&state=s&nonce=n\
         &code_challenge={CHALLENGE}&code_challenge_method=S256",
        client.id,
        encode(REDIRECT_URI),
        encode(SCOPE),
    )
}
