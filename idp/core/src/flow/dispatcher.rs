//! The only code that decides what comes next in a sign-in. Pure: facts in, the next step out.
//!
//! Order: who, first proof, school, second factor, consent, answer.

use crate::application::{ConsentRule, RelyingApplication};
use crate::assurance::{Assurance, Reach, Role, assess};
use crate::flow::{Aim, ConsentPrompt, Flow, Interaction, SchoolChoice, Stage, Weight};
use crate::id::SchoolId;
use crate::membership::MembershipInFull;
use crate::session::{Place, Session};
use crate::time::Timestamp;
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
    /// The scopes to which this person agreed for this application in the chosen school; `None` until they were looked for.
    pub consented: Option<&'a [String]>,
    /// The keys that the person could use now; `None` until they were looked for.
    pub keys: Option<&'a [KeyAtHand]>,
    /// What the policies said for the flow's school and the session's proofs; `None` until they were asked.
    pub verdict: Option<&'a Verdict>,
    pub now: Timestamp,
}

/// A key that the person has, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAtHand {
    /// What a first proof and this key are worth together.
    pub worth: Assurance,
    pub reach: Reach,
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
    /// No page: the policies have to be asked.
    AskPolicies { member: &'a MembershipInFull },
    /// No page: it depends on the person's keys, which have to be looked for.
    LookForKeys,
    /// The page that asks for a second factor.
    AskFactor { member: &'a MembershipInFull, needed: Assurance, decline: Decline },
    /// No page: it depends on what the person agreed to before in this school, which has to be looked for.
    LookForConsent(SchoolId),
    /// The page that asks whether the application may learn this.
    AskConsent { member: &'a MembershipInFull },
    /// Answer the origin.
    Complete { member: &'a MembershipInFull, permit: Permit },
    /// Answer the origin with an error, or show a page where nobody can be answered.
    Refuse(Refusal),
    /// It had ended already.
    AlreadyFinished,
}

/// Whether the person may go on without a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// **Continue without my key**
    Offered,
    Absent,
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
        Stage::Authenticated { session }
        | Stage::SchoolChosen { session, .. }
        | Stage::KeyDeclined { session, .. }
        | Stage::Consented { session, .. }
            if facts.session.is_none_or(|live| live.id != *session) =>
        {
            Next::Refuse(Refusal::LoginRequired)
        }
        Stage::Authenticated { .. } => settle_school(flow, facts),
        Stage::SchoolChosen { school, .. } | Stage::KeyDeclined { school, .. } | Stage::Consented { school, .. } => {
            settle_factor(flow, facts, *school)
        }
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
    // A factor does not stand in for it: whether one counts is known only with the school, and a recovery code or another
    // school's key counts nowhere here. `auth_time` would be older than what was asked for (OpenID Connect Core 3.1.2.1).
    let fresh = flow.ask.proof_not_before.is_none_or(|least| session.first_proved_at() >= least);
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

/// Asks for a key where one is needed, or would give more; then goes on to consent. Looked at again at each later stage: a
/// membership or an elevation may have ended while the consent page was open.
fn settle_factor<'a>(flow: &Flow, facts: &Facts<'a>, school: SchoolId) -> Next<'a> {
    let (Some(member), Some(session)) = (member_of(facts, school), facts.session) else {
        return Next::Refuse(Refusal::NoMembership);
    };
    if flow.ask.aim == Aim::ManageKeys {
        return settle_key_management(flow, facts, session, member);
    }
    let Some(verdict) = facts.verdict else { return Next::AskPolicies { member } };
    let place = Place::of(member);
    let reached = session.assurance_in(place, facts.now);
    let factor = |needed, decline| ask_factor(flow, Next::AskFactor { member, needed, decline });
    let permit = match verdict {
        Verdict::Permit(permit) => permit,
        Verdict::Require(needed) => {
            let Some(reachable) = best_key(facts, school) else { return Next::LookForKeys };
            let page = if reachable >= *needed { factor(*needed, Decline::Absent) } else { None };
            return page.unwrap_or(Next::Refuse(Refusal::GroupNeedsMore(*needed)));
        }
    };
    if let Some(asked) = &flow.ask.assurance {
        let Some(reachable) = best_key(facts, school) else { return Next::LookForKeys };
        let fresh = assurance_since(flow, session, place, facts.now);
        let wanted = asked.classes.iter().copied().find(|class| *class <= reachable.max(fresh));
        // A stronger class satisfies a weaker one: phishing-resistant is two factors as well.
        let met = asked.classes.iter().any(|class| *class <= fresh);
        let essential = asked.weight == Weight::Essential;
        match wanted {
            Some(wanted) if wanted > fresh && (essential && !met || flow.stage.may_ask_for_key()) => {
                let decline = if met { Decline::Offered } else { Decline::Absent };
                match factor(wanted, decline) {
                    Some(page) => return page,
                    None if essential && !met => return Next::Refuse(Refusal::AssuranceNotReached),
                    None => {}
                }
            }
            None if essential => return Next::Refuse(Refusal::AssuranceNotReached),
            _ => {}
        }
    } else if let Some(more) = permit.more_with
        && reached < more
        && facts.application.is_some()
        && flow.stage.may_ask_for_key()
        && let Some(page) = factor(more, Decline::Offered)
    {
        let Some(reachable) = best_key(facts, school) else { return Next::LookForKeys };
        if reachable >= more {
            return page;
        }
    }
    settle_consent(flow, facts, member, permit)
}

/// Only a page can ask; where none may be shown the caller says what follows.
fn ask_factor<'a>(flow: &Flow, page: Next<'a>) -> Option<Next<'a>> {
    (flow.ask.interaction == Interaction::Allowed).then_some(page)
}

