//! The two halves of a sign-in over SAML: the browser goes to the identity provider, and comes back with a form.
//!
//! That form comes from another site, so no cookie comes with it (`SameSite=Lax`). The response is checked and kept where the request
//! is, under `RelayState`, and the browser is sent on by GET: there its cookie says whether it is the one that asked.

use actix_web::HttpResponse;
use actix_web::web::{Form, Query, block};
use samael::schema::{AuthnContextClassRef, AuthnContextComparison, RequestedAuthnContext};
use serde::Deserialize;

use super::response::{Answer, PHISHING_RESISTANT};
use super::{Provider, gate};
use crate::assurance::ACR_MULTI_FACTOR;
use crate::problem::Problem;
use crate::return_page::ReturnPage;
use crate::session::{BegunSignIn, Evidence, Expected, Session, new_secret};
use crate::web::{Application, Visit, see_other};

/// How the identity provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// For anybody.
    Plainly,
    /// For a second factor.
    ForKey,
    /// Whether a second factor counts still, without a page.
    WhetherKeyCounts,
}

/// Sends the browser to the identity provider.
pub(crate) fn begin(visit: &Visit, return_page: ReturnPage, asked: Asked) -> Result<HttpResponse, Problem> {
    let provider = visit.application.saml.as_ref().ok_or(Problem::NotFound)?;
    let state = new_secret();
    // An XML name does not begin with a digit (xs:ID).
    let request_id = format!("_{}", new_secret());
    let location = provider.request(&request_id, &state, asked, (visit.application.now)());
    let location = location.map_err(Problem::Answer)?;
    let browser = visit.browser.clone().unwrap_or_else(new_secret);
    let begun = BegunSignIn {
        base: visit.mount.base(),
        browser: browser.clone(),
        expected: Expected::Response { request_id, whether: asked == Asked::WhetherKeyCounts, answer: None },
        return_page,
        with_key: asked != Asked::Plainly,
    };
    visit.application.sessions.remember(state, begun);
    Ok(see_other(&location).cookie(visit.browser_cookie(browser)).finish())
}

impl Provider {
    /// A signed request, as an address (saml-bindings-2.0-os 3.4).
    fn request(&self, id: &str, relay_state: &str, asked: Asked, now: i64) -> Result<String, String> {
        let mut request =
            self.samael.make_authentication_request(&self.idp.single_sign_on).map_err(|error| error.to_string())?;
        id.clone_into(&mut request.id);
        request.issue_instant = chrono::DateTime::from_timestamp(now, 0).ok_or("no such time")?;
        request.force_authn = None;
        if asked != Asked::Plainly {
            // Any of them will do; a stronger one is answered by the first (saml-core-2.0-os 3.3.2.2.1).
            let classes = [ACR_MULTI_FACTOR, PHISHING_RESISTANT.0];
            let class = |name: &str| AuthnContextClassRef { value: Some(name.to_owned()) };
            request.requested_authn_context = Some(RequestedAuthnContext {
                authn_context_class_refs: Some(classes.map(class).into()),
                authn_context_decl_refs: None,
                comparison: Some(AuthnContextComparison::Exact),
            });
            request.is_passive = Some(asked == Asked::WhetherKeyCounts);
        }
        let address = request.signed_redirect(relay_state, &self.key).map_err(|error| error.to_string())?;
        address.map(String::from).ok_or_else(|| "no address".to_owned())
    }
}

