//! Admission: from a package to a plugin that may be switched on.
//!
//! Owns the order of the checks: origin, kind of file, manifest, grant, settings, compilation in a child, imports and exports, trial.
//! Nothing is switched on here, so that a version that is refused leaves the one that serves as it is. Does not own rows: the server
//! stores what was admitted, under [`seal`], and admits it again at each start.

mod contract;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::channel::oneshot;
use keyholder_core::factor::Descriptor;
use keyholder_core::locale::Language;
use keyholder_core::plugin::{Origin, PluginGrant};
use keyholder_core::ports::Sealer;
use serde_json::{Map, Value};

pub use trust::{Bundled, Trusted, Unsigned, origin_of};

use crate::artefact::{ArtefactKey, Artefacts};
use crate::code::Code;
use crate::compile::{CompileError, Compiler};
use crate::engine::fingerprint;
use crate::host::PluginHost;
use crate::imports::{ImportKind, imports_of, spoken};
use crate::installed::{Capability, Granted, Installed, Locale, Prepared, Refused};
use crate::package::{Formats, Package, PackageError, SettingFault, SignatureError, sha256};

/// Why a package is not let in. Display is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("it is not signed; unsigned packages run only with the switch `plugins.development_unsigned`")]
    Unsigned,
    #[error(
        "it is signed with the key {0}, which is nobody's that you trust; `keyholder plugin trust` adds a publisher"
    )]
    UnknownPublisher(String),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("it is signed, but plugin.toml has no section [files]: the signature would cover nothing else")]
    NoDigests,
    /// Not a WebAssembly component.
    #[error("plugin.wasm is {0}, not a WebAssembly component")]
    Kind(&'static str),
    #[error("it is built for {wanted}, and this server speaks version {spoken} of the contract")]
    Version { wanted: String, spoken: String },
    #[error("it requests what was not granted: {}", .0.join(", "))]
    NotGranted(Vec<String>),
    #[error("its settings are wrong: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<SettingFault>),
    #[error("it cannot be compiled")]
    Compile(#[from] CompileError),
    #[error("its machine code cannot be loaded: {0}")]
    Load(String),
    /// Against its own manifest.
    #[error("it imports what its manifest does not request: {}", .0.join("; "))]
    NotRequested(Vec<String>),
    #[error("it is not built for the contract that it names: {}", .0.join("; "))]
    Contract(Vec<String>),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the manifest says that it reads the formats {manifest:?}, the plugin itself {described:?}")]
    Formats { manifest: Formats, described: Formats },
}

/// On what terms a package is let in.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub grant: &'a PluginGrant,
    /// What the operator set, without defaults.
    pub settings: &'a Map<String, Value>,
    /// Formats in which keys of it are stored.
    pub stored_formats: &'a [u32],
}

/// From where machine code came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSource {
    Cache,
    Compiled,
}

/// A package that passed every check.
#[derive(Debug)]
pub struct Admitted {
    pub prepared: Prepared,
    pub code: CodeSource,
    /// Under what its machine code is kept.
    pub artefact: ArtefactKey,
}

/// Admits packages for one host.
#[derive(Debug, Clone)]
pub struct Admission {
    host: PluginHost,
    compiler: Arc<Compiler>,
    artefacts: Option<Artefacts>,
    /// Machine code of this process, where it is asked for again and again.
    memory: Option<Arc<Mutex<HashMap<ArtefactKey, Code>>>>,
}

impl Admission {
    /// `artefacts`: where machine code is kept; without it everything is compiled each time.
    pub fn new(host: PluginHost, compiler: Arc<Compiler>, artefacts: Option<Artefacts>) -> Self {
        Self { host, compiler, artefacts, memory: None }
    }

    /// One that keeps machine code in memory as well: for a few packages that are admitted again and again.
    #[must_use]
    pub fn remembering(self) -> Self {
        Self { memory: Some(Arc::default()), ..self }
    }

