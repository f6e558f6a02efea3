//! How applications are told that a session ended (`OpenID` Connect Back-Channel Logout 1.0, Front-Channel Logout 1.0).
//!
//! Owns the logout token and the address that a browser loads. Does not own who is told, nor the delivery.

use std::time::Duration;

use keyholder_core::random::{Random, draw_token};
use keyholder_core::time::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;
use url::Url;

use crate::jws::{self, JwsError, PrivateKey};
use crate::sid::Sid;

/// `typ` of a logout token (Back-Channel Logout 1.0, 2.4).
pub const TYP: &str = "logout+jwt";
/// The event's name (2.4).
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// 2.4: "preferably at most two minutes in the future".
const LIFETIME: Duration = Duration::from_mins(2);

/// What a logout token says.
#[derive(Debug, Clone, Copy)]
pub struct LogoutToken<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The person as this client knows them.
    pub subject: &'a str,
    pub sid: &'a Sid,
    pub now: Timestamp,
}

/// Makes and signs a logout token. Never with `nonce`, so that it cannot pass for an ID token (2.4).
pub fn sign(key: &PrivateKey, token: &LogoutToken<'_>, random: &dyn Random) -> Result<String, JwsError> {
    let claims = json!({
        "iss": token.issuer,
        "sub": token.subject,
        "aud": token.client_id,
        "iat": token.now.as_seconds(),
        "exp": token.now.plus(LIFETIME).as_seconds(),
        // A new one at each try: a receiver that answered and was not heard shall not take the next try for a replay.
        "jti": draw_token(random).expose_secret(),
        "events": { EVENT: {} },
        "sid": token.sid,
    });
    jws::sign(key, TYP, &claims)
}

/// The address that signs the browser out of an application: what was registered, with `iss` and `sid` (Front-Channel
/// Logout 1.0, 2).
pub fn front_channel(registered: &Url, issuer: &str, sid: &Sid) -> Url {
    let mut address = registered.clone();
    address.query_pairs_mut().append_pair("iss", issuer).append_pair("sid", sid.as_str());
    address
}

#[cfg(test)]
mod tests;
