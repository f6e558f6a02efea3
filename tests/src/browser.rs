//! A browser without scripts: cookies, redirects, forms, and what is written on a page.

use std::sync::Mutex;

use reqwest::Method;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use crate::cookies::Cookies;

/// More redirects than any sign-in has.
const MOST_REDIRECTS: usize = 12;

/// One person's browser.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: Mutex<Cookies>,
    language: String,
}

/// Where the browser ended up.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: Url,
    /// 0 where the browser left for an address that nobody serves here: an application's.
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// A form as it stands on a page.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: Url,
    pub method: Method,
    /// Fields as they stand, without the buttons.
    pub fields: Vec<(String, String)>,
    /// Names of the buttons that say something when they are pressed.
    pub buttons: Vec<String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new("en-GB,en")
    }
}

impl Browser {
    /// A browser whose owner reads a language.
    pub fn new(language: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: Mutex::default(), language: language.to_owned() }
    }

    /// The same browser on another day: its cookies are copied.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            http: self.http.clone(),
            cookies: Mutex::new(self.cookies.lock().unwrap().clone()),
            language: self.language.clone(),
        }
    }

    /// Opens an address and follows where it leads.
    pub async fn open(&self, url: impl AsRef<str>) -> Page {
        self.follow(Method::GET, Url::parse(url.as_ref()).unwrap(), None).await
    }

    /// Opens a link of a page whose address ends or whose text is so.
    pub async fn click(&self, page: &Page, what: &str) -> Page {
        self.open(page.link(what)).await
    }

    /// Fills in the page's form that has all these fields, and sends it.
    pub async fn submit(&self, page: &Page, filled: &[(&str, &str)]) -> Page {
        self.send(page.form_with(filled), filled).await
    }

    /// Sends a form, with some fields filled in.
    pub async fn send(&self, mut form: Form, filled: &[(&str, &str)]) -> Page {
        for (name, value) in filled {
            form.fields.retain(|(other, _)| other != name);
            form.fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let pairs = |url: &mut Url| {
            url.query_pairs_mut().extend_pairs(&form.fields);
        };
        if form.method == Method::GET {
            let mut url = form.action.clone();
            url.set_query(None);
            pairs(&mut url);
            return self.follow(Method::GET, url, None).await;
        }
        let mut encoded = Url::parse("form:/").unwrap();
        pairs(&mut encoded);
        let body = encoded.query().unwrap_or_default().to_owned();
        self.follow(Method::POST, form.action, Some(body)).await
    }

    /// Every `Set-Cookie` so far.
    pub fn set_cookies(&self) -> Vec<String> {
        self.cookies.lock().unwrap().seen.clone()
    }

    /// Names of the cookies kept for a host.
    pub fn cookie_names(&self, host: &str) -> Vec<String> {
        self.cookies.lock().unwrap().names(host)
    }

    /// The `Cookie` header that the browser would send.
    pub fn cookie_header(&self, url: &str) -> Option<String> {
        self.cookies.lock().unwrap().header(&Url::parse(url).unwrap())
    }

    /// Throws every cookie away.
    pub fn forget_cookies(&self) {
        self.cookies.lock().unwrap().forget();
    }

    async fn follow(&self, mut method: Method, mut url: Url, mut body: Option<String>) -> Page {
        for _ in 0..MOST_REDIRECTS {
            let served = url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
            if !served {
                return Page { url, status: 0, headers: HeaderMap::new(), body: String::new() };
            }
            let mut request = self.http.request(method.clone(), url.clone()).header(ACCEPT_LANGUAGE, &self.language);
            if let Some(cookies) = self.cookies.lock().unwrap().header(&url) {
                request = request.header(COOKIE, cookies);
            }
            if let Some(form) = body.take() {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
            }
            let response = request.send().await.unwrap();
            for header in response.headers().get_all(SET_COOKIE) {
                self.cookies.lock().unwrap().take(&url, header.to_str().unwrap());
            }
            let (status, headers) = (response.status(), response.headers().clone());
            if !status.is_redirection() {
                return Page { url, status: status.as_u16(), headers, body: response.text().await.unwrap() };
            }
            url = url.join(headers[LOCATION].to_str().unwrap()).unwrap();
            if !matches!(status.as_u16(), 307 | 308) {
                method = Method::GET;
            }
        }
        panic!("redirects without end, at {url}");
    }
}

