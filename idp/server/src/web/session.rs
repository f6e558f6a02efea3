//! Who is signed in.

use std::time::Duration;

use actix_web::HttpRequest;
use async_trait::async_trait;
use keyholder_core::id::SessionId;
use keyholder_core::person::Person;
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};
use keyholder_core::session::{Session, SessionInFull};
use keyholder_core::time::Timestamp;

use super::known_browser;
use crate::app::App;
use crate::cookies;
use crate::digest::hash_token;

/// Sessions are noted as used this often at most: a page is not worth a write.
const TOUCH_EVERY: Duration = Duration::from_mins(1);

/// The live session of this browser, and whose it is. A session counts only in the browser in which it began.
pub async fn session(app: &App, request: &HttpRequest) -> Result<Option<(Session, Person)>, StoreError> {
    Ok(visitor(app, request).await?.map(|found| (found.session, found.person)))
}

/// The same with all memberships of the person.
pub(crate) async fn visitor(app: &App, request: &HttpRequest) -> Result<Option<SessionInFull>, StoreError> {
    let (Some(token), Some(browser)) = (cookies::find(request, cookies::SESSION), known_browser(request)) else {
        return Ok(None);
    };
    let now = app.now();
    let Some(found) = app.store.find_session_in_full(hash_token(&token)).await? else { return Ok(None) };
    let SessionInFull { session, person, .. } = &found;
    if session.browser != browser || !session.is_live(now, app.config.session.idle()) {
        return Ok(None);
    }
    if person.disabled_at.is_some() {
        return Ok(None);
    }
    if now.since(session.last_seen_at) >= TOUCH_EVERY {
        app.store.execute(NoteUse { session: session.id, now }).await?;
    }
    Ok(Some(found))
}

/// Notes that a session was used.
struct NoteUse {
    session: SessionId,
    now: Timestamp,
}

#[async_trait]
impl Command for NoteUse {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.touch_session(self.session, self.now).await
    }
}
