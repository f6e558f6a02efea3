//! Starts and stops the server: data directory, store, keys, listener, workers.
//!
//! Owns the order in which things begin and end. Does not own routes (`crate::web`) or background work (`crate::workers`).

mod data;
mod first_run;
mod health;
mod limits;
pub mod log;
mod signal;
#[cfg(test)]
mod tests;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App as HttpApp, HttpServer};
use keyholder_core::factor::Factors;
use keyholder_core::ports::StoreError;
use keyholder_core::random::Random;
use keyholder_core::time::Clock;
use keyholder_store::short_lived::{InProcess, Limits};
use keyholder_store::{Access, SqlStore};
use keyholder_theme::Theme;
use secrecy::SecretString;
use tokio::task::JoinHandle;

pub use self::data::{DataError, DataFolder};
use self::health::Readiness;
pub use self::signal::StopSignal;
use self::tls::{Certificate, TlsError};
use crate::app::App;
use crate::applications::ApplicationCache;
use crate::config::Config;
use crate::keys::schedule::Schedule;
use crate::keys::{KeyError, KeyRing};
use crate::mail::{Mailer, MailerError};
use crate::metrics::Metrics;
use crate::metrics::listen::MetricsListener;
use crate::outbound::{Fetcher, FetcherError};
use crate::password::pool::{PasswordPool, PoolStartError};
use crate::plugins::{self, PluginsError, Surroundings};
use crate::saml::MetadataCache;
use crate::saml::keys::{SamlKeyError, SamlKeys};
use crate::throttle::Throttle;
use crate::wiring::{SystemClock, SystemRandom};
use crate::workers::Workers;

/// How long requests that have begun may take to end when the server stops, in seconds.
const DRAIN_SECONDS: u64 = 20;
/// Connections that wait to be taken up.
const BACKLOG: u32 = 1024;

