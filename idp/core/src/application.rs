//! Relying applications: who may ask for a sign-in, how they prove who they are, and what they may learn.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::id::{ApplicationId, SchoolId, TrustId};
use crate::saml::ServiceProvider;
use crate::time::Timestamp;

/// An OIDC client, a SAML service provider, or both; offered to one school, several, or a whole trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingApplication {
    pub id: ApplicationId,
    /// Shown to people as what they sign in to.
    pub name: String,
    pub offered_to: OfferedTo,
    pub consent: ConsentRule,
    /// Where **My applications** leads; an application without one is not listed there.
    pub launch_url: Option<Url>,
    /// Its OIDC side. An application that speaks SAML alone has one for which nothing is registered ([`OidcClient::silent`]).
    pub client: OidcClient,
    /// Its SAML side.
    pub saml: Option<ServiceProvider>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The schools whose people may use an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferedTo {
    /// These schools.
    Schools(Vec<SchoolId>),
    /// Every school of the trust, those that join later too.
    Trust(TrustId),
}

impl OfferedTo {
    /// Whether an application offered so serves that school.
    pub fn serves(&self, school: &crate::school::School) -> bool {
        match self {
            Self::Schools(schools) => schools.contains(&school.id),
            Self::Trust(trust) => school.trust == Some(*trust),
        }
    }

    /// Whether more than one school may be served, so that a subject has to be pairwise for each.
    pub fn may_be_several(&self) -> bool {
        match self {
            Self::Schools(schools) => schools.len() > 1,
            Self::Trust(_) => true,
        }
    }
}

/// Whether the person is asked before facts go to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentRule {
    /// The school's own: nobody is asked.
    FirstParty,
    /// Somebody else's: the person is asked once for each set of scopes.
    AskPerson,
}

/// The settings of an OIDC client. Names follow `OpenID` Connect Dynamic Client Registration 1.0 section 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcClient {
    pub client_id: String,
    pub application_type: ApplicationType,
    pub authentication: ClientAuthentication,
    /// Compared byte for byte; a native client's loopback addresses with any port (RFC 8252 7.3).
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<Url>,
    /// Kept as registered. Logout tokens carry `sid` either way (Back-Channel Logout 1.0, 2.2).
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    pub frontchannel_logout_uri: Option<Url>,
    /// Kept as registered. The address is loaded with `iss` and `sid` either way (Front-Channel Logout 1.0, 2).
    #[serde(default)]
    pub frontchannel_logout_session_required: bool,
    pub grant_types: Vec<GrantType>,
    pub response_types: Vec<ResponseType>,
    /// What it may ask for; more is dropped silently at authorization (OAuth 2.0, RFC 6749 3.3).
    pub scopes: Vec<String>,
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// Userinfo as a signed JWT instead of JSON, where set.
    pub userinfo_signed_response_alg: Option<SigningAlgorithm>,
    /// Introspection answers as signed JWTs (RFC 9701), where set.
    pub introspection_signed_response_alg: Option<SigningAlgorithm>,
    /// `id_token_encrypted_response_alg` and `_enc`: ID tokens are encrypted too, where set.
    #[serde(default)]
    pub id_token_encrypted_response: Option<ResponseEncryption>,
    /// `userinfo_encrypted_response_alg` and `_enc`: signed userinfo is encrypted too, where set.
    #[serde(default)]
    pub userinfo_encrypted_response: Option<ResponseEncryption>,
    /// Its public keys, where it does not prove with them who it is; see [`keys`](Self::keys).
    #[serde(default)]
    pub jwks: Option<JwksSource>,
    /// `require_pushed_authorization_requests` and the like come with their groups; this one is PKCE for confidential clients.
    pub require_pkce: bool,
    pub refresh_rotation: RefreshRotation,
    pub subject_type: SubjectType,
    /// Origins allowed by CORS, beside those of the redirect addresses.
    pub origins: Vec<String>,
    /// Names under which an access token may be meant for this client (RFC 9068 `aud`), beside its client id.
    pub audiences: Vec<String>,
    /// `default_max_age` in seconds.
    pub default_max_age: Option<u32>,
}

