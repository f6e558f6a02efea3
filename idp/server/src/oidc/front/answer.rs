//! Answers to applications, as HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_oidc::respond::Answer;
use keyholder_theme::page::{Field, FormPost};

use crate::app::App;
use crate::web::{About, Leads, PageError, draw, frame, see_other};

/// Sends an answer: a redirect, or the page that posts it. Answers hold codes, so nothing keeps them: `no-store` is on every
/// response that says nothing else (Form Post Response Mode 4).
pub(super) fn answer(
    app: &App,
    request: &HttpRequest,
    about: impl FnOnce() -> About,
    answer: Answer,
) -> Result<HttpResponse, PageError> {
    match answer {
        // 303: a form that was posted to us is not posted on (RFC 9700 4.12).
        Answer::Redirect { location } => Ok(see_other(&location)),
        Answer::FormPost { action, fields } => {
            let field = |(name, value): (&str, String)| Field { name: name.to_owned(), value };
            let about = about();
            let application = about.application.clone().unwrap_or_default();
            let page = FormPost { action, application, fields: fields.into_iter().map(field).collect() };
            draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Away)
        }
    }
}
