//! Sign-ins that begin here, without a request (saml-profiles-2.0-os 4.1.5), for applications that allow it.
//!
//! Nothing that a service provider could check ties such a response to its own browser: whoever brings a victim's browser here signs
//! them in there. So it begins with a form of **My applications** and its token, and leads where the registration says, never where an
//! address says.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::application::RelyingApplication;
use keyholder_core::flow::{Ask, Origin};
use keyholder_core::ports::{Queries as _, StoreError};
use keyholder_saml::checks;
use keyholder_saml::service_provider::IdpInitiated;

use super::{entity_id, sso, untrusted};
use crate::app::App;
use crate::pages;
use crate::spine;
use crate::web::{self, Form, PageError, check_form_token, see_other};

/// What **My applications** posts for an application whose sign-ins begin here; `None`: its own address does.
pub(crate) async fn name_of(app: &App, application: &RelyingApplication) -> Result<Option<String>, StoreError> {
    let Some(saml) = &application.saml else { return Ok(None) };
    let registered = app.applications.find_provider(app, &saml.entity_id).await?;
    let allowed =
        registered.is_some_and(|registered| registered.provider.settings.idp_initiated != IdpInitiated::Refused);
    Ok(allowed.then(|| saml.entity_id.clone()))
}

/// `POST /saml/start`
pub(super) async fn post(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    let Some((_, person)) = web::session(&app, &request).await? else { return Ok(see_other("/")) };
    let name = form.text("provider");
    let registered = app.applications.find_provider(&app, name).await?;
    let registered = registered.ok_or_else(|| untrusted(&"no such service provider is registered", Some(name)))?;
    let begun = checks::unsolicited(&registered.provider, &entity_id(&app.config), app.now());
    let begun = begun.ok_or_else(|| untrusted(&"its sign-ins do not begin here", Some(name)))?;
    let kept = serde_json::to_value(&begun).map_err(|_| PageError::Fault("a request cannot be written as JSON"))?;
    let origin = Origin::Saml { application: registered.application.id, request: kept };
    // In the school whose applications the person was looking at.
    let mut members = app.store.list_memberships(person.id).await?;
    members.retain(|member| member.membership.is_active(app.now()));
    let school = pages::active(&request, &members).map(|member| member.school.slug.clone());
    let ask = Ask { scopes: sso::scopes(&registered), school, ..Ask::default() };
    spine::begin(&app, &request, origin, ask).await
}
