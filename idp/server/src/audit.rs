//! Audit events as the server makes them: what happened, to whom, by whom, from where.
//!
//! Owns the making of an event, what of a request goes into it, and the chain that seals events ([`chain`]). Does not own
//! the rows: an event is inserted by the command that makes the change.

pub mod browser;
pub mod chain;
pub mod verify;

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use keyholder_core::audit::{AuditEvent, AuditKind, PersonalFields};
use keyholder_core::id::{ApplicationId, AuditId, PersonId, SchoolId};
use keyholder_core::random::{Random, draw_bytes};
use keyholder_core::time::Timestamp;

use crate::app::App;

/// The most bytes of a user agent that are kept: longer ones are not of browsers.
const USER_AGENT_BYTES: usize = 256;
/// The most bytes of a detail or of a typed address.
const TEXT_BYTES: usize = 512;

/// From where something was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whence {
    /// The peer, after trusted proxies.
    pub address: Option<IpAddr>,
    /// As sent, shortened.
    pub user_agent: Option<String>,
}

impl Whence {
    /// What a request tells. `peer`: the peer's address after trusted proxies.
    pub fn of(request: &HttpRequest, peer: IpAddr) -> Self {
        let user_agent = request.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Self { address: Some(peer), user_agent: user_agent.map(|text| shorten(&text, USER_AGENT_BYTES)) }
    }

    /// Such as `Edge on Windows`, for mails; see [`browser::name`].
    pub fn browser(&self) -> Option<String> {
        self.user_agent.as_deref().and_then(browser::name)
    }
}

/// What an event is about. Everything is optional: `About { subject: Some(id), ..About::default() }`.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// In whose chain it stands; `None`: the installation's.
    pub school: Option<SchoolId>,
    pub application: Option<ApplicationId>,
    /// Whom it happened to.
    pub subject: Option<PersonId>,
    /// Who did it, where that is somebody else.
    pub actor: Option<PersonId>,
    /// The address typed, where nobody is known by it.
    pub email: Option<&'a str>,
    /// What else there is to say. Never a secret.
    pub detail: Option<&'a str>,
    /// From where; `None` for what the server or its operator did.
    pub whence: Option<&'a Whence>,
}

/// Makes an event of now.
pub fn event(app: &App, kind: AuditKind, about: About<'_>) -> AuditEvent {
    event_at(app.random.as_ref(), app.now(), kind, about)
}

/// Makes an event where there is no [`App`]: on the command line, in workers.
pub fn event_at(random: &dyn Random, now: Timestamp, kind: AuditKind, about: About<'_>) -> AuditEvent {
    let whence = about.whence.cloned().unwrap_or_default();
    AuditEvent {
        id: AuditId::draw(random, now),
        at: now,
        kind,
        school: about.school,
        application: about.application,
        salt: draw_bytes(random),
        personal: PersonalFields {
            subject: about.subject,
            actor: about.actor,
            email: about.email.map(|text| shorten(text, TEXT_BYTES)),
            address: whence.address.map(|address| address.to_canonical().to_string()),
            user_agent: whence.user_agent,
            detail: about.detail.map(|text| shorten(text, TEXT_BYTES)),
        },
    }
}

/// At most so many bytes, whole characters, no control characters: what arrives from outside is read in terminals.
fn shorten(text: &str, bytes: usize) -> String {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default().chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests;
