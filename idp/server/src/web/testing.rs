//! Actors for the tests of pages: a server on a socket of its own with a clock that the test moves, and browsers.
#![allow(clippy::unwrap_used, reason = "tests")]

pub(crate) mod fake_factors;
pub(crate) mod keys;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::application::{
    ApplicationType, ClientAuthentication, ConsentRule, GrantType, OfferedTo, OidcClient, RefreshRotation,
    RelyingApplication, ResponseType, SigningAlgorithm, SubjectType,
};
use keyholder_core::assurance::Assurance;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::{ApplicationId, MailedLinkId, MembershipId, PersonId, SchoolId, UserGroupId};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::membership::{Membership, UserGroup};
use keyholder_core::person::{Email, Person, StoredPassword};
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};
use keyholder_core::random::draw_token;
use keyholder_core::school::{Branding, HelpContact, School};
use keyholder_core::time::{Clock, Timestamp};
use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::applications::REVISION;
use crate::config::{Config, PasswordSettings};
use crate::cookies;
use crate::digest::hash_token;
use crate::serve::{Running, Wiring, start};
use crate::wiring::SystemRandom;
use fake_factors::FakeFactors;

pub(crate) const ISSUER: &str = "http://localhost:8080";
pub(crate) const PASSWORD: &str = "grey heron by the lock";
/// Teaches at Oakfield.
pub(crate) const ANN: &str = "ann.price@oakfield.example";
/// Teaches at Oakfield and at Bryn.
pub(crate) const BETH: &str = "beth.owen@trust.example";
/// Teaches at Oakfield, and may not sign in any more.
pub(crate) const GONE: &str = "gone@oakfield.example";
/// Teaches at Oakfield, and has no password yet.
pub(crate) const NEW: &str = "new@oakfield.example";
const APPLICATION: &str = "https://app.example/callback";
const GUEST: &str = "https://guest.example/callback";

#[derive(Debug)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A server with two schools, their people, and applications.
pub(crate) struct House {
    running: Running,
    clock: Arc<MovedClock>,
    _folder: TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With a changed configuration.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let house = Self::empty(change).await;
        let hash = house.app().passwords.hash(SecretString::from(PASSWORD)).await.unwrap();
        house.run(Furnish { hash, now: house.app().now() }).await;
        house.app().applications.refresh(&house.app().store).await.unwrap();
        house
    }

    /// With nobody in it.
    pub(crate) async fn empty(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            issuer: Url::parse(ISSUER).unwrap(),
            listen: ([127, 0, 0, 1], 0).into(),
            data: folder.path().to_owned(),
            workers: Some(1),
            password: PasswordSettings { threads: Some(1), ..PasswordSettings::default() },
            ..Config::default()
        };
        change(&mut config);
        let clock = Arc::new(MovedClock(AtomicI64::new(1_800_000_000_000)));
        let wiring =
            Wiring { factors: Some(Arc::new(FakeFactors)), ..Wiring::new(clock.clone(), Arc::new(SystemRandom)) };
        let running = start(config, wiring).await.unwrap();
        Self { running, clock, _folder: folder }
    }

    pub(crate) fn app(&self) -> &App {
        &self.running.app
    }

    pub(crate) fn first_run_link(&self) -> String {
        let link = self.running.first_run_link().unwrap();
        link.expose_secret().strip_prefix(ISSUER).unwrap().to_owned()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(format!("http://{}", self.running.address))
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> Browser {
        let browser = self.browser();
        let page = browser.sign_in("/", email, PASSWORD).await;
        assert_eq!(page.status, 200, "{}", page.text);
        browser
    }

    pub(crate) async fn run<C: Command>(&self, command: C) -> C::Output {
        self.app().store.execute(command).await.unwrap()
    }

    pub(crate) async fn person(&self, email: &str) -> Person {
        self.app().store.find_person_by_email(email).await.unwrap().unwrap()
    }

    /// A mailed link for somebody, as a path.
    pub(crate) async fn link(&self, email: &str, purpose: LinkPurpose) -> String {
        let (now, token) = (self.app().now(), draw_token(&SystemRandom));
        let link = MailedLink {
            id: MailedLinkId::draw(&SystemRandom, now),
            token: hash_token(token.expose_secret()),
            purpose,
            person: Some(self.person(email).await.id),
            created_at: now,
            expires_at: now.plus(Duration::from_hours(1)),
            used_at: None,
        };
        self.run(PutLink(link)).await;
        format!("/link/{}", token.expose_secret())
    }

    pub(crate) async fn password_link(&self, email: &str) -> String {
        self.link(email, LinkPurpose::SetPassword { resume: None }).await
    }

    /// What happened to somebody, newest first.
    pub(crate) async fn events(&self, email: &str) -> Vec<AuditKind> {
        let person = self.person(email).await;
        let events = self.app().store.list_audit_of_person(person.id, 50).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    pub(crate) async fn close(self) {
        self.running.stop().await;
    }
}

struct PutLink(MailedLink);

#[async_trait]
impl Command for PutLink {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_link(&self.0).await
    }
}

