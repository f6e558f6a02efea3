//! What a first key takes besides the password: a link mailed to the verified address, or an access pass.
//!
//! Threat: an access pass is guessed. Defence: it has 80 random bits, wrong ones count in the throttle, and stand in the log.
//! Threat: whoever guessed the password has the address changed to one of their own first. Defence: for a week a new address proves
//! nothing here, while its owner has a mail about the change; until then it takes a pass.
//! Threat: whoever reads the mailbox alone takes the owner's key off with the link of the mail about it, asks for a new password, and then for
//! a link to a first key. Defence: for a week after a key was taken back it takes a pass.
//! Threat: whoever guessed the password keeps asking for links, so that the owner's die or the owner has to wait. Defence: a link is replaced
//! within its own session alone, a bounded number waits, and tries are counted by network.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::Method;
use keyholder_core::audit::AuditKind;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::id::MailedLinkId;
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::membership::FirstKey;
use keyholder_core::person::MailboxBar;
use keyholder_core::ports::Queries;
use keyholder_core::random::draw_token;
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{KeyDone, KeyRight, PassError, PassOnly};
use secrecy::ExposeSecret;

use super::commands::{AskFirstKey, UsePass};
use super::{HERE, show, tell};
use crate::account::Reader;
use crate::account::commands::Outcome;
use crate::app::App;
use crate::digest::hash_token;
use crate::factors::commands::Permission;
use crate::spine::{self, LINK_MINUTES};
use crate::throttle::{Acquaintance, Attempt, network};
use crate::web::{Form, PageError, peer, see_other};

/// What a first key takes besides the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Open,
    /// A mailed link, or a pass.
    Link,
    Pass(PassOnly),
}

/// What the person's groups ask for; the strictest of all schools counts, since a key is the person's and not a school's. `keys`: all that
/// they hold. One of a kind that is not installed is a key still: while a plugin is away, a mailbox does not take its place.
pub(super) async fn rule(app: &App, reader: &Reader, keys: &[Credential]) -> Result<Rule, PageError> {
    let now = app.now();
    let members = app.store.list_memberships(reader.person.id).await?;
    let active = members.iter().filter(|member| member.membership.is_active(now));
    let strictness = |rule: &FirstKey| match rule {
        FirstKey::Open => 0,
        FirstKey::Mailbox => 1,
        FirstKey::Pass => 2,
    };
    let asked = active.map(|member| member.group.first_key).max_by_key(strictness).unwrap_or_default();
    let own = keys.iter().any(|key| key.owner == CredentialOwner::Person(reader.person.id));
    Ok(match (asked, reader.person.mailbox_bar(now)) {
        (FirstKey::Pass, _) => Rule::Pass(PassOnly::Group),
        _ if own => Rule::Pass(PassOnly::KeyUnusable),
        // Where the password is enough, a mailbox that brings a password would be as well.
        (_, Some(MailboxBar::KeyStopped)) => Rule::Pass(PassOnly::KeyStopped),
        (FirstKey::Mailbox, Some(MailboxBar::AddressChanged)) => Rule::Pass(PassOnly::AddressChanged),
        (FirstKey::Mailbox, None) => Rule::Link,
        (FirstKey::Open, _) => Rule::Open,
    })
}

/// By what right this session adds a first key under that rule; `None`: by none.
pub(super) fn right(reader: &Reader, rule: Rule, now: Timestamp) -> Option<Permission> {
    match (rule, reader.session.enrols_first_key(now)) {
        (_, Some(Method::AccessPass)) => Some(Permission::FirstKey(Method::AccessPass)),
        (Rule::Open, _) => Some(Permission::FirstKeyOpen),
        (Rule::Link, Some(method)) => Some(Permission::FirstKey(method)),
        (Rule::Link, None) | (Rule::Pass(_), _) => None,
    }
}

/// `POST /account/security-keys/first`: asks for the link.
pub(super) async fn ask(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let keys = app.store.list_credentials(reader.person.id).await?;
    if matches!(rule(&app, &reader, &keys).await?, Rule::Pass(_)) {
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
        Outcome::Done => {
            app.outbox_wake.notify_one();
            tell(KeyDone::LinkSent)
        }
        Outcome::Refused => show::first_key(&app, &request, &reader, None, Some(LINK_MINUTES)).await,
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
    let used = KeyRight::Pass.word();
    let command = UsePass {
        acting: reader.acting(&app),
        token: hash_token(&typed),
        audit: reader.event(&app, &request, AuditKind::FirstKeyPermitted, Some(used)),
        refused: reader.event(&app, &request, AuditKind::AccessPassRefused, None),
    };
    match app.store.execute(command).await? {
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

/// Counts a try; the minutes to wait where there were too many. Each network of theirs has a count of its own: whoever guessed the
/// password could keep its owner waiting otherwise.
fn throttled(app: &App, request: &HttpRequest, reader: &Reader, of: &str) -> Option<u32> {
    let network = network(peer(request));
    let account = app.sealer.digest(&format!("{of}/{network}"), reader.person.id.as_uuid().as_bytes());
    // Whoever is signed in never waits for what others in their network do.
    let attempt = Attempt { account, network: peer(request), acquaintance: Acquaintance::Familiar };
    app.throttle.check(&attempt, app.now()).err().map(|throttled| throttled.minutes())
}
