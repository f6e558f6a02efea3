//! `/`: My applications, and the ways into a sign-in of our own.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::{Ask, Origin, SchoolChoice};
use keyholder_core::id::PersonId;
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries;
use keyholder_core::school::School;
use keyholder_core::session::Session;
use keyholder_theme::page::{ApplicationLink, MyApplications};

use super::elevation;
use crate::app::App;
use crate::cookies;
use crate::saml;
use crate::spine::{self, new_flow};
use crate::web::{self, About, Leads, PageError, draw, frame};

/// The origin of a sign-in that leads to our own first page.
pub(super) fn portal() -> Origin {
    Origin::Portal { return_to: "/".into() }
}

/// `GET /`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let Some((session, person)) = web::session(&app, &request).await? else {
        return spine::begin(&app, &request, portal(), Ask::default()).await;
    };
    let mut members = app.store.list_memberships(person.id).await?;
    members.retain(|member| member.membership.is_active(app.now()));
    match active(&request, &members) {
        Some(member) => show(&app, &request, (&session, &person), member, members.len() > 1).await,
        None => spine::begin(&app, &request, portal(), Ask::default()).await,
    }
}

/// `GET /change-school`
pub(super) async fn change_school(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let ask = Ask { school_choice: SchoolChoice::Always, ..Ask::default() };
    spine::begin(&app, &request, portal(), ask).await
}

/// `GET /forgot-password`: the page that mails a link, without a sign-in before it.
pub(super) async fn forgot_password(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let flow = new_flow(&app, &request, portal(), Ask::default());
    spine::begin_at(&app, &request, flow, "/forgot").await
}

/// The school in which our pages are shown: the one last chosen, else the only one.
pub(crate) fn active<'a>(request: &HttpRequest, members: &'a [MembershipInFull]) -> Option<&'a MembershipInFull> {
    let last = cookies::find(request, cookies::SCHOOL);
    let chosen = last.and_then(|slug| members.iter().find(|member| member.school.slug == slug));
    chosen.or(match members {
        [only] => Some(only),
        _ => None,
    })
}

/// The school in whose colours a page of ours is shown to this person.
pub(crate) async fn school_of(app: &App, request: &HttpRequest, person: PersonId) -> Result<Option<School>, PageError> {
    let mut members = app.store.list_memberships(person).await?;
    members.retain(|member| member.membership.is_active(app.now()));
    Ok(active(request, &members).map(|member| member.school.clone()))
}

async fn show(
    app: &App,
    request: &HttpRequest,
    (session, person): (&Session, &Person),
    member: &MembershipInFull,
    several: bool,
) -> Result<HttpResponse, PageError> {
    let mut applications = Vec::new();
    for application in app.applications.list(app).await? {
        if !application.offered_to.serves(&member.school) {
            continue;
        }
        let provider = saml::starts_as(app, &application).await?;
        let href = application.launch_url.as_ref().map(ToString::to_string).filter(|_| provider.is_none());
        if provider.is_some() || href.is_some() {
            applications.push(ApplicationLink { name: application.name.clone(), href, provider });
        }
    }
    applications.sort_by_key(|application| application.name.to_lowercase());
    let page = MyApplications {
        school: member.school.name.clone(),
        applications,
        start_action: saml::path::START.into(),
        sign_out_everywhere_action: "/sign-out/everywhere".into(),
    };
    let change = several.then(|| "/change-school".to_owned());
    let elevation = elevation::state(app, session, person, "/").await?;
    let about = About { elevation, ..About::default().school(member.school.clone()).person(person, change) };
    draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Home)
}