/// Disables somebody.
pub(crate) struct Change(pub(crate) Person);

#[async_trait]
impl Command for Change {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.update_person(&self.0).await
    }
}

struct Furnish {
    hash: String,
    now: Timestamp,
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[async_trait]
impl Command for Furnish {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for (number, slug, name) in [(1, "oakfield", "Oakfield Primary"), (2, "bryn", "Ysgol Bryn Celyn")] {
            transaction.put_school(&self.school(number, slug, name)).await?;
            transaction.put_group(&self.group(number)).await?;
        }
        let people = [
            (1, ANN, vec![1]),
            (2, BETH, vec![1, 2]),
            (3, GONE, vec![1]),
            (4, NEW, vec![1]),
            (5, "nowhere@example", vec![]),
        ];
        for (number, email, schools) in people {
            let person = self.person(number, email);
            transaction.insert_person(&person).await?;
            if email != NEW {
                let password = StoredPassword { hash: self.hash.clone(), changed_at: self.now };
                transaction.put_password(person.id, &password).await?;
            }
            for school in schools {
                transaction.put_membership(&self.membership(number, school)).await?;
            }
        }
        let own = self.application(1, "Safeguarding", APPLICATION, ConsentRule::FirstParty);
        transaction.put_application(&own).await?;
        let guest = self.application(2, "Guest", GUEST, ConsentRule::AskPerson);
        transaction.put_application(&guest).await?;
        transaction.raise_revision(REVISION).await
    }
}

impl Furnish {
    fn school(&self, number: u128, slug: &str, name: &str) -> School {
        School {
            id: SchoolId::from_uuid(id(number)),
            trust: None,
            slug: slug.into(),
            name: name.into(),
            urn: None,
            ukprn: None,
            branding: Branding {
                colour: Some("#123a5c".into()),
                logo: None,
                help: HelpContact { name: Some("Joanne Whitlock".into()), email: None, phone: None },
            },
            created_at: self.now,
        }
    }

    fn group(&self, school: u128) -> UserGroup {
        UserGroup {
            id: UserGroupId::from_uuid(id(school)),
            school: SchoolId::from_uuid(id(school)),
            slug: "staff".into(),
            name: "Class teachers".into(),
            full: vec!["staff".into()],
            restricted: vec!["staff".into()],
            needs: Assurance::SingleFactor,
            elevation_minutes: 30,
            first_key: keyholder_core::membership::FirstKey::default(),
            created_at: self.now,
        }
    }

    fn person(&self, number: u128, email: &str) -> Person {
        Person {
            id: PersonId::from_uuid(id(number)),
            subject: format!("subject-{number}"),
            email: Email::parse(email).unwrap(),
            email_verified_at: None,
            given_name: "Robin".into(),
            family_name: format!("No. {number}"),
            language: None,
            disabled_at: (email == GONE).then_some(self.now),
            email_changed_at: None,
            key_stopped_at: None,
            created_at: self.now,
        }
    }

