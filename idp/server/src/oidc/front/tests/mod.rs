//! The endpoints over HTTP, against a whole server in this process.
#![allow(clippy::unwrap_used, reason = "tests")]

mod authorize;
mod discovery;
mod logout;
mod subject;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use async_trait::async_trait;
use keyholder_core::application::{
    ApplicationType, ClientAuthentication, ConsentRule, GrantType, OfferedTo, OidcClient, RefreshRotation,
    RelyingApplication, ResponseType, SigningAlgorithm, SubjectType,
};
use keyholder_core::assurance::{Assurance, Proof};
use keyholder_core::id::{ApplicationId, MembershipId, PersonId, SchoolId, SessionId, TrustId, UserGroupId};
use keyholder_core::membership::{Membership, UserGroup};
use keyholder_core::person::{Email, Person};
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_core::school::{Branding, School, Trust};
use keyholder_core::session::Session;
use keyholder_core::time::{Clock, Timestamp};
use tempfile::TempDir;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use crate::app::App;
use crate::applications::REVISION;
use crate::config::Config;
use crate::cookies;
use crate::digest::hash_token;
use crate::serve::{Running, Wiring, start};
use crate::wiring::SystemRandom;

const ISSUER: &str = "https://id.example";
const CLIENT: &str = "safeguarding";
const CALLBACK: &str = "https://app.example/callback";
const BYE: &str = "https://app.example/bye";
const NOW: i64 = 1_800_000_000;
/// Values of cookies: 43 characters, as all are.
const SESSION: &str = "SESSION-SESSION-SESSION-SESSION-SESSION-SES";
const BROWSER: &str = "BROWSER-BROWSER-BROWSER-BROWSER-BROWSER-BRO";

#[derive(Debug)]
struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

/// A server with a trust of two schools, an application of both, and one of Oakfield alone.
struct World {
    running: Running,
    _data: TempDir,
}

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn school_id(number: u128) -> SchoolId {
    SchoolId::from_uuid(Uuid::from_u128(number))
}

fn school(number: u128, slug: &str) -> School {
    School {
        id: school_id(number),
        trust: Some(TrustId::from_uuid(Uuid::from_u128(1))),
        slug: slug.into(),
        name: slug.into(),
        urn: None,
        ukprn: None,
        branding: Branding::default(),
        created_at: now(),
    }
}

fn application() -> RelyingApplication {
    RelyingApplication {
        id: ApplicationId::from_uuid(Uuid::from_u128(7)),
        name: "Safeguarding".into(),
        offered_to: OfferedTo::Schools(vec![school_id(1)]),
        consent: ConsentRule::FirstParty,
        launch_url: None,
        client: OidcClient {
            client_id: CLIENT.into(),
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::None,
            redirect_uris: vec![CALLBACK.into()],
            post_logout_redirect_uris: vec![BYE.into()],
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_types: vec![ResponseType::Code],
            scopes: ["openid", "email", "offline_access"].map(String::from).into(),
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
        created_at: now(),
        updated_at: now(),
    }
}

fn person() -> Person {
    Person {
        id: PersonId::from_uuid(Uuid::from_u128(3)),
        subject: "public-subject".into(),
        email: Email::parse("ann.price@oakfield.example").unwrap(),
        email_verified_at: None,
        given_name: "Ann".into(),
        family_name: "Price".into(),
        language: None,
        disabled_at: None,
        email_changed_at: None,
        key_stopped_at: None,
        created_at: now(),
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_uuid(Uuid::from_u128(9)),
        person: person().id,
        token: hash_token(SESSION),
        browser: hash_token(BROWSER),
        proofs: vec![Proof::of_password(now())],
        elevated_until: None,
        started_at: now(),
        last_seen_at: now(),
        expires_at: Timestamp::from_seconds(NOW + 12 * 3600),
        ended_at: None,
        address: "203.0.113.7".into(),
        user_agent: "test".into(),
        version: 1,
    }
}

/// Writes what the tests need.
struct Populate {
    application: RelyingApplication,
    schools: Vec<u128>,
}

#[async_trait]
impl Command for Populate {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let trust = TrustId::from_uuid(Uuid::from_u128(1));
        let one_subject_across_schools = false;
        transaction
            .put_trust(&Trust {
                id: trust,
                slug: "t".into(),
                name: "T".into(),
                one_subject_across_schools,
                created_at: now(),
            })
            .await?;
        transaction.insert_person(&person()).await?;
        for (number, slug) in [(1, "oakfield"), (2, "brook")] {
            transaction.put_school(&school(number, slug)).await?;
            let group = UserGroup {
                id: UserGroupId::from_uuid(Uuid::from_u128(number)),
                school: school_id(number),
                slug: "staff".into(),
                name: "Staff".into(),
                full: vec!["staff".into()],
                restricted: vec!["staff".into()],
                needs: Assurance::SingleFactor,
                elevation_minutes: 60,
                first_key: keyholder_core::membership::FirstKey::default(),
                created_at: now(),
            };
            transaction.put_group(&group).await?;
            let membership = Membership {
                id: MembershipId::from_uuid(Uuid::from_u128(number)),
                person: person().id,
                school: school_id(number),
                group: group.id,
                pupil_scopes: Vec::new(),
                starts_at: None,
                ends_at: None,
                admin_key_holder: false,
                created_at: now(),
            };
            if self.schools.contains(&number) {
                transaction.put_membership(&membership).await?;
            }
        }
        transaction.put_application(&self.application).await?;
        transaction.raise_revision(REVISION).await?;
        transaction.insert_session(&session()).await
    }
}

