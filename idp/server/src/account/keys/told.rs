//! What was done just now, told once: as for the tab **Account**.

use actix_web::{HttpRequest, HttpResponse};
use keyholder_theme::page::KeyDone;

use super::HERE;
use crate::account::done::set;
use crate::cookies;
use crate::web::{PageError, see_other};

/// Leads to the tab, which says so.
pub(crate) fn tell(done: KeyDone) -> Result<HttpResponse, PageError> {
    let mut answer = see_other(HERE);
    set(&mut answer, &cookies::for_browser_session(cookies::KEY_DONE, done.word().to_owned()))?;
    Ok(answer)
}

/// What there is to tell.
pub(super) fn told(request: &HttpRequest) -> Option<KeyDone> {
    let word = cookies::find(request, cookies::KEY_DONE)?;
    KeyDone::ALL.into_iter().find(|done| done.word() == word)
}

/// It has been told.
pub(super) fn forget(answer: &mut HttpResponse) -> Result<(), PageError> {
    set(answer, &cookies::removal(cookies::KEY_DONE))
}
