//! What the audit log says of the end of a flow, whoever asked for it.

use actix_web::HttpRequest;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::flow::Flow;
use keyholder_core::grant::Grant;
use keyholder_core::ports::{Queries as _, StoreError};

use crate::app::App;
use crate::audit;
use crate::web::whence;

/// An application was told who somebody is; `detail`: how, in the words of its protocol.
pub(crate) fn grant_made(app: &App, request: &HttpRequest, grant: &Grant, detail: &str) -> AuditEvent {
    let about = audit::About {
        school: Some(grant.school),
        application: Some(grant.application),
        subject: Some(grant.person),
        detail: Some(detail),
        whence: Some(&whence(request)),
        ..audit::About::default()
    };
    audit::event(app, AuditKind::GrantMade, about)
}

/// An application was told nothing.
pub(crate) async fn refused(
    app: &App,
    request: &HttpRequest,
    flow: &Flow,
    (kind, detail): (AuditKind, &str),
) -> Result<AuditEvent, StoreError> {
    let session = match flow.session() {
        Some(id) => app.store.find_session(id).await?,
        None => None,
    };
    let about = audit::About {
        school: flow.school(),
        application: flow.origin.application(),
        subject: session.map(|session| session.person),
        detail: Some(detail),
        whence: Some(&whence(request)),
        ..audit::About::default()
    };
    Ok(audit::event(app, kind, about))
}
