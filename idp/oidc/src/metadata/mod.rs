//! What the provider says of itself (`OpenID` Connect Discovery 3, RFC 8414 2).
//!
//! Owns the list of what is switched on, which requests are checked against too ([`SCOPES`]), and the addresses' paths, from
//! which the routes are made: nothing is advertised that does not work (design, invariant 13).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{ContentEncryption, KeyManagement, SigningAlgorithm};
use keyholder_core::assurance::Assurance;
use keyholder_core::locale::Language;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, EndSessionUrl, IntrospectionUrl, IssuerUrl,
    JsonWebKeySetUrl, LanguageTag, LogoutProviderMetadata, ProviderMetadata, ResponseTypes, RevocationUrl, Scope,
    TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};

use crate::authorize::Prompt;
use crate::jws::JwsAlgorithm;

/// The paths of the endpoints, under the issuer.
pub mod path {
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
    pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
    pub const AUTHORIZE: &str = "/oidc/authorize";
    pub const TOKEN: &str = "/oidc/token";
    pub const USERINFO: &str = "/oidc/userinfo";
    pub const JWKS: &str = "/oidc/jwks";
    pub const LOGOUT: &str = "/oidc/logout";
    pub const REVOKE: &str = "/oidc/revoke";
    pub const INTROSPECT: &str = "/oidc/introspect";
}

/// The scopes that mean something.
pub const SCOPES: [&str; 7] = ["openid", "profile", "email", "offline_access", "groups", "school", "scopes_of_pupils"];

/// The claims that may be given.
pub const CLAIMS: [&str; 19] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "acr",
    "amr",
    "sid",
    "name",
    "given_name",
    "family_name",
    "email",
    "email_verified",
    "locale",
    "groups",
    "school",
    "scopes_of_pupils",
    "elevated_until",
];

/// What differs from one installation to the next.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// Without a slash at its end.
    pub issuer: &'a str,
    /// The classes that a sign-in can reach with what is installed.
    pub assurances: &'a [Assurance],
}

/// The metadata, in the types of the `openidconnect` crate.
pub type Metadata = ProviderMetadata<
    LogoutProviderMetadata<FurtherMetadata>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Members that the `openidconnect` crate has no field for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "members of the specifications")]
pub struct FurtherMetadata {
    // RFC 8414 2
    pub revocation_endpoint: RevocationUrl,
    pub revocation_endpoint_auth_methods_supported: Vec<CoreClientAuthMethod>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<CoreJwsSigningAlgorithm>,
    pub introspection_endpoint: IntrospectionUrl,
    pub introspection_endpoint_auth_methods_supported: Vec<CoreClientAuthMethod>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<CoreJwsSigningAlgorithm>,
    pub code_challenge_methods_supported: Vec<String>,
    // RFC 9701 7
    pub introspection_signing_alg_values_supported: Vec<CoreJwsSigningAlgorithm>,
    // RFC 9207 3
    pub authorization_response_iss_parameter_supported: bool,
    // Initiating User Registration via OpenID Connect 1.0, 4
    pub prompt_values_supported: Vec<String>,
    // Back-Channel Logout 1.0, 2.1
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    // Front-Channel Logout 1.0, 3
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
}

impl AdditionalProviderMetadata for FurtherMetadata {}

