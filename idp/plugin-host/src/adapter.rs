//! What every version of the contract is adapted to: the domain's own types.
//!
//! Owns the shape alone. An adapter converts and calls; what is permitted is decided above it ([`crate::check`]), once for all
//! versions.

use keyholder_core::credential::Credential;
use keyholder_core::factor::{Answer, Context, Descriptor, EnrolOutcome, Imported, Step, VerifyOutcome};
use wasmtime::Store;

use crate::bindings::since_0_9::policy;
use crate::call::CallState;
use crate::code::Code;
use crate::fault::Cause;
use crate::installed::World;

/// The names of exports, for logs and metrics.
pub(crate) mod export {
    pub(crate) const DESCRIBE: &str = "describe";
    pub(crate) const CHECK_CONFIG: &str = "check-config";
    pub(crate) const BEGIN_ENROLMENT: &str = "begin-enrolment";
    pub(crate) const FINISH_ENROLMENT: &str = "finish-enrolment";
    pub(crate) const BEGIN_CHALLENGE: &str = "begin-challenge";
    pub(crate) const VERIFY: &str = "verify";
    pub(crate) const IMPORT_SEEDS: &str = "import-seeds";
    pub(crate) const EVALUATE: &str = "evaluate";
}

/// The store of one call.
pub(crate) type Sandbox = Store<CallState>;

/// JSON pointer and message of each fault of the settings.
pub(crate) type Faults = Vec<(String, String)>;

/// A factor of some version of the contract.
pub(crate) trait Factor: Send + Sync {
    fn describe(&self, sandbox: &mut Sandbox) -> Result<Descriptor, Cause>;
    fn check_config(&self, sandbox: &mut Sandbox, settings: &str) -> Result<Faults, Cause>;
    fn begin_enrolment(&self, sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<Step, Cause>;
    fn finish_enrolment(
        &self,
        sandbox: &mut Sandbox,
        asked: &Asked<'_>,
        state: &[u8],
        answer: &Answer,
    ) -> Result<EnrolOutcome, Cause>;
    fn begin_challenge(&self, sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<Step, Cause>;
    fn verify(
        &self,
        sandbox: &mut Sandbox,
        asked: &Asked<'_>,
        state: &[u8],
        answer: &Answer,
    ) -> Result<VerifyOutcome, Cause>;
    /// Whether it has the optional interface.
    fn imports_seeds(&self) -> bool;
    fn import_seeds(&self, sandbox: &mut Sandbox, settings: &str, file: &SeedFile) -> Result<Imported, Cause>;
}

/// What every call of a ceremony is about.
pub(crate) struct Asked<'a> {
    pub(crate) context: &'a Context,
    pub(crate) settings: &'a str,
    pub(crate) credentials: &'a [Credential],
}

/// A file of keys.
pub(crate) struct SeedFile {
    pub(crate) name: String,
    pub(crate) contents: Vec<u8>,
    pub(crate) secret: Option<Vec<u8>>,
}

/// A policy of some version of the contract.
pub(crate) trait Policy: Send + Sync {
    fn describe(&self, sandbox: &mut Sandbox) -> Result<policy::Descriptor, Cause>;
    fn check_config(&self, sandbox: &mut Sandbox, settings: &str) -> Result<Faults, Cause>;
    fn evaluate(&self, sandbox: &mut Sandbox, request: &policy::Request) -> Result<policy::Decision, Cause>;
}

/// Which contract, and which version of it, a component fulfils by its exports: `None` with every reason in words.
pub(crate) fn exported(code: &Code, world: World) -> Result<(), String> {
    let component = &code.component;
    let of_type = component.component_type();
    let names: Vec<String> = of_type.exports(component.engine()).map(|(name, _)| name.to_owned()).collect();
    let (wanted, other) = match world {
        World::Factor => ("keyholder:factor/factor", "keyholder:policy/policy"),
        World::Policy => ("keyholder:policy/policy", "keyholder:factor/factor"),
    };
    let version = |path: &str| {
        names.iter().find_map(|name| name.split_once('@').filter(|(of, _)| *of == path).map(|(_, version)| version))
    };
    match version(wanted) {
        Some(version) if crate::imports::spoken(version) => Ok(()),
        Some(version) => Err(format!("it is made for version {version} of the contract; this server speaks 0.9")),
        None if version(other).is_some() => Err(match world {
            World::Factor => "it is a policy, and was offered as a factor".to_owned(),
            World::Policy => "it is a factor, and was offered as a policy".to_owned(),
        }),
        None => Err(format!("it does not export {wanted}")),
    }
}
