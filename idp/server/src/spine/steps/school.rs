//! Which school: for people who belong to several.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::membership::MembershipInFull;
use keyholder_theme::page::{ChooseSchool, SchoolChoice};

use super::super::advance::{Scene, Step, advance};
use super::super::onward::keep_onward;
use super::super::{show, ticket};
use super::moved;
use crate::app::App;
use crate::cookies;
use crate::web::{Form, Leads, PageError, draw, frame};

/// `GET /sign-in/{ticket}/school`: **Change school** before the end.
pub(in super::super) async fn page(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    let choices = choices(&scene);
    if choices.is_empty() {
        return Err(PageError::Elsewhere(scene.here));
    }
    show(&app, &request, &scene, &choices).await
}

/// `POST /sign-in/{ticket}/school`
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    let chosen = choices(&scene).into_iter().find(|member| member.school.slug == form.text("school"));
    let Some(chosen) = chosen else { return Err(PageError::Elsewhere(scene.here)) };
    let Ok(flow) = scene.flow.clone().choose_school(chosen.school.id) else {
        return Err(moved(&app, &scene.flow).await?);
    };
    let mut answer = keep_onward(&app, &request, flow, scene.known.visitor()).await?;
    show::remember_school(&mut answer, &chosen.school.slug)?;
    Ok(answer)
}

/// The page that asks.
pub(in super::super) async fn show(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    choices: &[MembershipInFull],
) -> Result<HttpResponse, PageError> {
    let last = cookies::find(request, cookies::SCHOOL);
    let choice = |member: &MembershipInFull| SchoolChoice {
        slug: member.school.slug.clone(),
        name: member.school.name.clone(),
        group: member.group.name.clone(),
        last_used: last.as_ref() == Some(&member.school.slug),
    };
    let page = ChooseSchool { action: format!("{}/school", scene.here), choices: choices.iter().map(choice).collect() };
    let about = show::about(app, scene, None).await?;
    draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Away)
}

/// What may be chosen at this step: where the question is asked, or where it may be asked again.
fn choices(scene: &Scene) -> Vec<MembershipInFull> {
    match &scene.step {
        Step::School { choices } => choices.clone(),
        Step::Consent { .. } if scene.may_change_school() => scene.known.choices(),
        _ => Vec::new(),
    }
}
