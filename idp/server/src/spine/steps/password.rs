//! The first proof: the password.
//!
//! Pages and time taken are alike for addresses that somebody has and those that nobody has.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::Proof;
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Flow, Stage};
use keyholder_core::id::{OutboxId, SessionId};
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::{Person, StoredPassword};
use keyholder_core::ports::Queries;
use keyholder_core::random::draw_token;
use keyholder_core::session::{Session, SessionInFull};
use keyholder_theme::mail::{Circumstances, Mail};
use keyholder_theme::page::{PasswordError, ProblemKind, Way};
use secrecy::{ExposeSecret, SecretString};

use super::super::advance::{Scene, Step, advance};
use super::super::commands::{End, Record, Rehash, SignIn, SignedIn, kept};
use super::super::onward::{Ahead, Prospect, foresee, onward};
use super::super::{familiar, scenery, show, ticket};
use super::{moved, read_email, show_session};
use crate::app::App;
use crate::audit::{self, About, Whence};
use crate::digest::hash_token;
use crate::metrics::SignInOutcome;
use crate::password::pool::{PoolError, Verification};
use crate::throttle::{Attempt, News};
use crate::web::{self, Form, PageError, browser, peer, see_other, whence};

/// `POST /sign-in/{ticket}/password`
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    match prove(&app, &request, &ticket, flow.clone(), form.secret("password")).await? {
        Outcome::Proved(answer) => Ok(answer),
        Outcome::Again(error) => {
            let scene = advance(&app, &request, &ticket, flow).await?;
            again(&app, &request, &scene, error).await
        }
    }
}

enum Outcome {
    Proved(HttpResponse),
    Again(PasswordError),
}

async fn prove(
    app: &App,
    request: &HttpRequest,
    ticket: &str,
    flow: Flow,
    password: SecretString,
) -> Result<Outcome, PageError> {
    let Stage::FirstProof { email } = &flow.stage else { return Err(moved(app, &flow).await?) };
    if password.expose_secret().is_empty() {
        return Ok(Outcome::Again(PasswordError::Empty));
    }
    let key = read_email(email).map_err(|_| PageError::Fault("a flow holds an address that is none"))?.key();
    let attempt = attempt(app, request, &key);
    if let Err(throttled) = app.throttle.check(&attempt, app.now()) {
        if throttled.news == News::First {
            let person = app.store.find_person_by_email(&key).await?;
            let of = throttled.of.to_string();
            record(app, request, AuditKind::SignInThrottled, person.as_ref(), email, Some(&of)).await?;
        }
        app.metrics.sign_in(SignInOutcome::Throttled);
        return Ok(Outcome::Again(PasswordError::Throttled { minutes: throttled.minutes() }));
    }
    let (person, stored) = find_account(app, &key).await?;
    match (app.passwords.verify(password, stored.clone()).await, person, stored) {
        (Ok(Verification::Right { rehash }), Some(person), Some(stored)) => {
            let rehash = rehash.map(|hash| Rehash {
                password: StoredPassword { hash, changed_at: stored.changed_at },
                former: stored.hash,
            });
            let answer = sign_in(app, request, flow, &person, rehash).await?;
            app.throttle.succeeded(&attempt, app.now());
            app.metrics.sign_in(SignInOutcome::SignedIn);
            Ok(Outcome::Proved(answer))
        }
        (Ok(_), person, _) => {
            app.throttle.failed(&attempt, app.now());
            record(app, request, AuditKind::SignInFailed, person.as_ref(), email, None).await?;
            app.metrics.sign_in(SignInOutcome::Refused);
            Ok(Outcome::Again(PasswordError::Wrong))
        }
        (Err(error), ..) => {
            app.throttle.withdrawn(&attempt, app.now());
            app.metrics.sign_in(SignInOutcome::Busy);
            Err(busy(error, &format!("/sign-in/{ticket}")))
        }
    }
}

/// Records a try that let nobody in. It is kept although the reader is refused (design, invariant 3).
async fn record(
    app: &App,
    request: &HttpRequest,
    kind: AuditKind,
    person: Option<&Person>,
    email: &str,
    detail: Option<&str>,
) -> Result<(), PageError> {
    let whence = whence(request);
    let subject = person.map(|person| person.id);
    let email = Some(email).filter(|_| subject.is_none());
    let about = About { subject, email, detail, whence: Some(&whence), ..About::default() };
    Ok(app.store.execute(Record { audit: audit::event(app, kind, about) }).await?)
}

/// The count against which a try for this address goes.
pub(crate) fn attempt(app: &App, request: &HttpRequest, key: &str) -> Attempt {
    let account = app.sealer.digest("throttle", key.as_bytes());
    Attempt { account, network: peer(request), acquaintance: familiar::acquaintance(app, request, key) }
}

/// Who it may be, and what they would have to know. An address that nobody has costs the same look-up; a disabled account has no
/// password.
async fn find_account(app: &App, key: &str) -> Result<(Option<Person>, Option<StoredPassword>), PageError> {
    let Some((person, password)) = app.store.find_account(key).await? else { return Ok((None, None)) };
    let enabled = person.disabled_at.is_none();
    Ok((Some(person), password.filter(|_| enabled)))
}

