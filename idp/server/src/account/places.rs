//! Sign-ins in other browsers, ended; browsers, forgotten.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::TokenHash;
use keyholder_core::ports::Queries;
use keyholder_theme::page::Done;

use super::commands::{EndSignIn, ForgetBrowser, Outcome};
use super::{HERE, Reader, done, sign_in};
use crate::app::App;
use crate::audit::browser;
use crate::web::{Form, PageError, see_other};

/// `POST /account/sign-ins/end`
pub(super) async fn end(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Ok(other) = form.text("sign_in").parse() else { return Ok(see_other(HERE)) };
    let ended = app.store.find_session(other).await?;
    let name =
        ended.filter(|ended| ended.person == reader.person.id).and_then(|ended| browser::name(&ended.user_agent));
    let audit = reader.event(&app, &request, AuditKind::SessionEnded, name.as_deref());
    let outcome = app.store.execute(EndSignIn { acting: reader.acting(&app), other, audit }).await?;
    answer(&app, &request, outcome, Done::SignInEnded).await
}

/// `POST /account/browsers/forget`
pub(super) async fn forget(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let known = app.store.list_known_browsers(reader.person.id).await?;
    let meant = known.into_iter().find(|known| handle(&app, known.browser) == form.text("browser"));
    let Some(known) = meant else { return Ok(see_other(HERE)) };
    let name = browser::name(&known.user_agent);
    let audit = reader.event(&app, &request, AuditKind::BrowserForgotten, name.as_deref());
    let command = ForgetBrowser { acting: reader.acting(&app), browser: known.browser, audit };
    let outcome = app.store.execute(command).await?;
    answer(&app, &request, outcome, Done::BrowserForgotten).await
}

async fn answer(app: &App, request: &HttpRequest, outcome: Outcome, told: Done) -> Result<HttpResponse, PageError> {
    match outcome {
        Outcome::Done => done::tell(told),
        // Over already, or not theirs: the page shows what there is.
        Outcome::Refused => Ok(see_other(HERE)),
        Outcome::SignedOut => sign_in(app, request).await,
    }
}

/// Names a browser on a page without the digest of its cookie.
pub(super) fn handle(app: &App, browser: TokenHash) -> String {
    URL_SAFE_NO_PAD.encode(app.sealer.digest("known-browser", &browser.0))
}
