//! What the dispatcher promises.

use super::*;
use crate::application::*;
use crate::assurance::Assurance::{MultiFactor, PhishingResistant, SingleFactor};
use crate::assurance::{Method, Proof};
use crate::flow::{Ask, AskedAssurance, Origin};
use crate::id::*;
use crate::membership::{Membership, UserGroup};
use crate::school::School;
use crate::time::Timestamp;
use crate::verdict::decide_by_group;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn session() -> Session {
    Session {
        id: SessionId::from_uuid(uuid(1)),
        person: PersonId::from_uuid(uuid(2)),
        token: TokenHash([0; 32]),
        browser: TokenHash([1; 32]),
        proofs: vec![Proof::of_password(NOW)],
        elevated_until: None,
        started_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(std::time::Duration::from_hours(1)),
        ended_at: None,
        address: "127.0.0.1".into(),
        user_agent: String::new(),
        version: 1,
    }
}

fn member(n: u128, needs: Assurance, restricted: &[&str]) -> MembershipInFull {
    let school = SchoolId::from_uuid(uuid(n));
    MembershipInFull {
        membership: Membership {
            id: MembershipId::from_uuid(uuid(n + 10)),
            person: PersonId::from_uuid(uuid(2)),
            school,
            group: UserGroupId::from_uuid(uuid(n + 20)),
            pupil_scopes: vec![],
            starts_at: None,
            ends_at: None,
            admin_key_holder: false,
            created_at: NOW,
        },
        school: School {
            id: school,
            trust: None,
            slug: format!("school-{n}"),
            name: format!("School {n}"),
            urn: None,
            ukprn: None,
            branding: crate::school::Branding::default(),
            created_at: NOW,
        },
        group: UserGroup {
            id: UserGroupId::from_uuid(uuid(n + 20)),
            school,
            slug: "staff".into(),
            name: "Staff".into(),
            full: vec!["a".into(), "b".into()],
            restricted: restricted.iter().map(|name| (*name).to_owned()).collect(),
            needs,
            elevation_minutes: 30,
            first_key: crate::membership::FirstKey::default(),
            created_at: NOW,
        },
        pupil_scopes: vec![],
    }
}

fn application(schools: &[u128], consent: ConsentRule) -> RelyingApplication {
    RelyingApplication {
        id: ApplicationId::from_uuid(uuid(5)),
        name: "Safeguarding".into(),
        offered_to: OfferedTo::Schools(schools.iter().map(|n| SchoolId::from_uuid(uuid(*n))).collect()),
        consent,
        launch_url: None,
        client: OidcClient {
            client_id: "app".into(),
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::None,
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: vec![],
            response_types: vec![],
            scopes: vec![],
            id_token_signed_response_alg: SigningAlgorithm::Rs256,
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: None,
            id_token_encrypted_response: None,
            userinfo_encrypted_response: None,
            jwks: None,
            require_pkce: true,
            refresh_rotation: RefreshRotation::ByClientType,
            subject_type: SubjectType::Public,
            origins: vec![],
            audiences: vec![],
            default_max_age: None,
        },
        saml: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn flow(stage: Stage, ask: Ask) -> Flow {
    Flow {
        id: FlowId::from_uuid(uuid(9)),
        version: 0,
        browser: TokenHash([1; 32]),
        origin: Origin::Portal { return_to: "/".into() },
        ask,
        began_at: NOW,
        expires_at: NOW.plus(crate::flow::LIFETIME),
        stage,
    }
}

fn facts<'a>(
    session: Option<&'a Session>,
    application: Option<&'a RelyingApplication>,
    memberships: &'a [MembershipInFull],
) -> Facts<'a> {
    Facts {
        session,
        application,
        memberships,
        subject_matches: SubjectMatch::NotAsked,
        consented: Some(&[]),
        keys: Some(&[]),
        verdict: None,
        now: NOW,
    }
}

/// Asks the policies where the dispatcher says so, as the spine does.
fn after_policies<'a>(flow: &'a Flow, facts: &Facts<'a>, verdict: &'a mut Option<Verdict>) -> Next<'a> {
    let member = match next(flow, facts) {
        Next::AskPolicies { member } => member,
        other => return other,
    };
    let reached = facts.session.unwrap().assurance_in(Place::of(member), facts.now);
    *verdict = Some(decide_by_group(member, reached));
    next(flow, &Facts { verdict: verdict.as_ref(), ..*facts })
}

