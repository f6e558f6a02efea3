//! The manifest `plugin.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use keyholder_core::factor::Evidence;
use semver::Version;
use serde::Deserialize;

use super::PackageError;
use crate::fault::turns_or_hides;
use crate::installed::{Capability, World};
use crate::limits::Limits;

/// The form of the manifest that is read here.
const FORM: u32 = 1;

/// What a manifest says, within its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Such as `soft-key`.
    pub id: String,
    pub version: Version,
    pub contract: Contract,
    /// For the operator.
    pub name: String,
    pub licence: String,
    pub formats: Formats,
    pub requests: Vec<Request>,
    pub ceiling: Evidence,
    pub limits: Limits,
    /// Versions below it must not come back: they are known to be vulnerable.
    pub floor: Option<Version>,
    /// Name and SHA-256 in hexadecimal of every other file; absent before the package was sealed.
    pub files: Option<BTreeMap<String, String>>,
}

/// Which world of which version of the contract a plugin is built for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub world: ContractWorld,
    pub version: Version,
}

/// A world of the contract, by its name in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractWorld {
    /// `keyholder:factor/plugin`.
    Factor,
    /// `keyholder:factor/plugin-with-seeds`.
    FactorWithSeeds,
    /// `keyholder:policy/plugin`.
    Policy,
}

impl ContractWorld {
    const ALL: [Self; 3] = [Self::Factor, Self::FactorWithSeeds, Self::Policy];

    /// Its name, without a version.
    pub fn name(self) -> &'static str {
        match self {
            Self::Factor => "keyholder:factor/plugin",
            Self::FactorWithSeeds => "keyholder:factor/plugin-with-seeds",
            Self::Policy => "keyholder:policy/plugin",
        }
    }

    /// What runs it.
    pub fn kind(self) -> World {
        match self {
            Self::Factor | Self::FactorWithSeeds => World::Factor,
            Self::Policy => World::Policy,
        }
    }
}

impl std::fmt::Display for Contract {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}@{}", self.world.name(), self.version)
    }
}

/// Numbers of the forms in which a factor stores its keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formats {
    pub reads: Vec<u32>,
    pub writes: u32,
}

/// Something that a plugin wants to use, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub capability: Capability,
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    manifest: u32,
    id: String,
    version: Version,
    world: String,
    name: String,
    licence: String,
    #[serde(default)]
    formats: Formats,
    #[serde(default)]
    requests: Vec<RequestText>,
    #[serde(default)]
    ceiling: Ceiling,
    #[serde(default)]
    limits: LimitsText,
    floor: Option<Version>,
    files: Option<BTreeMap<String, String>>,
}

