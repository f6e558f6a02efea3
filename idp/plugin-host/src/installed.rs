//! A plugin as admission hands it over.

use std::collections::BTreeSet;

use keyholder_core::factor::Evidence;
use keyholder_core::locale::Language;

use crate::code::Code;
use crate::fault::Cause;
use crate::limits::Limits;

/// Which contract a package says that it fulfils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum World {
    Factor,
    Policy,
}

/// What a package may request and the operator grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// `keyholder:host/log`.
    Log,
    /// `keyholder:host/random`.
    Random,
    /// `keyholder:host/crypto`.
    Crypto,
    /// What the standard library of `wasm32-wasip2` imports: random bytes, the time of the call, an empty environment, an end
    /// that is a fault. No files, no sockets, no sleep.
    Std,
    /// To wake the device of a key (the effect `send-message`).
    Push,
    /// The memory of a package that carries an interpreter.
    Scripting,
}

impl Capability {
    pub const ALL: [Self; 6] = [Self::Log, Self::Random, Self::Crypto, Self::Std, Self::Push, Self::Scripting];

    /// Its name in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Random => "random",
            Self::Crypto => "crypto",
            Self::Std => "std",
            Self::Push => "push",
            Self::Scripting => "scripting",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }
}

/// What the operator granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Granted {
    /// The most that the factor's evidence counts for.
    pub ceiling: Evidence,
    pub capabilities: BTreeSet<Capability>,
}

/// The texts of one language: a file in Fluent's syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    pub language: Language,
    pub source: String,
}

/// An admitted package.
#[derive(Debug)]
pub struct Installed {
    /// As in the manifest; the plugin must describe itself so.
    pub id: String,
    pub version: String,
    pub world: World,
    pub granted: Granted,
    /// What the manifest asks for; cut down to the host's most.
    pub limits: Limits,
    /// The operator's settings, JSON that is valid against the package's schema. `{}` where there are none.
    pub settings: String,
    pub locales: Vec<Locale>,
    /// Formats of credentials in the database, all of which this version has to read.
    pub stored_formats: Vec<u32>,
    pub code: Code,
}

/// Why a package does not run. Display is a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One line for each import; see [`crate::imports_of`].
    #[error("it imports what it may not have: {}", .0.join("; "))]
    Imports(Vec<String>),
    /// It lacks the interface, the interface is of another version, or it is of the other world.
    #[error("it does not fulfil the contract: {0}")]
    Exports(String),
    #[error("its trial failed: {0}")]
    Trial(#[source] Cause),
    #[error("the manifest says {manifest}, the plugin itself {described}")]
    Identity { manifest: String, described: String },
    /// JSON pointer and message.
    #[error("its settings are wrong: {}", .0.iter().map(|(at, why)| format!("{at}: {why}")).collect::<Vec<_>>().join("; "))]
    Settings(Vec<(String, String)>),
    #[error("it cannot read stored keys of format {0}")]
    StoredFormat(u32),
    #[error("its texts in {language} cannot be read: {why}")]
    Texts { language: &'static str, why: String },
    /// Try again.
    #[error("too many calls wait")]
    Busy,
}

/// A plugin that was tried and may be switched on: [`crate::PluginHost::switch_on`].
#[derive(Debug)]
pub struct Prepared(pub(crate) std::sync::Arc<crate::registry::Plugin>);

impl Prepared {
    pub fn id(&self) -> &str {
        &self.0.identity.id
    }

    pub fn version(&self) -> &str {
        &self.0.identity.version
    }

    /// What a factor said of itself, within what was granted; `None` for a policy.
    pub fn descriptor(&self) -> Option<&std::sync::Arc<keyholder_core::factor::Descriptor>> {
        self.0.descriptor()
    }
}
