//! Forms of ours. Reading one checks that a page of ours posted it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use keyholder_oidc::form;
use keyholder_theme::page::ProblemKind;
use secrecy::SecretString;

use super::{PageError, check_same_site};
use crate::app::App;

/// The largest form of ours: a password of 1 kB, thrice encoded, beside a few short fields.
const LARGEST_FORM: usize = 16 * 1024;

/// The fields of a form that one of our pages posted: strictly read, each at most once. Debug shows no value.
#[derive(Debug)]
pub struct Form(form::Form);

impl Form {
    /// A field's text; empty where it is missing, which for a person is the same.
    pub fn text(&self, name: &str) -> &str {
        self.0.one(name).unwrap_or_default()
    }

    /// A field that holds a secret.
    pub fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.text(name))
    }
}

impl FromRequest for Form {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let app = request.app_data::<Data<App>>().ok_or(PageError::Fault("no application is wired"))?;
            check_same_site(app, &request)?;
            let body = body.await.map_err(|error| unreadable(error.as_response_error().status_code()))?;
            if body.len() > LARGEST_FORM {
                return Err(unreadable(StatusCode::PAYLOAD_TOO_LARGE));
            }
            if !is_form(&request) {
                return Err(unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE));
            }
            form::parse(&body).map(Self).map_err(|_| unreadable(StatusCode::BAD_REQUEST))
        })
    }
}

/// Whether a body says that it is a form.
pub fn is_form(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn unreadable(status: StatusCode) -> PageError {
    let too_large = status == StatusCode::PAYLOAD_TOO_LARGE;
    PageError::problem(if too_large { ProblemKind::TooLarge } else { ProblemKind::BadRequest }).way_home()
}
