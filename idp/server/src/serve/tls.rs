//! TLS by the server itself (rustls over aws-lc). Certificate and key are read again when the files change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::TlsConfig;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{setting} {} cannot be read as PEM", path.display())]
    Unreadable {
        setting: &'static str,
        path: PathBuf,
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    #[error("tls.certificate {} has no certificate", .0.display())]
    NoCertificate(PathBuf),
    #[error("tls.key does not belong to tls.certificate, or cannot be used")]
    Unusable(#[source] rustls::Error),
}

/// A certificate that is read anew when its files change.
#[derive(Debug)]
pub struct Certificate {
    config: TlsConfig,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    seen: Mutex<Seen>,
}

/// What the files looked like when they were read.
type Seen = [Option<(SystemTime, u64)>; 2];

/// What looking at the files came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Unchanged,
    Replaced,
}

impl Certificate {
    /// Reads the files.
    pub fn load(config: &TlsConfig) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let seen = look_at(config);
        let current = ArcSwap::from_pointee(read(config, &provider)?);
        Ok(Arc::new(Self { config: config.clone(), provider, current, seen: Mutex::new(seen) }))
    }

    /// The configuration of the listener: TLS 1.2 and 1.3.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(self.provider.clone());
        let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Unusable)?;
        Ok(builder.with_no_client_auth().with_cert_resolver(self.clone()))
    }

    /// The certificate that is served now.
    pub fn current(&self) -> Arc<CertifiedKey> {
        self.current.load_full()
    }

    /// Reads the files again if they changed. The former certificate serves on where the new one cannot be used: certificate
    /// and key are written one after the other, and a look in between must not take the server down.
    pub fn look(&self) -> Result<Look, TlsError> {
        let now = look_at(&self.config);
        if self.seen.lock().is_ok_and(|seen| *seen == now) {
            return Ok(Look::Unchanged);
        }
        self.current.store(Arc::new(read(&self.config, &self.provider)?));
        if let Ok(mut seen) = self.seen.lock() {
            *seen = now;
        }
        Ok(Look::Replaced)
    }

    /// Looks again and again, for ever.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut failed = false;
        loop {
            tokio::time::sleep(INTERVAL).await;
            match self.look() {
                Ok(Look::Replaced) => {
                    failed = false;
                    tracing::info!("the TLS certificate was replaced");
                }
                // Said once, not every five seconds.
                Err(error) if !failed => {
                    failed = true;
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the new TLS certificate cannot be used; the former one serves on"
                    );
                }
                Ok(Look::Unchanged) | Err(_) => {}
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// Time and size: a file replaced within the same second still differs in one of them as good as always.
fn look_at(config: &TlsConfig) -> Seen {
    [&config.certificate, &config.key].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn read(config: &TlsConfig, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let unreadable = |setting, path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::Unreadable { setting, path, source }
    };
    let chain = CertificateDer::pem_file_iter(&config.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable("tls.certificate", &config.certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(config.certificate.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&config.key).map_err(unreadable("tls.key", &config.key))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Unusable)
}
