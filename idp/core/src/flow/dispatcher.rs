//! The only code that decides what comes next in a sign-in. Pure: facts in, the next step out.
//!
//! Order: who, first proof, school, (second factor,) consent, answer.

use crate::application::{ConsentRule, RelyingApplication};
use crate::assurance::Assurance;
use crate::flow::{AskedAssurance, ConsentPrompt, Flow, Interaction, SchoolChoice, Stage, Weight};
use crate::id::SchoolId;
use crate::membership::MembershipInFull;
use crate::session::Session;
use crate::verdict::{Permit, Verdict};

/// What the dispatcher has to know. Everything is loaded afresh for each step.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The live session of this browser.
    pub session: Option<&'a Session>,
    /// The application that asked; `None` for Keyholder's own pages.
    pub application: Option<&'a RelyingApplication>,
    /// The active memberships of the session's person. Empty without a session.
    pub memberships: &'a [MembershipInFull],
    /// The session's person as the application would know them, where `ask.subject` has to be compared.
    pub subject_matches: SubjectMatch,
    /// The scopes to which this person agreed for this application in the chosen school.
    pub consented: &'a [String],
    /// The policies.
    pub policy: fn(&MembershipInFull, Assurance) -> Verdict,
}

/// Whether the session's person is the one whom the application named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectMatch {
    NotAsked,
    Same,
    Other,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<'a> {
    /// The page that asks for the e-mail address.
    AskEmail,
    /// The page that asks for the first proof.
    AskFirstProof { email: &'a str },
    /// No page: the browser's session is good enough, so the flow becomes a row of that session.
    Adopt,
    /// The page that asks for the school.
    AskSchool { choices: Vec<&'a MembershipInFull> },
    /// No page: there is only one school that it can be.
    TakeSchool(SchoolId),
    /// The page that asks whether the application may learn this.
    AskConsent { member: &'a MembershipInFull },
    /// Answer the origin.
    Complete { member: &'a MembershipInFull, permit: Permit },
    /// Answer the origin with an error, or show a page where nobody can be answered.
    Refuse(Refusal),
    /// It had ended already.
    AlreadyFinished,
}

/// Why a sign-in ends without what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a page would be needed to sign the person in")]
    LoginRequired,
    #[error("a page would be needed to choose a school")]
    AccountSelectionRequired,
    #[error("a page would be needed to ask for consent")]
    ConsentRequired,
    #[error("the person who is signed in is not the one asked for")]
    OtherPerson,
    #[error("the person belongs to no school that this application serves")]
    NoMembership,
    #[error("the assurance asked for as essential cannot be reached")]
    AssuranceNotReached,
    #[error("the person's group gets nothing without a stronger sign-in")]
    GroupNeedsMore(Assurance),
}

/// Decides the next step of an open flow.
pub fn next<'a>(flow: &'a Flow, facts: &Facts<'a>) -> Next<'a> {
    match &flow.stage {
        Stage::Finished => Next::AlreadyFinished,
        Stage::Identify => before_proof(flow, facts, Next::AskEmail),
        Stage::FirstProof { email } => before_proof(flow, facts, Next::AskFirstProof { email }),
        // The session of this flow is no longer the browser's: signed out in another tab, ended, or replaced.
        Stage::Authenticated { session } | Stage::SchoolChosen { session, .. } | Stage::Consented { session, .. }
            if facts.session.is_none_or(|live| live.id != *session) =>
        {
            Next::Refuse(Refusal::LoginRequired)
        }
        Stage::Authenticated { .. } => settle_school(flow, facts),
        Stage::SchoolChosen { school, .. } => settle_consent(flow, facts, *school),
        Stage::Consented { school, .. } => complete(flow, facts, *school),
    }
}

fn before_proof<'a>(flow: &Flow, facts: &Facts<'a>, page: Next<'a>) -> Next<'a> {
    let forbidden = flow.ask.interaction == Interaction::Forbidden;
    match facts.session {
        Some(session) if is_good_enough(flow, facts, session) => Next::Adopt,
        _ if forbidden => Next::Refuse(Refusal::LoginRequired),
        _ => page,
    }
}

fn is_good_enough(flow: &Flow, facts: &Facts<'_>, session: &Session) -> bool {
    let fresh = flow.ask.proof_not_before.is_none_or(|least| session.authenticated_at() >= least);
    // A named other person has to sign in (OpenID Connect Core 3.1.2.2), and an address typed into this flow means a
    // person who did not want to go on as whoever is signed in.
    fresh && facts.subject_matches != SubjectMatch::Other && flow.stage == Stage::Identify
}

/// The memberships with which this application can be used.
fn fitting<'a>(facts: &Facts<'a>) -> Vec<&'a MembershipInFull> {
    let serves = |member: &&MembershipInFull| facts.application.is_none_or(|app| app.offered_to.serves(&member.school));
    facts.memberships.iter().filter(serves).collect()
}