fn key(worth: Assurance) -> KeyAtHand {
    KeyAtHand { worth, reach: Reach::Everywhere }
}

/// The session after a key was used.
fn elevated(phishing_resistant: bool) -> Session {
    let proof = Proof { method: Method::Factor, phishing_resistant, ..Proof::of_password(NOW) };
    session().elevate(proof, NOW.plus(std::time::Duration::from_mins(30)))
}

#[test]
fn a_stranger_is_asked_who_then_for_the_first_proof() {
    let start = flow(Stage::Identify, Ask::default());
    assert_eq!(next(&start, &facts(None, None, &[])), Next::AskEmail);
    let named = start.identify("ann@oakfield.example".into()).unwrap();
    assert_eq!(next(&named, &facts(None, None, &[])), Next::AskFirstProof { email: "ann@oakfield.example" });
}

#[test]
fn prompt_none_never_shows_a_page() {
    let ask = || Ask { interaction: Interaction::Forbidden, scopes: vec!["email".into()], ..Ask::default() };
    let (session, two) =
        (session(), [member(1, Assurance::SingleFactor, &[]), member(2, Assurance::SingleFactor, &[])]);
    let app = application(&[1, 2], ConsentRule::AskPerson);
    assert_eq!(
        next(&flow(Stage::Identify, ask()), &facts(None, Some(&app), &[])),
        Next::Refuse(Refusal::LoginRequired)
    );
    let stage = Stage::Authenticated { session: session.id };
    assert_eq!(
        next(&flow(stage, ask()), &facts(Some(&session), Some(&app), &two)),
        Next::Refuse(Refusal::AccountSelectionRequired)
    );
    let stage = Stage::SchoolChosen { session: session.id, school: two[0].school.id };
    assert_eq!(
        after_policies(&flow(stage, ask()), &facts(Some(&session), Some(&app), &two), &mut None),
        Next::Refuse(Refusal::ConsentRequired)
    );
}

#[test]
fn a_session_is_adopted_unless_its_proof_is_too_old_or_its_person_another() {
    let session = session();
    assert_eq!(next(&flow(Stage::Identify, Ask::default()), &facts(Some(&session), None, &[])), Next::Adopt);
    let fresh = Ask { proof_not_before: Some(NOW.plus(std::time::Duration::from_millis(1))), ..Ask::default() };
    assert_eq!(next(&flow(Stage::Identify, fresh.clone()), &facts(Some(&session), None, &[])), Next::AskEmail);
    // What proves nothing to applications is no fresh sign-in either.
    let at = NOW.plus(std::time::Duration::from_secs(5));
    let code = Proof { method: Method::Factor, reach: Reach::KeyManagement, ..Proof::of_password(at) };
    let recovered = session.clone().elevate(code, at.plus(std::time::Duration::from_mins(30)));
    assert_eq!(next(&flow(Stage::Identify, fresh), &facts(Some(&recovered), None, &[])), Next::AskEmail);
    let other = Facts { subject_matches: SubjectMatch::Other, ..facts(Some(&session), None, &[]) };
    assert_eq!(next(&flow(Stage::Identify, Ask::default()), &other), Next::AskEmail);
    let authenticated = flow(Stage::Authenticated { session: session.id }, Ask::default());
    assert_eq!(next(&authenticated, &other), Next::Refuse(Refusal::OtherPerson));
}

#[test]
fn only_schools_that_the_application_serves_are_offered() {
    let (session, app) = (session(), application(&[2], ConsentRule::FirstParty));
    let two = [member(1, Assurance::SingleFactor, &[]), member(2, Assurance::SingleFactor, &[])];
    let flow_of = |ask| flow(Stage::Authenticated { session: session.id }, ask);
    let school = two[1].school.id;
    assert_eq!(next(&flow_of(Ask::default()), &facts(Some(&session), Some(&app), &two)), Next::TakeSchool(school));
    let named = Ask { school: Some("school-1".into()), ..Ask::default() };
    assert_eq!(next(&flow_of(named), &facts(Some(&session), Some(&app), &two)), Next::Refuse(Refusal::NoMembership));
    assert!(
        matches!(next(&flow_of(Ask::default()), &facts(Some(&session), None, &two)), Next::AskSchool { choices } if choices.len() == 2)
    );
}