/// Changes an application.
struct Put(RelyingApplication);

#[async_trait]
impl Command for Put {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_application(&self.0).await?;
        transaction.raise_revision(REVISION).await
    }
}

impl World {
    async fn new() -> Self {
        Self::with(application(), vec![1, 2]).await
    }

    async fn with(application: RelyingApplication, schools: Vec<u128>) -> Self {
        let data = TempDir::new().unwrap();
        let config = Config {
            issuer: Url::parse(ISSUER).unwrap(),
            listen: ([127, 0, 0, 1], 0).into(),
            data: data.path().to_owned(),
            workers: Some(1),
            ..Config::default()
        };
        let clock = Arc::new(FakeClock(AtomicI64::new(NOW)));
        let running = start(config, Wiring::new(clock, Arc::new(SystemRandom))).await.unwrap();
        running.app.store.execute(Populate { application, schools }).await.unwrap();
        running.app.applications.refresh(&running.app.store).await.unwrap();
        Self { running, _data: data }
    }

    fn app(&self) -> &App {
        &self.running.app
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let service =
            actix_web::App::new().app_data(Data::from(self.running.app.clone())).configure(crate::web::configure);
        Answer::of(call_service(&init_service(service).await, request.to_request()).await).await
    }

    async fn get(&self, address: &str, browser: Browser) -> Answer {
        self.send(with_cookies(TestRequest::get().uri(address), browser)).await
    }

    async fn post(&self, address: &str, browser: Browser, fields: &[(&str, &str)]) -> Answer {
        let request = with_cookies(TestRequest::post().uri(address), browser);
        let form = (CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.insert_header(form).set_payload(encode(fields))).await
    }

    /// Follows redirects within the server.
    async fn follow(&self, address: &str, browser: Browser) -> Answer {
        let mut answer = self.get(address, browser).await;
        for _ in 0..5 {
            match answer.location.clone() {
                Some(path) if path.starts_with('/') => answer = self.get(&path, browser).await,
                _ => break,
            }
        }
        answer
    }

    async fn session_ended(&self) -> bool {
        self.app().store.find_session(session().id).await.unwrap().is_none_or(|session| session.ended_at.is_some())
    }

    async fn stop(self) {
        self.running.stop().await;
    }
}

/// Which cookies a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Browser {
    SignedIn,
    SignedOut,
}

fn with_cookies(request: TestRequest, browser: Browser) -> TestRequest {
    let known = format!("{}={BROWSER}", cookies::BROWSER);
    match browser {
        Browser::SignedIn => request.insert_header((COOKIE, format!("{known}; {}={SESSION}", cookies::SESSION))),
        Browser::SignedOut => request.insert_header((COOKIE, known)),
    }
}

struct Answer {
    status: StatusCode,
    location: Option<String>,
    cookies: Vec<String>,
    headers: actix_web::http::header::HeaderMap,
    body: String,
}

impl Answer {
    async fn of(response: ServiceResponse) -> Self {
        let headers = response.headers().clone();
        let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
        Self {
            status: response.status(),
            location: headers.get(LOCATION).map(text),
            cookies: headers.get_all("set-cookie").map(text).collect(),
            headers,
            body: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
        }
    }

    /// A parameter of the address to which the browser is sent.
    fn parameter(&self, name: &str) -> Option<String> {
        let address = Url::parse(self.location.as_deref()?).ok()?;
        address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The value of a hidden field.
    fn field(&self, name: &str) -> Option<String> {
        let field = self.body.split("<input").find(|input| input.contains(&format!("name=\"{name}\"")))?;
        let (_, rest) = field.split_once("value=\"")?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An authorization request; an empty change removes a parameter.
fn request(changes: &[(&str, &str)]) -> String {
    let plain = [
        ("client_id", CLIENT),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "st"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let kept = plain.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    format!("/oidc/authorize?{}", encode(&kept.chain(changes.iter().copied()).collect::<Vec<_>>()))
}
