//! Signing out: here first, then at the provider (`OpenID` Connect RP-Initiated Logout 1.0); and when the provider says so
//! (Back-Channel Logout 1.0, Front-Channel Logout 1.0).

use actix_web::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{CsrfToken, JsonWebKey as _, JsonWebKeySet};
use serde::Deserialize;

use crate::problem::Problem;
use crate::provider::is_asymmetric;
use crate::saml;
use crate::session::Evidence;
use crate::web::{Visit, see_other};

/// How long a logout token counts after it was made, in seconds, whatever its `exp` says.
const LOGOUT_TOKEN_LIFETIME: i64 = 300;
const CLOCK_SKEW: i64 = 60;
/// The event's name (Back-Channel Logout 1.0, 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Ends the session here, and sends the browser to the provider so that it ends there too.
///
/// Threat: a page of somebody else signs people out. Defence: the form carries what only a page of this session knows.
pub(crate) async fn begin(visit: &Visit, form_token: &str) -> Result<HttpResponse, Problem> {
    let signed_out = visit.path("/signed-out");
    let Some((id, session)) = &visit.session else {
        return Ok(see_other(&signed_out).finish());
    };
    if session.form_token != form_token {
        return Err(Problem::FormToken);
    }
    // Before the provider is asked: whether it answers or not, this session is over.
    visit.application.sessions.end(id);
    let mut cookie = visit.session_cookie(String::new());
    cookie.make_removal();
    let location = match elsewhere(visit, &session.evidence).await {
        Ok(Some(address)) => address,
        Ok(None) => signed_out,
        Err(problem) => {
            tracing::warn!("signed out here only: {problem}");
            signed_out
        }
    };
    Ok(see_other(&location).cookie(cookie).finish())
}

/// Where the provider is told; `None`: it cannot be.
async fn elsewhere(visit: &Visit, evidence: &Evidence) -> Result<Option<String>, Problem> {
    match evidence {
        Evidence::Tokens { id_token, .. } => {
            let (client, state) = (visit.client()?, CsrfToken::new_random_len(32));
            let return_to = visit.post_logout_redirect_uri()?;
            let place = visit.application.provider.end_session(client, id_token, return_to, state).await?;
            Ok(place.map(String::from))
        }
        Evidence::Assertion { name_id, session_index, .. } => saml::end_session(visit, name_id, session_index),
    }
}

/// Ends the sessions that a logout token names.
pub(crate) async fn back_channel(visit: &Visit, token: &str) -> Result<(), Problem> {
    let application = &visit.application;
    let keys = application.provider.keys().await?;
    let expected = Expected {
        issuer: application.provider.issuer(),
        client_id: visit.client()?.id.as_str(),
        now: (application.now)(),
    };
    let named = check_logout_token(token, &keys, &expected)?;
    // 2.6, step 8: a token counts once, as long as it would count at all.
    if !application.sessions.use_once(&named.jti, named.iat + LOGOUT_TOKEN_LIFETIME + CLOCK_SKEW, expected.now) {
        return Err(Problem::Answer("logout token: seen before".to_owned()));
    }
    application.sessions.end_named(&visit.mount.base(), named.sid.as_deref(), named.sub.as_deref());
    Ok(())
}

/// Ends the session that a frame of the provider's page names. The browser sends no cookie of ours into a frame of somebody
/// else, so `sid` alone tells which; nobody can guess it.
pub(crate) fn front_channel(visit: &Visit, issuer: Option<&str>, sid: Option<&str>) -> Result<(), Problem> {
    // Front-Channel Logout 1.0, 2: both are there, or neither is; without them there is nothing to find the session by.
    match (issuer, sid) {
        (Some(issuer), Some(sid)) if issuer == visit.application.provider.issuer() => {
            visit.application.sessions.end_named(&visit.mount.base(), Some(sid), None);
            Ok(())
        }
        _ => Err(Problem::Answer("front-channel logout without iss and sid of our provider".to_owned())),
    }
}

struct Expected<'a> {
    issuer: &'a str,
    client_id: &'a str,
    now: i64,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
}

#[derive(Debug, Deserialize)]
struct LogoutClaims {
    iss: String,
    aud: Audience,
    iat: i64,
    jti: String,
    exp: Option<i64>,
    sub: Option<String>,
    sid: Option<String>,
    events: serde_json::Map<String, serde_json::Value>,
    nonce: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Several(several) => several.iter().any(|one| one == client_id),
        }
    }
}

/// Back-Channel Logout 1.0, 2.6, without the look at former tokens.
fn check_logout_token(
    token: &str,
    keys: &JsonWebKeySet<CoreJsonWebKey>,
    expected: &Expected<'_>,
) -> Result<LogoutClaims, Problem> {
    let refused = |why: &str| Problem::Answer(format!("logout token: {why}"));
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| refused("not a JWS"))?;
    let (header, claims) = signed.split_once('.').ok_or_else(|| refused("not a JWS"))?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| refused("not base64url"));
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| refused("header"))?;
    if !is_asymmetric(&header.alg) {
        return Err(refused("signed with a shared secret, or not at all"));
    }
    // So that no other token of the provider's passes for one (2.4).
    if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("logout+jwt")) {
        return Err(refused("typ"));
    }
    let signature = decode(signature)?;
    let right = keys
        .keys()
        .iter()
        .filter(|key| header.kid.is_none() || key.key_id().map(|id| id.as_str()) == header.kid.as_deref())
        .any(|key| key.verify_signature(&header.alg, signed.as_bytes(), &signature).is_ok());
    if !right {
        return Err(refused("signature"));
    }
    let claims: LogoutClaims = serde_json::from_slice(&decode(claims)?).map_err(|_| refused("claims"))?;
    let checks = [
        (claims.iss == expected.issuer, "iss"),
        (claims.aud.names(expected.client_id), "aud"),
        (claims.iat <= expected.now + CLOCK_SKEW, "iat"),
        (claims.iat + LOGOUT_TOKEN_LIFETIME >= expected.now, "iat"),
        (claims.exp.is_none_or(|exp| exp + CLOCK_SKEW >= expected.now), "exp"),
        (claims.sub.is_some() || claims.sid.is_some(), "names nobody"),
        (claims.events.contains_key(LOGOUT_EVENT), "events"),
        (claims.nonce.is_none(), "nonce"),
    ];
    match checks.into_iter().find(|(holds, _)| !holds) {
        Some((_, why)) => Err(refused(why)),
        None => Ok(claims),
    }
}

#[cfg(test)]
mod tests;
