//! `id_token_hint` (`OpenID` Connect Core 3.1.2.1, RP-Initiated Logout 2): an ID token of ours that comes back.
//!
//! Owns what makes a token a hint. Its age is of no interest: both specifications accept expired ones.

use crate::jws::{self, JwsAlgorithm, JwsError, PublicKeys};

/// What a hint says. It authenticates nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub subject: String,
    pub audiences: Vec<String>,
    /// `sid`: the session in which it was issued, as its audience knows it.
    pub sid: Option<String>,
}

/// Why a token is no hint.
#[derive(Debug, thiserror::Error)]
pub enum HintError {
    #[error(transparent)]
    Jws(#[from] JwsError),
    #[error("it is a token of another kind")]
    OtherKind,
    #[error("it was issued by somebody else")]
    OtherIssuer,
    #[error("it names nobody")]
    NoSubject,
}

/// Checks signature, kind and issuer. The audience is the caller's check: who may use the hint differs.
pub fn verify(token: &str, issuer: &str, own_keys: &PublicKeys) -> Result<Hint, HintError> {
    let token = jws::verify(token, own_keys, &JwsAlgorithm::OURS)?;
    // The same keys sign access tokens, userinfo and introspection answers (RFC 8725 3.11, 3.12): an ID token has the plain
    // type, and claims that a userinfo answer has not.
    let plain = token.header.typ.is_none() || token.header.is_typ("JWT");
    if !plain || token.seconds("iat").is_none() || token.seconds("exp").is_none() {
        return Err(HintError::OtherKind);
    }
    if token.text("iss") != Some(issuer) {
        return Err(HintError::OtherIssuer);
    }
    let subject = token.text("sub").ok_or(HintError::NoSubject)?.to_owned();
    let audiences = token.audiences().into_iter().map(str::to_owned).collect();
    let sid = token.text("sid").map(str::to_owned);
    Ok(Hint { subject, audiences, sid })
}
