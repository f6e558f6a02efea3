//! Everything that a request may need, built once and shared.

use std::sync::Arc;

use keyholder_core::factor::Factors;
use keyholder_core::policy::Policies;
use keyholder_core::ports::{Sealer, ShortLived};
use keyholder_core::random::Random;
use keyholder_core::time::{Clock, Timestamp};
use keyholder_store::SqlStore;
use keyholder_theme::Theme;
use tokio::sync::Notify;

use crate::applications::ApplicationCache;
use crate::config::Config;
use crate::factors::Bounds;
use crate::keys::KeyRing;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::outbound::Fetcher;
use crate::password::pool::PasswordPool;
use crate::plugins::Plugins;
use crate::saml::MetadataCache;
use crate::saml::keys::SamlKeys;
use crate::throttle::Throttle;

/// The wired application.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub store: SqlStore,
    pub short_lived: Arc<dyn ShortLived>,
    pub sealer: Arc<dyn Sealer>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub theme: Theme,
    pub passwords: PasswordPool,
    pub throttle: Throttle,
    /// How often keys are asked for.
    pub bounds: Bounds,
    pub keys: KeyRing,
    pub saml: SamlKeys,
    pub saml_metadata: MetadataCache,
    pub applications: ApplicationCache,
    pub policies: Arc<dyn Policies>,
    /// The installed factor plugins.
    pub factors: Arc<dyn Factors>,
    /// What brings them from the rows, and follows changes; `None` where tests bring factors of their own.
    pub plugins: Option<Plugins>,
    pub fetcher: Fetcher,
    pub mailer: Mailer,
    pub metrics: Metrics,
    /// Rung after a commit that left something in the outbox, so that it leaves at once.
    pub outbox_wake: Notify,
}

impl App {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An address of ours: the issuer and a path that begins with a slash. Never from the Host header (design, invariant 13).
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.config.issuer())
    }
}
