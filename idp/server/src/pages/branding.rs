//! A school's own way in, and its colour.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::Ask;
use keyholder_core::ports::Queries;
use keyholder_core::school::School;
use keyholder_theme::page::ProblemKind;

use super::home::portal;
use crate::app::App;
use crate::spine;
use crate::web::PageError;

/// `GET /s/{slug}`: signs in at this school.
pub(super) async fn sign_in(
    app: Data<App>,
    request: HttpRequest,
    slug: Path<String>,
) -> Result<HttpResponse, PageError> {
    let school = load_school(&app, &slug).await?;
    spine::begin(&app, &request, portal(), Ask { school: Some(school.slug), ..Ask::default() }).await
}

/// `GET /s/{slug}/brand.css`
pub(super) async fn stylesheet(app: Data<App>, slug: Path<String>) -> Result<HttpResponse, PageError> {
    let school = load_school(&app, &slug).await?;
    let colour = school.branding.colour.and_then(|colour| app.theme.brand_stylesheet(&colour));
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, "text/css; charset=utf-8"));
    // Short: a school that changes its colour looks at once whether it is nice.
    answer.insert_header((CACHE_CONTROL, "public, max-age=300"));
    Ok(answer.body(colour.unwrap_or_default()))
}

async fn load_school(app: &App, slug: &str) -> Result<School, PageError> {
    let found = app.store.find_school_by_slug(slug).await?;
    found.ok_or_else(|| PageError::problem(ProblemKind::NotFound).way_home())
}