    /// Checks everything but the origin ([`origin_of`]).
    ///
    /// # Errors
    /// The first check that the package does not pass.
    pub async fn admit(&self, package: &Package, terms: Terms<'_>) -> Result<Admitted, AdmissionError> {
        let manifest = &package.manifest;
        check_kind(package.wasm())?;
        check_contract_version(package)?;
        let granted = granted(package, terms.grant)?;
        let settings = package.schema.complete(terms.settings).map_err(AdmissionError::Settings)?;
        let artefact = self.artefact_key(package);
        let (code, source) = self.code(&artefact, package).await?;
        let differences = contract::differences(&code, &manifest.contract);
        if !differences.is_empty() {
            return Err(AdmissionError::Contract(differences));
        }
        check_imports(package, &code)?;
        let locales = package.locales.iter().filter_map(|(tag, source)| {
            let language = Language::ALL.into_iter().find(|language| language.tag() == tag)?;
            Some(Locale { language, source: source.clone() })
        });
        let installed = Installed {
            id: manifest.id.clone(),
            version: manifest.version.to_string(),
            world: manifest.contract.world.kind(),
            granted,
            limits: manifest.limits,
            settings: Value::Object(settings).to_string(),
            locales: locales.collect(),
            stored_formats: terms.stored_formats.to_vec(),
            code,
        };
        let prepared = self.host.prepare(installed).await?;
        if let Some(descriptor) = prepared.descriptor() {
            check_formats(&manifest.formats, descriptor)?;
        }
        Ok(Admitted { prepared, code: source, artefact })
    }

    /// What an artefact of this package is kept under.
    fn artefact_key(&self, package: &Package) -> ArtefactKey {
        ArtefactKey::new(sha256(package.wasm()), fingerprint(self.host.engine()))
    }

    /// Removes what is kept of anything but these.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn tidy(&self, wanted: &[ArtefactKey]) -> std::io::Result<()> {
        self.artefacts.as_ref().map_or(Ok(()), |artefacts| artefacts.tidy(wanted))
    }

    /// The host that what is admitted runs on.
    pub fn host(&self) -> &PluginHost {
        &self.host
    }

    async fn code(&self, key: &ArtefactKey, package: &Package) -> Result<(Code, CodeSource), AdmissionError> {
        let memory = self.memory.as_ref().map(|memory| memory.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(code) = memory.and_then(|memory| memory.get(key).cloned()) {
            return Ok((code, CodeSource::Cache));
        }
        let (code, source) = self.load_or_compile(key, package).await?;
        if let Some(memory) = &self.memory {
            memory.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), code.clone());
        }
        Ok((code, source))
    }

    async fn load_or_compile(
        &self,
        key: &ArtefactKey,
        package: &Package,
    ) -> Result<(Code, CodeSource), AdmissionError> {
        if let Some(artefact) = self.artefacts.as_ref().and_then(|artefacts| artefacts.find(key)) {
            match Code::load_verified(self.host.engine(), &artefact) {
                Ok(code) => return Ok((code, CodeSource::Cache)),
                Err(error) => tracing::debug!(%error, plugin = package.manifest.id, "compiled again"),
            }
        }
        let artefact = compile(Arc::clone(&self.compiler), package.wasm().to_vec()).await?;
        let code = Code::load_verified(self.host.engine(), &artefact)
            .map_err(|error| AdmissionError::Load(error.to_string()))?;
        if let Some(artefacts) = &self.artefacts
            && let Err(error) = artefacts.keep(key, &artefact)
        {
            let folder = artefacts.folder().display();
            tracing::warn!(%folder, %error, "a compiled plugin cannot be kept; it is compiled at each start");
        }
        Ok((code, CodeSource::Compiled))
    }
}

/// Compiles on a thread of its own: it takes seconds.
async fn compile(compiler: Arc<Compiler>, wasm: Vec<u8>) -> Result<Vec<u8>, CompileError> {
    let (done, compiled) = oneshot::channel();
    let thread = std::thread::Builder::new().name("plugin-compiler".into());
    let work = move || drop(done.send(compiler.compile(&wasm)));
    thread.spawn(work).map_err(CompileError::Start)?;
    compiled.await.unwrap_or_else(|_| Err(CompileError::Crashed("its thread ended".into())))
}

/// Tells by the first bytes what somebody took for a component, before any parser sees it.
fn check_kind(wasm: &[u8]) -> Result<(), AdmissionError> {
    // Component Model, Binary.md: version 13, layer 1. A core module has version 1, layer 0.
    let kind = match wasm {
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => "a core module",
        // wasmtime's artefacts are ELF files.
        [0x7f, b'E', b'L', b'F', ..] => "compiled machine code, which is never taken from outside",
        [] => "empty",
        _ if std::str::from_utf8(wasm).is_ok() => "text",
        _ => "something else",
    };
    Err(AdmissionError::Kind(kind))
}

