//! What a sign-in may get in one school: the decision that policies narrow.

use crate::assurance::Assurance;
use crate::membership::{MembershipInFull, PupilScope};

/// The answer of the policies for one grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Permit(Permit),
    /// Nothing is given below this assurance.
    Require(Assurance),
}

/// What is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The effective groups, for the `groups` claim.
    pub groups: Vec<String>,
    pub pupil_scopes: Vec<PupilScope>,
    /// The assurance that would give more, where there is more.
    pub more_with: Option<Assurance>,
}

/// Decides by the group alone: the full set with the assurance that the group needs, else the restricted one, and nothing
/// at all where the group has no restricted set.
pub fn decide_by_group(member: &MembershipInFull, reached: Assurance) -> Verdict {
    let group = &member.group;
    if reached >= group.needs {
        return Verdict::Permit(Permit {
            groups: group.full.clone(),
            pupil_scopes: member.pupil_scopes.clone(),
            more_with: None,
        });
    }
    if group.restricted.is_empty() {
        return Verdict::Require(group.needs);
    }
    // A restricted set only narrows: a name that the full set lacks is not given (design, invariant 8).
    let groups = group.restricted.iter().filter(|name| group.full.contains(name)).cloned().collect();
    Verdict::Permit(Permit { groups, pupil_scopes: member.pupil_scopes.clone(), more_with: Some(group.needs) })
}
