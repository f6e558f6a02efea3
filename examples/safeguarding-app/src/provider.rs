//! Everything said to the provider: discovery, the authorization request, the code exchange, userinfo, sign-out.
//!
//! `OpenID` Connect Core 1.0 (code flow), Discovery 1.0, RP-Initiated Logout 1.0, PKCE (RFC 7636), `iss` in responses (RFC 9207).

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AsyncHttpClient, AuthenticationContextClass,
    AuthorizationCode, CsrfToken, EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IdToken, IdTokenFields, IssuerUrl, JsonWebKeySet, LogoutRequest, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl,
    RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims, http,
};
use reqwest::Certificate;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::assurance::ACR_MULTI_FACTOR;
use crate::claims::{Person, SchoolClaims};
use crate::mount::Client;
use crate::problem::Problem;

/// How long a discovery document and its keys are used before they are fetched again.
const DISCOVERY_LIFETIME: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Asked for as far as the provider knows them.
const SCOPES: [&str; 5] = ["profile", "email", "groups", "school", "scopes_of_pupils"];

/// Metadata of RP-Initiated Logout 1.0 (2.1), RFC 8414 (2) and RFC 9207 (3).
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct ExtraMetadata {
    end_session_endpoint: Option<EndSessionUrl>,
    introspection_endpoint: Option<Url>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for ExtraMetadata {}

// The types of `openidconnect::core` with our claims and metadata in place of the empty ones.
type Metadata = ProviderMetadata<
    ExtraMetadata,
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
pub(crate) type SchoolIdToken =
    IdToken<SchoolClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Fields = IdTokenFields<
    SchoolClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type RelyingApplication = openidconnect::Client<
    SchoolClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

#[derive(Debug)]
pub(crate) struct Provider {
    issuer: IssuerUrl,
    http: Http,
    /// The last discovery. Empty until somebody first signs in, so that this application can start before the provider.
    discovered: Mutex<Option<(Instant, Arc<Metadata>)>>,
}

/// An authorization request, and what must be remembered until its answer comes.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) url: Url,
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
}

/// What introspection says (RFC 7662 2.2, RFC 9470 6.2).
#[derive(Debug, Deserialize)]
pub(crate) struct Introspected {
    active: bool,
    pub(crate) acr: Option<String>,
    /// When the key's effect ends.
    pub(crate) elevated_until: Option<i64>,
}

impl Provider {
    pub(crate) fn new(issuer: IssuerUrl, certificates: Vec<Certificate>) -> reqwest::Result<Self> {
        // No redirects: a provider's endpoint that sends a secret elsewhere is broken or worse.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .tls_certs_merge(certificates)
            .build()?;
        Ok(Self { issuer, http: Http(client), discovered: Mutex::default() })
    }

    pub(crate) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Whether answers must carry `iss`. `true` as well when the provider cannot be asked.
    pub(crate) async fn answers_with_iss(&self) -> Result<bool, Problem> {
        Ok(self.metadata().await?.additional_metadata().authorization_response_iss_parameter_supported)
    }

