#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::{OutboxId, PersonId};
use keyholder_core::locale::Language;
use keyholder_core::outbox::{Delivery, Lane, OutboxMessage};
use keyholder_core::person::{Email, Person, StoredPassword};
use keyholder_core::ports::{Command, Queries as _, Sealer, StoreError, Transaction};
use keyholder_core::time::{Clock, Timestamp};
use keyholder_store::seal::MasterKey;
use keyholder_store::short_lived::InProcess;
use keyholder_store::{SqlStore, SqliteOptions};
use keyholder_theme::Theme;
use keyholder_theme::mail::Mail;
use tempfile::TempDir;

use super::outbox::Post;
use super::*;
use crate::applications::ApplicationCache;
use crate::audit::{About, event_at};
use crate::config::{Config, MailConfig, MailTransport, SmtpSecurity};
use crate::keys::KeyRing;
use crate::keys::schedule::Schedule;
use crate::mail::Mailer;
use crate::mail::test_server::MailServer;
use crate::oidc::back::tests::bed::{KEYS, Seed};
use crate::outbound::Fetcher;
use crate::password::pool::PasswordPool;
use crate::throttle::Throttle;
use crate::wiring::SystemRandom;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(super) struct StoppedClock(Mutex<Timestamp>);

impl StoppedClock {
    pub(super) fn pass(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(duration);
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A store with what the workers need around it.
pub(super) struct Bed {
    pub(super) folder: TempDir,
    sealer: Arc<dyn Sealer>,
    pub(super) store: SqlStore,
    pub(super) theme: Theme,
    pub(super) mailer: Mailer,
    fetcher: Fetcher,
    pub(super) keys: KeyRing,
    pub(super) saml: crate::saml::keys::SamlKeys,
    pub(super) clock: Arc<StoppedClock>,
    config: Config,
    pub(super) metrics: crate::metrics::Metrics,
}

impl Bed {
    /// Mails go into a folder.
    pub(super) async fn new() -> Self {
        Self::with(MailTransport::Folder { folder: None, print_links: false }).await
    }

    /// Mails go to a mail server on this port.
    pub(super) async fn with_server(port: u16) -> Self {
        let (host, security) = ("localhost".into(), SmtpSecurity::None);
        Self::with(MailTransport::Smtp { host, port, security, username: None, password: None }).await
    }

    async fn with(transport: MailTransport) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data: folder.path().to_owned(),
            issuer: "https://id.oakfield.example".parse().unwrap(),
            mail: MailConfig { transport, ..MailConfig::default() },
            ..Config::default()
        };
        let sealer = MasterKey::load_or_create(&folder.path().join("master.key"), Arc::new(SystemRandom)).unwrap();
        let sealer: Arc<dyn Sealer> = Arc::new(sealer);
        let options = SqliteOptions::server(folder.path().join("keyholder.sqlite"));
        let store = SqlStore::open(&options, Arc::clone(&sealer)).await.unwrap();
        let clock = Arc::new(StoppedClock(Mutex::new(Timestamp::from_seconds(1_800_000_000))));
        store.execute(Seed { keys: KEYS.clone(), ..Seed::default() }).await.unwrap();
        let (schedule, random) = (Schedule::from_config(&config), Arc::new(SystemRandom));
        Self {
            keys: KeyRing::open(&store, schedule, clock.clone(), random).await.unwrap(),
            fetcher: Fetcher::new(&config.outbound).unwrap(),
            sealer,
            store,
            theme: Theme::load(None).unwrap(),
            mailer: Mailer::new(&config).unwrap(),
            saml: crate::saml::keys::SamlKeys::default(),
            clock,
            folder,
            config,
            metrics: crate::metrics::Metrics::default(),
        }
    }

    pub(super) fn post(&self) -> Post<'_> {
        Post {
            store: &self.store,
            theme: &self.theme,
            mailer: &self.mailer,
            clock: self.clock.as_ref(),
            random: &SystemRandom,
            sealer: self.sealer.as_ref(),
            fetcher: &self.fetcher,
            keys: &self.keys,
            saml: &self.saml,
            issuer: self.config.issuer(),
            metrics: &self.metrics,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Delivers what is due; answers how many messages were tried.
    pub(super) async fn deliver(&self) -> usize {
        outbox::deliver_due(&self.post(), "node-1", Lane::Mails).await.unwrap()
    }

    pub(super) async fn waiting(&self) -> u64 {
        self.store.count_waiting_outbox().await.unwrap()
    }

    /// The mails in the folder, the oldest first, as they would be read: soft line breaks taken out.
    pub(super) fn mails(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(self.folder.path().join("mails")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let read = |path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "=");
        files.into_iter().map(read).collect()
    }

    pub(super) async fn add_person(&self, email: &str) -> Person {
        let person = person(email, self.now());
        self.store.execute(AddPerson(person.clone())).await.unwrap();
        person
    }

    pub(super) async fn leave(&self, delivery: Delivery) -> OutboxId {
        let (id, now) = (OutboxId::draw(&SystemRandom, self.now()), self.now());
        let message = OutboxMessage { id, delivery, due_at: now, attempts: 0, created_at: now };
        self.store.execute(Leave(message)).await.unwrap();
        id
    }

    pub(super) async fn log(&self, event: AuditEvent) {
        self.store.execute(Log(event)).await.unwrap();
    }
}

pub(super) fn person(email: &str, now: Timestamp) -> Person {
    Person {
        id: PersonId::draw(&SystemRandom, now),
        subject: PersonId::draw(&SystemRandom, now).to_string(),
        email: Email::parse(email).unwrap(),
        email_verified_at: None,
        given_name: "Ann".into(),
        family_name: "Price".into(),
        language: None,
        disabled_at: None,
        email_changed_at: None,
        key_stopped_at: None,
        created_at: now,
    }
}

/// A mail without a link.
pub(super) fn notice(to: &str) -> Delivery {
    let circumstances = keyholder_theme::mail::Circumstances {
        at: 1_800_000_000_000,
        browser: Some("Edge on Windows".into()),
        address: None,
        sign_in_href: "https://id.oakfield.example/".into(),
    };
    let mail = Mail::PasswordChanged { name: "Ann Price".into(), circumstances };
    Delivery::Mail { to: to.into(), language: Language::En, mail: serde_json::to_value(mail).unwrap() }
}

#[derive(Debug)]
struct AddPerson(Person);

#[async_trait]
impl Command for AddPerson {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_person(&self.0).await
    }
}