/// Makes the metadata. All addresses come from the issuer.
pub fn metadata(offer: &Offer<'_>) -> Result<Metadata, url::ParseError> {
    let at = |path: &str| format!("{}{path}", offer.issuer);
    let ours: Vec<_> = SigningAlgorithm::ALL.into_iter().map(|ours| in_openidconnect(ours.into())).collect();
    let of_clients: Vec<_> = JwsAlgorithm::ALL.into_iter().map(in_openidconnect).collect();
    let management: Vec<_> = KeyManagement::ALL.into_iter().map(management_in_openidconnect).collect();
    let content: Vec<_> = ContentEncryption::ALL.into_iter().map(content_in_openidconnect).collect();
    let confidential = vec![
        CoreClientAuthMethod::ClientSecretBasic,
        CoreClientAuthMethod::ClientSecretPost,
        CoreClientAuthMethod::PrivateKeyJwt,
    ];
    let all_methods: Vec<_> = confidential.iter().cloned().chain([CoreClientAuthMethod::None]).collect();
    let further = LogoutProviderMetadata {
        end_session_endpoint: Some(EndSessionUrl::new(at(path::LOGOUT))?),
        additional_metadata: FurtherMetadata {
            revocation_endpoint: RevocationUrl::new(at(path::REVOKE))?,
            revocation_endpoint_auth_methods_supported: all_methods.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: of_clients.clone(),
            introspection_endpoint: IntrospectionUrl::new(at(path::INTROSPECT))?,
            introspection_endpoint_auth_methods_supported: confidential,
            introspection_endpoint_auth_signing_alg_values_supported: of_clients.clone(),
            code_challenge_methods_supported: vec!["S256".to_owned()],
            introspection_signing_alg_values_supported: ours.clone(),
            authorization_response_iss_parameter_supported: true,
            prompt_values_supported: Prompt::ALL.map(|prompt| prompt.name().to_owned()).to_vec(),
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
        },
    };
    let acr = |assurance: &Assurance| AuthenticationContextClass::new(assurance.acr().to_owned());
    let metadata = Metadata::new(
        IssuerUrl::new(offer.issuer.to_owned())?,
        AuthUrl::new(at(path::AUTHORIZE))?,
        JsonWebKeySetUrl::new(at(path::JWKS))?,
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public, CoreSubjectIdentifierType::Pairwise],
        ours.clone(),
        further,
    )
    .set_token_endpoint(Some(TokenUrl::new(at(path::TOKEN))?))
    .set_userinfo_endpoint(Some(UserInfoUrl::new(at(path::USERINFO))?))
    .set_scopes_supported(Some(SCOPES.map(|scope| Scope::new(scope.to_owned())).to_vec()))
    .set_response_modes_supported(Some(vec![CoreResponseMode::Query, CoreResponseMode::FormPost]))
    .set_grant_types_supported(Some(vec![
        CoreGrantType::AuthorizationCode,
        CoreGrantType::RefreshToken,
        CoreGrantType::ClientCredentials,
    ]))
    .set_acr_values_supported(Some(offer.assurances.iter().map(acr).collect()))
    .set_userinfo_signing_alg_values_supported(Some(ours))
    .set_id_token_encryption_alg_values_supported(Some(management.clone()))
    .set_id_token_encryption_enc_values_supported(Some(content.clone()))
    .set_userinfo_encryption_alg_values_supported(Some(management))
    .set_userinfo_encryption_enc_values_supported(Some(content))
    .set_request_object_signing_alg_values_supported(Some(of_clients.clone()))
    .set_token_endpoint_auth_methods_supported(Some(all_methods))
    .set_token_endpoint_auth_signing_alg_values_supported(Some(of_clients))
    .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
    .set_claims_supported(Some(CLAIMS.map(|claim| CoreClaimName::new(claim.to_owned())).to_vec()))
    .set_ui_locales_supported(Some(Language::ALL.map(|language| LanguageTag::new(language.tag().to_owned())).to_vec()))
    .set_claims_parameter_supported(Some(true))
    .set_request_parameter_supported(Some(true))
    // Discovery 3: "If omitted, the default value is true", so it is said.
    .set_request_uri_parameter_supported(Some(false));
    Ok(metadata)
}

fn management_in_openidconnect(algorithm: KeyManagement) -> CoreJweKeyManagementAlgorithm {
    match algorithm {
        KeyManagement::RsaOaep => CoreJweKeyManagementAlgorithm::RsaOaep,
        KeyManagement::RsaOaep256 => CoreJweKeyManagementAlgorithm::RsaOaepSha256,
        KeyManagement::EcdhEs => CoreJweKeyManagementAlgorithm::EcdhEs,
        KeyManagement::EcdhEsA256Kw => CoreJweKeyManagementAlgorithm::EcdhEsAesKeyWrap256,
    }
}

fn content_in_openidconnect(algorithm: ContentEncryption) -> CoreJweContentEncryptionAlgorithm {
    match algorithm {
        ContentEncryption::A128CbcHs256 => CoreJweContentEncryptionAlgorithm::Aes128CbcHmacSha256,
        ContentEncryption::A128Gcm => CoreJweContentEncryptionAlgorithm::Aes128Gcm,
        ContentEncryption::A256Gcm => CoreJweContentEncryptionAlgorithm::Aes256Gcm,
    }
}

fn in_openidconnect(algorithm: JwsAlgorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        JwsAlgorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        JwsAlgorithm::Rs384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        JwsAlgorithm::Rs512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        JwsAlgorithm::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        JwsAlgorithm::Ps384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        JwsAlgorithm::Ps512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        JwsAlgorithm::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        JwsAlgorithm::Es384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        JwsAlgorithm::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
    }
}

/// A document as it is served, with the tag of its content (RFC 9110 8.8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub body: Vec<u8>,
    pub etag: String,
}

/// The metadata cannot be written: the issuer is no address.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("the issuer is no address")]
    Issuer(#[from] url::ParseError),
    #[error("the metadata cannot be written as JSON")]
    Unserialisable(#[from] serde_json::Error),
}

impl Document {
    /// The document of both well-known addresses: RFC 8414 2 lets members of `OpenID` Connect stand beside its own.
    pub fn of(offer: &Offer<'_>) -> Result<Self, DocumentError> {
        let body = serde_json::to_vec(&metadata(offer)?)?;
        let digest = digest(&SHA256, &body);
        let etag =
            format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.as_ref().iter().take(12).copied().collect::<Vec<_>>()));
        Ok(Self { body, etag })
    }

    /// Whether an `If-None-Match` header names this content (RFC 9110 13.1.2, weak comparison).
    pub fn is_known(&self, if_none_match: &str) -> bool {
        let strong = |tag: &str| tag.trim().strip_prefix("W/").unwrap_or(tag.trim()) == self.etag;
        if_none_match.trim() == "*" || if_none_match.split(',').any(strong)
    }
}

#[cfg(test)]
mod tests;
