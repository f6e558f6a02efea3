//! What was done just now, told once: the next page says it. A cookie and not a parameter, so that no link can say it.

use actix_web::{HttpRequest, HttpResponse};
use keyholder_theme::page::Done;

use super::HERE;
use crate::cookies;
use crate::web::{PageError, see_other};

/// Leads to the tab **Account**, which says so.
pub(super) fn tell(done: Done) -> Result<HttpResponse, PageError> {
    let mut answer = see_other(HERE);
    set(&mut answer, &cookies::for_browser_session(cookies::DONE, done.word().to_owned()))?;
    Ok(answer)
}

/// What there is to tell.
pub(super) fn told(request: &HttpRequest) -> Option<Done> {
    let word = cookies::find(request, cookies::DONE)?;
    Done::ALL.into_iter().find(|done| done.word() == word)
}

/// It has been told.
pub(super) fn forget(answer: &mut HttpResponse) -> Result<(), PageError> {
    set(answer, &cookies::removal(cookies::DONE))
}

pub(super) fn set(answer: &mut HttpResponse, cookie: &actix_web::cookie::Cookie<'_>) -> Result<(), PageError> {
    answer.add_cookie(cookie).map_err(|_| PageError::Fault("a cookie could not be set"))
}
