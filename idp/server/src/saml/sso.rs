//! The single sign-on service (saml-profiles-2.0-os 4.1.3), by Redirect and by POST.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{ConsentRule, RelyingApplication};
use keyholder_core::flow::{Ask, Origin};
use keyholder_core::id::ApplicationId;
use keyholder_oidc::form;
use keyholder_saml::attributes::{Fact, Release};
use keyholder_saml::checks::{self, Arrival, Checked, CheckedRequest, Refused, Rejection};
use keyholder_saml::inbound::Inbound;
use keyholder_saml::redirect::{Parameter, Query};
use keyholder_saml::respond;
use serde::{Deserialize, Serialize};

use super::sender::Sender;
use super::{answer, encrypted, path, untrusted};
use crate::app::App;
use crate::applications::Registered;
use crate::spine;
use crate::web::{About, PageError, is_form, see_other};

const REQUEST: &str = "AuthnRequest";
/// What the request that a browser carries from POST to GET is sealed for.
const CARRIED: &str = "saml-request";

/// A request that was checked when it was posted.
#[derive(Serialize, Deserialize)]
struct Carried {
    application: ApplicationId,
    request: CheckedRequest,
    ask: Ask,
}

/// A checked request and who asks, or the answer that it is refused with.
enum Outcome {
    Begin { application: ApplicationId, checked: Box<Checked> },
    Refused(HttpResponse),
}

/// `GET /saml/sso`: begins a sign-in.
pub(super) async fn get(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let query = Query::parse(request.query_string()).map_err(|error| untrusted(&error, None))?;
    if query.parameter() != Parameter::Request {
        return Err(untrusted(&"SAMLResponse is not taken here", None));
    }
    let relay_state = query.relay_state().map(str::to_owned);
    let message = Inbound::from_redirect(query, REQUEST).map_err(|error| untrusted(&error, None))?;
    match receive(&app, &request, &message, relay_state.as_deref()).await? {
        Outcome::Refused(answer) => Ok(answer),
        Outcome::Begin { application, checked } => begin(&app, &request, application, *checked).await,
    }
}

/// `POST /saml/sso`: goes on by GET. Cookies that are `SameSite=Lax` do not come with a form of another site, so that the person
/// would look signed out here. The browser carries the checked request, sealed: a visitor costs the server no state.
pub(super) async fn post(app: Data<App>, request: HttpRequest, body: Bytes) -> Result<HttpResponse, PageError> {
    if !is_form(&request) {
        return Err(untrusted(&"the body is not a form", None));
    }
    let form = form::parse(&body).map_err(|error| untrusted(&error, None))?;
    let message = match (form.one("SAMLRequest"), form.one("SAMLResponse")) {
        (Some(field), None) => Inbound::from_post(field, REQUEST).map_err(|error| untrusted(&error, None))?,
        (Some(_), Some(_)) => return Err(untrusted(&"both SAMLRequest and SAMLResponse", None)),
        (None, _) => return Err(untrusted(&"there is no SAMLRequest", None)),
    };
    match receive(&app, &request, &message, form.one("RelayState")).await? {
        Outcome::Refused(answer) => Ok(answer),
        Outcome::Begin { application, checked } => {
            let Checked { request, ask } = *checked;
            let carried = Carried { application, request, ask };
            let plain = serde_json::to_vec(&carried).map_err(|_| PageError::Fault("a request cannot be written"))?;
            let sealed = app.sealer.seal(CARRIED, &plain);
            let sealed = sealed.map_err(|_| PageError::Fault("a request cannot be sealed"))?;
            Ok(see_other(&format!("{}?request={}", path::CONTINUE, URL_SAFE_NO_PAD.encode(sealed))))
        }
    }
}

/// `GET /saml/sso/continue`: begins the sign-in that was posted for.
pub(super) async fn go_on(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let query = form::parse(request.query_string().as_bytes()).map_err(|error| untrusted(&error, None))?;
    let sealed = query.one("request").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let plain = sealed.and_then(|sealed| app.sealer.open(CARRIED, &sealed).ok());
    let carried: Option<Carried> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
    let Some(Carried { application, request: asked, ask }) = carried else {
        return Err(untrusted(&"not a request that was posted here", None));
    };
    if app.now() >= asked.expires_at {
        return Err(untrusted(&"the request was posted too long ago", Some(&asked.provider)));
    }
    begin(&app, &request, application, Checked { request: asked, ask }).await
}

async fn receive(
    app: &App,
    request: &HttpRequest,
    message: &Inbound,
    relay_state: Option<&str>,
) -> Result<Outcome, PageError> {
    let sender = Sender::find(app, request, message).await?;
    let Sender { registered, entity } = &sender;
    let (issuer, endpoint) = (entity.id(&app.config), entity.single_sign_on(&app.config));
    let arrival = Arrival { issuer: &issuer, endpoint: &endpoint, relay_state, decryption: &[], now: app.now() };
    match encrypted::check(app, message, registered, &arrival, checks::receive).await? {
        Ok(Checked { request, ask }) => {
            let ask = Ask { scopes: scopes(registered), school: entity.school().map(str::to_owned), ..ask };
            let checked = Box::new(Checked { request, ask });
            Ok(Outcome::Begin { application: registered.application.id, checked })
        }
        Err(Rejection::Untrusted(reason)) => Err(untrusted(&reason, Some(sender.name()))),
        Err(Rejection::Refused(refused)) => {
            refuse(app, request, &registered.application, (sender.name(), &issuer), &refused).map(Outcome::Refused)
        }
    }
}

/// What the consent page lists, where the person is asked: the scopes that stand for what is released.
pub(super) fn scopes(registered: &Registered) -> Vec<String> {
    if registered.application.consent == ConsentRule::FirstParty {
        return Vec::new();
    }
    let scope = |release: &Release| match release.fact {
        Fact::Mail => Some("email"),
        Fact::DisplayName | Fact::GivenName | Fact::Surname => Some("profile"),
        Fact::Groups => Some("groups"),
        Fact::PupilScopes => Some("scopes_of_pupils"),
        Fact::SchoolUrn | Fact::SchoolUkprn | Fact::EduPersonScopedAffiliation => Some("school"),
        Fact::EduPersonPrincipalName | Fact::SubjectId | Fact::PairwiseId | Fact::MicrosoftMethods => None,
    };
    let mut scopes = vec!["openid".to_owned()];
    for scope in registered.provider.settings.release.iter().filter_map(scope) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

/// Nobody is known yet: the answer is not signed, or anybody could have us sign as fast as they ask.
fn refuse(
    app: &App,
    request: &HttpRequest,
    application: &RelyingApplication,
    (sender, issuer): (&str, &str),
    refused: &Refused,
) -> Result<HttpResponse, PageError> {
    tracing::info!(entity_id = super::readable(sender), reason = %refused.refusal, "a SAML request is answered with an error");
    let posted = respond::refuse(refused, issuer, None, app.now(), app.random.as_ref());
    let posted = posted.map_err(|_| PageError::Fault("an error response cannot be written"))?;
    answer::post(app, request, About::default().application(application), posted)
}

async fn begin(
    app: &App,
    request: &HttpRequest,
    application: ApplicationId,
    checked: Checked,
) -> Result<HttpResponse, PageError> {
    let kept = serde_json::to_value(&checked.request);
    let kept = kept.map_err(|_| PageError::Fault("a request cannot be written as JSON"))?;
    spine::begin(app, request, Origin::Saml { application, request: kept }, checked.ask).await
}
