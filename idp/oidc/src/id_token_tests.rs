//! ID tokens as the `openidconnect` client checks them.
#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::application::*;
use keyholder_core::assurance::Proof;
use keyholder_core::grant::Grant;
use keyholder_core::id::*;
use keyholder_core::membership::{Membership, MembershipInFull, UserGroup};
use keyholder_core::person::{Email, Person};
use keyholder_core::school::{Branding, School};
use keyholder_core::verdict::Permit;
use openidconnect::core::{
    CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{ClientId, IdToken, JsonWebKeySet, PrivateSigningKey};

use super::*;
use crate::sid::tests::OnlyDigests;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

type Token = IdToken<IdTokenExtra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn school() -> School {
    School {
        id: SchoolId::from_uuid(uuid(1)),
        trust: None,
        slug: "oakfield".into(),
        name: "Oakfield".into(),
        urn: None,
        ukprn: None,
        branding: Branding::default(),
        created_at: NOW,
    }
}

fn person() -> Person {
    Person {
        id: PersonId::from_uuid(uuid(1)),
        subject: "s".into(),
        email: Email::parse("ann@oakfield.example").unwrap(),
        email_verified_at: None,
        given_name: "Ann".into(),
        family_name: "Price".into(),
        language: None,
        disabled_at: None,
        email_changed_at: None,
        key_stopped_at: None,
        created_at: NOW,
    }
}

fn member() -> MembershipInFull {
    MembershipInFull {
        membership: Membership {
            id: MembershipId::from_uuid(uuid(1)),
            person: person().id,
            school: school().id,
            group: UserGroupId::from_uuid(uuid(1)),
            pupil_scopes: vec![],
            starts_at: None,
            ends_at: None,
            admin_key_holder: false,
            created_at: NOW,
        },
        group: UserGroup {
            id: UserGroupId::from_uuid(uuid(1)),
            school: school().id,
            slug: "staff".into(),
            name: "Staff".into(),
            full: vec![],
            restricted: vec![],
            needs: keyholder_core::assurance::Assurance::SingleFactor,
            elevation_minutes: 30,
            first_key: keyholder_core::membership::FirstKey::default(),
            created_at: NOW,
        },
        school: school(),
        pupil_scopes: vec![],
    }
}

fn application() -> RelyingApplication {
    RelyingApplication {
        id: ApplicationId::from_uuid(uuid(1)),
        name: "App".into(),
        offered_to: OfferedTo::Schools(vec![school().id]),
        consent: ConsentRule::FirstParty,
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
            scopes: vec!["openid".into(), "profile".into()],
            id_token_signed_response_alg: SigningAlgorithm::Rs256,
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: None,
            id_token_encrypted_response: None,
            userinfo_encrypted_response: None,
            jwks: None,
            require_pkce: true,
            refresh_rotation: RefreshRotation::default(),
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

pub(crate) fn grant() -> Grant {
    Grant {
        id: GrantId::from_uuid(uuid(1)),
        session: SessionId::from_uuid(uuid(1)),
        person: person().id,
        application: application().id,
        school: school().id,
        membership: member().membership.id,
        subject: "pairwise-1".into(),
        scopes: vec!["openid".into()],
        claims_request: Some(r#"{"id_token":{"name":null,"email":null}}"#.into()),
        proofs: vec![Proof::of_password(NOW)],
        elevated_until: None,
        offline: false,
        created_at: NOW,
        expires_at: NOW,
        ended_at: None,
    }
}

#[test]
fn the_openidconnect_client_accepts_our_tokens() {
    let (person, member, application, grant) = (person(), member(), application(), grant());
    let standing = Standing {
        grant: &grant,
        person: &person,
        member: &member,
        permit: Permit { groups: vec![], pupil_scopes: vec![], more_with: None },
        ends_at: NOW,
    };
    for algorithm in SigningAlgorithm::ALL {
        let (key, _) = PrivateKey::generate(algorithm, "k".into()).unwrap();
        let sid = Sid::of_grant(&OnlyDigests, &grant);
        let making = Making {
            issuer: "https://id.example",
            application: &application,
            standing: &standing,
            nonce: Some("n"),
            access_token: "the-access-token",
            sid: &sid,
            now: NOW,
            expires_at: NOW.plus(std::time::Duration::from_mins(10)),
        };
        let token = make(&key, &making).unwrap();
        let token: Token = token.parse().unwrap();
        let keys: CoreJsonWebKeySet = JsonWebKeySet::new(vec![key.as_verification_key()]);
        let issuer = IssuerUrl::new("https://id.example".into()).unwrap();
        let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new("app".into()), issuer, keys)
            .set_allowed_algs([key.verification_key().1])
            .set_time_fn(|| date(NOW).unwrap());
        let claims = token.claims(&verifier, &Nonce::new("n".into())).unwrap();
        assert_eq!(claims.additional_claims().sid.as_ref(), Some(&sid));
        assert_eq!(claims.subject().as_str(), "pairwise-1");
        assert_eq!(claims.name().and_then(|name| name.get(None)).unwrap().as_str(), "Ann Price");
        assert!(claims.email().is_none(), "the application is not registered for it");
        let signing_key = token.signing_key(&verifier).unwrap();
        let expected = AccessTokenHash::from_token(
            &AccessToken::new("the-access-token".into()),
            token.signing_alg().unwrap(),
            signing_key,
        );
        assert_eq!(claims.access_token_hash(), Some(&expected.unwrap()));
        assert!(token.claims(&verifier, &Nonce::new("m".into())).is_err());
    }
}
