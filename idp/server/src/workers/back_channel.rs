//! Tells applications that a session ended (`OpenID` Connect Back-Channel Logout 1.0).
//!
//! Owns one try. Which applications are told is decided where the session ends (`keyholder_core::logout`), when the next try is
//! by the outbox. The token is made anew for each try, with the key of that moment: it lives for two minutes.

use keyholder_core::id::{ApplicationId, SessionId};
use keyholder_core::ports::Queries as _;
use keyholder_oidc::logout::{self, LogoutToken};
use keyholder_oidc::sid::Sid;

use super::describe;
use super::outbox::{Outcome, Post};

pub(super) async fn tell(post: &Post<'_>, id: ApplicationId, session: SessionId, subject: &str) -> Outcome {
    let application = match post.store.find_application(id).await {
        Ok(application) => application,
        Err(error) => return Outcome::Later(describe(&error)),
    };
    // Removed, or changed meanwhile.
    let gone = || Outcome::Never("the application is registered for it no more".into());
    let Some(client) = application.map(|application| application.client) else { return gone() };
    let Some(address) = &client.backchannel_logout_uri else { return gone() };
    let key = match post.keys.signer(client.id_token_signed_response_alg) {
        Ok(key) => key,
        Err(error) => return Outcome::Later(describe(&error)),
    };
    let (client_id, now) = (client.client_id.as_str(), post.clock.now());
    let sid = Sid::new(post.sealer, session, id, subject);
    let token = LogoutToken { issuer: post.issuer, client_id, subject, sid: &sid, now };
    let token = match logout::sign(&key, &token, post.random) {
        Ok(token) => token,
        Err(error) => return Outcome::Later(describe(&error)),
    };
    match post.fetcher.post(address, &[("logout_token", &token)]).await.map(|status| status.as_u16()) {
        // Back-Channel Logout 1.0, 2.8: "MUST respond with HTTP 200 OK", and some frameworks answer 204.
        Ok(200 | 204) => Outcome::Delivered,
        // 2.8: the request was invalid, or the logout failed there. It will not be better the next time.
        Ok(400) => Outcome::Never(format!("{client_id} refused the logout token")),
        Ok(status) => Outcome::Later(format!("{client_id} answered {status}")),
        Err(error) => Outcome::Later(format!("{client_id}: {}", describe(&error))),
    }
}

#[cfg(test)]
mod tests;