/// As [`Evidence`], but strict.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "independent properties of a proof, named by the contract")]
struct Ceiling {
    knowledge: bool,
    possession: bool,
    inherence: bool,
    amr: Vec<String>,
    phishing_resistant: bool,
    hardware_bound: bool,
    user_verified: bool,
    recovery_only: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsText {
    memory_mib: Option<usize>,
    fuel: Option<u64>,
    deadline_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestText {
    capability: String,
    reason: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with it, with the line where TOML tells.
    pub fn parse(text: &str) -> Result<Self, PackageError> {
        let text: Text = toml::from_str(text).map_err(|error| PackageError::Manifest(one_line(&error, text)))?;
        let manifest = Self {
            id: text.id,
            version: text.version,
            contract: parse_contract(&text.world).map_err(PackageError::Manifest)?,
            name: text.name,
            licence: text.licence,
            formats: text.formats,
            requests: text.requests.into_iter().map(read_request).collect::<Result<_, _>>()?,
            ceiling: text.ceiling.into(),
            limits: read_limits(&text.limits).map_err(PackageError::Manifest)?,
            floor: text.floor,
            files: text.files,
        };
        match problem(text.manifest, &manifest) {
            Some(problem) => Err(PackageError::Manifest(problem)),
            None => Ok(manifest),
        }
    }

    /// What it says, whatever files it was sealed with.
    #[must_use]
    pub(super) fn without_files(self) -> Self {
        Self { files: None, ..self }
    }

    /// What it requests, sorted.
    pub fn capabilities(&self) -> Vec<Capability> {
        let mut capabilities: Vec<_> = self.requests.iter().map(|request| request.capability).collect();
        capabilities.sort();
        capabilities
    }
}

impl From<Ceiling> for Evidence {
    fn from(ceiling: Ceiling) -> Self {
        Self {
            knowledge: ceiling.knowledge,
            possession: ceiling.possession,
            inherence: ceiling.inherence,
            amr: ceiling.amr,
            phishing_resistant: ceiling.phishing_resistant,
            hardware_bound: ceiling.hardware_bound,
            user_verified: ceiling.user_verified,
            backed_up: None,
            recovery_only: ceiling.recovery_only,
        }
    }
}

fn read_request(text: RequestText) -> Result<Request, PackageError> {
    let names = || Capability::ALL.map(Capability::name).join("`, `");
    let capability = Capability::from_name(&text.capability).ok_or_else(|| {
        let problem = format!("requests: there is no `{}`; expected one of `{}`", text.capability, names());
        PackageError::Manifest(problem)
    })?;
    Ok(Request { capability, reason: text.reason })
}

fn read_limits(text: &LimitsText) -> Result<Limits, String> {
    let (usual, most) = (Limits::PLUGIN, Limits::MOST);
    let limits = Limits {
        memory: text.memory_mib.map_or(usual.memory, |mib| mib.saturating_mul(1 << 20)),
        fuel: text.fuel.unwrap_or(usual.fuel),
        deadline: text.deadline_ms.map_or(usual.deadline, Duration::from_millis),
        transfer: usual.transfer,
    };
    if limits.memory == 0 || limits.memory > most.memory {
        return Err(format!("limits.memory_mib: it must be from 1 to {}", most.memory >> 20));
    }
    if limits.fuel == 0 || limits.fuel > most.fuel {
        return Err(format!("limits.fuel: it must be from 1 to {}", most.fuel));
    }
    if limits.deadline < Duration::from_millis(5) || limits.deadline > most.deadline {
        return Err(format!("limits.deadline_ms: it must be from 5 to {}", most.deadline.as_millis()));
    }
    Ok(limits)
}

fn one_line(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(" ");
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message,
    }
}

fn parse_contract(text: &str) -> Result<Contract, String> {
    let expected = "expected a world and a version, such as `keyholder:factor/plugin@0.9.0`";
    let (name, version) = text.split_once('@').ok_or_else(|| format!("world: `{text}`: {expected}"))?;
    let world = ContractWorld::ALL
        .into_iter()
        .find(|world| world.name() == name)
        .ok_or_else(|| format!("world: there is no `{name}`; {expected}"))?;
    let version = Version::parse(version).map_err(|error| format!("world: `{version}` is no version: {error}"))?;
    Ok(Contract { world, version })
}

/// The first thing that is wrong with the values.
fn problem(form: u32, manifest: &Manifest) -> Option<String> {
    if form != FORM {
        return Some(format!("manifest: this server reads form {FORM}, not {form}"));
    }
    let id = &manifest.id;
    let lettered = id.starts_with(|first: char| first.is_ascii_lowercase()) && !id.ends_with('-');
    let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !lettered || !plain || id.len() > 40 {
        return Some("id: it must be of a-z, 0-9 and hyphens, begin with a letter, and have at most 40".into());
    }
    if !manifest.version.build.is_empty() || manifest.version.to_string().len() > 40 {
        return Some("version: no build metadata, and at most 40 characters".into());
    }
    if manifest.floor.as_ref().is_some_and(|floor| *floor > manifest.version) {
        return Some("floor: it is above the version itself".into());
    }
    for (key, text, most) in [("name", &manifest.name, 60), ("licence", &manifest.licence, 200)] {
        if let Some(problem) = line_problem(text, most) {
            return Some(format!("{key}: {problem}"));
        }
    }
    for request in &manifest.requests {
        if let Some(problem) = line_problem(&request.reason, 300) {
            return Some(format!("the reason for `{}`: {problem}", request.capability.name()));
        }
    }
    let capabilities = manifest.capabilities();
    if let Some([twice, _]) = capabilities.windows(2).find(|pair| matches!(pair, [one, other] if one == other)) {
        return Some(format!("`{}` is requested twice", twice.name()));
    }
    if manifest.limits.memory > Limits::PLUGIN.memory && !capabilities.contains(&Capability::Scripting) {
        return Some("limits.memory_mib: more than 16 is only for those that request `scripting`".into());
    }
    formats_problem(manifest).or_else(|| ceiling_problem(manifest))
}

fn formats_problem(manifest: &Manifest) -> Option<String> {
    let Formats { reads, writes } = &manifest.formats;
    if manifest.contract.world == ContractWorld::Policy {
        return (!reads.is_empty()).then(|| "formats: policies store nothing".into());
    }
    if reads.is_empty() {
        return Some("formats: a factor names what it reads and writes".into());
    }
    (!reads.contains(writes)).then(|| format!("formats: it writes {writes} and does not read it"))
}

fn ceiling_problem(manifest: &Manifest) -> Option<String> {
    let amr = &manifest.ceiling.amr;
    // RFC 8176 2; `mfa` and `pwd` are the server's to say.
    if let Some(word) =
        amr.iter().find(|word| matches!(word.as_str(), "mfa" | "pwd") || line_problem(word, 20).is_some())
    {
        return Some(format!("ceiling.amr: `{word}` is not for a plugin to claim"));
    }
    (amr.len() > 8).then(|| "ceiling.amr: at most 8".into())
}

/// One line that can be shown in a terminal.
fn line_problem(text: &str, most: usize) -> Option<String> {
    if text.trim().is_empty() {
        return Some("it is empty".into());
    }
    // Nor what makes a terminal show another line than the one that the operator says yes to.
    let shown = text.chars().all(|character| !character.is_control() && !turns_or_hides(character));
    (!shown || text.chars().count() > most).then(|| format!("expected one line of at most {most} characters"))
}
