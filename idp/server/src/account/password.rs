//! A new password, by whoever knows the present one.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::person::StoredPassword;
use keyholder_core::random::draw_token;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{AccountPassword, ChangePasswordError, CurrentPasswordError, Done};
use secrecy::{ExposeSecret, SecretString};

use super::commands::{ChangePassword, Outcome};
use super::{HERE, Reader, current, done, sign_in};
use crate::app::App;
use crate::cookies;
use crate::digest::hash_token;
use crate::pages::{check_new_password, names_of};
use crate::password::policy::Context;
use crate::spine;
use crate::web::{Form, Leads, PageError, draw, frame, whence};

/// `GET /account/password`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    match Reader::of(&app, &request).await? {
        Ok(reader) => show(&app, &request, &reader, None).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// `POST /account/password`
pub(super) async fn post(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    match check(&app, &request, &reader, &form).await? {
        Ok((stored, password)) => change(&app, &request, &reader, stored, password).await,
        Err(error) => show(&app, &request, &reader, Some(error)).await,
    }
}

/// The rules first: they cost nothing, and say nothing about the present password.
async fn check(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    form: &Form,
) -> Result<Result<(StoredPassword, SecretString), ChangePasswordError>, PageError> {
    if form.text("current").is_empty() {
        return Ok(Err(ChangePasswordError::Current(CurrentPasswordError::Empty)));
    }
    let names = names_of(app, &reader.person).await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let context = Context { email: reader.person.email.as_str(), names: &names };
    let password = match check_new_password(app, form, &context) {
        Ok(password) => password,
        Err(error) => return Ok(Err(ChangePasswordError::New(error))),
    };
    let proved = current::prove(app, request, reader, form.secret("current")).await?;
    Ok(proved.map(|stored| (stored, password)).map_err(ChangePasswordError::Current))
}

async fn change(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    stored: StoredPassword,
    password: SecretString,
) -> Result<HttpResponse, PageError> {
    let hash = app.passwords.hash(password).await.map_err(|error| spine::busy(error, request.path()))?;
    let token = draw_token(&*app.random);
    let circumstances = spine::circumstances(app, &whence(request));
    let mail = Mail::PasswordChanged { name: reader.person.display_name(), circumstances };
    let command = ChangePassword {
        acting: reader.acting(app),
        former_hash: stored.hash,
        password: StoredPassword { hash, changed_at: app.now() },
        token: hash_token(token.expose_secret()),
        audit: reader.event(app, request, AuditKind::PasswordChanged, None),
        mail: spine::mail_to(app, &reader.person, &mail)?,
    };
    match app.store.execute(command).await? {
        Outcome::Done => {
            app.outbox_wake.notify_one();
            let mut answer = done::tell(Done::Password)?;
            let cookie = cookies::for_browser_session(cookies::SESSION, token.expose_secret().to_owned());
            done::set(&mut answer, &cookie)?;
            Ok(answer)
        }
        Outcome::SignedOut => sign_in(app, request).await,
        // Another tab was first: what was typed as the present password is so no more.
        Outcome::Refused => {
            let error = ChangePasswordError::Current(CurrentPasswordError::Wrong);
            show(app, request, reader, Some(error)).await
        }
    }
}

async fn show(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    error: Option<ChangePasswordError>,
) -> Result<HttpResponse, PageError> {
    let page = AccountPassword {
        action: format!("{HERE}/password"),
        email: reader.person.email.as_str().to_owned(),
        minimum: app.passwords.policy().minimum(),
        error,
        forgot_href: "/forgot-password".into(),
        back_href: HERE.into(),
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = reader.about(app, request).await?;
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}