/// What the identity provider's page posts.
#[derive(Debug, Deserialize)]
pub(super) struct Posted {
    #[serde(rename = "SAMLResponse")]
    response: String,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

/// `POST /saml/acs`, the assertion consumer service.
pub(super) async fn receive(visit: Visit, form: Option<Form<Posted>>) -> HttpResponse {
    let outcome = match form {
        Some(form) => take(&visit, form.into_inner()).await,
        None => Err(Problem::Malformed),
    };
    visit.answer(outcome)
}

async fn take(visit: &Visit, posted: Posted) -> Result<HttpResponse, Problem> {
    let application = visit.application.clone();
    let shaped = gate::shape(&posted.response).map_err(|why| Problem::Answer(format!("response: {why}")))?;
    // Threat: a response that nobody asked for signs somebody in as whoever made it come (login CSRF). Defence: it is not read; this
    // application asks by itself, and somebody with a session there notices nothing.
    if shaped.in_response_to.is_none() {
        return Ok(see_other(&visit.path("/sign-in?return=/")).finish());
    }
    let (base, state) = (visit.mount.base(), posted.relay_state.unwrap_or_default());
    let request_id = application.sessions.request_of(&state, &base).ok_or(Problem::NotBegunHere)?;
    let now = (application.now)();
    let checked = block(move || match &application.saml {
        Some(provider) => provider.check(shaped, &request_id, now),
        None => Err("no service provider".to_owned()),
    });
    let checked = checked.await.map_err(|_| Problem::Answer("checking was interrupted".to_owned()))?;
    let answer = checked.map_err(|why| Problem::Answer(format!("response: {why}")))?;
    keep(&visit.application, &state, &base, answer, now)?;
    Ok(see_other(&visit.path(&format!("/saml/continue?state={state}"))).finish())
}

/// Keeps an answer that came for the first time (saml-profiles-2.0-os 4.1.4.5: "bearer assertions are not replayed").
fn keep(application: &Application, state: &str, base: &str, answer: Answer, now: i64) -> Result<(), Problem> {
    if let Answer::SignedIn(signed_in) = &answer {
        let (id, until) = &signed_in.assertion;
        if !application.sessions.use_once(&format!("assertion:{id}"), *until, now) {
            return Err(Problem::Answer("response: seen before".to_owned()));
        }
    }
    if application.sessions.answer(state, base, answer) { Ok(()) } else { Err(Problem::NotBegunHere) }
}

#[derive(Debug, Deserialize)]
pub(super) struct Continued {
    state: String,
}

/// `GET /saml/continue`: begins the session, in the browser that asked for it.
pub(super) async fn go_on(visit: Visit, query: Option<Query<Continued>>) -> HttpResponse {
    let outcome = match query {
        Some(query) => finish(&visit, &query.state),
        None => Err(Problem::Malformed),
    };
    visit.answer(outcome)
}

fn finish(visit: &Visit, state: &str) -> Result<HttpResponse, Problem> {
    let application = &visit.application;
    let browser = visit.browser.as_deref().ok_or(Problem::NotBegunHere)?;
    let begun = application.sessions.take(state, &visit.mount.base(), browser).ok_or(Problem::NotBegunHere)?;
    let Expected::Response { answer: Some(answer), whether, .. } = begun.expected else {
        return Err(Problem::NotBegunHere);
    };
    let return_to = visit.path(&begun.return_page.path());
    let signed_in = match (answer, &visit.session) {
        (Answer::SignedIn(signed_in), _) => *signed_in,
        // Asked whether the key counts still, or for a key that there is not: whoever is signed in stays so, without it.
        (Answer::Refused(code), Some((id, _))) if begun.with_key => {
            tracing::info!(code, "no second factor");
            application.sessions.end_elevation(id, (application.now)());
            if !whether {
                application.sessions.note_missing_key(id);
            }
            return Ok(see_other(&return_to).finish());
        }
        (Answer::Refused(code), _) => return Err(refused(&code)),
    };
    if let Some((former, _)) = &visit.session {
        application.sessions.end(former);
    }
    let used_key = signed_in.person.assurance((application.now)()).used_key();
    let id = application.sessions.begin(Session {
        base: visit.mount.base(),
        evidence: Evidence::Assertion {
            name_id: signed_in.name_id,
            session_index: signed_in.session_index,
            opens_one: used_key,
        },
        person: signed_in.person,
        form_token: new_secret(),
        key_was_not_used: begun.with_key && !whether && !used_key,
    });
    Ok(see_other(&return_to).cookie(visit.session_cookie(id)).finish())
}

/// A status (saml-core-2.0-os 3.2.2.2) in the words that OpenID Connect has for it.
fn refused(code: &str) -> Problem {
    let word = match code.rsplit(':').next().unwrap_or_default() {
        "RequestDenied" | "AuthnFailed" => "access_denied",
        "NoPassive" => "login_required",
        "NoAuthnContext" => "unmet_authentication_requirements",
        "Responder" => "server_error",
        _ => "invalid_request",
    };
    Problem::Refused { code: word.to_owned(), description: code.to_owned() }
}
