//! Account Settings: what a person sees and changes of their own account.
//!
//! Owns the tabs **Account**, **Security keys** ([`keys`]) and **Security log**, and what their forms change. Does not own the mailed
//! links (`crate::pages`).
//!
//! # Threats, and what stands against them
//!
//! *An unattended browser.* A new address takes the password again unless it was proved within a quarter of an hour; a new
//! password always takes the present one. Tries go through the same throttle as those at sign-in.
//!
//! *A sign-in that was ended while its request runs.* Every command looks for its live session in its own transaction.
//!
//! *Finding out who has an account.* An address that somebody else has is answered, counted and shown as any other. Nobody is
//! mailed then: a mailbox must not become a target through us, and its owner could do nothing with the link.
//!
//! *Hiding a strange sign-in.* The browser in use cannot be removed from the known ones, nor the last of them: a first browser is
//! not warned of.

mod commands;
mod current;
mod done;
mod email;
pub(crate) mod keys;
mod language;
mod log;
mod name;
mod password;
mod places;
mod show;

use actix_web::web::{ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::flow::{Ask, Origin};
use keyholder_core::person::Person;
use keyholder_core::ports::Queries;
use keyholder_core::session::Session;

use crate::app::App;
use crate::audit;
use crate::pages::{active, elevation};
use crate::spine;
use crate::web::{self, About, Form, PageError, check_form_token, read, see_other, whence};

const HERE: &str = "/account";

/// Registers the pages. A form that is read again (reload, back) leads to the page that it stands on.
pub(crate) fn configure(config: &mut ServiceConfig) {
    let page = |path: &str| resource(format!("{HERE}{path}"));
    config
        .service(page("").route(read().to(show::page)))
        .service(page("/name").route(read().to(name::page)).route(post().to(name::post)))
        .service(page("/email").route(read().to(email::page)).route(post().to(email::post)))
        .service(page("/email/withdraw").route(read().to(back)).route(post().to(email::withdraw)))
        .service(page("/password").route(read().to(password::page)).route(post().to(password::post)))
        .service(page("/language").route(read().to(language::page)).route(post().to(language::post)))
        .service(page("/sign-ins/end").route(read().to(back)).route(post().to(places::end)))
        .service(page("/browsers/forget").route(read().to(back)).route(post().to(places::forget)))
        .service(page("/security-log").route(read().to(log::page)))
        .configure(keys::configure);
}

async fn back() -> HttpResponse {
    see_other(HERE)
}

/// Who reads a page of theirs.
struct Reader {
    session: Session,
    person: Person,
}

impl Reader {
    /// The reader of a page; `Err` leads to a sign-in that comes back to it.
    async fn of(app: &App, request: &HttpRequest) -> Result<Result<Self, HttpResponse>, PageError> {
        match web::session(app, request).await? {
            Some((session, person)) => Ok(Ok(Self { session, person })),
            None => sign_in(app, request).await.map(Err),
        }
    }

    /// The reader who posted a form.
    async fn of_form(app: &App, request: &HttpRequest, form: &Form) -> Result<Result<Self, HttpResponse>, PageError> {
        check_form_token(app, request, form.text("form_token"))?;
        Self::of(app, request).await
    }

    fn acting(&self, app: &App) -> commands::Acting {
        commands::Acting { session: self.session.id, idle: app.config.session.idle(), now: app.now() }
    }

    fn event(&self, app: &App, request: &HttpRequest, kind: AuditKind, detail: Option<&str>) -> AuditEvent {
        let whence = whence(request);
        let subject = Some(self.person.id);
        audit::event(app, kind, audit::About { subject, detail, whence: Some(&whence), ..audit::About::default() })
    }

    /// What stands around their pages: the active school, and help from there.
    async fn about(&self, app: &App, request: &HttpRequest) -> Result<About, PageError> {
        let mut members = app.store.list_memberships(self.person.id).await?;
        members.retain(|member| member.membership.is_active(app.now()));
        let about = match active(request, &members) {
            Some(member) => About::default().school(member.school.clone()),
            None => About::default(),
        };
        let change = (members.len() > 1).then(|| "/change-school".to_owned());
        let here = Some(request.path().to_owned()).filter(|_| request.method() == actix_web::http::Method::POST);
        let elevation = elevation(app, &self.session, &self.person, request.path()).await?;
        Ok(About { elevation, here, ..about.person(&self.person, change) })
    }
}

/// Begins a sign-in that comes back to the page; from a form that nothing is read at, to the first page.
async fn sign_in(app: &App, request: &HttpRequest) -> Result<HttpResponse, PageError> {
    let path = request.path();
    let readable = ["/name", "/email", "/password", "/language", "/security-keys", "/security-log"];
    let own = path.strip_prefix(HERE).is_some_and(|rest| readable.contains(&rest));
    let return_to = if own { path } else { HERE }.to_owned();
    spine::begin(app, request, Origin::Portal { return_to }, Ask::default()).await
}

#[cfg(test)]
mod tests;