impl OidcClient {
    /// Of an application that does not speak `OpenID` Connect: no grant, no address, no scope. The id is a name for files and
    /// commands.
    pub fn silent(client_id: String) -> Self {
        Self {
            client_id,
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: Vec::new(),
            response_types: Vec::new(),
            scopes: Vec::new(),
            id_token_signed_response_alg: SigningAlgorithm::default(),
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: None,
            id_token_encrypted_response: None,
            userinfo_encrypted_response: None,
            jwks: None,
            require_pkce: true,
            refresh_rotation: RefreshRotation::default(),
            subject_type: SubjectType::Public,
            origins: Vec::new(),
            audiences: Vec::new(),
            default_max_age: None,
        }
    }

    /// Whether the client may ask for anything at all.
    pub fn speaks(&self) -> bool {
        !self.grant_types.is_empty()
    }

    /// Where the client's public keys come from: those of its authentication, else those registered beside it.
    pub fn keys(&self) -> Option<&JwksSource> {
        match &self.authentication {
            ClientAuthentication::PrivateKeyJwt { jwks } => Some(jwks),
            _ => self.jwks.as_ref(),
        }
    }
}

/// How answers are encrypted for a client (RFC 7516).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ResponseEncryption {
    pub alg: KeyManagement,
    pub enc: ContentEncryption,
}

/// A JWE key management algorithm (RFC 7518 4.1). `RSA1_5` is absent on purpose (RFC 8725 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyManagement {
    #[serde(rename = "RSA-OAEP")]
    RsaOaep,
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

impl KeyManagement {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [Self::RsaOaep256, Self::RsaOaep, Self::EcdhEs, Self::EcdhEsA256Kw];

    /// The value of `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }
}

/// A JWE content encryption algorithm (RFC 7518 5.1). The default is that of Dynamic Client Registration 1.0, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ContentEncryption {
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    #[serde(rename = "A128GCM")]
    A128Gcm,
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::A128CbcHs256, Self::A128Gcm, Self::A256Gcm];

    /// The value of `enc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }
}

/// Whether the client runs on a server or on the person's own device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationType {
    #[default]
    Web,
    Native,
}

/// How a client proves who it is at the token endpoint.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "method")]
pub enum ClientAuthentication {
    /// A public client. PKCE is then required (RFC 9700 2.1.1).
    None,
    /// HTTP Basic (RFC 6749 2.3.1).
    ClientSecretBasic { secret: SecretHash },
    /// In the form body (RFC 6749 2.3.1).
    ClientSecretPost { secret: SecretHash },
    /// A signed assertion (RFC 7523, `OpenID` Connect Core 9).
    PrivateKeyJwt { jwks: JwksSource },
}

impl ClientAuthentication {
    /// The value of `token_endpoint_auth_method`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic { .. } => "client_secret_basic",
            Self::ClientSecretPost { .. } => "client_secret_post",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
        }
    }

    /// Whether the client can keep a secret.
    pub fn is_confidential(&self) -> bool {
        !matches!(self, Self::None)
    }
}

impl std::fmt::Debug for ClientAuthentication {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// SHA-256 of a client secret. A plain digest is enough: secrets are drawn with 256 bits, so there is nothing to guess.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(pub crate::id::TokenHash);

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretHash")
    }
}

/// Where the public keys of a client come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JwksSource {
    /// A JWK Set as JSON text.
    Inline(String),
    /// Fetched through the guard against inward requests.
    Uri(Url),
}

/// A value of `grant_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

/// A value of `response_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    Code,
}

/// A JWS algorithm that the provider signs with (RFC 7518 3.1, RFC 8037 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The value of `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Whether a refresh token is replaced at each use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshRotation {
    /// Public clients: yes. Confidential clients: no.
    #[default]
    ByClientType,
    Always,
}

/// How the subject identifier is made (`OpenID` Connect Core 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    #[default]
    Public,
    Pairwise,
}
