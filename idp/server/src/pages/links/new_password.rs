//! Reading a new password from a form: typed twice, within the rules, hashed.

use keyholder_core::person::StoredPassword;
use keyholder_theme::page::NewPasswordError;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::password::policy::{Context, Refusal};
use crate::spine;
use crate::web::{Form, PageError};

/// The new password, or what is wrong with it. Nothing is hashed before everything else is right.
pub(super) async fn read(
    app: &App,
    form: &Form,
    context: &Context<'_>,
    here: &str,
) -> Result<Result<StoredPassword, NewPasswordError>, PageError> {
    let password = match check(app, form, context) {
        Ok(password) => password,
        Err(error) => return Ok(Err(error)),
    };
    let hash = app.passwords.hash(password).await.map_err(|error| spine::busy(error, here))?;
    Ok(Ok(StoredPassword { hash, changed_at: app.now() }))
}

/// Typed twice and within the rules. Hashes nothing.
pub(crate) fn check(app: &App, form: &Form, context: &Context<'_>) -> Result<SecretString, NewPasswordError> {
    let password = form.secret("password");
    if password.expose_secret().is_empty() {
        return Err(NewPasswordError::Empty);
    }
    if form.text("again") != password.expose_secret() {
        return Err(NewPasswordError::Different);
    }
    app.passwords.policy().check(&password, context).map_err(told)?;
    Ok(password)
}

fn told(refusal: Refusal) -> NewPasswordError {
    match refusal {
        Refusal::TooShort { minimum } => NewPasswordError::TooShort { minimum },
        Refusal::TooLong { maximum } => NewPasswordError::TooLong { maximum },
        Refusal::Unprintable => NewPasswordError::Unprintable,
        Refusal::Breached => NewPasswordError::Breached,
        Refusal::Context => NewPasswordError::Context,
        Refusal::Pattern => NewPasswordError::Pattern,
    }
}
