//! The page that takes a response to the service provider (saml-bindings-2.0-os 3.5).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_saml::respond::Posted;
use keyholder_theme::page::{Field, FormPost};

use crate::app::App;
use crate::web::{About, Leads, PageError, draw, frame};

/// Draws it. A response signs somebody in: it is kept nowhere (`no-store` is on every page that says nothing else).
pub(super) fn post(app: &App, request: &HttpRequest, about: About, posted: Posted) -> Result<HttpResponse, PageError> {
    let response = Field { name: "SAMLResponse".to_owned(), value: posted.saml_response };
    let relay_state = posted.relay_state.map(|value| Field { name: "RelayState".to_owned(), value });
    let page = FormPost {
        action: posted.address,
        application: about.application.clone().unwrap_or_default(),
        fields: std::iter::once(response).chain(relay_state).collect(),
    };
    draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Away)
}
