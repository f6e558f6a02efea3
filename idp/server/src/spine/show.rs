//! The flow's own page: shows the step that comes next, or ends the flow.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::dispatcher::Refusal;
use keyholder_core::flow::{Flow, Interaction, Origin};
use keyholder_core::membership::MembershipInFull;
use keyholder_theme::page::{EmailError, PasswordError, ProblemKind, SignInEmail, SignInPassword, Way};

use super::advance::{Scene, Step, advance};
use super::commands::FinishFlow;
use super::{Ending, scenery, steps, ticket, ways};
use crate::account::keys::HERE as KEYS;
use crate::app::App;
use crate::cookies;
use crate::oidc::front;
use crate::saml;
use crate::web::{About, Leads, PageError, draw, frame, see_other};

/// `GET /sign-in/{ticket}`
pub(super) async fn page(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    show(&app, &request, scene).await
}

/// `GET /sign-in/{ticket}/leave`: back to the application from a page that could not let anybody in, with the error that tells why.
/// Changes nothing where the sign-in could go on.
pub(super) async fn leave(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    match (&scene.step, &scene.flow.origin) {
        (Step::Refuse(refusal), Origin::Oidc { .. }) => front::refuse(&app, &request, scene.flow, *refusal).await,
        (Step::Refuse(refusal), Origin::Saml { .. }) => saml::refuse(&app, &request, scene.flow, *refusal).await,
        _ => Ok(see_other(&scene.here)),
    }
}

/// `GET` of an address that is only posted to: back to the flow's page.
pub(super) async fn back(ticket: Path<String>) -> HttpResponse {
    see_other(&format!("/sign-in/{ticket}"))
}

async fn show(app: &App, request: &HttpRequest, scene: Scene) -> Result<HttpResponse, PageError> {
    match &scene.step {
        Step::Email => {
            let hint = scene.flow.ask.login_hint.clone().unwrap_or_default();
            email(app, request, &scene, hint, None).await
        }
        Step::FirstProof { email } => password(app, request, &scene, email, None).await,
        Step::School { choices } => steps::school::show(app, request, &scene, choices).await,
        Step::Factor { .. } => steps::factor::show(app, request, &scene, None).await,
        Step::Consent { member } => steps::consent::show(app, request, &scene, member).await,
        Step::Complete { .. } | Step::Refuse(_) => end(app, request, scene).await,
    }
}

/// What the frame tells in this scene.
pub(super) async fn about(app: &App, scene: &Scene, member: Option<&MembershipInFull>) -> Result<About, PageError> {
    let application = scene.known.application.as_deref();
    let mut about = match member {
        Some(member) => scenery::about_in(&scene.flow, application, &member.school),
        None => scenery::about(app, &scene.flow, application).await?,
    };
    if let (Some(_), Some((_, person))) = (scene.flow.session(), &scene.known.visitor) {
        let change = (member.is_some() && scene.may_change_school()).then(|| format!("{}/school", scene.here));
        about = about.person(person, change);
    }
    Ok(About { here: Some(scene.here.clone()), ..about })
}

/// The page that asks for the address.
pub(super) async fn email(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    value: String,
    error: Option<EmailError>,
) -> Result<HttpResponse, PageError> {
    let about = about(app, scene, None).await?;
    let action = format!("{}/email", scene.here);
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    draw(app, status, &frame(app, request, about), &SignInEmail { action, value, error }, Leads::Away)
}