impl Page {
    /// Whether the page says so: its text, not its markup.
    pub fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// What is written on the page.
    pub fn text(&self) -> String {
        let document = Html::parse_document(&self.body);
        let words: Vec<&str> = document.root_element().text().flat_map(str::split_whitespace).collect();
        words.join(" ")
    }

    /// The page's main heading.
    pub fn heading(&self) -> String {
        self.all("h1").into_iter().next().unwrap_or_default()
    }

    /// The language of the page.
    pub fn language(&self) -> String {
        let document = Html::parse_document(&self.body);
        document.root_element().attr("lang").unwrap_or_default().to_owned()
    }

    /// The texts of all elements that a CSS selector finds.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let document = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        document.select(&selector).map(text_of).collect()
    }

    /// A parameter of the page's address.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }

    /// The address of a link whose target ends so, or whose text is so.
    pub fn link(&self, what: &str) -> Url {
        let document = Html::parse_document(&self.body);
        let links = Selector::parse("a[href]").unwrap();
        let found =
            document.select(&links).find(|link| link.attr("href").unwrap().ends_with(what) || text_of(*link) == what);
        let link = found.unwrap_or_else(|| panic!("no link {what} on {}: {}", self.url, self.text()));
        self.url.join(link.attr("href").unwrap()).unwrap()
    }

    /// The addresses of the page's frames.
    pub fn frames(&self) -> Vec<Url> {
        let document = Html::parse_document(&self.body);
        let frames = Selector::parse("iframe[src]").unwrap();
        document.select(&frames).map(|frame| self.url.join(frame.attr("src").unwrap()).unwrap()).collect()
    }

    /// Every form.
    pub fn forms(&self) -> Vec<Form> {
        let document = Html::parse_document(&self.body);
        let forms = Selector::parse("form").unwrap();
        document.select(&forms).map(|form| self.read_form(form)).collect()
    }

    /// The form that has these fields.
    pub fn form_with(&self, fields: &[(&str, &str)]) -> Form {
        let has = |form: &Form, name: &str| {
            form.fields.iter().map(|(other, _)| other).chain(&form.buttons).any(|other| other == name)
        };
        let mut forms = self.forms().into_iter();
        forms.find(|form| fields.iter().all(|(name, _)| has(form, name))).unwrap_or_else(|| {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            panic!("no form with {names:?} on {} ({}): {}", self.url, self.status, self.text())
        })
    }

    /// The form that goes to an address with this end.
    pub fn form_to(&self, end: &str) -> Form {
        let mut forms = self.forms().into_iter();
        forms
            .find(|form| form.action.path().ends_with(end))
            .unwrap_or_else(|| panic!("no form to {end}: {}", self.text()))
    }

    fn read_form(&self, form: ElementRef<'_>) -> Form {
        let action = self.url.join(form.attr("action").unwrap_or_default()).unwrap();
        let post = form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let inputs = Selector::parse("input[name], select[name], textarea[name]").unwrap();
        let fields = form
            .select(&inputs)
            .filter(|field| match field.attr("type") {
                Some("checkbox" | "radio") => field.attr("checked").is_some(),
                _ => true,
            })
            .map(|field| (field.attr("name").unwrap().to_owned(), field.attr("value").unwrap_or_default().to_owned()))
            .collect();
        let buttons = Selector::parse("button[name]").unwrap();
        let buttons = form.select(&buttons).map(|button| button.attr("name").unwrap().to_owned()).collect();
        let method = if post { Method::POST } else { Method::GET };
        Form { action, method, fields, buttons }
    }
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
