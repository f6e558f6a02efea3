//! A small school to try promises on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyholder_core::application::{
    ApplicationType, ClientAuthentication, ConsentRule, GrantType, OfferedTo, OidcClient, RefreshRotation,
    RelyingApplication, ResponseType, SecretHash, SigningAlgorithm, SubjectType,
};
use keyholder_core::assurance::{Assurance, Proof};
use keyholder_core::audit::{AuditEvent, AuditKind, PersonalFields};
use keyholder_core::ceremony::{Ceremony, Contents};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{Ask, DeviceKey, Evidence, Field, FieldKind, Form, Occasion, Prompt, Purpose, Step, Text};
use keyholder_core::flow::{self, Flow, Origin, Stage};
use keyholder_core::grant::{Grant, RefreshToken};
use keyholder_core::id::{
    ApplicationId, AuditId, CeremonyId, CredentialId, FlowId, GrantId, MailedLinkId, MembershipId, OutboxId, PersonId,
    PupilScopeId, RefreshTokenId, SchoolId, SessionId, TokenHash, TrustId, UserGroupId,
};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::locale::Language;
use keyholder_core::membership::{FirstKey, Membership, PupilScope, PupilScopeKind, UserGroup};
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::{Email, Person};
use keyholder_core::random::Random;
use keyholder_core::school::{Branding, HelpContact, School, Trust};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

use super::execute;
use crate::SqlStore;

/// The present.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// So many seconds after [`NOW`].
pub(super) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

/// Draws no two equal values, which is all that is asked of it here.
#[derive(Debug)]
pub(super) struct Serial;

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Random for Serial {
    fn fill(&self, bytes: &mut [u8]) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, value) in bytes.iter_mut().rev().zip(number.iter().rev()) {
            *byte = *value;
        }
    }
}

/// A digest that nothing else has.
pub(super) fn token() -> TokenHash {
    let mut bytes = [7; 32];
    bytes[24..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    TokenHash(bytes)
}

/// What there is in the sample.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) trust: Trust,
    pub(super) school: School,
    pub(super) other_school: School,
    pub(super) group: UserGroup,
    pub(super) scopes: Vec<PupilScope>,
    pub(super) person: Person,
    pub(super) other_person: Person,
    pub(super) membership: Membership,
    pub(super) application: RelyingApplication,
    pub(super) session: Session,
    pub(super) grant: Grant,
}

pub(super) fn trust(slug: &str) -> Trust {
    Trust {
        id: TrustId::draw(&Serial, NOW),
        slug: slug.to_owned(),
        name: "Valley Trust".to_owned(),
        one_subject_across_schools: true,
        created_at: NOW,
    }
}

pub(super) fn school(slug: &str, trust: Option<TrustId>, created_at: Timestamp) -> School {
    School {
        id: SchoolId::draw(&Serial, created_at),
        trust,
        slug: slug.to_owned(),
        name: "Oakfield Primary".to_owned(),
        urn: Some("100001".to_owned()),
        ukprn: None,
        branding: Branding {
            colour: Some("#123456".to_owned()),
            logo: None,
            help: HelpContact { name: Some("Office".to_owned()), email: None, phone: Some("01234".to_owned()) },
        },
        created_at,
    }
}

pub(super) fn group(school: SchoolId, slug: &str) -> UserGroup {
    UserGroup {
        id: UserGroupId::draw(&Serial, NOW),
        school,
        slug: slug.to_owned(),
        name: "Key users".to_owned(),
        full: vec!["read".to_owned(), "write".to_owned()],
        restricted: vec!["read".to_owned()],
        needs: Assurance::MultiFactor,
        elevation_minutes: 30,
        first_key: FirstKey::Pass,
        created_at: NOW,
    }
}

pub(super) fn pupil_scope(school: SchoolId, kind: PupilScopeKind, name: &str) -> PupilScope {
    PupilScope { id: PupilScopeId::draw(&Serial, NOW), school, kind, name: name.to_owned() }
}

pub(super) fn person(email: &str, created_at: Timestamp) -> Person {
    let id = PersonId::draw(&Serial, created_at);
    Person {
        id,
        subject: format!("subject-{id}"),
        email: Email::parse(email).unwrap(),
        email_verified_at: Some(NOW),
        given_name: "Ann".to_owned(),
        family_name: "Price".to_owned(),
        language: Some(Language::Cy),
        disabled_at: None,
        email_changed_at: None,
        key_stopped_at: None,
        created_at,
    }
}

