//! The same sign-in as somebody else than who is signed in.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::Ask;

use super::super::{begin_at, new_flow, ticket};
use crate::app::App;
use crate::web::PageError;

/// `GET /sign-in/{ticket}/another`: changes nothing; whoever is signed in stays so until somebody else proves who they are.
pub(in super::super) async fn page(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    // Later than any proof that there is, even one of this very instant.
    let later = app.now().plus(Duration::from_millis(1));
    let ask = Ask { proof_not_before: Some(later), login_hint: None, ..flow.ask };
    begin_at(&app, &request, new_flow(&app, &request, flow.origin, ask), "").await
}