/// A key is asked for before keys are changed; whoever has none is let in to the page, which knows the rule for a first key.
fn settle_key_management<'a>(
    flow: &Flow,
    facts: &Facts<'a>,
    session: &Session,
    member: &'a MembershipInFull,
) -> Next<'a> {
    let own = |key: &KeyAtHand| matches!(key.reach, Reach::Everywhere | Reach::KeyManagement);
    if session.manages_keys_until(facts.now).is_none() {
        let Some(keys) = facts.keys else { return Next::LookForKeys };
        if keys.iter().any(own) {
            let page = Next::AskFactor { member, needed: Assurance::MultiFactor, decline: Decline::Absent };
            return ask_factor(flow, page).unwrap_or(Next::Refuse(Refusal::AssuranceNotReached));
        }
    }
    Next::Complete { member, permit: Permit { groups: Vec::new(), pupil_scopes: Vec::new(), more_with: None } }
}

/// The best that the person's keys could prove in this school; `None` where nobody has looked for them yet.
fn best_key(facts: &Facts<'_>, school: SchoolId) -> Option<Assurance> {
    let reaches = |key: &&KeyAtHand| match key.reach {
        Reach::Everywhere => true,
        Reach::School(own) => own == school,
        Reach::KeyManagement => false,
    };
    facts.keys.map(|keys| keys.iter().filter(reaches).map(|key| key.worth).max().unwrap_or_default())
}

/// What counts for a class that was asked for: where a proof must not be older than an instant, that goes for the factor too.
fn assurance_since(flow: &Flow, session: &Session, place: Place, now: Timestamp) -> Assurance {
    let mut proofs = session.proofs_in(place, now);
    let least = flow.ask.proof_not_before;
    proofs.retain(|proof| proof.method.role() == Role::FirstProof || least.is_none_or(|least| proof.at >= least));
    assess(&proofs).unwrap_or_default()
}

fn settle_consent<'a>(flow: &Flow, facts: &Facts<'a>, member: &'a MembershipInFull, permit: &Permit) -> Next<'a> {
    let asks = facts.application.is_some_and(|app| app.consent == ConsentRule::AskPerson);
    let agreed = matches!(flow.stage, Stage::Consented { .. });
    if !asks || agreed {
        return Next::Complete { member, permit: permit.clone() };
    }
    if flow.ask.consent == ConsentPrompt::AsNeeded {
        let Some(consented) = facts.consented else { return Next::LookForConsent(member.school.id) };
        if flow.ask.scopes.iter().all(|scope| consented.contains(scope)) {
            return Next::Complete { member, permit: permit.clone() };
        }
    }
    match flow.ask.interaction {
        Interaction::Forbidden => Next::Refuse(Refusal::ConsentRequired),
        Interaction::Allowed => Next::AskConsent { member },
    }
}

fn member_of<'a>(facts: &Facts<'a>, school: SchoolId) -> Option<&'a MembershipInFull> {
    fitting(facts).into_iter().find(|member| member.school.id == school)
}

#[cfg(test)]
#[path = "dispatcher_tests.rs"]
mod tests;
