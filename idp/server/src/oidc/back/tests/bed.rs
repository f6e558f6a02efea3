//! A whole application without a listener: one school, one person, one session.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header::HeaderMap};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use async_trait::async_trait;
use base64::Engine as _;
use keyholder_core::application::*;
use keyholder_core::assurance::{Assurance, Proof};
use keyholder_core::grant::Grant;
use keyholder_core::id::*;
use keyholder_core::key::{KeyState, SigningKey};
use keyholder_core::locale::Language;
use keyholder_core::membership::*;
use keyholder_core::person::{Email, Person};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::school::{Branding, School};
use keyholder_core::session::Session;
use keyholder_core::time::{Clock, Timestamp};
use keyholder_oidc::code::{CodePayload, KEPT_FOR, storage_key};
use keyholder_oidc::jws::{self, JwsAlgorithm, PrivateKey, PublicKeys, Verified};
use keyholder_oidc::sid::Sid;
use keyholder_store::short_lived::{InProcess, Limits};
use keyholder_store::{SqlStore, SqliteOptions, seal::MasterKey};
use serde_json::Value;

use crate::app::App;
use crate::applications::{ApplicationCache, REVISION};
use crate::config::Config;
use crate::digest::hash_token;
use crate::keys::{KeyRing, schedule::Schedule};
use crate::mail::Mailer;
use crate::outbound::Fetcher;
use crate::password::pool::PasswordPool;
use crate::throttle::Throttle;
use crate::wiring::SystemRandom;

pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const ISSUER: &str = "http://localhost:8080";
pub(crate) const SECRET: &str = "a secret: with+odd %characters";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B: the challenge of that verifier.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[derive(Debug)]
pub(crate) struct FakeClock(AtomicI64);

impl FakeClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(START.as_millis())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Keys made once for all tests: making an RSA key takes a while.
pub(crate) static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let numbered = (0_u128..).zip(SigningAlgorithm::ALL);
    let make = |(number, algorithm)| {
        let id = SigningKeyId::from_uuid(uuid::Uuid::from_u128(number));
        let (_, private_der) = PrivateKey::generate(algorithm, id.to_string()).unwrap();
        let (state, created_at) = (KeyState::Active, START);
        SigningKey { id, algorithm, state, private_der, created_at, active_from: START, published_until: None }
    };
    numbered.map(make).collect()
});

/// Rows to write.
#[derive(Debug, Default)]
pub(crate) struct Seed {
    pub(crate) schools: Vec<School>,
    pub(crate) groups: Vec<UserGroup>,
    pub(crate) scopes: Vec<PupilScope>,
    pub(crate) new_people: Vec<Person>,
    pub(crate) people: Vec<Person>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) applications: Vec<RelyingApplication>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) ended_sessions: Vec<SessionId>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) ended_grants: Vec<GrantId>,
    pub(crate) keys: Vec<SigningKey>,
}

#[async_trait]
impl Command for Seed {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for school in &self.schools {
            transaction.put_school(school).await?;
        }
        for group in &self.groups {
            transaction.put_group(group).await?;
        }
        for scope in &self.scopes {
            transaction.put_pupil_scope(scope).await?;
        }
        for person in &self.new_people {
            transaction.insert_person(person).await?;
        }
        for person in &self.people {
            transaction.update_person(person).await?;
        }
        for membership in &self.memberships {
            transaction.put_membership(membership).await?;
        }
        for application in &self.applications {
            transaction.put_application(application).await?;
        }
        transaction.raise_revision(REVISION).await?;
        for session in &self.sessions {
            transaction.insert_session(session).await?;
        }
        for id in &self.ended_sessions {
            transaction.end_session(*id, START).await?;
        }
        for grant in &self.grants {
            transaction.insert_grant(grant).await?;
        }
        for id in &self.ended_grants {
            transaction.end_grant(*id, START).await?;
        }
        for key in &self.keys {
            transaction.insert_signing_key(key).await?;
        }
        Ok(())
    }
}