#[test]
fn consent_is_asked_of_strangers_and_only_for_what_was_not_agreed() {
    let (session, app) = (session(), application(&[1], ConsentRule::AskPerson));
    let one = [member(1, Assurance::SingleFactor, &[])];
    let ask = |consent| Ask { scopes: vec!["email".into()], consent, ..Ask::default() };
    let chosen = |ask| flow(Stage::SchoolChosen { session: session.id, school: one[0].school.id }, ask);
    let agreed = ["email".to_owned()];
    let asked = facts(Some(&session), Some(&app), &one);
    assert!(matches!(
        after_policies(&chosen(ask(ConsentPrompt::AsNeeded)), &asked, &mut None),
        Next::AskConsent { .. }
    ));
    let asked = Facts { consented: Some(&agreed), ..asked };
    assert!(matches!(after_policies(&chosen(ask(ConsentPrompt::AsNeeded)), &asked, &mut None), Next::Complete { .. }));
    assert!(matches!(after_policies(&chosen(ask(ConsentPrompt::Always)), &asked, &mut None), Next::AskConsent { .. }));
}

#[test]
fn a_group_that_needs_a_key_gets_its_restricted_set_without_one() {
    let session = session();
    let one = [member(1, Assurance::MultiFactor, &["a", "not-in-full"])];
    let chosen = flow(Stage::Consented { session: session.id, school: one[0].school.id }, Ask::default());
    let Next::Complete { permit, .. } = after_policies(&chosen, &facts(Some(&session), None, &one), &mut None) else {
        panic!("not complete")
    };
    assert_eq!(permit.groups, ["a"]);
    assert_eq!(permit.more_with, Some(Assurance::MultiFactor));
    let none = [member(1, Assurance::MultiFactor, &[])];
    assert_eq!(
        after_policies(&chosen, &facts(Some(&session), None, &none), &mut None),
        Next::Refuse(Refusal::GroupNeedsMore(Assurance::MultiFactor))
    );
}

#[test]
fn an_essential_class_out_of_reach_is_an_error_and_a_voluntary_one_is_not() {
    let (session, one) = (session(), [member(1, Assurance::SingleFactor, &[])]);
    let ask = |weight| Ask {
        assurance: Some(AskedAssurance { classes: vec![Assurance::MultiFactor], weight }),
        ..Ask::default()
    };
    let chosen = |weight| flow(Stage::Consented { session: session.id, school: one[0].school.id }, ask(weight));
    let known = facts(Some(&session), None, &one);
    assert_eq!(
        after_policies(&chosen(Weight::Essential), &known, &mut None),
        Next::Refuse(Refusal::AssuranceNotReached)
    );
    assert!(matches!(after_policies(&chosen(Weight::Voluntary), &known, &mut None), Next::Complete { .. }));
}

#[test]
fn a_flow_of_a_session_that_ended_goes_nowhere() {
    let stage = Stage::Authenticated { session: session().id };
    assert_eq!(next(&flow(stage, Ask::default()), &facts(None, None, &[])), Next::Refuse(Refusal::LoginRequired));
}

#[test]
fn a_finished_flow_takes_no_step() {
    let finished = flow(Stage::Identify, Ask::default()).finish().unwrap();
    assert_eq!(next(&finished, &facts(None, None, &[])), Next::AlreadyFinished);
    assert!(finished.clone().finish().is_err());
    assert!(finished.clone().identify("a@b.c".into()).is_err());
    assert!(finished.consent().is_err());
}

/// Design: the first proof is a port. The fake kind is a variant of `Method`; nothing here or in the dispatcher was changed for it.
#[test]
fn a_second_kind_of_first_proof_goes_through_the_same_dispatcher() {
    let application = application(&[1], ConsentRule::FirstParty);
    let members = [member(1, Assurance::SingleFactor, &[])];
    let upstream = Proof { method: Method::Upstream, amr: vec!["fed".into()], ..Proof::of_password(NOW) };
    let session = Session { proofs: vec![upstream.clone()], ..session() };
    let flow = flow(Stage::Identify, Ask::default());
    let facts = facts(Some(&session), Some(&application), &members);
    assert_eq!(next(&flow, &facts), Next::Adopt);
    let flow = flow.authenticate(session.id).unwrap();
    let Next::TakeSchool(school) = next(&flow, &facts) else { panic!("no school") };
    let flow = flow.choose_school(school).unwrap();
    assert!(matches!(after_policies(&flow, &facts, &mut None), Next::Complete { .. }));
    // Worth one factor alone, and two together with a second.
    let factor = Proof { method: Method::Factor, ..upstream.clone() };
    assert_eq!(assess(std::slice::from_ref(&upstream)), Some(Assurance::SingleFactor));
    assert_eq!(assess(&[upstream, factor]), Some(Assurance::MultiFactor));
}

