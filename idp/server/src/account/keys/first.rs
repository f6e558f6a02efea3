//! What a first key takes besides the password: a link mailed to the verified address, or an access pass.
//!
//! Threat: an access pass is guessed. Defence: it has 80 random bits, and wrong ones count in the throttle.
//! Threat: whoever guessed the password has the address changed to one of their own first. Defence: for a week a new address proves
//! nothing here, while its owner has a mail about the change; until then it takes a pass.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::id::MailedLinkId;
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::membership::FirstKey;
use keyholder_core::ports::Queries;
use keyholder_core::random::draw_token;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{KeyDone, PassError};
use secrecy::ExposeSecret;

use super::commands::{AskFirstKey, UsePass};
use super::{HERE, show, tell};
use crate::account::Reader;
use crate::account::commands::Outcome;
use crate::app::App;
use crate::digest::hash_token;
use crate::spine::{self, LINK_MINUTES};
use crate::throttle::{Acquaintance, Attempt};
use crate::web::{Form, PageError, peer, see_other};

/// For so long an address that was changed brings no first key.
const ADDRESS_SETTLES: Duration = Duration::from_hours(7 * 24);
/// How far back in the person's log the change is looked for.
const LOG_DEPTH: u64 = 5_000;

/// What the person's groups ask for; the strictest of all schools counts, since a key is the person's and not a school's.
pub(super) async fn rule(app: &App, reader: &Reader) -> Result<FirstKey, PageError> {
    let members = app.store.list_memberships(reader.person.id).await?;
    let active = members.iter().filter(|member| member.membership.is_active(app.now()));
    let strictness = |rule: &FirstKey| match rule {
        FirstKey::Open => 0,
        FirstKey::Mailbox => 1,
        FirstKey::Pass => 2,
    };
    let asked = active.map(|member| member.group.first_key).max_by_key(strictness).unwrap_or_default();
    Ok(if asked == FirstKey::Mailbox && is_address_new(app, reader).await? { FirstKey::Pass } else { asked })
}

async fn is_address_new(app: &App, reader: &Reader) -> Result<bool, PageError> {
    let now = app.now();
    let events = app.store.list_audit_of_person(reader.person.id, LOG_DEPTH).await?;
    Ok(events.iter().any(|event| event.kind == AuditKind::EmailChanged && now.since(event.at) < ADDRESS_SETTLES))
}

/// `POST /account/security-keys/first`: asks for the link.
pub(super) async fn ask(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if rule(&app, &reader).await? == FirstKey::Pass {
        return Ok(see_other(HERE));
    }
    if let Some(minutes) = throttled(&app, &request, &reader, "throttle-first-key") {
        return show::first_key(&app, &request, &reader, None, Some(minutes)).await;
    }
    let (now, token) = (app.now(), draw_token(&*app.random));
    let mail = Mail::FirstKey {
        name: reader.person.display_name(),
        link: app.address(&format!("/link/{}", token.expose_secret())),
        minutes: LINK_MINUTES,
    };
    let command = AskFirstKey {
        acting: reader.acting(&app),
        link: MailedLink {
            id: MailedLinkId::draw(&*app.random, now),
            token: hash_token(token.expose_secret()),
            purpose: LinkPurpose::FirstKey { session: reader.session.id },
            person: Some(reader.person.id),
            created_at: now,
            expires_at: now.plus(Duration::from_mins(u64::from(LINK_MINUTES))),
            used_at: None,
        },
        mail: spine::mail_to(&app, &reader.person, &mail)?,
        audit: reader.event(&app, &request, AuditKind::FirstKeyLinkAsked, None),
    };
    match app.store.execute(command).await? {
        Outcome::SignedOut => crate::account::sign_in(&app, &request).await,
        Outcome::Done | Outcome::Refused => {
            app.outbox_wake.notify_one();
            tell(KeyDone::LinkSent)
        }
    }
}

/// `POST /account/security-keys/pass`: uses an access pass.
pub(super) async fn pass(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let typed = read_pass(form.text("pass"));
    if typed.is_empty() {
        return show::first_key(&app, &request, &reader, Some(PassError::Empty), None).await;
    }
    if let Some(minutes) = throttled(&app, &request, &reader, "throttle-access-pass") {
        return show::first_key(&app, &request, &reader, None, Some(minutes)).await;
    }
    match app.store.execute(UsePass { acting: reader.acting(&app), token: hash_token(&typed) }).await? {
        Outcome::Done => tell(KeyDone::Permitted),
        Outcome::SignedOut => crate::account::sign_in(&app, &request).await,
        Outcome::Refused => show::first_key(&app, &request, &reader, Some(PassError::Wrong), None).await,
    }
}

/// As it was printed: capitals, spaces and hyphens do not matter, and what is easily mistaken for a digit is one.
pub(crate) fn read_pass(typed: &str) -> String {
    let plain = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    plain
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// Counts a try; the minutes to wait where there were too many.
fn throttled(app: &App, request: &HttpRequest, reader: &Reader, of: &str) -> Option<u32> {
    let account = app.sealer.digest(of, reader.person.id.as_uuid().as_bytes());
    // Whoever is signed in never waits for what others in their network do.
    let attempt = Attempt { account, network: peer(request), acquaintance: Acquaintance::Familiar };
    let throttled = app.throttle.check(&attempt, app.now()).err()?;
    Some(u32::try_from(throttled.retry_after.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1))
}
