//! What the dispatcher promises.

use super::*;
use crate::application::*;
use crate::assurance::{Method, Proof, assess};
use crate::flow::{Ask, Origin};
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
        consented: &[],
        policy: decide_by_group,
    }
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
        next(&flow(stage, ask()), &facts(Some(&session), Some(&app), &two)),
        Next::Refuse(Refusal::ConsentRequired)
    );
}

#[test]
fn a_session_is_adopted_unless_its_proof_is_too_old_or_its_person_another() {
    let session = session();
    assert_eq!(next(&flow(Stage::Identify, Ask::default()), &facts(Some(&session), None, &[])), Next::Adopt);
    let fresh = Ask { proof_not_before: Some(NOW.plus(std::time::Duration::from_millis(1))), ..Ask::default() };
    assert_eq!(next(&flow(Stage::Identify, fresh), &facts(Some(&session), None, &[])), Next::AskEmail);
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
    assert!(matches!(next(&chosen(ask(ConsentPrompt::AsNeeded)), &asked), Next::AskConsent { .. }));
    let asked = Facts { consented: &agreed, ..asked };
    assert!(matches!(next(&chosen(ask(ConsentPrompt::AsNeeded)), &asked), Next::Complete { .. }));
    assert!(matches!(next(&chosen(ask(ConsentPrompt::Always)), &asked), Next::AskConsent { .. }));
}

#[test]
fn a_group_that_needs_a_key_gets_its_restricted_set_without_one() {
    let session = session();
    let one = [member(1, Assurance::MultiFactor, &["a", "not-in-full"])];
    let chosen = flow(Stage::Consented { session: session.id, school: one[0].school.id }, Ask::default());
    let Next::Complete { permit, .. } = next(&chosen, &facts(Some(&session), None, &one)) else {
        panic!("not complete")
    };
    assert_eq!(permit.groups, ["a"]);
    assert_eq!(permit.more_with, Some(Assurance::MultiFactor));
    let none = [member(1, Assurance::MultiFactor, &[])];
    assert_eq!(
        next(&chosen, &facts(Some(&session), None, &none)),
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
    assert_eq!(next(&chosen(Weight::Essential), &known), Next::Refuse(Refusal::AssuranceNotReached));
    assert!(matches!(next(&chosen(Weight::Voluntary), &known), Next::Complete { .. }));
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
    assert!(matches!(next(&flow, &facts), Next::Complete { .. }));
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