fn check_contract_version(package: &Package) -> Result<(), AdmissionError> {
    let contract = &package.manifest.contract;
    if !spoken(&contract.version.to_string()) {
        return Err(AdmissionError::Version {
            wanted: contract.to_string(),
            spoken: crate::imports::CONTRACT.join(", "),
        });
    }
    Ok(())
}

/// The grant, if it covers what the package requests.
fn granted(package: &Package, grant: &PluginGrant) -> Result<Granted, AdmissionError> {
    let capabilities: BTreeSet<Capability> =
        grant.capabilities.iter().filter_map(|name| Capability::from_name(name)).collect();
    let missing: Vec<String> = package
        .manifest
        .capabilities()
        .into_iter()
        .filter(|capability| !capabilities.contains(capability))
        .map(|capability| capability.name().to_owned())
        .collect();
    if !missing.is_empty() {
        return Err(AdmissionError::NotGranted(missing));
    }
    // Nothing but what it requests, whatever was granted to a former version.
    let capabilities = package.manifest.capabilities().into_iter().collect();
    Ok(Granted { ceiling: package.manifest.ceiling.clone().within(&grant.ceiling), capabilities })
}

fn check_imports(package: &Package, code: &Code) -> Result<(), AdmissionError> {
    let requested: BTreeSet<Capability> = package.manifest.capabilities().into_iter().collect();
    let wrong: Vec<String> = imports_of(code)
        .into_iter()
        .filter_map(|import| match import.kind {
            ImportKind::Types => None,
            ImportKind::Needs(capability) if requested.contains(&capability) => None,
            ImportKind::Needs(capability) => {
                Some(format!("{} needs a request of `{}`", import.name, capability.name()))
            }
            ImportKind::Refused(what) => Some(format!("{} would reach {what}", import.name)),
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(AdmissionError::NotRequested(wrong)) }
}

fn check_formats(manifest: &Formats, descriptor: &Descriptor) -> Result<(), AdmissionError> {
    let sorted = |mut formats: Vec<u32>| {
        formats.sort_unstable();
        formats
    };
    let described = Formats { reads: sorted(descriptor.reads_formats.clone()), writes: descriptor.writes_format };
    let manifest = Formats { reads: sorted(manifest.reads.clone()), writes: manifest.writes };
    if manifest == described { Ok(()) } else { Err(AdmissionError::Formats { manifest, described }) }
}

/// What a package requests, as a grant of all of it.
pub fn requested(package: &Package) -> PluginGrant {
    PluginGrant {
        capabilities: package.manifest.capabilities().into_iter().map(|one| one.name().to_owned()).collect(),
        ceiling: package.manifest.ceiling.clone(),
    }
}

/// What a package requests beyond a grant, in words; empty: nothing.
pub fn beyond(package: &Package, grant: &PluginGrant) -> Vec<String> {
    let wanted = requested(package);
    let mut more: Vec<String> =
        wanted.capabilities.into_iter().filter(|name| !grant.capabilities.contains(name)).collect();
    let (ceiling, had) = (wanted.ceiling, &grant.ceiling);
    let properties = [
        ("knowledge", ceiling.knowledge && !had.knowledge),
        ("possession", ceiling.possession && !had.possession),
        ("inherence", ceiling.inherence && !had.inherence),
        ("phishing_resistant", ceiling.phishing_resistant && !had.phishing_resistant),
        ("hardware_bound", ceiling.hardware_bound && !had.hardware_bound),
        ("user_verified", ceiling.user_verified && !had.user_verified),
        // The other way round: what proves less so far would prove all.
        ("more than recovery", had.recovery_only && !ceiling.recovery_only),
    ];
    more.extend(properties.into_iter().filter(|(_, more)| *more).map(|(name, _)| format!("to prove {name}")));
    more.extend(ceiling.amr.iter().filter(|word| !had.amr.contains(word)).map(|word| format!("to claim `{word}`")));
    more
}

/// The keyed digest under which an admitted version is stored: who changes files, origin or grant in the database changes nothing
/// but whether it loads.
pub fn seal(sealer: &dyn Sealer, name: &str, digest: &[u8; 32], origin: &Origin, grant: &PluginGrant) -> [u8; 32] {
    // JSON of these types cannot fail, and each value stands in quotes.
    let terms = serde_json::json!([name, crate::package::hexadecimal(digest), origin, grant]);
    sealer.digest("plugin-version", terms.to_string().as_bytes())
}