/// Why the server does not start: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Data(#[from] DataError),
    /// Another program listens there.
    #[error("{0} is taken: another program listens there; set `listen` to another port")]
    PortTaken(SocketAddr),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("cannot listen on {address} for metrics; set `metrics.listen` to another address")]
    MetricsListen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the theme cannot be used")]
    Theme(#[from] keyholder_theme::ThemeError),
    #[error("password hashing cannot start")]
    Passwords(#[from] PoolStartError),
    #[error("mails cannot be sent")]
    Mailer(#[from] MailerError),
    #[error("requests to applications cannot be made")]
    Fetcher(#[from] FetcherError),
    #[error("the signing keys cannot be used")]
    Keys(#[from] KeyError),
    #[error("the SAML keys cannot be used")]
    Saml(#[from] SamlKeyError),
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    #[error("plugins cannot be run")]
    Plugins(#[from] PluginsError),
}

/// What comes from the machine, so that tests can bring their own.
#[derive(Debug, Clone)]
pub struct Wiring {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// The master key in place of the file `master.key`.
    pub master_key: Option<SecretString>,
    /// Factors in place of the installed plugins: tests bring their own.
    pub factors: Option<Arc<dyn Factors>>,
}

impl Wiring {
    /// This clock and this randomness, and the master key of the data directory.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random, master_key: None, factors: None }
    }

    /// The machine's own, and the master key of `KEYHOLDER_MASTER_KEY` where it is set.
    pub fn of_machine() -> Self {
        let master_key = std::env::var("KEYHOLDER_MASTER_KEY").ok().filter(|text| !text.is_empty());
        Self {
            master_key: master_key.map(SecretString::from),
            ..Self::new(Arc::new(SystemClock), Arc::new(SystemRandom))
        }
    }
}

/// A server that answers.
pub struct Running {
    /// Where it listens; the port is a real one even if port 0 was asked for.
    pub address: SocketAddr,
    pub app: Arc<App>,
    first_run_link: Option<SecretString>,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
    workers: Workers,
    certificate: Option<JoinHandle<()>>,
    metrics: Option<MetricsListener>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts the server.
pub async fn start(config: Config, wiring: Wiring) -> Result<Running, ServeError> {
    warn_loudly(&config);
    let data = DataFolder::new(&config.data);
    data.prepare()?;
    let certificate = config.tls.as_ref().map(Certificate::load).transpose()?;
    let app = build(config, wiring, &data).await?;
    match listen(&app, certificate).await {
        Ok(running) => Ok(running),
        Err(error) => {
            app.store.close().await;
            Err(error)
        }
    }
}

async fn build(config: Config, wiring: Wiring, data: &DataFolder) -> Result<Arc<App>, ServeError> {
    let Wiring { clock, random, master_key, factors } = wiring;
    let theme = Theme::load(config.theme.as_deref())?;
    let passwords = PasswordPool::new(&config.password, random.clone())?;
    let mailer = Mailer::new(&config)?;
    let fetcher = Fetcher::new(&config.outbound)?;
    let sealer = data.sealer(master_key.as_ref(), random.clone())?;
    let store = data.open_store(Access::Server, sealer.clone()).await?;
    let keys = match open_keys(&config, &store, clock.clone(), random.clone()).await {
        Ok(keys) => keys,
        Err(error) => {
            store.close().await;
            return Err(error.into());
        }
    };
    let saml = match SamlKeys::open(&store, clock.now()).await {
        Ok(saml) => saml,
        Err(error) => {
            store.close().await;
            return Err(error.into());
        }
    };
    let metrics = Metrics::default();
    let (factors, plugins) = if let Some(factors) = factors {
        (factors, None)
    } else {
        let observer = Arc::new(metrics.plugins.clone());
        let surroundings =
            Surroundings { observer, ..Surroundings::new(clock.clone(), random.clone(), sealer.clone()) };
        match plugins::open_for_server(&config, &store, surroundings).await {
            Ok(plugins) => (plugins.factors(), Some(plugins)),
            Err(error) => {
                store.close().await;
                return Err(error.into());
            }
        }
    };
    Ok(Arc::new(App {
        factors,
        plugins,
        short_lived: Arc::new(InProcess::new(clock.clone(), Limits::default())),
        throttle: Throttle::new(),
        bounds: crate::factors::Bounds::default(),
        saml,
        saml_metadata: MetadataCache::default(),
        applications: ApplicationCache::default(),
        policies: Arc::new(keyholder_core::policy::ByGroup),
        outbox_wake: tokio::sync::Notify::new(),
        metrics,
        config,
        store,
        sealer,
        clock,
        random,
        theme,
        passwords,
        keys,
        fetcher,
        mailer,
    }))
}

/// Opens the signing keys, and makes those that are missing.
pub async fn open_keys(
    config: &Config,
    store: &SqlStore,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<KeyRing, KeyError> {
    KeyRing::open(store, Schedule::from_config(config), clock, random).await
}

async fn listen(app: &Arc<App>, certificate: Option<Arc<Certificate>>) -> Result<Running, ServeError> {
    let (data, readiness) = (Data::from(app.clone()), Data::new(Readiness::default()));
    let server = HttpServer::new(move || {
        HttpApp::new()
            .app_data(data.clone())
            .app_data(readiness.clone())
            .wrap(from_fn(limits::limit))
            .configure(health::configure)
            .configure(crate::web::configure)
    });
    let server = server
        .disable_signals()
        .shutdown_timeout(DRAIN_SECONDS)
        .backlog(BACKLOG)
        .keep_alive(limits::KEEP_ALIVE)
        .client_request_timeout(limits::HEAD_TIME)
        .client_disconnect_timeout(Duration::from_secs(2))
        .tls_handshake_timeout(limits::HANDSHAKE_TIME);
    let server = match app.config.workers {
        Some(workers) => server.workers(workers),
        None => server,
    };
    let address = app.config.listen;
    let server = match &certificate {
        Some(certificate) => server.bind_rustls_0_23(address, certificate.server_config()?),
        None => server.bind(address),
    };
    let server = server.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortTaken(address),
        _ => ServeError::Listen { address, source },
    })?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    let metrics = app.config.metrics.listen.map(|address| {
        MetricsListener::start(app, address).map_err(|source| ServeError::MetricsListen { address, source })
    });
    let metrics = metrics.transpose()?;
    // Before the first request, so that a failure here is still one sentence.
    let first_run_link = first_run::make_link(app).await?;
    let server = server.run();
    let handle = server.handle();
    tracing::info!(address = %bound, issuer = app.config.issuer(), tls = certificate.is_some(), "listening");
    Ok(Running {
        address: bound,
        app: app.clone(),
        first_run_link,
        handle,
        server: tokio::spawn(server),
        workers: Workers::start(app.clone()),
        certificate: certificate.map(|certificate| tokio::spawn(certificate.watch())),
        metrics,
    })
}

impl Running {
    /// The address that makes the first school, where there is none yet.
    pub fn first_run_link(&self) -> Option<SecretString> {
        self.first_run_link.clone()
    }

    /// Where metrics are told, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|metrics| metrics.address)
    }

    /// Stops in order: takes no more connections, lets requests end, empties what the workers have in hand, closes the store.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Some(metrics) = self.metrics {
            metrics.stop().await;
        }
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = &error as &dyn std::error::Error, "the listener failed"),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the listener failed"),
        }
        if let Some(certificate) = self.certificate {
            certificate.abort();
        }
        self.workers.stop().await;
        self.app.passwords.close();
        self.app.store.close().await;
        tracing::info!("stopped");
    }
}

/// What an operator should not overlook.
fn warn_loudly(config: &Config) {
    let test_bed = &config.outbound.test_bed;
    if test_bed.allow_loopback {
        tracing::warn!(
            "TEST BED: requests to applications on this machine are allowed (outbound.test_bed.allow_loopback); never in production"
        );
    }
    if let Some(path) = &test_bed.ca_file {
        tracing::warn!(file = %path.display(), "TEST BED: certificates of an extra file are trusted (outbound.test_bed.ca_file); never in production");
    }
    if let crate::config::MailTransport::Folder { print_links, .. } = &config.mail.transport {
        tracing::warn!("mails are not sent but kept in a folder (mail.transport = \"folder\")");
        if *print_links {
            tracing::warn!("DEMO: links of mails are printed to the log (mail.print_links); never in production");
        }
    }
    if config.issuer.scheme() == "http" {
        tracing::warn!(issuer = config.issuer(), "the issuer is http: only for trying out on this machine");
    }
    if let Some(listen) = config.metrics.listen.filter(|listen| !listen.ip().is_loopback()) {
        tracing::warn!(%listen, "metrics are told to whoever reaches metrics.listen");
    }
    if config.tls.is_none()
        && config.issuer.scheme() == "https"
        && !config.listen.ip().is_loopback()
        && config.proxy.trusted.is_empty()
    {
        tracing::warn!(listen = %config.listen, "no TLS here and no trusted proxy: set [tls], or proxy.trusted to the reverse proxy in front");
    }
}
