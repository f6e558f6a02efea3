//! The tab **Security log**: a person's own events, as they would tell them.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::AuditId;
use keyholder_core::ports::Queries;
use keyholder_core::time::Timestamp;
use keyholder_oidc::form;
use keyholder_theme::page::{By, EventKind, KeyRight, LogEvent, ProblemKind, SecurityLog};

use super::{HERE, Reader, show};
use crate::app::App;
use crate::spine::commands::NEW_BROWSER;
use crate::web::{About, Leads, PageError, draw, frame};

/// Events on one page.
const A_PAGE: usize = 50;

/// `GET /account/security-log?before={instant}.{id}`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let before = parse_before(request.query_string())?;
    let limit = u64::try_from(A_PAGE + 1).unwrap_or(u64::MAX);
    let mut events = match before {
        None => app.store.list_audit_of_person(reader.person.id, limit).await?,
        Some(than) => app.store.list_older_audit_of_person(reader.person.id, than, limit).await?,
    };
    let more = events.len() > A_PAGE;
    events.truncate(A_PAGE);
    let here = format!("{HERE}/security-log");
    let last = events.last().filter(|_| more);
    let older_href = last.map(|last| format!("{here}?before={}.{}", last.at.as_millis(), last.id));
    let page =
        SecurityLog { events: told(&app, events).await?, newest: before.is_none(), newest_href: here, older_href };
    let about = About { here: None, ..reader.about(&app, &request).await? };
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Home)
}

/// After which event the page begins.
fn parse_before(query: &str) -> Result<Option<(Timestamp, AuditId)>, PageError> {
    let unreadable = || PageError::problem(ProblemKind::BadRequest).way_home();
    let query = form::parse(query.as_bytes()).map_err(|_| unreadable())?;
    let Some(before) = query.one("before") else { return Ok(None) };
    let parsed = before
        .split_once('.')
        .and_then(|(at, id)| Some((Timestamp::from_millis(at.parse().ok()?), id.parse::<AuditId>().ok()?)));
    parsed.map(Some).ok_or_else(unreadable)
}

async fn told(app: &App, events: Vec<AuditEvent>) -> Result<Vec<LogEvent>, PageError> {
    let applications = app.applications.list(app).await?;
    let tell = |event: &AuditEvent| {
        let kind = kind_of(event)?;
        let of_person = !is_of_application(event.kind);
        let user_agent = event.personal.user_agent.as_deref().filter(|_| of_person);
        let application = applications.iter().find(|known| Some(known.id) == event.application);
        Some(LogEvent {
            at: event.at.as_millis(),
            kind,
            by: by(event),
            browser: user_agent.and_then(show::named),
            from_browser: user_agent.is_some(),
            address: event.personal.address.clone().filter(|_| of_person),
            application: application.map(|known| known.name.clone()),
            key: key_of(event),
            right: right_of(event),
        })
    };
    Ok(events.iter().filter_map(tell).collect())
}

/// What an application's server did is not told with that server's address: people would take it for a stranger's.
fn is_of_application(kind: AuditKind) -> bool {
    matches!(kind, AuditKind::GrantRevoked | AuditKind::CodeReplayed | AuditKind::RefreshTokenReused)
}

/// The name of the key that an event is about.
fn key_of(event: &AuditEvent) -> Option<String> {
    let detail = event.personal.detail.as_deref()?;
    match event.kind {
        // The factor stands before it.
        AuditKind::KeyAdded => detail.split_once(": ").map(|(_, key)| key.to_owned()),
        AuditKind::KeyRenamed | AuditKind::KeyRemoved => Some(detail.to_owned()),
        _ => None,
    }
}

/// By what right it was done: in brackets behind the factor, or alone.
fn right_of(event: &AuditEvent) -> Option<KeyRight> {
    let detail = event.personal.detail.as_deref()?;
    let word = match event.kind {
        AuditKind::KeyAdded => detail.split_once(": ")?.0.rsplit_once(" (")?.1.strip_suffix(')')?,
        AuditKind::FirstKeyPermitted => detail,
        _ => return None,
    };
    KeyRight::ALL.into_iter().find(|right| right.word() == word)
}

fn by(event: &AuditEvent) -> By {
    let personal = &event.personal;
    if personal.actor.is_some_and(|actor| Some(actor) != personal.subject) {
        return By::Administrator;
    }
    // Nobody's browser: the command line, an import. A link is made by a worker, for whoever asked.
    let by_hand = matches!(
        event.kind,
        AuditKind::PasswordChanged
            | AuditKind::EmailChanged
            | AuditKind::PersonCreated
            | AuditKind::PersonChanged
            | AuditKind::PersonDisabled
            | AuditKind::MembershipCreated
            | AuditKind::MembershipChanged
            | AuditKind::SessionEnded
            | AuditKind::SignedOutEverywhere
            | AuditKind::KeyRemoved
            | AuditKind::ManagedKeyIssued
            | AuditKind::ManagedKeyReturned
            | AuditKind::ManagedKeyRetired
    );
    if by_hand && personal.address.is_none() && personal.user_agent.is_none() { By::Service } else { By::Person }
}

