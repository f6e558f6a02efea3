//! The port of the policies: what a sign-in may get in one school.
//!
//! Owns what a policy is asked and the promise that it only narrows ([`narrow`]). What decides today is the group alone
//! ([`ByGroup`]); policy plugins will implement the same port.

use async_trait::async_trait;

use crate::application::RelyingApplication;
use crate::assurance::{Assurance, Proof, assess};
use crate::membership::MembershipInFull;
use crate::person::Person;
use crate::time::Timestamp;
use crate::verdict::{Permit, Verdict, decide_by_group};

/// When the policies are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyStage {
    /// An application, or one of Keyholder's own pages, is about to be answered.
    Authorise,
    /// Tokens are renewed or looked at.
    Refresh,
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub struct PolicyRequest<'a> {
    pub stage: PolicyStage,
    pub person: &'a Person,
    pub member: &'a MembershipInFull,
    /// `None`: Keyholder's own pages.
    pub application: Option<&'a RelyingApplication>,
    /// Those that count in this school at this instant.
    pub proofs: &'a [Proof],
    /// The peer's address, where a browser asks.
    pub address: Option<&'a str>,
    pub now: Timestamp,
}

impl PolicyRequest<'_> {
    /// What the proofs are worth.
    pub fn reached(&self) -> Assurance {
        assess(self.proofs).unwrap_or_default()
    }
}

/// The policies of an installation. Asked outside any transaction.
#[async_trait]
pub trait Policies: Send + Sync + std::fmt::Debug {
    /// What the sign-in may get. Whoever implements it fails closed: there is no error to mistake for a permit.
    async fn decide(&self, request: &PolicyRequest<'_>) -> Verdict;
}

/// Decides by the group alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByGroup;

#[async_trait]
impl Policies for ByGroup {
    async fn decide(&self, request: &PolicyRequest<'_>) -> Verdict {
        decide_by_group(request.member, request.reached())
    }
}

/// What is left of a permit when held against what the group gives at this assurance: names that the group lacks are dropped
/// (design, invariant 8).
pub fn narrow(permit: Permit, member: &MembershipInFull) -> Permit {
    Permit {
        groups: permit.groups.into_iter().filter(|name| member.group.full.contains(name)).collect(),
        pupil_scopes: permit.pupil_scopes.into_iter().filter(|scope| member.pupil_scopes.contains(scope)).collect(),
        more_with: permit.more_with,
    }
}
