//! The two halves of a sign-in: the browser goes to the provider, and comes back with an answer.
//!
//! `OpenID` Connect Core 1.0, 3.1. What ties the halves together is kept here, under `state`, and belongs to one browser: an
//! answer that somebody else began (login CSRF, RFC 6749 10.12) or that was seen before finds nothing.

use actix_web::HttpResponse;
use openidconnect::AuthorizationCode;
use serde::Deserialize;

use crate::mount::Way;
use crate::problem::Problem;
use crate::return_page::ReturnPage;
use crate::saml::{self, Asked};
use crate::session::{BegunSignIn, Evidence, Expected, Session, new_secret};
use crate::web::{Visit, see_other};

/// What a link to `/sign-in` may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Begin {
    /// Chooses a page of this application; see [`ReturnPage`].
    #[serde(rename = "return")]
    return_to: String,
    /// `key`: the page to return to needs one.
    with: String,
}

/// The authorization response (RFC 6749 4.1.2, RFC 9207 2). A parameter given twice is no response at all.
#[derive(Debug, Deserialize)]
pub(crate) struct Callback {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Sends the browser to the provider.
pub(crate) async fn begin(visit: &Visit, begin: &Begin) -> Result<HttpResponse, Problem> {
    let with_key = begin.with == "key";
    let client = match &visit.mount.way {
        Way::OpenIdConnect(client) => client,
        Way::Saml => {
            let asked = if with_key { Asked::ForKey } else { Asked::Plainly };
            return saml::begin(visit, ReturnPage::parse(&begin.return_to), asked);
        }
    };
    let request = visit.application.provider.authorization_request(client, visit.redirect_uri()?, with_key).await?;
    let browser = visit.browser.clone().unwrap_or_else(new_secret);
    let begun = BegunSignIn {
        base: visit.mount.base(),
        browser: browser.clone(),
        expected: Expected::Code { nonce: request.nonce, verifier: request.verifier },
        return_page: ReturnPage::parse(&begin.return_to),
        with_key,
    };
    visit.application.sessions.remember(request.state.into_secret(), begun);
    Ok(see_other(request.url.as_str()).cookie(visit.browser_cookie(browser)).finish())
}

/// Takes the provider's answer and begins the session.
pub(crate) async fn finish(visit: &Visit, callback: Callback) -> Result<HttpResponse, Problem> {
    let application = &visit.application;
    let (Some(state), Some(browser)) = (&callback.state, &visit.browser) else {
        return Err(Problem::NotBegunHere);
    };
    let client = visit.client()?;
    let begun = application.sessions.take(state, &visit.mount.base(), browser).ok_or(Problem::NotBegunHere)?;
    let Expected::Code { nonce, verifier } = begun.expected else { return Err(Problem::NotBegunHere) };
    // Mix-up (RFC 9207 2.4): before the code goes anywhere, and before an error is believed.
    let stranger = match callback.iss.as_deref() {
        Some(iss) => iss != application.provider.issuer(),
        None => application.provider.answers_with_iss().await?,
    };
    if stranger {
        return Err(Problem::OtherIssuer(callback.iss));
    }
    if let Some(code) = callback.error {
        return Err(Problem::Refused { code, description: callback.error_description.unwrap_or_default() });
    }
    let code = AuthorizationCode::new(callback.code.ok_or(Problem::Malformed)?);
    let (person, id_token, access_token) =
        application.provider.redeem(client, visit.redirect_uri()?, code, verifier, &nonce).await?;

    if let Some((former, _)) = &visit.session {
        application.sessions.end(former);
    }
    let used_key = person.assurance((application.now)()).used_key();
    let id = application.sessions.begin(Session {
        base: visit.mount.base(),
        person,
        evidence: Evidence::Tokens { id_token: Box::new(id_token), access_token },
        form_token: new_secret(),
        key_was_not_used: begun.with_key && !used_key,
    });
    Ok(see_other(&visit.path(&begun.return_page.path())).cookie(visit.session_cookie(id)).finish())
}
