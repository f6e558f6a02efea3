//! ID tokens (`OpenID` Connect Core 2, 3.1.3.6, 12.2), on the types of the `openidconnect` crate.

use chrono::{DateTime, Utc};
use keyholder_core::application::RelyingApplication;
use keyholder_core::assurance;
use keyholder_core::time::Timestamp;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AccessToken, AccessTokenHash, Audience, AuthenticationContextClass, AuthenticationMethodReference, IdTokenClaims,
    IssuerUrl, Nonce,
};

use crate::claims::{self, IdTokenExtra, Wanted};
use crate::jws::{self, JwsError, PrivateKey};
use crate::sid::Sid;
use crate::token::standing::Standing;

/// `typ` of an ID token (RFC 7519 5.1).
pub const TYP: &str = "JWT";

/// What an ID token is made of.
#[derive(Debug, Clone, Copy)]
pub struct Making<'a> {
    pub issuer: &'a str,
    pub application: &'a RelyingApplication,
    pub standing: &'a Standing<'a>,
    /// Of the authorization request; `None` at refresh (Core 12.2: "SHOULD NOT have a nonce Claim").
    pub nonce: Option<&'a str>,
    pub access_token: &'a str,
    /// Of the grant's session.
    pub sid: &'a Sid,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// Why an ID token cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum IdTokenError {
    #[error("the issuer is not an address")]
    Issuer(#[source] url::ParseError),
    #[error("a time is out of range")]
    Time,
    #[error("the access token cannot be hashed")]
    Hash(#[source] openidconnect::SigningError),
    #[error("the token cannot be signed")]
    Jws(#[from] JwsError),
}

/// Makes and signs an ID token. Claims about the person are in it only where the request asked for them in it: userinfo
/// is there for the others (Core 5.4).
pub fn make(key: &PrivateKey, making: &Making<'_>) -> Result<String, IdTokenError> {
    let grant = making.standing.grant;
    let wanted = Wanted::of_request(&claims::request_of(grant).id_token, grant, making.application);
    let (jwk, algorithm) = key.verification_key();
    let at_hash = AccessTokenHash::from_token(&AccessToken::new(making.access_token.to_owned()), &algorithm, jwk)
        .map_err(IdTokenError::Hash)?;
    let methods = assurance::amr(&grant.proofs).into_iter().map(AuthenticationMethodReference::new).collect();
    let claims: IdTokenClaims<IdTokenExtra, CoreGenderClaim> = IdTokenClaims::new(
        IssuerUrl::new(making.issuer.to_owned()).map_err(IdTokenError::Issuer)?,
        // One audience, so that no `azp` is needed (Core 2).
        vec![Audience::new(making.application.client.client_id.clone())],
        date(making.expires_at)?,
        date(making.now)?,
        claims::standard(making.standing, &wanted),
        IdTokenExtra { school: claims::of_school(making.standing, &wanted), sid: Some(making.sid.clone()) },
    )
    .set_auth_time(Some(date(claims::auth_time(grant))?))
    .set_nonce(making.nonce.map(|nonce| Nonce::new(nonce.to_owned())))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(claims::acr(grant).to_owned())))
    .set_auth_method_refs(Some(methods))
    .set_access_token_hash(Some(at_hash));
    Ok(jws::sign(key, TYP, &claims)?)
}

fn date(at: Timestamp) -> Result<DateTime<Utc>, IdTokenError> {
    DateTime::from_timestamp(at.as_seconds(), 0).ok_or(IdTokenError::Time)
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
pub(crate) mod tests;