/// The password was right: a session, in one transaction with all that follows from it.
async fn sign_in(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    person: &Person,
    rehash: Option<Rehash>,
) -> Result<HttpResponse, PageError> {
    let now = app.now();
    let whence = whence(request);
    let token = draw_token(&*app.random);
    let shown = web::visitor(app, request).await?;
    let audit = About {
        application: flow.origin.application(),
        subject: Some(person.id),
        whence: Some(&whence),
        ..About::default()
    };
    let mut command = SignIn {
        session: new_session(app, request, person, &token, &whence),
        shown: shown.as_ref().map(|shown| shown.session.clone()),
        warning: warning(app, &flow, person, &whence).await?,
        flow: flow.clone(),
        rehash,
        end: None,
        audit: audit::event(app, AuditKind::SignedIn, audit),
        idle: app.config.session.idle(),
        now,
    };
    let here = format!("/sign-in/{}", flow.id);
    let session = command.foreseen();
    let Ok(proved) = flow.clone().authenticate(session.id) else { return Err(moved(app, &flow).await?) };
    let own = shown.filter(|shown| shown.person.id == person.id);
    let memberships = own.map(|shown| shown.memberships);
    let prospect = Prospect { app, request, flow: &proved, person, memberships: memberships.as_deref() };
    let ahead = Box::pin(foresee(&prospect, session.clone())).await?;
    if let Ahead::End(end) = &ahead {
        command.end = Some(End { decided_for: session, finish: end.finish() });
    }
    let SignedIn::Now { session, ended, warned } = app.store.execute(command).await? else {
        // It went on in another tab: its page shows how far it is.
        return Ok(see_other(&here));
    };
    if warned {
        app.outbox_wake.notify_one();
    }
    let mut answer = match (ahead, flow.authenticate(session.id)) {
        (Ahead::End(end), _) if ended => end.answer(app, request).await,
        (Ahead::Refusal { memberships }, Ok(flow)) => {
            let visitor = SessionInFull { session: *session, person: person.clone(), memberships };
            onward(app, request, kept(flow), visitor).await
        }
        // What was decided for another session is decided again there.
        _ => see_other(&here),
    };
    show_session(&mut answer, &token)?;
    familiar::remember(app, request, &mut answer, &person.email.key())?;
    web::renew_browser(app, request);
    Ok(answer)
}

fn new_session(app: &App, request: &HttpRequest, person: &Person, token: &SecretString, whence: &Whence) -> Session {
    let now = app.now();
    Session {
        id: SessionId::draw(&*app.random, now),
        person: person.id,
        token: hash_token(token.expose_secret()),
        browser: browser(app, request),
        proofs: vec![Proof::of_password(now)],
        elevated_until: None,
        started_at: now,
        last_seen_at: now,
        expires_at: now.plus(app.config.session.absolute()),
        ended_at: None,
        address: whence.address.map(|address| address.to_string()).unwrap_or_default(),
        user_agent: whence.user_agent.clone().unwrap_or_default(),
        version: 1,
    }
}

/// The mail for a browser that this person did not use before.
async fn warning(app: &App, flow: &Flow, person: &Person, whence: &Whence) -> Result<OutboxMessage, PageError> {
    let application = scenery::find_application(app, flow).await?;
    let mail = Mail::NewBrowser {
        name: person.display_name(),
        application: application.map(|application| application.name.clone()),
        circumstances: circumstances(app, whence),
    };
    mail_to(app, person, &mail)
}

/// When and from where, for a mail.
pub(crate) fn circumstances(app: &App, whence: &Whence) -> Circumstances {
    Circumstances {
        at: app.now().as_millis(),
        browser: whence.browser(),
        address: whence.address.map(|address| address.to_string()),
        sign_in_href: app.address("/"),
    }
}

/// An outbox row for a mail to a person.
pub(crate) fn mail_to(app: &App, person: &Person, mail: &Mail) -> Result<OutboxMessage, PageError> {
    let now = app.now();
    let mail = serde_json::to_value(mail).map_err(|_| PageError::Fault("a mail could not be written"))?;
    let delivery =
        Delivery::Mail { to: person.email.as_str().to_owned(), language: person.language.unwrap_or_default(), mail };
    Ok(OutboxMessage { id: OutboxId::draw(&*app.random, now), delivery, due_at: now, attempts: 0, created_at: now })
}

/// No thread was free: nothing is lost, since the ticket keeps the address.
pub(crate) fn busy(error: PoolError, href: &str) -> PageError {
    match error {
        PoolError::Busy { retry_after } => PageError::problem(ProblemKind::Busy).retry_after(retry_after),
        _ => PageError::problem(ProblemKind::Busy),
    }
    .way(Way::TryAgain { href: href.to_owned() })
}

async fn again(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    error: PasswordError,
) -> Result<HttpResponse, PageError> {
    let Step::FirstProof { email } = &scene.step else { return Err(moved(app, &scene.flow).await?) };
    let mut answer = show::password(app, request, scene, email, Some(error)).await?;
    if let PasswordError::Throttled { minutes } = error {
        answer.headers_mut().insert(actix_web::http::header::RETRY_AFTER, (u64::from(minutes) * 60).into());
    }
    Ok(answer)
}