fn settle_school<'a>(flow: &Flow, facts: &Facts<'a>) -> Next<'a> {
    if facts.subject_matches == SubjectMatch::Other {
        return Next::Refuse(Refusal::OtherPerson);
    }
    let choices = fitting(facts);
    let preset = flow.ask.school.as_ref().filter(|_| flow.ask.school_choice == SchoolChoice::AsNeeded);
    if let Some(slug) = preset {
        return match choices.iter().find(|member| member.school.slug == *slug) {
            Some(member) => Next::TakeSchool(member.school.id),
            None => Next::Refuse(Refusal::NoMembership),
        };
    }
    match choices.as_slice() {
        [] => Next::Refuse(Refusal::NoMembership),
        // Asking to choose among one would be a page without a question, whatever `prompt` says.
        [only] => Next::TakeSchool(only.school.id),
        _ if flow.ask.interaction == Interaction::Forbidden => Next::Refuse(Refusal::AccountSelectionRequired),
        _ => Next::AskSchool { choices },
    }
}

fn settle_consent<'a>(flow: &Flow, facts: &Facts<'a>, school: SchoolId) -> Next<'a> {
    let Some(member) = member_of(facts, school) else { return Next::Refuse(Refusal::NoMembership) };
    let asks = facts.application.is_some_and(|app| app.consent == ConsentRule::AskPerson);
    let covered = flow.ask.scopes.iter().all(|scope| facts.consented.contains(scope));
    if !asks || (covered && flow.ask.consent == ConsentPrompt::AsNeeded) {
        return complete(flow, facts, school);
    }
    match flow.ask.interaction {
        Interaction::Forbidden => Next::Refuse(Refusal::ConsentRequired),
        Interaction::Allowed => Next::AskConsent { member },
    }
}

fn complete<'a>(flow: &Flow, facts: &Facts<'a>, school: SchoolId) -> Next<'a> {
    // Looked up again: a membership may have ended while the consent page was open.
    let Some(member) = member_of(facts, school) else { return Next::Refuse(Refusal::NoMembership) };
    let reached = facts.session.map(Session::assurance).unwrap_or_default();
    if is_missed(flow.ask.assurance.as_ref(), reached) {
        return Next::Refuse(Refusal::AssuranceNotReached);
    }
    match (facts.policy)(member, reached) {
        Verdict::Permit(permit) => Next::Complete { member, permit },
        Verdict::Require(needed) => Next::Refuse(Refusal::GroupNeedsMore(needed)),
    }
}

/// An essential class is met by itself or a stronger one: phishing-resistant satisfies two-factor.
fn is_missed(asked: Option<&AskedAssurance>, reached: Assurance) -> bool {
    asked.is_some_and(|asked| asked.weight == Weight::Essential && asked.classes.iter().all(|class| reached < *class))
}

fn member_of<'a>(facts: &Facts<'a>, school: SchoolId) -> Option<&'a MembershipInFull> {
    fitting(facts).into_iter().find(|member| member.school.id == school)
}

#[cfg(test)]
#[path = "dispatcher_tests.rs"]
mod tests;
