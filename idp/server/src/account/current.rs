//! The present password, proved again: throttled as at sign-in, and checked on the pool.

use actix_web::HttpRequest;
use keyholder_core::audit::AuditKind;
use keyholder_core::person::StoredPassword;
use keyholder_core::ports::Queries;
use keyholder_theme::page::CurrentPasswordError;
use secrecy::{ExposeSecret, SecretString};

use super::Reader;
use crate::app::App;
use crate::password::pool::Verification;
use crate::spine;
use crate::spine::commands::Record;
use crate::throttle::News;
use crate::web::PageError;

/// The stored password that was proved, or why not. A try that failed is recorded although nothing else is.
pub(super) async fn prove(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    password: SecretString,
) -> Result<Result<StoredPassword, CurrentPasswordError>, PageError> {
    if password.expose_secret().is_empty() {
        return Ok(Err(CurrentPasswordError::Empty));
    }
    let attempt = spine::attempt(app, request, &reader.person.email.key());
    if let Err(throttled) = app.throttle.check(&attempt, app.now()) {
        if throttled.news == News::First {
            let detail = throttled.of.to_string();
            record(app, request, reader, AuditKind::SignInThrottled, Some(&detail)).await?;
        }
        return Ok(Err(CurrentPasswordError::Throttled { minutes: throttled.minutes() }));
    }
    let stored = app.store.find_password(reader.person.id).await?;
    match (app.passwords.verify(password, stored.clone()).await, stored) {
        (Ok(Verification::Right { .. }), Some(stored)) => {
            app.throttle.succeeded(&attempt, app.now());
            Ok(Ok(stored))
        }
        (Ok(_), _) => {
            app.throttle.failed(&attempt, app.now());
            record(app, request, reader, AuditKind::PasswordRefused, None).await?;
            Ok(Err(CurrentPasswordError::Wrong))
        }
        (Err(error), _) => {
            app.throttle.withdrawn(&attempt, app.now());
            Err(spine::busy(error, request.path()))
        }
    }
}

async fn record(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    kind: AuditKind,
    detail: Option<&str>,
) -> Result<(), PageError> {
    Ok(app.store.execute(Record { audit: reader.event(app, request, kind, detail) }).await?)
}
