//! The switch of languages: a link, so that it works without a script. What it sets is a preference and nothing else.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::locale::Language;
use keyholder_oidc::form;
use keyholder_theme::page::ProblemKind;

use crate::app::App;
use crate::cookies;
use crate::web::{PageError, choice, own_path, see_other};

/// `GET /language/{tag}?to={path}`
pub(super) async fn choose(app: Data<App>, request: HttpRequest, tag: Path<String>) -> Result<HttpResponse, PageError> {
    let language = Language::ALL.into_iter().find(|language| language.tag() == *tag);
    let language = language.ok_or_else(|| PageError::problem(ProblemKind::NotFound).way_home())?;
    let query = form::parse(request.query_string().as_bytes());
    let query = query.map_err(|_| PageError::problem(ProblemKind::BadRequest).way_home())?;
    let mut answer = see_other(query.one("to").and_then(own_path).unwrap_or("/"));
    let cookie = cookies::for_a_year(cookies::LANGUAGE, choice(language, app.now()));
    answer.add_cookie(&cookie).map_err(|_| PageError::Fault("a cookie could not be set"))?;
    Ok(answer)
}
