//! Authorization requests (RFC 6749 4.1.1, `OpenID` Connect Core 3.1.2): read, checked, and kept until they are answered.
//!
//! [`parse`] makes an [`UnverifiedRequest`] of bytes; [`check`] holds it against the ordered table of [`rules`] and makes
//! what the flow keeps ([`AuthorizationRequest`]) and what the sign-in is asked for (core's `Ask`). Owns neither the flow nor
//! the answer ([`respond`](crate::respond)).

mod claims_request;
mod error;
pub mod id_token_hint;
mod rules;
mod unverified;

use keyholder_core::application::RelyingApplication;
use keyholder_core::flow::{Aim, Ask, ConsentPrompt, Interaction, SchoolChoice};
use keyholder_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use claims_request::{ClaimRequest, ClaimsRequest};
pub use error::{ErrorCode, ProtocolError, Refused, Rejection, Untrusted};
pub use rules::prompt::Prompt;
pub use unverified::{MAX_BYTES, UnverifiedRequest, parse};

use crate::jws::{PublicKeys, Verified};
use crate::request_object::RequestObjectError;
use crate::respond::{ReplyTo, ResponseMode};

/// What a request is held against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub issuer: &'a str,
    /// The application registered under the request's `client_id`.
    pub application: &'a RelyingApplication,
    /// The request object, held against the client's keys, where there is one.
    pub request_object: Option<&'a Result<Verified, RequestObjectError>>,
    /// The provider's own keys, for `id_token_hint`.
    pub own_keys: &'a PublicKeys,
    pub now: Timestamp,
}

/// What a flow keeps of a checked request until it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub reply_to: ReplyTo,
    /// Known and registered ones only; `openid` among them.
    pub scopes: Vec<String>,
    /// The S256 challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// `claims`, and `acr_values` as the voluntary claim that it stands for (Core 3.1.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsRequest>,
}

/// A request that passed every rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub request: AuthorizationRequest,
    pub ask: Ask,
}

/// Checks a request. Rules about who asks and where the answer goes come first: before they hold, nothing is redirected
/// (RFC 6749 4.1.2.1).
pub fn check(unverified: &UnverifiedRequest, context: &Context<'_>) -> Result<Checked, Rejection> {
    rules::client(unverified, context)?;
    let request = match &unverified.request {
        None => unverified.clone(),
        Some(_) => {
            rules::open_request_object(unverified, context).map_err(|refusal| refusal.aimed(unverified, context))?
        }
    };
    let redirect_uri = rules::redirect_uri(&request, context)?.to_owned();
    let mode = rules::response_mode(&request);
    let reply_to = ReplyTo { redirect_uri, mode: mode.unwrap_or_default(), state: request.state.clone() };
    let result = mode.and_then(|_| accept(&request, context, &reply_to));
    result.map_err(|error| Rejection::Refused(Box::new(Refused { reply_to, error })))
}

/// The rules of which the application may be told, in order: first those that only refuse, then those that read a value.
fn accept(request: &UnverifiedRequest, context: &Context<'_>, reply_to: &ReplyTo) -> Result<Checked, ProtocolError> {
    for rule in rules::REFUSALS {
        rule(request, context)?;
    }
    let scopes = rules::scope(request, context)?;
    let code_challenge = rules::pkce(request, context)?;
    let prompts = rules::prompt(request)?;
    let claims = rules::claims(request)?;
    let ask = Ask {
        interaction: if prompts.contains(&Prompt::None) { Interaction::Forbidden } else { Interaction::Allowed },
        proof_not_before: rules::proof_not_before(request, context, &prompts)?,
        subject: rules::subject(request, context, claims.as_ref())?,
        login_hint: rules::login_hint(request),
        school: rules::school(request)?,
        school_choice: if prompts.contains(&Prompt::SelectAccount) {
            SchoolChoice::Always
        } else {
            SchoolChoice::AsNeeded
        },
        assurance: claims.as_ref().and_then(ClaimsRequest::assurance),
        aim: Aim::Use,
        consent: if prompts.contains(&Prompt::Consent) { ConsentPrompt::Always } else { ConsentPrompt::AsNeeded },
        scopes: scopes.clone(),
        language: rules::ui_locales(request),
    };
    let nonce = request.nonce.clone();
    let request = AuthorizationRequest { reply_to: reply_to.clone(), scopes, code_challenge, nonce, claims };
    Ok(Checked { request, ask })
}

impl RequestObjectError {
    /// A refused request object says nothing about where the answer goes. The address beside it may, if it is registered.
    fn aimed(self, unverified: &UnverifiedRequest, context: &Context<'_>) -> Rejection {
        let Ok(redirect_uri) = rules::redirect_uri(unverified, context) else {
            return Untrusted::RequestObject(self).into();
        };
        let mode = rules::response_mode(unverified).unwrap_or(ResponseMode::Query);
        let reply_to = ReplyTo { redirect_uri: redirect_uri.to_owned(), mode, state: unverified.state.clone() };
        Rejection::Refused(Box::new(Refused { reply_to, error: self.protocol_error() }))
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
