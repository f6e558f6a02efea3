//! The port through which factor plugins are called.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Answer, EnrolOutcome, Evidence, Imported, Step, Text, VerifyOutcome};
use crate::credential::Credential;
use crate::locale::Language;
use crate::time::Timestamp;

/// Why a plugin is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The second factor of a sign-in.
    SignIn,
    /// A signed-in person raises their access.
    StepUp,
    /// A key is added.
    Enrolment,
}

/// Everything that a call may know.
#[derive(Debug, Clone)]
pub struct Context {
    pub now: Timestamp,
    pub purpose: Purpose,
    /// A stable pseudonym of the person.
    pub user_handle: [u8; 32],
    pub user_name: String,
    pub user_display_name: String,
    pub issuer: String,
    pub issuer_name: String,
    pub rp_id: String,
    pub origins: Vec<String>,
    /// Preferred first.
    pub languages: Vec<Language>,
    pub occasion: Occasion,
    /// Whether a wrong code may be searched for the clock that it fits, which is for telling and never lets anybody in. The host
    /// counts how often.
    pub diagnose: bool,
}

/// What is being confirmed, as a card shows it and a signature covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// Opaque id of the ceremony.
    pub ceremony: String,
    pub application: Option<String>,
    pub school: Option<String>,
    /// "Firefox on Windows".
    pub browser: String,
    pub address: Option<String>,
    pub place: Option<Place>,
    pub began_at: Timestamp,
    /// The two-digit number on the page, where an approval has to repeat it.
    pub number: Option<String>,
}

/// Roughly where a sign-in comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    Approximate { name: String, radius_km: u32 },
    Network { name: String },
}

/// Where a factor's keys stand on the page **Security keys**, and how they come into being.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactorKind {
    SoftKey,
    SecurityKey,
    ManagedKey,
    RecoveryCode,
    Other(String),
}

/// What a factor says of itself, after the operator's grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    pub id: String,
    pub version: String,
    pub kind: FactorKind,
    pub reads_formats: Vec<u32>,
    pub writes_format: u32,
    /// Already cut down to what was granted.
    pub ceiling: Evidence,
    pub multiple_per_user: bool,
}

/// Not a verdict: the call failed. Whoever asked is refused with a plain sentence; the host has logged the cause for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such factor is installed and switched on.
    #[error("the factor {0} is not installed")]
    NotInstalled(String),
    /// It trapped, ran out of its budget, broke the contract, or said that it cannot.
    #[error("the factor plugin failed: {0}")]
    Failed(String),
    /// Its stored data is in a format that this version does not read.
    #[error("the factor plugin cannot read format {0}")]
    UnsupportedFormat(u32),
    /// Too many calls wait for this factor.
    #[error("the factor plugin is busy")]
    Busy,
}

/// The installed factors. Calls take CPU time on threads of their own and never hold a transaction open.
#[async_trait]
pub trait Factors: Send + Sync + std::fmt::Debug {
    /// Those that are switched on, by kind and id.
    fn list(&self) -> Vec<Arc<Descriptor>>;
    /// One of them.
    fn find(&self, factor: &str) -> Option<Arc<Descriptor>>;
    /// A text of the plugin in this language, else in English; the key itself where it has none. Plain text, never markup.
    fn text(&self, factor: &str, language: Language, text: &Text) -> String;

    async fn begin_enrolment(&self, factor: &str, context: Context, existing: &[Credential]) -> Result<Step, Fault>;
    async fn finish_enrolment(
        &self,
        factor: &str,
        context: Context,
        existing: &[Credential],
        state: &[u8],
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault>;
    async fn begin_challenge(&self, factor: &str, context: Context, credentials: &[Credential]) -> Result<Step, Fault>;
    /// The evidence in an acceptance is already within the factor's ceiling, and its credential is one of those handed in.
    async fn verify(
        &self,
        factor: &str,
        context: Context,
        credentials: &[Credential],
        state: &[u8],
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault>;
    /// Keys from a file; [`Fault::NotInstalled`] where the factor imports none.
    async fn import_seeds(
        &self,
        factor: &str,
        file_name: &str,
        file: &[u8],
        secret: Option<&[u8]>,
    ) -> Result<Imported, Fault>;
}