    /// The address to send the browser to.
    pub(crate) async fn authorization_request(
        &self,
        client: &Client,
        redirect_uri: RedirectUrl,
        with_key: bool,
    ) -> Result<AuthorizationRequest, Problem> {
        let metadata = self.metadata().await?;
        let us = relying_application(&metadata, client).set_redirect_uri(redirect_uri);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = us
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new_random_len(32),
                || Nonce::new_random_len(32),
            )
            .set_pkce_challenge(challenge);
        for name in SCOPES {
            let known = |scopes: &Vec<Scope>| scopes.iter().any(|scope| scope.as_str() == name);
            if metadata.scopes_supported().is_none_or(known) {
                request = request.add_scope(Scope::new(name.to_owned()));
            }
        }
        if with_key {
            // A wish, not a demand: the answer says what was reached, and the caller looks.
            request = request.add_auth_context_value(AuthenticationContextClass::new(ACR_MULTI_FACTOR.to_owned()));
        }
        if let Some(school) = &client.school {
            request = request.add_extra_param("school", school.clone());
        }
        let (url, state, nonce) = request.url();
        Ok(AuthorizationRequest { url, state, nonce, verifier })
    }

    /// Redeems a code, checks the ID token in full, and asks userinfo who that is.
    pub(crate) async fn redeem(
        &self,
        client: &Client,
        redirect_uri: RedirectUrl,
        code: AuthorizationCode,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
    ) -> Result<(Person, SchoolIdToken, AccessToken), Problem> {
        let metadata = self.metadata().await?;
        let us = relying_application(&metadata, client).set_redirect_uri(redirect_uri);
        let request = us.exchange_code(code).map_err(|error| Problem::Answer(error.to_string()))?;
        let tokens =
            request.set_pkce_verifier(verifier).request_async(&self.http).await.map_err(|error| match error {
                RequestTokenError::Request(error) => Problem::Unreachable(error.to_string()),
                RequestTokenError::ServerResponse(refusal) => Problem::CodeRefused(refusal.to_string()),
                RequestTokenError::Parse(error, _) => Problem::Answer(error.to_string()),
                RequestTokenError::Other(error) => Problem::Answer(error),
            })?;
        let id_token = tokens.id_token().ok_or_else(|| Problem::Answer("no ID token".to_owned()))?;

        // Keys are renewed now and then: one that is not known yet is looked up once more before it is refused.
        let known = id_token.signing_key(&us.id_token_verifier()).is_ok();
        let metadata = if known { metadata } else { self.discover().await? };
        let us = relying_application(&metadata, client);
        // Only signatures that a key pair made (and never `none`), whatever the provider also offers: our secret signs nothing.
        let algorithms = metadata
            .id_token_signing_alg_values_supported()
            .iter()
            .filter(|algorithm| is_asymmetric(algorithm))
            .cloned();
        let verifier = us.id_token_verifier().set_allowed_algs(algorithms);
        // Issuer, audience, expiry, signature, nonce (OpenID Connect Core 3.1.3.7).
        let claims =
            id_token.claims(&verifier, nonce).map_err(|error| Problem::Answer(format!("ID token: {error}")))?;
        if let Some(expected) = claims.access_token_hash() {
            // OpenID Connect Core 3.1.3.8
            let key = id_token.signing_key(&verifier).map_err(|error| Problem::Answer(error.to_string()))?;
            let algorithm = id_token.signing_alg().map_err(|error| Problem::Answer(error.to_string()))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            // One that cannot be computed is no match.
            if actual.ok().as_ref() != Some(expected) {
                return Err(Problem::Answer("the access token does not belong to the ID token".to_owned()));
            }
        }
        let user = match us.user_info(tokens.access_token().clone(), Some(claims.subject().clone())) {
            Ok(request) => {
                let user: UserInfoClaims<SchoolClaims, CoreGenderClaim> = request
                    .request_async(&self.http)
                    .await
                    .map_err(|error| Problem::Answer(format!("userinfo: {error}")))?;
                Some(user)
            }
            Err(_) => None, // The provider has no such endpoint.
        };
        Ok((Person::from_claims(claims, user.as_ref()), id_token.clone(), tokens.access_token().clone()))
    }

    /// What an access token is worth now (RFC 7662); `None`: nothing any more, or it never was one.
    pub(crate) async fn introspect(&self, client: &Client, token: &str) -> Result<Option<Introspected>, Problem> {
        let metadata = self.metadata().await?;
        let endpoint = metadata.additional_metadata().introspection_endpoint.clone();
        let endpoint = endpoint.ok_or_else(|| Problem::Answer("the provider introspects no tokens".to_owned()))?;
        let secret = client.secret.as_ref().map(openidconnect::ClientSecret::secret);
        // RFC 6749 2.3.1: both are form-encoded before they are put together.
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self.http.0.post(endpoint).form(&[("token", token), ("token_type_hint", "access_token")]);
        let request = request.basic_auth(encoded(&client.id), secret.map(|secret| encoded(secret)));
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| Problem::Unreachable(with_sources(&error)))?;
        let found: Introspected = answer.json().await.map_err(|error| Problem::Answer(with_sources(&error)))?;
        Ok(Some(found).filter(|found| found.active))
    }

    /// Where to send the browser so that the provider signs it out too; `None` if the provider has no such place.
    pub(crate) async fn end_session(
        &self,
        client: &Client,
        id_token: &SchoolIdToken,
        return_to: PostLogoutRedirectUrl,
        state: CsrfToken,
    ) -> Result<Option<Url>, Problem> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        let request = LogoutRequest::from(endpoint)
            .set_id_token_hint(id_token)
            .set_client_id(client.id.clone())
            .set_post_logout_redirect_uri(return_to)
            .set_state(state);
        Ok(Some(request.http_get_url()))
    }

    /// The provider's public keys.
    pub(crate) async fn keys(&self) -> Result<JsonWebKeySet<CoreJsonWebKey>, Problem> {
        Ok(self.metadata().await?.jwks().clone())
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, Problem> {
        let last = self.discovered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some((when, metadata)) if when.elapsed() < DISCOVERY_LIFETIME => Ok(metadata),
            _ => self.discover().await,
        }
    }

    async fn discover(&self) -> Result<Arc<Metadata>, Problem> {
        let found = Metadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = Arc::new(found.map_err(|error| Problem::Unreachable(with_sources(&error)))?);
        *self.discovered.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }
}

fn relying_application(metadata: &Metadata, client: &Client) -> RelyingApplication {
    RelyingApplication::from_provider_metadata(metadata.clone(), client.id.clone(), client.secret.clone())
}

/// Whether a signature of this algorithm can only be made by the provider.
pub(crate) fn is_asymmetric(algorithm: &CoreJwsSigningAlgorithm) -> bool {
    use CoreJwsSigningAlgorithm::{HmacSha256, HmacSha384, HmacSha512, None};
    !matches!(algorithm, HmacSha256 | HmacSha384 | HmacSha512 | None)
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// The bridge from `openidconnect`'s HTTP types to reqwest.
#[derive(Debug)]
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let mut response = http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            Ok(response.body(answer.bytes().await?.to_vec())?)
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("{}", with_sources(.0))]
    Request(#[from] reqwest::Error),
    #[error(transparent)]
    Response(#[from] http::Error),
}