    fn membership(&self, person: u128, school: u128) -> Membership {
        Membership {
            id: MembershipId::from_uuid(id(person * 100 + school)),
            person: PersonId::from_uuid(id(person)),
            school: SchoolId::from_uuid(id(school)),
            group: UserGroupId::from_uuid(id(school)),
            pupil_scopes: Vec::new(),
            starts_at: None,
            ends_at: None,
            admin_key_holder: false,
            created_at: self.now,
        }
    }

    fn application(&self, number: u128, name: &str, callback: &str, consent: ConsentRule) -> RelyingApplication {
        RelyingApplication {
            id: ApplicationId::from_uuid(id(number)),
            name: name.into(),
            offered_to: OfferedTo::Schools([1, 2].map(|school| SchoolId::from_uuid(id(school))).into()),
            consent,
            launch_url: (number == 1).then(|| Url::parse("https://app.example/start").unwrap()),
            client: OidcClient {
                client_id: name.to_lowercase(),
                application_type: ApplicationType::Web,
                authentication: ClientAuthentication::None,
                redirect_uris: vec![callback.into()],
                post_logout_redirect_uris: Vec::new(),
                backchannel_logout_uri: None,
                backchannel_logout_session_required: false,
                frontchannel_logout_uri: None,
                frontchannel_logout_session_required: false,
                grant_types: vec![GrantType::AuthorizationCode],
                response_types: vec![ResponseType::Code],
                scopes: ["openid", "email"].map(String::from).into(),
                id_token_signed_response_alg: SigningAlgorithm::Es256,
                userinfo_signed_response_alg: None,
                introspection_signed_response_alg: None,
                id_token_encrypted_response: None,
                userinfo_encrypted_response: None,
                jwks: None,
                require_pkce: true,
                refresh_rotation: RefreshRotation::ByClientType,
                subject_type: SubjectType::Public,
                origins: Vec::new(),
                audiences: Vec::new(),
                default_max_age: None,
            },
            saml: None,
            created_at: self.now,
            updated_at: self.now,
        }
    }
}

/// The address at which an application asks for a sign-in, with more parameters.
pub(crate) fn asks(application: &str, more: &str) -> String {
    let callback = if application == "guest" { GUEST } else { APPLICATION };
    format!(
        "/oidc/authorize?response_type=code&client_id={application}&redirect_uri={callback}&scope=openid+email&state=s\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256{more}"
    )
}

/// Somebody's browser. Keeps cookies as browsers do that count `http://localhost` as secure.
pub(crate) struct Browser {
    http: reqwest::Client,
    base: String,
    jar: RefCell<BTreeMap<String, String>>,
    pub(crate) language: &'static str,
}

/// Where a browser came to.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The path read last; another host's whole address where the browser left for it.
    pub(crate) path: String,
}