#[derive(Debug)]
pub(super) struct Disable(pub(super) Person);

#[async_trait]
impl Command for Disable {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.update_person(&Person { disabled_at: Some(self.0.created_at), ..self.0.clone() }).await
    }
}

#[derive(Debug)]
pub(super) struct SetPassword(pub(super) PersonId, pub(super) Timestamp);

#[async_trait]
impl Command for SetPassword {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_password(self.0, &StoredPassword { hash: "$argon2id$".into(), changed_at: self.1 }).await
    }
}

#[derive(Debug)]
pub(super) struct Leave(pub(super) OutboxMessage);

#[async_trait]
impl Command for Leave {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_outbox(&self.0).await
    }
}

#[derive(Debug)]
struct Log(AuditEvent);

#[async_trait]
impl Command for Log {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_audit(&self.0).await
    }
}

async fn app(bed: Bed) -> (TempDir, Arc<App>) {
    let random: Arc<dyn keyholder_core::random::Random> = Arc::new(SystemRandom);
    let sealer = MasterKey::load_or_create(&bed.folder.path().join("master.key"), Arc::clone(&random)).unwrap();
    let clock: Arc<dyn Clock> = Arc::clone(&bed.clock) as Arc<dyn Clock>;
    let schedule = Schedule::from_config(&bed.config);
    let app = App {
        saml: crate::saml::keys::SamlKeys::default(),
        saml_metadata: crate::saml::MetadataCache::default(),
        passwords: PasswordPool::new(&bed.config.password, Arc::clone(&random)).unwrap(),
        keys: KeyRing::open(&bed.store, schedule, Arc::clone(&clock), Arc::clone(&random)).await.unwrap(),
        fetcher: Fetcher::new(&bed.config.outbound).unwrap(),
        short_lived: Arc::new(InProcess::new(Arc::clone(&clock), keyholder_store::short_lived::Limits::default())),
        sealer: Arc::new(sealer),
        throttle: Throttle::new(),
        bounds: crate::factors::Bounds::default(),
        applications: ApplicationCache::default(),
        policies: Arc::new(keyholder_core::policy::ByGroup),
        factors: Arc::new(crate::web::testing::fake_factors::FakeFactors),
        plugins: None,
        outbox_wake: tokio::sync::Notify::new(),
        metrics: crate::metrics::Metrics::default(),
        config: bed.config,
        store: bed.store,
        theme: bed.theme,
        mailer: bed.mailer,
        clock,
        random,
    };
    (bed.folder, Arc::new(app))
}

#[tokio::test]
async fn what_waits_in_the_outbox_leaves_when_the_bell_rings() {
    let server = MailServer::default();
    let bed = Bed::with_server(server.listen().await).await;
    let message = OutboxMessage {
        id: OutboxId::draw(&SystemRandom, bed.now()),
        delivery: notice("ann@oakfield.example"),
        due_at: bed.now(),
        attempts: 0,
        created_at: bed.now(),
    };
    let (_folder, app) = app(bed).await;
    let workers = Workers::start(Arc::clone(&app));
    app.store.execute(Leave(message)).await.unwrap();
    app.outbox_wake.notify_one();
    server.arrival.notified().await;
    workers.stop().await;
    assert_eq!(app.store.count_waiting_outbox().await.unwrap(), 0, "a delivery in progress is finished by the stop");
    assert_eq!(server.received(), 1);
    app.store.close().await;
}

#[tokio::test]
async fn stopping_seals_what_was_logged_last() {
    let bed = Bed::new().await;
    let event = event_at(&SystemRandom, bed.now(), AuditKind::SignedIn, About::default());
    let (_folder, app) = app(bed).await;
    let workers = Workers::start(Arc::clone(&app));
    app.store.execute(Log(event)).await.unwrap();
    workers.stop().await;
    assert_eq!(app.store.list_unsealed_audit(10).await.unwrap(), []);
    app.store.close().await;
}
