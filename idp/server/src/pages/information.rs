//! Texts behind the links of the footer.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::ports::Queries;
use keyholder_theme::page::{Information, Topic};

use crate::app::App;
use crate::cookies;
use crate::web::{About, Leads, PageError, draw, frame};

pub(super) async fn help(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, Topic::Help).await
}

pub(super) async fn privacy(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, Topic::Privacy).await
}

pub(super) async fn accessibility(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, Topic::Accessibility).await
}

/// With the help contact of the school last chosen in this browser, which is no secret.
async fn show(app: &App, request: &HttpRequest, topic: Topic) -> Result<HttpResponse, PageError> {
    let school = match cookies::find(request, cookies::SCHOOL) {
        Some(slug) => app.store.find_school_by_slug(&slug).await?,
        None => None,
    };
    let about = About { school, ..About::default() };
    draw(app, StatusCode::OK, &frame(app, request, about), &Information { topic }, Leads::Home)
}
