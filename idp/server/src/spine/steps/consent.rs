//! Whether an application that is not the school's own may learn what it asks for.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Flow, Origin};
use keyholder_core::membership::MembershipInFull;
use keyholder_oidc::authorize::AuthorizationRequest;
use keyholder_theme::page::{Consent, ProblemKind};
use url::Url;

use super::super::advance::{Scene, Step, advance};
use super::super::commands::{Agree, kept};
use super::super::onward::onward;
use super::super::{show, ticket};
use super::moved;
use crate::app::App;
use crate::audit::{self, About};
use crate::oidc::front;
use crate::saml;
use crate::web::{Form, Leads, PageError, draw, frame, see_other, whence};

/// `POST /sign-in/{ticket}/consent`
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    let Step::Consent { member } = &scene.step else { return Err(moved(&app, &scene.flow).await?) };
    match form.text("answer") {
        "allow" => allow(&app, &request, &scene, member).await,
        "deny" if matches!(scene.flow.origin, Origin::Saml { .. }) => saml::deny(&app, &request, scene.flow).await,
        "deny" => front::deny(&app, &request, scene.flow).await,
        _ => Err(PageError::problem(ProblemKind::BadRequest)),
    }
}

async fn allow(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    member: &MembershipInFull,
) -> Result<HttpResponse, PageError> {
    let (Some((_, person)), Some(application)) = (&scene.known.visitor, &scene.known.application) else {
        return Err(moved(app, &scene.flow).await?);
    };
    let Ok(flow) = scene.flow.clone().consent() else { return Err(moved(app, &scene.flow).await?) };
    let whence = whence(request);
    let about = About {
        school: Some(member.school.id),
        application: Some(application.id),
        subject: Some(person.id),
        whence: Some(&whence),
        ..About::default()
    };
    let audit = audit::event(app, AuditKind::ConsentGiven, about);
    let (application, school, scopes) = (application.id, member.school.id, flow.ask.scopes.clone());
    let agree = Agree { flow: flow.clone(), person: person.id, application, school, scopes, audit, now: app.now() };
    match (app.store.execute(agree).await?, scene.known.visitor()) {
        (true, Some(visitor)) => Ok(onward(app, request, kept(flow), visitor).await),
        // Another tab was first: the page shows how far the flow is.
        _ => Ok(see_other(&format!("/sign-in/{}", flow.id))),
    }
}

/// The page that asks.
pub(in super::super) async fn show(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    member: &MembershipInFull,
) -> Result<HttpResponse, PageError> {
    let (Some((_, person)), Some(application)) = (&scene.known.visitor, &scene.known.application) else {
        return Err(moved(app, &scene.flow).await?);
    };
    let page = Consent {
        action: format!("{}/consent", scene.here),
        application: application.name.clone(),
        host: host(&scene.flow),
        school: member.school.name.clone(),
        scopes: scene.flow.ask.scopes.clone(),
        person: person.display_name(),
        email: person.email.as_str().to_owned(),
    };
    let about = show::about(app, scene, Some(member)).await?;
    draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Away)
}

/// The host to which the answer goes, from the checked request.
fn host(flow: &Flow) -> String {
    let Origin::Oidc { request, .. } = &flow.origin else { return saml::host_of(flow).unwrap_or_default() };
    let asked = serde_json::from_value::<AuthorizationRequest>(request.clone());
    let address = asked.ok().and_then(|asked| Url::parse(&asked.reply_to.redirect_uri).ok());
    address.and_then(|address| address.host_str().map(str::to_owned)).unwrap_or_default()
}