#[test]
fn the_dispatcher_knows_no_kind_of_first_proof() {
    let source = include_str!("dispatcher.rs");
    for word in ["assword", "Method", "upstream", "Upstream"] {
        assert!(!source.contains(word), "{word}");
    }
}

#[test]
fn whoever_has_a_key_is_asked_for_it_and_may_go_on_without_where_the_group_allows() {
    let (session, app) = (session(), application(&[1], ConsentRule::FirstParty));
    let one = [member(1, Assurance::MultiFactor, &["a"])];
    let keys = [key(Assurance::MultiFactor)];
    let known = Facts { keys: Some(&keys), ..facts(Some(&session), Some(&app), &one) };
    let chosen = flow(Stage::SchoolChosen { session: session.id, school: one[0].school.id }, Ask::default());
    let asks = Next::AskFactor { member: &one[0], needed: Assurance::MultiFactor, decline: Decline::Offered };
    assert_eq!(after_policies(&chosen, &known, &mut None), asks);

    let declined = chosen.clone().decline_key().unwrap();
    let mut verdict = None;
    let Next::Complete { permit, .. } = after_policies(&declined, &known, &mut verdict) else { panic!("not complete") };
    assert_eq!(permit.groups, ["a"]);

    // Keyholder's own pages do not ask without a reason, nor does anybody without a key see the page.
    assert!(matches!(after_policies(&chosen, &Facts { application: None, ..known }, &mut None), Next::Complete { .. }));
    assert!(matches!(after_policies(&chosen, &Facts { keys: Some(&[]), ..known }, &mut None), Next::Complete { .. }));
    let silent = Flow { ask: Ask { interaction: Interaction::Forbidden, ..Ask::default() }, ..chosen };
    assert!(matches!(after_policies(&silent, &known, &mut None), Next::Complete { .. }));
}

#[test]
fn a_group_without_a_restricted_set_is_asked_without_a_way_round() {
    let (session, app) = (session(), application(&[1], ConsentRule::FirstParty));
    let one = [member(1, Assurance::MultiFactor, &[])];
    let keys = [key(Assurance::MultiFactor)];
    let known = Facts { keys: Some(&keys), ..facts(Some(&session), Some(&app), &one) };
    let school = one[0].school.id;
    let asks = Next::AskFactor { member: &one[0], needed: Assurance::MultiFactor, decline: Decline::Absent };
    let chosen = flow(Stage::SchoolChosen { session: session.id, school }, Ask::default());
    assert_eq!(after_policies(&chosen, &known, &mut None), asks);
    // Declining, by a forged form, leads nowhere; nor does consent given before the elevation ended.
    let declined = chosen.decline_key().unwrap();
    assert_eq!(after_policies(&declined, &known, &mut None), asks);
    let consented = declined.consent().unwrap();
    assert_eq!(after_policies(&consented, &known, &mut None), asks);
    let elevated = elevated(false);
    let known = Facts { session: Some(&elevated), ..known };
    assert!(matches!(after_policies(&consented, &known, &mut None), Next::Complete { .. }));
    let over = Facts { now: NOW.plus(std::time::Duration::from_mins(30)), ..known };
    assert_eq!(after_policies(&consented, &over, &mut None), asks);
}

