//! How a client proves who it is at the token, introspection and revocation endpoints (RFC 6749 2.3, RFC 7523, `OpenID`
//! Connect Core 9).
//!
//! Owns what is presented and whether it is right. Does not own that an assertion counts once: that is a mark in SQL, set by
//! the caller with what [`assertion::check`] returns.

pub mod assertion;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::application::{ClientAuthentication, RelyingApplication, SecretHash};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::form::{self, Form};
use crate::jws;

/// The only `client_assertion_type` (RFC 7523 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who the client says it is, and by what it wants to prove that.
#[derive(Debug)]
pub struct Presented {
    pub client_id: String,
    pub credential: Credential,
}

/// What was presented.
#[derive(Debug)]
pub enum Credential {
    /// Nothing but the client id.
    None,
    Basic(SecretString),
    Post(SecretString),
    /// A signed token; who signed it is not known yet.
    Assertion(SecretString),
}

/// Why a client is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request itself is wrong: `invalid_request`.
    #[error("{0}")]
    Malformed(&'static str),
    /// `invalid_client`. What exactly failed is for the log, not for the caller.
    #[error("{0}")]
    Failed(&'static str),
}

/// What is left to do.
#[derive(Debug)]
pub enum Checked<'a> {
    /// The client is who it says.
    Authenticated,
    /// The signature of this token has to be checked by the client's keys.
    Assertion(&'a str),
}

/// Reads what a request presents: the `Authorization` header, or the form. `client_id` beside them has to be the same.
pub fn parse(authorization: Option<&str>, form: &Form) -> Result<Presented, Refused> {
    let basic = authorization.map(parse_basic).transpose()?;
    let client_id = form.one("client_id");
    let (named, credential) = match (basic, form.one("client_secret"), form.one("client_assertion")) {
        (Some((client_id, secret)), None, None) => (client_id, Credential::Basic(secret)),
        (None, Some(secret), None) => {
            let client_id = client_id.ok_or(Refused::Malformed("client_id is missing"))?;
            (client_id.to_owned(), Credential::Post(SecretString::from(secret)))
        }
        (None, None, Some(assertion)) => {
            if form.one("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(Refused::Malformed("client_assertion_type is not supported"));
            }
            // RFC 7523 3: sub is the client_id, and only a right signature makes it true.
            let claims = jws::peek(assertion).map_err(|_| Refused::Failed("the assertion is not a signed token"))?;
            let subject = claims.text("sub").ok_or(Refused::Failed("the assertion names nobody"))?;
            (subject.to_owned(), Credential::Assertion(SecretString::from(assertion)))
        }
        (None, None, None) => {
            let client_id = client_id.ok_or(Refused::Failed("client authentication is missing"))?;
            (client_id.to_owned(), Credential::None)
        }
        // RFC 6749 2.3: "The client MUST NOT use more than one authentication method in each request."
        _ => return Err(Refused::Malformed("more than one kind of client authentication")),
    };
    if form.one("client_assertion").is_none() && form.one("client_assertion_type").is_some() {
        return Err(Refused::Malformed("client_assertion is missing"));
    }
    if client_id.is_some_and(|client_id| client_id != named) {
        return Err(Refused::Malformed("client_id differs from the client that authenticates"));
    }
    Ok(Presented { client_id: named, credential })
}

/// Holds what was presented against the registered method. No other method is accepted: a stronger one that was not
/// registered proves nothing, and a weaker one is a downgrade.
pub fn check<'a>(presented: &'a Presented, application: &RelyingApplication) -> Result<Checked<'a>, Refused> {
    if presented.client_id != application.client.client_id {
        return Err(Refused::Failed("the client is another one"));
    }
    match (&application.client.authentication, &presented.credential) {
        (ClientAuthentication::None, Credential::None) => Ok(Checked::Authenticated),
        (ClientAuthentication::ClientSecretBasic { secret }, Credential::Basic(presented))
        | (ClientAuthentication::ClientSecretPost { secret }, Credential::Post(presented)) => {
            check_secret(presented, secret).map(|()| Checked::Authenticated)
        }
        (ClientAuthentication::PrivateKeyJwt { .. }, Credential::Assertion(token)) => {
            Ok(Checked::Assertion(token.expose_secret()))
        }
        _ => Err(Refused::Failed("the client is registered for another method")),
    }
}

/// Compares digests in constant time.
fn check_secret(presented: &SecretString, stored: &SecretHash) -> Result<(), Refused> {
    let presented = digest(&SHA256, presented.expose_secret().as_bytes());
    let right = bool::from(presented.as_ref().ct_eq(&stored.0.0));
    if right { Ok(()) } else { Err(Refused::Failed("the client secret is wrong")) }
}

/// Id and secret of HTTP Basic, each form-urlencoded before it was joined (RFC 6749 2.3.1, RFC 7617 2).
fn parse_basic(header: &str) -> Result<(String, SecretString), Refused> {
    const MALFORMED: Refused = Refused::Failed("the Authorization header is not HTTP Basic");
    let (scheme, encoded) = header.split_once(' ').ok_or(MALFORMED)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(MALFORMED);
    }
    let decoded = STANDARD.decode(encoded.trim_matches(' ')).map_err(|_| MALFORMED)?;
    let mut halves = decoded.splitn(2, |byte| *byte == b':');
    let client_id = form::decode(halves.next().unwrap_or_default()).map_err(|_| MALFORMED)?;
    let secret = form::decode(halves.next().ok_or(MALFORMED)?).map_err(|_| MALFORMED)?;
    if client_id.is_empty() || secret.is_empty() {
        return Err(MALFORMED);
    }
    Ok((client_id, SecretString::from(secret)))
}

#[cfg(test)]
mod tests;