/// The page that asks for the password.
pub(super) async fn password(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    email: &str,
    error: Option<PasswordError>,
) -> Result<HttpResponse, PageError> {
    let about = about(app, scene, None).await?;
    let here = &scene.here;
    let page = SignInPassword {
        action: format!("{here}/password"),
        email: email.to_owned(),
        change_href: format!("{here}/email"),
        forgot_href: format!("{here}/forgot"),
        error,
    };
    let status = match error {
        None => StatusCode::OK,
        Some(PasswordError::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(PasswordError::Empty | PasswordError::Wrong) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    draw(app, status, &frame(app, request, about), &page, Leads::Away)
}

/// Answers whoever asked.
pub(super) async fn end(app: &App, request: &HttpRequest, scene: Scene) -> Result<HttpResponse, PageError> {
    let Scene { here, flow, known, step } = scene;
    match (step, &flow.origin, &known.visitor, &known.application) {
        (Step::Complete { member, permit }, Origin::Oidc { .. }, Some((session, person)), Some(application)) => {
            let ending = Ending { flow, session, person, application, member: &member, permit: &permit };
            front::complete(app, request, ending).await
        }
        (Step::Complete { member, permit }, Origin::Saml { .. }, Some((session, person)), Some(application)) => {
            let ending = Ending { flow, session, person, application, member: &member, permit: &permit };
            saml::complete(app, request, ending).await
        }
        (Step::Complete { member, .. }, Origin::Portal { return_to }, ..) => {
            let return_to = return_to.clone();
            go_home(app, flow, &return_to, &member).await
        }
        (Step::Refuse(refusal), Origin::Oidc { .. } | Origin::Saml { .. }, Some((_, person)), Some(application))
            if is_for_the_reader(refusal, &flow) =>
        {
            let leave = Way::BackTo { application: application.name.clone(), href: format!("{here}/leave") };
            let another = ways::as_another(app, request, &flow).await?;
            let about = scenery::about(app, &flow, Some(application)).await?.person(person, None);
            Err(PageError::problem(kind_of(refusal)).about(about).ways(ways_from(refusal, vec![another, leave])))
        }
        (Step::Refuse(refusal), Origin::Oidc { .. }, ..) => front::refuse(app, request, flow, refusal).await,
        (Step::Refuse(refusal), Origin::Saml { .. }, ..) => saml::refuse(app, request, flow, refusal).await,
        (Step::Refuse(refusal), Origin::Portal { .. }, ..) => {
            let about = scenery::about(app, &flow, None).await?;
            let another = ways::as_another(app, request, &flow).await?;
            Err(PageError::problem(kind_of(refusal)).about(about).ways(ways_from(refusal, vec![another])))
        }
        _ => Err(PageError::Fault("a flow ends without anybody signed in")),
    }
}

/// Whoever lacks a key may add the first one: the tab opens without what the group asks for.
fn ways_from(refusal: Refusal, others: Vec<Way>) -> Vec<Way> {
    let key = matches!(refusal, Refusal::GroupNeedsMore(_)).then(|| Way::AddKey { href: KEYS.into() });
    key.into_iter().chain(others).chain([Way::AskSchool]).collect()
}

/// Back to our own page, with the school that was settled.
async fn go_home(app: &App, flow: Flow, return_to: &str, member: &MembershipInFull) -> Result<HttpResponse, PageError> {
    // A flow that was never stored permits nothing: it leaves no row either.
    if flow.version > 0 {
        app.store.execute(FinishFlow { flow, grant: None, audit: Vec::new() }).await?;
    }
    home(return_to, &member.school.slug)
}

/// The way there.
pub(super) fn home(return_to: &str, school: &str) -> Result<HttpResponse, PageError> {
    let mut answer = see_other(return_to);
    remember_school(&mut answer, school)?;
    Ok(answer)
}

/// Remembers the school for our own pages and for the next choice.
pub(super) fn remember_school(answer: &mut HttpResponse, slug: &str) -> Result<(), PageError> {
    let cookie = cookies::for_a_year(cookies::SCHOOL, slug.to_owned());
    answer.add_cookie(&cookie).map_err(|_| PageError::Fault("a cookie could not be set"))
}

/// Whether the person learns first what is missing: with another account, or after a word with the school, they can mend it. The
/// application could only say that access was denied.
pub(super) fn is_for_the_reader(refusal: Refusal, flow: &Flow) -> bool {
    flow.ask.interaction == Interaction::Allowed
        && matches!(refusal, Refusal::NoMembership | Refusal::GroupNeedsMore(_))
}

fn kind_of(refusal: Refusal) -> ProblemKind {
    match refusal {
        Refusal::NoMembership => ProblemKind::NoMembership,
        Refusal::GroupNeedsMore(_) => ProblemKind::GroupNeedsKey,
        Refusal::OtherPerson => ProblemKind::OtherPerson,
        Refusal::AssuranceNotReached => ProblemKind::AssuranceNotReached,
        // Signed out in another tab while this page was open.
        Refusal::LoginRequired | Refusal::AccountSelectionRequired | Refusal::ConsentRequired => ProblemKind::FlowMoved,
    }
}
