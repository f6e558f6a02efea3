//! The language of a person's pages and mails.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::locale::Language;
use keyholder_theme::page::{AccountLanguage, Done, ProblemKind};

use super::commands::{ChangeLanguage, Outcome};
use super::{HERE, Reader, done, sign_in};
use crate::app::App;
use crate::cookies;
use crate::web::{Form, Leads, PageError, choice, draw, frame};

/// `GET /account/language`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let chosen = reader.person.language;
    let page = AccountLanguage { action: format!("{HERE}/language"), chosen, back_href: HERE.into() };
    let about = reader.about(&app, &request).await?;
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Home)
}

/// `POST /account/language`
pub(super) async fn post(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let language = parse_language(form.text("language"))?;
    let audit = reader.event(&app, &request, AuditKind::PersonChanged, Some("language"));
    match app.store.execute(ChangeLanguage { acting: reader.acting(&app), language, audit }).await? {
        Outcome::SignedOut => sign_in(&app, &request).await,
        Outcome::Done | Outcome::Refused => {
            let mut answer = done::tell(Done::Language)?;
            // The switch of this browser says the same from now on, or the choice would do nothing here.
            let cookie = match language {
                Some(language) => cookies::for_a_year(cookies::LANGUAGE, choice(language, app.now())),
                None => cookies::removal(cookies::LANGUAGE),
            };
            done::set(&mut answer, &cookie)?;
            Ok(answer)
        }
    }
}

/// Empty: whatever each browser asks for.
fn parse_language(text: &str) -> Result<Option<Language>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    let language = Language::ALL.into_iter().find(|language| language.tag() == text);
    language.map(Some).ok_or_else(|| PageError::problem(ProblemKind::BadRequest).way_home())
}