#[test]
fn a_class_that_was_asked_for_is_reached_by_step_up_where_a_key_can() {
    let (session, app) = (session(), application(&[1], ConsentRule::FirstParty));
    let one = [member(1, Assurance::SingleFactor, &[])];
    let school = one[0].school.id;
    let ask = |classes: &[Assurance], weight| Ask {
        assurance: Some(AskedAssurance { classes: classes.to_vec(), weight }),
        ..Ask::default()
    };
    let chosen = |ask| flow(Stage::SchoolChosen { session: session.id, school }, ask);
    let soft = [key(Assurance::MultiFactor)];
    let known = Facts { keys: Some(&soft), ..facts(Some(&session), Some(&app), &one) };
    let asks = |needed, decline| Next::AskFactor { member: &one[0], needed, decline };

    for weight in [Weight::Voluntary, Weight::Essential] {
        let flow = chosen(ask(&[MultiFactor], weight));
        assert_eq!(after_policies(&flow, &known, &mut None), asks(MultiFactor, Decline::Absent), "{weight:?}");
    }
    let preferred = chosen(ask(&[PhishingResistant, MultiFactor], Weight::Voluntary));
    assert_eq!(
        after_policies(&preferred, &known, &mut None),
        asks(MultiFactor, Decline::Absent),
        "the best that is there"
    );
    let either = chosen(ask(&[MultiFactor, SingleFactor], Weight::Essential));
    assert_eq!(after_policies(&either, &known, &mut None), asks(MultiFactor, Decline::Offered));
    let content = chosen(ask(&[SingleFactor, MultiFactor], Weight::Voluntary));
    assert!(matches!(after_policies(&content, &known, &mut None), Next::Complete { .. }));
    let beyond = chosen(ask(&[PhishingResistant], Weight::Essential));
    assert_eq!(after_policies(&beyond, &known, &mut None), Next::Refuse(Refusal::AssuranceNotReached));
    let silent = Ask { interaction: Interaction::Forbidden, ..ask(&[MultiFactor], Weight::Essential) };
    let silent = chosen(silent);
    assert_eq!(after_policies(&silent, &known, &mut None), Next::Refuse(Refusal::AssuranceNotReached));

    // A stronger key satisfies; an old proof does not where a fresh one was asked for.
    let strong = elevated(true);
    let known = Facts { session: Some(&strong), ..known };
    let flow = chosen(ask(&[MultiFactor], Weight::Essential));
    assert!(matches!(after_policies(&flow, &known, &mut None), Next::Complete { .. }));
    let later = NOW.plus(std::time::Duration::from_secs(1));
    let fresh = chosen(Ask { proof_not_before: Some(later), ..ask(&[MultiFactor], Weight::Essential) });
    assert_eq!(after_policies(&fresh, &known, &mut None), asks(MultiFactor, Decline::Absent));
}

#[test]
fn a_managed_key_is_of_use_in_its_own_school() {
    let (session, app) = (session(), application(&[1, 2], ConsentRule::FirstParty));
    let two = [member(1, Assurance::MultiFactor, &["a"]), member(2, Assurance::MultiFactor, &["a"])];
    let keys = [KeyAtHand { worth: Assurance::MultiFactor, reach: Reach::School(two[0].school.id) }];
    let known = Facts { keys: Some(&keys), ..facts(Some(&session), Some(&app), &two) };
    let in_school =
        |n: usize| flow(Stage::SchoolChosen { session: session.id, school: two[n].school.id }, Ask::default());
    assert!(matches!(after_policies(&in_school(0), &known, &mut None), Next::AskFactor { .. }));
    assert!(matches!(after_policies(&in_school(1), &known, &mut None), Next::Complete { .. }));
}

#[test]
fn keys_are_changed_after_a_key_or_a_recovery_code_and_never_after_a_managed_key() {
    let (session, one) = (session(), [member(1, Assurance::SingleFactor, &[])]);
    let ask = Ask { aim: Aim::ManageKeys, ..Ask::default() };
    let chosen = flow(Stage::SchoolChosen { session: session.id, school: one[0].school.id }, ask);
    let asks = |reach| {
        let keys = [KeyAtHand { worth: Assurance::MultiFactor, reach }];
        let known = Facts { keys: Some(&keys), ..facts(Some(&session), None, &one) };
        matches!(next(&chosen, &known), Next::AskFactor { decline: Decline::Absent, .. })
    };
    assert!(asks(Reach::Everywhere) && asks(Reach::KeyManagement));
    assert!(!asks(Reach::School(one[0].school.id)));
    let elevated = elevated(false);
    let keys = [key(Assurance::MultiFactor)];
    let known = Facts { keys: Some(&keys), ..facts(Some(&elevated), None, &one) };
    assert!(matches!(next(&chosen, &known), Next::Complete { .. }));
}