/// `None`: nothing that happens to a person.
fn kind_of(event: &AuditEvent) -> Option<EventKind> {
    let detail = event.personal.detail.as_deref();
    Some(match event.kind {
        AuditKind::SignedIn if detail == Some(NEW_BROWSER) => EventKind::SignedInNewBrowser,
        AuditKind::SignedIn => EventKind::SignedIn,
        AuditKind::SignInFailed => EventKind::SignInFailed,
        AuditKind::SignInThrottled => EventKind::SignInThrottled,
        AuditKind::PasswordRefused => EventKind::PasswordRefused,
        AuditKind::SignedOut => EventKind::SignedOut,
        AuditKind::SignedOutEverywhere => EventKind::SignedOutEverywhere,
        AuditKind::SessionEnded => EventKind::SignInEnded,
        AuditKind::BrowserForgotten => EventKind::BrowserForgotten,
        // The worker says why it sent none.
        AuditKind::PasswordLinkAsked if detail.is_some() => EventKind::PasswordLinkNotSent,
        AuditKind::PasswordLinkAsked => EventKind::PasswordLinkAsked,
        AuditKind::PasswordChanged => EventKind::PasswordChanged,
        AuditKind::EmailLinkAsked => EventKind::EmailLinkAsked,
        AuditKind::EmailLinkWithdrawn => EventKind::EmailLinkWithdrawn,
        AuditKind::EmailChanged => EventKind::EmailChanged,
        AuditKind::EmailConfirmed => EventKind::EmailConfirmed,
        AuditKind::PersonCreated | AuditKind::FirstRunCompleted => EventKind::AccountCreated,
        AuditKind::PersonChanged => EventKind::AccountChanged,
        AuditKind::PersonDisabled => EventKind::AccountDisabled,
        AuditKind::MembershipCreated => EventKind::SchoolAdded,
        AuditKind::MembershipChanged => EventKind::SchoolChanged,
        AuditKind::GrantMade => EventKind::ApplicationOpened,
        AuditKind::GrantRevoked | AuditKind::CodeReplayed | AuditKind::RefreshTokenReused => {
            EventKind::ApplicationEnded
        }
        AuditKind::ConsentGiven => EventKind::ConsentGiven,
        AuditKind::ConsentRefused => EventKind::ConsentRefused,
        AuditKind::FactorAccepted => EventKind::FactorAccepted,
        AuditKind::FactorRefused => EventKind::FactorRefused,
        AuditKind::FactorDeclined => EventKind::FactorDeclined,
        AuditKind::FactorLocked => EventKind::FactorLocked,
        AuditKind::FactorFault => EventKind::FactorFault,
        AuditKind::RecoveryCodeUsed => EventKind::RecoveryCodeUsed,
        AuditKind::Elevated => EventKind::Elevated,
        AuditKind::SteppedDown => EventKind::SteppedDown,
        AuditKind::KeyAdded => EventKind::KeyAdded,
        AuditKind::KeyRenamed => EventKind::KeyRenamed,
        AuditKind::KeyRemoved => EventKind::KeyRemoved,
        AuditKind::FirstKeyLinkAsked => EventKind::FirstKeyLinkAsked,
        AuditKind::FirstKeyPermitted => EventKind::FirstKeyPermitted,
        AuditKind::AccessPassMade => EventKind::AccessPassMade,
        AuditKind::AccessPassRefused => EventKind::AccessPassRefused,
        AuditKind::ManagedKeyIssued => EventKind::ManagedKeyIssued,
        AuditKind::ManagedKeyReturned => EventKind::ManagedKeyReturned,
        AuditKind::ManagedKeyRetired => EventKind::ManagedKeyRetired,
        AuditKind::SchoolCreated
        | AuditKind::SchoolChanged
        | AuditKind::GroupChanged
        | AuditKind::ApplicationCreated
        | AuditKind::ApplicationChanged
        | AuditKind::ApplicationRemoved
        | AuditKind::ClientAuthenticationFailed
        | AuditKind::SigningKeyMade
        | AuditKind::SigningKeyRetired
        | AuditKind::MasterKeyRotated
        | AuditKind::BackupMade
        | AuditKind::BackupRestored
        | AuditKind::ManagedKeyImported
        | AuditKind::PluginInstalled
        | AuditKind::PluginChanged
        | AuditKind::PluginRemoved
        | AuditKind::PluginNotLoaded
        | AuditKind::PublisherTrusted
        | AuditKind::PublisherDistrusted
        | AuditKind::PluginRolledBack => return None,
    })
}