pub(super) fn membership(person: &Person, school: &School, group: &UserGroup) -> Membership {
    Membership {
        id: MembershipId::draw(&Serial, NOW),
        person: person.id,
        school: school.id,
        group: group.id,
        pupil_scopes: Vec::new(),
        starts_at: Some(NOW),
        ends_at: None,
        admin_key_holder: true,
        created_at: NOW,
    }
}

pub(super) fn application(client_id: &str, offered_to: OfferedTo) -> RelyingApplication {
    RelyingApplication {
        id: ApplicationId::draw(&Serial, NOW),
        name: "Safeguarding".to_owned(),
        offered_to,
        consent: ConsentRule::AskPerson,
        launch_url: Some("https://app.example/start".parse().unwrap()),
        client: OidcClient {
            client_id: client_id.to_owned(),
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::ClientSecretBasic { secret: SecretHash(token()) },
            redirect_uris: vec!["https://app.example/callback".to_owned()],
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: Some("https://app.example/logout".parse().unwrap()),
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_types: vec![ResponseType::Code],
            scopes: vec!["openid".to_owned()],
            id_token_signed_response_alg: SigningAlgorithm::EdDsa,
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: None,
            id_token_encrypted_response: None,
            userinfo_encrypted_response: None,
            jwks: None,
            require_pkce: true,
            refresh_rotation: RefreshRotation::Always,
            subject_type: SubjectType::Public,
            origins: Vec::new(),
            audiences: Vec::new(),
            default_max_age: Some(3600),
        },
        saml: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn session(person: &Person) -> Session {
    Session {
        id: SessionId::draw(&Serial, NOW),
        person: person.id,
        token: token(),
        browser: token(),
        proofs: vec![Proof::of_password(NOW)],
        elevated_until: Some(at(60)),
        started_at: NOW,
        last_seen_at: NOW,
        expires_at: at(3600),
        ended_at: None,
        address: "192.0.2.1".to_owned(),
        user_agent: "Browser".to_owned(),
        version: 1,
    }
}

pub(super) fn grant(session: &Session, membership: &Membership, application: &RelyingApplication) -> Grant {
    Grant {
        id: GrantId::draw(&Serial, NOW),
        session: session.id,
        person: membership.person,
        application: application.id,
        school: membership.school,
        membership: membership.id,
        subject: "subject".to_owned(),
        scopes: vec!["openid".to_owned(), "profile".to_owned()],
        claims_request: Some("{}".to_owned()),
        proofs: session.proofs.clone(),
        elevated_until: None,
        offline: false,
        created_at: NOW,
        expires_at: at(3600),
        ended_at: None,
    }
}

pub(super) fn refresh_token(grant: &Grant) -> RefreshToken {
    RefreshToken {
        id: RefreshTokenId::draw(&Serial, NOW),
        token: token(),
        grant: grant.id,
        scopes: grant.scopes.clone(),
        created_at: NOW,
        expires_at: at(3600),
        rotated_at: None,
        successor: None,
        used_at: None,
    }
}

pub(super) fn credential(owner: CredentialOwner, holder: Option<PersonId>, lookup: Option<&[u8]>) -> Credential {
    Credential {
        id: CredentialId::draw(&Serial, NOW),
        owner,
        holder,
        factor: "soft-key".to_owned(),
        lookup: lookup.map(<[u8]>::to_vec),
        label: "Phone".to_owned(),
        format: 1,
        secret: b"a seed that nobody may read".to_vec(),
        device: Some(DeviceKey { spki: vec![4, 8, 15] }),
        evidence: Evidence { possession: true, amr: vec!["otp".to_owned()], ..Evidence::default() },
        facts: vec![("left".to_owned(), "8".to_owned())],
        version: 1,
        created_at: NOW,
        last_used_at: None,
    }
}

pub(super) fn ceremony(session: &Session, flow: Option<FlowId>, key: &Credential) -> Ceremony {
    let reply_tag = Some(token().0.to_vec());
    let field = Field {
        name: "code".to_owned(),
        label: text("code"),
        hint: None,
        placeholder: None,
        kind: FieldKind::OneTimeCode(6),
        required: true,
    };
    let form =
        Form { title: text("title"), help: None, exhibits: Vec::new(), fields: vec![field], submit: text("submit") };
    let id = CeremonyId::draw(&Serial, NOW);
    Ceremony {
        id,
        version: 1,
        session: session.id,
        flow,
        person: session.person,
        factor: key.factor.clone(),
        purpose: if flow.is_some() { Purpose::SignIn } else { Purpose::Enrolment },
        credentials: vec![key.id],
        contents: Contents {
            step: Step {
                state: b"a state that nobody may read".to_vec(),
                lifetime: Duration::from_mins(5),
                prompts: vec![Prompt { id: "code".to_owned(), ask: Ask::Form(form) }],
                problem: None,
                reply_tag: reply_tag.clone(),
                effects: Vec::new(),
            },
            occasion: Occasion {
                ceremony: id.to_string(),
                application: Some("Safeguarding".to_owned()),
                school: None,
                browser: "Firefox on Windows".to_owned(),
                address: Some("192.0.2.1".to_owned()),
                place: None,
                began_at: NOW,
                number: Some("47".to_owned()),
            },
            label: None,
            ending: None,
        },
        reply_tag,
        created_at: NOW,
        expires_at: at(300),
        ended_at: None,
    }
}

fn text(key: &str) -> Text {
    Text { key: key.to_owned(), args: Vec::new() }
}

pub(super) fn flow() -> Flow {
    Flow {
        id: FlowId::draw(&Serial, NOW),
        version: 1,
        browser: token(),
        origin: Origin::Portal { return_to: "/".to_owned() },
        ask: flow::Ask { login_hint: Some("ann@oakfield.example".to_owned()), ..flow::Ask::default() },
        began_at: NOW,
        expires_at: at(1800),
        stage: Stage::FirstProof { email: "ann@oakfield.example".to_owned() },
    }
}

pub(super) fn link(person: Option<PersonId>, purpose: LinkPurpose) -> MailedLink {
    MailedLink {
        id: MailedLinkId::draw(&Serial, NOW),
        token: token(),
        purpose,
        person,
        created_at: NOW,
        expires_at: at(3600),
        used_at: None,
    }
}

pub(super) fn message(due_at: Timestamp) -> OutboxMessage {
    OutboxMessage {
        id: OutboxId::draw(&Serial, due_at),
        delivery: Delivery::PasswordLinkAsked {
            email: "ann@oakfield.example".to_owned(),
            language: Language::En,
            resume: Some("resume".to_owned()),
        },
        due_at,
        attempts: 0,
        created_at: NOW,
    }
}

pub(super) fn event(school: Option<SchoolId>, subject: Option<PersonId>, when: Timestamp) -> AuditEvent {
    AuditEvent {
        id: AuditId::draw(&Serial, when),
        at: when,
        kind: AuditKind::SignedIn,
        school,
        application: None,
        salt: [9; 16],
        personal: PersonalFields { subject, address: Some("192.0.2.1".to_owned()), ..PersonalFields::default() },
    }
}

/// Puts the sample into an empty store.
pub(super) async fn sample(store: &SqlStore) -> Sample {
    let trust = trust("valley");
    let school = school("oakfield", Some(trust.id), NOW);
    let other_school = self::school("elmbrook", None, at(1));
    let group = group(school.id, "key-users");
    let scopes = vec![
        pupil_scope(school.id, PupilScopeKind::YearGroup, "Year 5"),
        pupil_scope(school.id, PupilScopeKind::Class, "5B"),
    ];
    let person = person("Ann.Price@oakfield.example", NOW);
    let other_person = self::person("bob@oakfield.example", at(1));
    let mut membership = membership(&person, &school, &group);
    membership.pupil_scopes = scopes.iter().map(|scope| scope.id).rev().collect();
    let application = application("safeguarding", OfferedTo::Schools(vec![other_school.id, school.id]));
    let session = session(&person);
    let grant = grant(&session, &membership, &application);
    let all = Arc::new(Sample {
        trust,
        school,
        other_school,
        group,
        scopes,
        person,
        other_person,
        membership,
        application,
        session,
        grant,
    });
    execute!(store, t, [all], async move {
        t.put_trust(&all.trust).await?;
        t.put_school(&all.school).await?;
        t.put_school(&all.other_school).await?;
        t.put_group(&all.group).await?;
        for scope in &all.scopes {
            t.put_pupil_scope(scope).await?;
        }
        t.insert_person(&all.person).await?;
        t.insert_person(&all.other_person).await?;
        t.put_membership(&all.membership).await?;
        t.put_application(&all.application).await?;
        t.insert_session(&all.session).await?;
        t.insert_grant(&all.grant).await
    })
    .await
    .unwrap();
    Arc::unwrap_or_clone(all)
}
