//! What tests of this crate check requests with: one confidential client, one native one, keys of both sides.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{
    ApplicationType, ClientAuthentication, ConsentRule, GrantType, JwksSource, OfferedTo, OidcClient, RefreshRotation,
    RelyingApplication, ResponseType, SigningAlgorithm, SubjectType,
};
use keyholder_core::id::{ApplicationId, SchoolId};
use keyholder_core::time::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::{Checked, Context, Rejection, check, parse};
use crate::jws::{self, PrivateKey, PublicKeys, Verified};
use crate::request_object::{self, RequestObjectError};
use crate::sid::Sid;
use crate::sid::tests::OnlyDigests;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const CLIENT: &str = "safeguarding";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const NOW: i64 = 1_800_000_000;
/// The challenge of RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The provider's key and the client's.
pub(crate) static OURS: LazyLock<PrivateKey> = LazyLock::new(|| generate(SigningAlgorithm::Rs256, "ours"));
pub(crate) static CLIENTS: LazyLock<PrivateKey> = LazyLock::new(|| generate(SigningAlgorithm::Es256, "client"));

pub(crate) fn generate(algorithm: SigningAlgorithm, kid: &str) -> PrivateKey {
    PrivateKey::generate(algorithm, kid.into()).unwrap().0
}

pub(crate) fn public(key: &PrivateKey) -> PublicKeys {
    PublicKeys::from_jwks_json(&json!({ "keys": [key.public_jwk()] }).to_string()).unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

/// A web application that can keep a secret, and that need not use PKCE.
pub(crate) fn application() -> RelyingApplication {
    RelyingApplication {
        id: ApplicationId::from_uuid(Uuid::from_u128(7)),
        name: "Safeguarding".into(),
        offered_to: OfferedTo::Schools(vec![SchoolId::from_uuid(Uuid::from_u128(1))]),
        consent: ConsentRule::FirstParty,
        launch_url: None,
        client: OidcClient {
            client_id: CLIENT.into(),
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::PrivateKeyJwt { jwks: JwksSource::Inline(String::new()) },
            redirect_uris: vec![CALLBACK.into(), "https://app.example/other?tenant=1".into()],
            post_logout_redirect_uris: vec!["https://app.example/bye".into()],
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_types: vec![ResponseType::Code],
            scopes: ["openid", "profile", "email", "offline_access", "groups"].map(String::from).into(),
            id_token_signed_response_alg: SigningAlgorithm::Rs256,
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: None,
            id_token_encrypted_response: None,
            userinfo_encrypted_response: None,
            jwks: None,
            require_pkce: false,
            refresh_rotation: RefreshRotation::ByClientType,
            subject_type: SubjectType::Public,
            origins: Vec::new(),
            audiences: Vec::new(),
            default_max_age: None,
        },
        saml: None,
        created_at: now(),
        updated_at: now(),
    }
}

/// A public client.
pub(crate) fn public_client() -> RelyingApplication {
    let mut application = application();
    application.client.authentication = ClientAuthentication::None;
    application
}

/// A request with these parameters; one of the same name takes the place of the plain request's, an empty one removes it.
pub(crate) fn query(changes: &[(&str, &str)]) -> String {
    let plain = [
        ("client_id", CLIENT),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s t&te"),
    ];
    let kept = plain.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(changes.iter().copied())).finish()
}

pub(crate) fn checked_for(application: &RelyingApplication, changes: &[(&str, &str)]) -> Result<Checked, Rejection> {
    check_query(application, &query(changes))
}

pub(crate) fn checked(changes: &[(&str, &str)]) -> Result<Checked, Rejection> {
    checked_for(&application(), changes)
}

pub(crate) fn check_query(application: &RelyingApplication, query: &str) -> Result<Checked, Rejection> {
    let unverified = parse(query.as_bytes())?;
    let object = unverified.request_object().map(verify_object);
    let context =
        Context { issuer: ISSUER, application, request_object: object.as_ref(), own_keys: &public(&OURS), now: now() };
    check(&unverified, &context)
}

fn verify_object(object: &str) -> Result<Verified, RequestObjectError> {
    Ok(jws::verify(object, &public(&CLIENTS), &request_object::ALGORITHMS)?)
}

/// The error that goes to the application by redirect.
#[track_caller]
pub(crate) fn refused(result: Result<Checked, Rejection>) -> &'static str {
    match result {
        Err(Rejection::Refused(refused)) => refused.error.code.name(),
        other => panic!("not refused by redirect: {other:?}"),
    }
}

/// A token with this header and these claims, signed rightly over both.
pub(crate) fn forged(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let name = key.algorithm().name();
    let algorithm = match name {
        "ES256" => openidconnect::core::CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        "RS256" => openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        _ => openidconnect::core::CoreJwsSigningAlgorithm::EdDsa,
    };
    let signature = openidconnect::PrivateSigningKey::sign(key, &algorithm, signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&signature))
}

/// The session in which it was issued.
pub(crate) const SESSION: &str = "00000000000000000000000000000009";

/// The claims of an ID token of ours, as it comes back as a hint.
pub(crate) fn id_token_claims() -> Value {
    let sid = Sid::new(&OnlyDigests, SESSION.parse().unwrap(), application().id, "person-1");
    json!({
        "iss": ISSUER, "sub": "person-1", "aud": CLIENT, "iat": NOW - 7200, "exp": NOW - 6600, "sid": sid,
    })
}
