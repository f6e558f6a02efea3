//! Who: the e-mail address. Whether anybody has it is not looked up here.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::{Flow, Stage};

use super::super::advance::advance;
use super::super::{show, ticket};
use super::{moved, read_email};
use crate::app::App;
use crate::web::{Form, PageError, see_other};

/// `GET /sign-in/{ticket}/email`: another address than the one typed.
pub(in super::super) async fn page(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let typed = typed(&flow);
    let scene = advance(&app, &request, &ticket, flow).await?;
    if scene.flow.session().is_some() {
        return Err(moved(&app, &scene.flow).await?);
    }
    show::email(&app, &request, &scene, typed, None).await
}

/// `POST /sign-in/{ticket}/email`
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    match read_email(form.text("email")) {
        Ok(email) => {
            let flow = ticket::load_to_lead_on(&app, &request, &ticket).await?;
            let Ok(flow) = flow.clone().identify(email.as_str().to_owned()) else {
                return Err(moved(&app, &flow).await?);
            };
            Ok(see_other(&ticket::href(&app, &request, &flow).await?))
        }
        Err(error) => {
            let flow = ticket::load(&app, &request, &ticket).await?;
            let scene = advance(&app, &request, &ticket, flow).await?;
            show::email(&app, &request, &scene, form.text("email").to_owned(), Some(error)).await
        }
    }
}

/// The address typed into this flow, else the application's hint.
fn typed(flow: &Flow) -> String {
    match &flow.stage {
        Stage::FirstProof { email } => email.clone(),
        _ => flow.ask.login_hint.clone().unwrap_or_default(),
    }
}