pub(crate) struct Bed {
    pub(crate) app: Data<App>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) school: School,
    pub(crate) person: Person,
    pub(crate) membership: Membership,
    pub(crate) session: Session,
    _folder: tempfile::TempDir,
}

pub(crate) fn id(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

pub(crate) fn school(number: u128, name: &str) -> School {
    School {
        id: SchoolId::from_uuid(id(number)),
        trust: None,
        slug: name.to_lowercase(),
        name: name.into(),
        urn: Some(format!("{number}")),
        ukprn: None,
        branding: Branding::default(),
        created_at: START,
    }
}

pub(crate) fn group(number: u128, school: &School, full: &[&str], restricted: &[&str], needs: Assurance) -> UserGroup {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    UserGroup {
        id: UserGroupId::from_uuid(id(number)),
        school: school.id,
        slug: format!("group-{number}"),
        name: "Group".into(),
        full: names(full),
        restricted: names(restricted),
        needs,
        elevation_minutes: 30,
        first_key: keyholder_core::membership::FirstKey::default(),
        created_at: START,
    }
}

pub(crate) fn membership(number: u128, person: &Person, group: &UserGroup, scopes: &[PupilScope]) -> Membership {
    Membership {
        id: MembershipId::from_uuid(id(number)),
        person: person.id,
        school: group.school,
        group: group.id,
        pupil_scopes: scopes.iter().map(|scope| scope.id).collect(),
        starts_at: None,
        ends_at: None,
        admin_key_holder: false,
        created_at: START,
    }
}

/// A store in a folder of its own.
pub(crate) async fn open_store(folder: &std::path::Path) -> (SqlStore, Arc<MasterKey>) {
    let sealer = Arc::new(MasterKey::load_or_create(&folder.join("master.key"), Arc::new(SystemRandom)).unwrap());
    let store = SqlStore::open(&SqliteOptions::server(folder.join("keyholder.db")), sealer.clone()).await.unwrap();
    (store, sealer)
}

impl Bed {
    pub(crate) async fn open() -> Self {
        Self::open_with(Config::default()).await
    }

    pub(crate) async fn open_with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().to_owned(), ..config };
        let clock = FakeClock::new();
        let (store, sealer) = open_store(folder.path()).await;
        let oakfield = school(1, "Oakfield");
        let elsewhere = school(2, "Elsewhere");
        let staff = group(1, &oakfield, &["staff", "safeguarding"], &["staff"], Assurance::MultiFactor);
        let other = group(2, &elsewhere, &["head-of-elsewhere"], &[], Assurance::SingleFactor);
        let year = PupilScope {
            id: PupilScopeId::from_uuid(id(1)),
            school: oakfield.id,
            kind: PupilScopeKind::YearGroup,
            name: "Year 4".into(),
        };
        let person = Person {
            id: PersonId::from_uuid(id(1)),
            subject: "subject-1".into(),
            email: Email::parse("ann@oakfield.example").unwrap(),
            email_verified_at: None,
            given_name: "Ann".into(),
            family_name: "Price".into(),
            language: Some(Language::Cy),
            disabled_at: None,
            email_changed_at: None,
            key_stopped_at: None,
            created_at: START,
        };
        let here = membership(1, &person, &staff, std::slice::from_ref(&year));
        let session = Session {
            id: SessionId::from_uuid(id(1)),
            person: person.id,
            token: hash_token("session"),
            browser: hash_token("browser"),
            proofs: vec![Proof::of_password(START)],
            elevated_until: None,
            started_at: START,
            last_seen_at: START,
            expires_at: START.plus(Duration::from_hours(12)),
            ended_at: None,
            address: "127.0.0.1".into(),
            user_agent: String::new(),
            version: 1,
        };
        let seed = Seed {
            memberships: vec![here.clone(), membership(2, &person, &other, &[])],
            schools: vec![oakfield.clone(), elsewhere],
            groups: vec![staff, other],
            scopes: vec![year],
            new_people: vec![person.clone()],
            sessions: vec![session.clone()],
            keys: KEYS.clone(),
            ..Seed::default()
        };
        store.execute(seed).await.unwrap();
        let random = Arc::new(SystemRandom);
        let schedule = Schedule::from_config(&config);
        let app = App {
            keys: KeyRing::open(&store, schedule, clock.clone(), random.clone()).await.unwrap(),
            short_lived: Arc::new(InProcess::new(clock.clone(), Limits::default())),
            theme: keyholder_theme::Theme::load(None).unwrap(),
            passwords: PasswordPool::new(&config.password, random.clone()).unwrap(),
            throttle: Throttle::new(),
            bounds: crate::factors::Bounds::default(),
            saml: crate::saml::keys::SamlKeys::default(),
            saml_metadata: crate::saml::MetadataCache::default(),
            applications: ApplicationCache::default(),
            policies: Arc::new(keyholder_core::policy::ByGroup),
            factors: Arc::new(crate::web::testing::fake_factors::FakeFactors),
            plugins: None,
            fetcher: Fetcher::new(&config.outbound).unwrap(),
            mailer: Mailer::new(&config).unwrap(),
            outbox_wake: tokio::sync::Notify::new(),
            metrics: crate::metrics::Metrics::default(),
            clock: clock.clone(),
            config,
            store,
            sealer,
            random,
        };
        Self { app: Data::new(app), clock, school: oakfield, person, membership: here, session, _folder: folder }
    }

    pub(crate) async fn write(&self, seed: Seed) {
        self.app.store.execute(seed).await.unwrap();
        self.app.applications.refresh(&self.app.store).await.unwrap();
    }

    /// Registers an application: confidential, with a secret by HTTP Basic, its own school's, and all grant types.
    pub(crate) async fn register(&self, client_id: &str, tweak: impl FnOnce(&mut OidcClient)) -> RelyingApplication {
        let mut client = OidcClient {
            client_id: client_id.into(),
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::ClientSecretBasic { secret: SecretHash(hash_token(SECRET)) },
            redirect_uris: vec![REDIRECT_URI.into()],
            post_logout_redirect_uris: vec![],
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_types: vec![ResponseType::Code],
            scopes: keyholder_oidc::metadata::SCOPES.map(str::to_owned).to_vec(),
            id_token_signed_response_alg: SigningAlgorithm::Es256,
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: None,
            id_token_encrypted_response: None,
            userinfo_encrypted_response: None,
            jwks: None,
            require_pkce: false,
            refresh_rotation: RefreshRotation::ByClientType,
            subject_type: SubjectType::Public,
            origins: vec![],
            audiences: vec![],
            default_max_age: None,
        };
        tweak(&mut client);
        let application = RelyingApplication {
            id: ApplicationId::draw(&SystemRandom, START),
            name: client_id.into(),
            offered_to: OfferedTo::Schools(vec![self.school.id]),
            consent: ConsentRule::FirstParty,
            launch_url: None,
            client,
            saml: None,
            created_at: START,
            updated_at: START,
        };
        self.write(Seed { applications: vec![application.clone()], ..Seed::default() }).await;
        application
    }

    /// A grant of the person's session, and a code for it.
    pub(crate) async fn code(
        &self,
        application: &RelyingApplication,
        scopes: &str,
        tweak: impl FnOnce(&mut Grant, &mut CodePayload),
    ) -> (Grant, String) {
        let now = self.clock.now();
        let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
        let mut grant = Grant {
            id: GrantId::draw(&SystemRandom, now),
            session: self.session.id,
            person: self.person.id,
            application: application.id,
            school: self.school.id,
            membership: self.membership.id,
            subject: self.person.subject.clone(),
            offline: scopes.contains(&"offline_access".to_owned()),
            scopes: scopes.clone(),
            claims_request: None,
            proofs: self.session.proofs.clone(),
            elevated_until: None,
            created_at: now,
            expires_at: self.session.expires_at,
            ended_at: None,
        };
        let mut payload = CodePayload {
            grant: grant.id,
            application: application.id,
            redirect_uri: REDIRECT_URI.into(),
            code_challenge: Some(CHALLENGE.into()),
            nonce: Some("n-1".into()),
            scopes,
            claims: None,
            issued_at: now,
            expires_at: now.plus(Duration::from_mins(1)),
        };
        tweak(&mut grant, &mut payload);
        self.write(Seed { grants: vec![grant.clone()], ..Seed::default() }).await;
        let code = format!("code-{}", grant.id);
        let bytes = serde_json::to_vec(&payload).unwrap();
        self.app.short_lived.put(&storage_key(&code), bytes, KEPT_FOR).await.unwrap();
        (grant, code)
    }

    /// Redeems a code as it should be done.
    pub(crate) async fn redeem(&self, application: &RelyingApplication, code: &str) -> Answer {
        self.token(application, &redemption(code)).await
    }

    /// Signs the person in at the application; the answer of the token endpoint.
    pub(crate) async fn sign_in(&self, application: &RelyingApplication, scopes: &str) -> (Grant, Answer) {
        let (grant, code) = self.code(application, scopes, |_, _| {}).await;
        let answer = self.redeem(application, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        (grant, answer)
    }

    /// The `sid` by which the application knows the grant's session.
    pub(crate) fn sid(&self, grant: &Grant) -> String {
        Sid::of_grant(self.app.sealer.as_ref(), grant).as_str().to_owned()
    }

    pub(crate) async fn refresh(&self, application: &RelyingApplication, token: &str) -> Answer {
        self.token(application, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Calls the token endpoint as this client.
    pub(crate) async fn token(&self, application: &RelyingApplication, form: &[(&str, &str)]) -> Answer {
        self.as_client("/oidc/token", application, form).await
    }

    /// Calls an endpoint as this client, in the way for which it is registered.
    pub(crate) async fn as_client(
        &self,
        path: &str,
        application: &RelyingApplication,
        form: &[(&str, &str)],
    ) -> Answer {
        let client = &application.client;
        if matches!(client.authentication, ClientAuthentication::ClientSecretBasic { .. }) {
            return self.post(path, &[("Authorization", &basic(&client.client_id, SECRET))], form).await;
        }
        let mut form = form.to_vec();
        form.push(("client_id", &client.client_id));
        if matches!(client.authentication, ClientAuthentication::ClientSecretPost { .. }) {
            form.push(("client_secret", SECRET));
        }
        self.post(path, &[], &form).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let mut encoded = url::form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(form);
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        self.call(Method::POST, path, &headers, &encoded.finish()).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        self.call(Method::GET, "/oidc/userinfo", &[("Authorization", &format!("Bearer {token}"))], "").await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let service =
            init_service(actix_web::App::new().app_data(self.app.clone()).configure(super::super::configure)).await;
        let mut request = TestRequest::default().method(method).uri(path).set_payload(body.to_owned());
        for header in headers {
            request = request.append_header(*header);
        }
        let response = call_service(&service, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        Answer { status, headers, body }
    }

    /// Checks a token with the published keys.
    pub(crate) fn verify(&self, token: &str) -> Verified {
        let jwks = String::from_utf8(self.app.keys.jwks().bytes.to_vec()).unwrap();
        jws::verify(token, &PublicKeys::from_jwks_json(&jwks).unwrap(), &JwsAlgorithm::OURS).unwrap()
    }
}

pub(crate) fn redemption(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI), ("code_verifier", VERIFIER)]
}

pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(joined))
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A member of the JSON object that is text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.body)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn assert_error(&self, status: u16, error: &str) {
        assert_eq!((self.status.as_u16(), self.json()["error"].as_str()), (status, Some(error)), "{}", self.body);
    }
}
