//! Whether a grant still stands: asked at each redemption, refresh, userinfo and introspection, of facts loaded afresh.

use std::time::Duration;

use keyholder_core::application::RelyingApplication;
use keyholder_core::grant::Grant;
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use keyholder_core::verdict::{Permit, Verdict};

use super::TokenError;

/// What has to be known.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub grant: &'a Grant,
    /// The session that the grant was made in, if it is still stored.
    pub session: Option<&'a Session>,
    pub person: &'a Person,
    /// The membership that the grant was made for.
    pub member: &'a MembershipInFull,
    pub application: &'a RelyingApplication,
    /// How long a session may go unused.
    pub idle: Duration,
}

/// A grant that stands, with what it gives now.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    pub grant: &'a Grant,
    pub person: &'a Person,
    pub member: &'a MembershipInFull,
    pub permit: Permit,
    /// No token may outlive this instant.
    pub ends_at: Timestamp,
}

/// Why a grant gives nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    #[error("the grant was ended or has expired")]
    Grant,
    #[error("the elevation is over")]
    Elevation,
    #[error("the session has ended")]
    Session,
    #[error("the person may not sign in")]
    Person,
    #[error("the person no longer belongs to the school")]
    Membership,
    #[error("the application does not serve the school")]
    Application,
    #[error("the group gives nothing at this assurance")]
    Verdict,
}

impl From<Ended> for TokenError {
    fn from(_: Ended) -> Self {
        // What happened to the person or the school is not the application's business.
        Self::InvalidGrant("the sign-in has ended")
    }
}

/// Asks whether the grant stands. `verdict`: what the policies say of its proofs now.
pub fn check<'a>(facts: &Facts<'a>, verdict: Verdict, now: Timestamp) -> Result<Standing<'a>, Ended> {
    let Facts { grant, application, .. } = *facts;
    if !grant.is_live(now) {
        return Err(Ended::Grant);
    }
    if grant.elevated_until.is_some_and(|until| until <= now) {
        return Err(Ended::Elevation);
    }
    let mut ends_at = grant.elevated_until.map_or(grant.expires_at, |until| until.min(grant.expires_at));
    if !grant.offline {
        let session = facts.session.filter(|session| session.id == grant.session && session.person == grant.person);
        let session = session.filter(|session| session.is_live(now, facts.idle)).ok_or(Ended::Session)?;
        ends_at = ends_at.min(session.expires_at);
    }
    let Facts { person, member, .. } = *facts;
    if person.id != grant.person || person.disabled_at.is_some() {
        return Err(Ended::Person);
    }
    let membership = &member.membership;
    let is_the_grants = membership.id == grant.membership && membership.person == grant.person;
    if !is_the_grants || membership.school != grant.school || !membership.is_active(now) {
        return Err(Ended::Membership);
    }
    ends_at = membership.ends_at.map_or(ends_at, |end| end.min(ends_at));
    if application.id != grant.application || !application.offered_to.serves(&member.school) {
        return Err(Ended::Application);
    }
    match verdict {
        Verdict::Permit(permit) => Ok(Standing { grant, person, member, permit, ends_at }),
        Verdict::Require(_) => Err(Ended::Verdict),
    }
}
