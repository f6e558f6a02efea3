//! A person's browser, as far as pages without scripts need one: cookies, redirects, forms.

use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};
use ureq::config::IpFamily;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::run::Failure;

/// More redirects than any sign-in has.
const MOST_REDIRECTS: usize = 12;

/// A browser that visits one server on this machine, over http.
#[derive(Debug)]
pub(crate) struct Visitor {
    agent: Agent,
    base: String,
    cookies: BTreeMap<String, String>,
}

/// A page that was read.
#[derive(Debug)]
pub(crate) struct Page {
    path: String,
    status: u16,
    forms: Vec<Form>,
    /// Text that is shown to be typed or copied as it stands.
    pub(crate) codes: Vec<String>,
}

#[derive(Debug, Default)]
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Visitor {
    pub(crate) fn new(port: u16) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .ip_family(IpFamily::Ipv4Only);
        Self { agent: config.build().new_agent(), base: format!("http://localhost:{port}"), cookies: BTreeMap::new() }
    }

    /// Opens a page and follows where it leads.
    pub(crate) fn open(&mut self, path: &str) -> Result<Page, Failure> {
        let answer = self.agent.get(self.at(path)).header("Cookie", self.cookie_line()).call();
        self.follow(path, answer)
    }

    /// Reads something that is no page.
    pub(crate) fn read(&self, path: &str) -> Result<String, Failure> {
        let answer = self.agent.get(self.at(path)).call();
        let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        text.map_err(|error| Failure::Told(format!("{path}: {error}")))
    }

    /// Fills in a form ([`Page::fill`]) and sends it.
    pub(crate) fn submit(&mut self, page: &Page, to: &str, filled: &[(&str, &str)]) -> Result<Page, Failure> {
        let (path, fields) = page.fill(to, filled)?;
        let answer = self.agent.post(self.at(path)).header("Cookie", self.cookie_line()).send_form(fields);
        self.follow(path, answer)
    }

    /// What it keeps, by name.
    pub(crate) fn into_cookies(self) -> BTreeMap<String, String> {
        self.cookies
    }

    fn follow(&mut self, path: &str, answer: Result<Response<Body>, ureq::Error>) -> Result<Page, Failure> {
        let (mut path, mut answer) = (path.to_owned(), answer);
        for _ in 0..MOST_REDIRECTS {
            let mut response = answer.map_err(|error| Failure::Told(format!("{path}: {error}")))?;
            for cookie in response.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
                if let Some((name, value)) = pair.split_once('=') {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            let Some(location) = response.headers().get("location") else {
                let body = response.body_mut().read_to_string();
                let body = body.map_err(|error| Failure::Told(format!("{path}: {error}")))?;
                return Ok(Page::read(path, response.status().as_u16(), &body));
            };
            path_of(location.to_str().unwrap_or_default()).clone_into(&mut path);
            answer = self.agent.get(self.at(&path)).header("Cookie", self.cookie_line()).call();
        }
        Err(Failure::Told(format!("redirects without end, at {path}")))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

/// The fields of a form, as they are sent.
type Sent<'a> = Vec<(&'a str, &'a str)>;

impl Page {
    /// Reads the forms and codes of a page.
    pub(crate) fn read(path: String, status: u16, body: &str) -> Self {
        let mut page = Self { path, status, forms: Vec::new(), codes: Vec::new() };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut in_code = false;
        for Ok(token) in Tokenizer::new(body) {
            match token {
                Token::StartTag(tag) => {
                    let of = |name: &[u8]| tag.attributes.get(name).map(|value| text(value)).unwrap_or_default();
                    in_code = **tag.name == *b"code";
                    match (&**tag.name, page.forms.last_mut()) {
                        (b"form", _) => page.forms.push(Form { action: of(b"action"), fields: Vec::new() }),
                        (b"input", Some(form)) => form.fields.push((of(b"name"), of(b"value"))),
                        _ => {}
                    }
                }
                Token::String(words) if in_code => page.codes.push(text(&words)),
                Token::EndTag(_) => in_code = false,
                _ => {}
            }
        }
        page
    }

    /// The form that has all these fields and goes to an address with this end, filled in: the address, and what is sent.
    pub(crate) fn fill<'a>(&'a self, to: &str, filled: &'a [(&str, &str)]) -> Result<(&'a str, Sent<'a>), Failure> {
        let fits = |form: &&Form| {
            let has = |(name, _): &(&str, &str)| form.fields.iter().any(|(other, _)| other == name);
            form.action.ends_with(to) && filled.iter().all(has)
        };
        let form = self.forms.iter().find(fits).ok_or_else(|| self.without(&format!("a form to `{to}`")))?;
        let given = |name: &str| filled.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let fields = form.fields.iter().map(|(name, value)| (name.as_str(), given(name).unwrap_or(value)));
        Ok((&form.action, fields.collect()))
    }

    /// Whether the page is at a path of ours.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path.split('?').next() == Some(path)
    }

    /// What a run ends with that needs the page to be another one.
    pub(crate) fn without(&self, what: &str) -> Failure {
        Failure::Told(format!("the page {} ({}) has not {what}", self.path, self.status))
    }
}

/// The path of an address of the server's own.
pub(crate) fn path_of(address: &str) -> &str {
    let rest = address.split_once("://").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.find('/').and_then(|slash| rest.get(slash..))).unwrap_or(address)
}