impl Browser {
    fn new(base: String) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base, jar: RefCell::default(), language: "en-GB,en;q=0.9" }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.borrow().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.jar.borrow_mut().insert(name.into(), value.into());
    }

    pub(crate) fn forget(&self, name: &str) {
        self.jar.borrow_mut().remove(name);
    }

    pub(crate) fn forget_cookies(&self) {
        self.jar.borrow_mut().clear();
    }

    /// A request with this browser's cookies, to be changed.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> = self.jar.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, format!("{}{path}", self.base)).header("accept", "text/html");
        request.header("cookie", cookies.join("; ")).header("accept-language", self.language)
    }

    /// Sends one request and keeps what cookies it is given.
    pub(crate) async fn send(&self, path: &str, request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all(SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Page { status, headers, text: answer.text().await.unwrap(), path: path.to_owned() }
    }

    fn keep(&self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<String> = parts.map(str::to_lowercase).collect();
        let has = |attribute: &str| attributes.iter().any(|known| known == attribute);
        // RFC 6265bis 4.1.3.2, without which a browser drops the cookie.
        assert!(name.starts_with("__Host-") && has("secure") && has("path=/"), "{line}");
        assert!(has("httponly") && has("samesite=lax") && !line.to_lowercase().contains("domain"), "{line}");
        if has("max-age=0") {
            self.jar.borrow_mut().remove(name);
        } else {
            self.set_cookie(name, value);
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(path, self.request(Method::GET, path)).await
    }

    /// Opens an address and follows where it leads on this server.
    pub(crate) async fn open(&self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..8 {
            let Some(next) = page.headers.get("location") else { return page };
            let next = next.to_str().unwrap().to_owned();
            if !next.starts_with('/') {
                return Page { path: next, ..page };
            }
            page = self.get(&next).await;
        }
        panic!("redirects without end at {}", page.path);
    }

    /// Posts fields as a page of ours does, and goes nowhere.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.request(Method::POST, path).header("sec-fetch-site", "same-origin");
        self.send(path, with_fields(request, fields)).await
    }

    /// Fills in the form of a page that has an address with this in it, and follows where it leads.
    pub(crate) async fn submit(&self, page: &Page, form: &str, fields: &[(&str, &str)]) -> Page {
        let (action, hidden) = page.form(form);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
        all.extend(fields);
        let answer = self.post(&action, &all).await;
        self.follow(answer).await
    }

    /// Signs in from the page to which an address leads, as far as the password.
    pub(crate) async fn sign_in(&self, from: &str, email: &str, password: &str) -> Page {
        let page = self.open(from).await;
        let page = self.submit(&page, "/email", &[("email", email)]).await;
        self.submit(&page, "/password", &[("password", password)]).await
    }

    /// Comes to the password page.
    pub(crate) async fn at_password(&self, from: &str, email: &str) -> Page {
        let page = self.open(from).await;
        self.submit(&page, "/email", &[("email", email)]).await
    }
}

pub(crate) fn with_fields(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The address and the fields of a form.
    pub(crate) fn form(&self, part: &str) -> (String, Vec<(String, String)>) {
        let forms = self.text.split("<form").skip(1);
        let mut found = forms.filter(|form| attribute(form, "action").is_some_and(|action| action.contains(part)));
        let form = found.next().unwrap_or_else(|| panic!("no form {part} on {}:\n{}", self.path, self.text));
        let form = form.split("</form").next().unwrap();
        let fields = form.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next()?;
            Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()))
        });
        (attribute(form, "action").unwrap(), fields.collect())
    }

    /// The first link whose address has this in it.
    pub(crate) fn link(&self, part: &str) -> String {
        let mut links = self.text.split("<a ").skip(1).filter_map(|link| attribute(link.split('>').next()?, "href"));
        links
            .find(|href| href.contains(part))
            .unwrap_or_else(|| panic!("no link {part} on {}:\n{}", self.path, self.text))
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// The text without what is drawn at random: tickets, tokens, nonces, references, and the address typed.
    pub(crate) fn alike(&self, typed: &str) -> String {
        // A nonce has slashes, so that it may be in pieces too short to be told from words.
        let mut pieces = self.text.split(" nonce=\"");
        let first = pieces.next().unwrap_or_default().to_owned();
        let text = pieces.fold(first, |text, piece| text + piece.split_once('"').map_or(piece, |(_, rest)| rest));
        let text = text.replace(typed, "TYPED");
        let words = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-_+%".contains(c)));
        words
            .map(|word| if word.len() > 22 || word.ends_with('=') && word.len() > 20 { "DRAWN" } else { word })
            .collect()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain = [
        ("&#x3D;", "="),
        ("&#x2F;", "/"),
        ("&#x27;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    Some(plain.iter().fold(value.to_owned(), |value, (escaped, plain)| value.replace(escaped, plain)))
}

/// The session cookie's value.
pub(crate) fn session_cookie(browser: &Browser) -> Option<String> {
    browser.cookie(cookies::SESSION)
}
