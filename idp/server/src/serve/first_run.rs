//! The one-time link with which an installation without schools gets its first school and Admin Key Holder.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::id::MailedLinkId;
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_core::random::draw_token;
use secrecy::{ExposeSecret as _, SecretString};

use crate::app::App;
use crate::digest::hash_token;

/// How long the link lives.
const LIFETIME: Duration = Duration::from_hours(24);

/// Makes the link where there is no school; the one of an earlier start dies.
pub(super) async fn make_link(app: &App) -> Result<Option<SecretString>, StoreError> {
    if !app.store.list_schools().await?.is_empty() {
        return Ok(None);
    }
    let token = draw_token(app.random.as_ref());
    let link = MailedLink {
        id: MailedLinkId::draw(app.random.as_ref(), app.now()),
        token: hash_token(token.expose_secret()),
        purpose: LinkPurpose::FirstRun,
        person: None,
        created_at: app.now(),
        expires_at: app.now().plus(LIFETIME),
        used_at: None,
    };
    let made = app.store.execute(PutFirstRunLink { link }).await?;
    Ok(made.then(|| SecretString::from(app.address(&format!("/link/{}", token.expose_secret())))))
}

struct PutFirstRunLink {
    link: MailedLink,
}

#[async_trait]
impl Command for PutFirstRunLink {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        // A school may have been made since.
        if !transaction.list_schools().await?.is_empty() {
            return Ok(false);
        }
        transaction.put_link(&self.link).await?;
        Ok(true)
    }
}
