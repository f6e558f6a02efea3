//! **Elevate your access** and **Step down**, from Keyholder's own pages.
//!
//! Owns the way in, what the strip on every page tells, and stepping down. The second factor itself is a step of a flow
//! (`crate::spine`).

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use async_trait::async_trait;
use keyholder_core::assurance::{Assurance, Reach};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::flow::{Ask, AskedAssurance, Origin, Weight};
use keyholder_core::id::SessionId;
use keyholder_core::person::Person;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use keyholder_theme::frame::Elevation;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::spine;
use crate::web::{self, Form, PageError, check_form_token, own_path, see_other, whence};

/// Where to go afterwards: a path of ours, or the first page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Elevate {
    to: String,
}

/// `GET /elevate`: begins a step-up that comes back to the page. Asks for a key and, where that is recent, for no password.
pub(super) async fn begin(
    app: Data<App>,
    request: HttpRequest,
    query: Query<Elevate>,
) -> Result<HttpResponse, PageError> {
    let return_to = own_path(&query.to).unwrap_or("/").to_owned();
    let assurance = AskedAssurance { classes: vec![Assurance::MultiFactor], weight: Weight::Essential };
    let ask = Ask { assurance: Some(assurance), ..Ask::default() };
    spine::begin(&app, &request, Origin::Portal { return_to }, ask).await
}

/// `POST /step-down`
pub(super) async fn step_down(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    if let Some((session, person)) = web::session(&app, &request).await? {
        let whence = whence(&request);
        let about = audit::About { subject: Some(person.id), whence: Some(&whence), ..audit::About::default() };
        let audit = audit::event(&app, AuditKind::SteppedDown, about);
        app.store.execute(StepDown { session: session.id, audit, now: app.now() }).await?;
    }
    Ok(see_other(own_path(form.text("to")).unwrap_or("/")))
}

/// A form that is read again leads to the first page.
pub(super) async fn back() -> HttpResponse {
    see_other("/")
}

/// What the strip tells: whether this session used a key, or could. Nothing where the person has none to use.
pub(crate) async fn state(
    app: &App,
    session: &Session,
    person: &Person,
    return_to: &str,
) -> Result<Option<Elevation>, PageError> {
    let now = app.now();
    if let Some(until) = session.elevated_until.filter(|until| now < *until) {
        let minutes = until.since(now).as_secs() / 60;
        return Ok(Some(Elevation::Raised { minutes, action: "/step-down".into(), return_to: return_to.to_owned() }));
    }
    let keys = spine::keys_at_hand(app, person).await?;
    let usable = keys.iter().any(|key| key.reach != Reach::KeyManagement);
    let to: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", return_to).finish();
    Ok(usable.then(|| Elevation::Offered { href: format!("/elevate?{to}") }))
}

/// The session goes on with its first proof alone. Grants made with a key end: no token outlives the elevation.
struct StepDown {
    session: SessionId,
    audit: AuditEvent,
    now: Timestamp,
}

#[async_trait]
impl Command for StepDown {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let live = transaction.find_session(self.session).await?.filter(|session| session.ended_at.is_none());
        let Some(session) = live.filter(|session| session.elevated_until.is_some()) else { return Ok(()) };
        if !transaction.swap_session(&session.step_down()).await? {
            return Err(StoreError::Conflict("a session".into()));
        }
        for grant in transaction.list_live_grants(self.session, self.now).await? {
            if grant.elevated_until.is_some() {
                transaction.end_grant(grant.id, self.now).await?;
            }
        }
        transaction.insert_audit(&self.audit).await
    }
}
