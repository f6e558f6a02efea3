//! The grant that a completed sign-in makes.

use std::time::Duration;

use keyholder_core::grant::Grant;
use keyholder_core::id::GrantId;
use keyholder_core::session::Place;
use keyholder_core::time::Timestamp;
use keyholder_oidc::authorize::AuthorizationRequest;

use super::subject::subject_of;
use crate::app::App;
use crate::spine::Ending;
use crate::web::PageError;

const DAY: Duration = Duration::from_hours(24);

pub(super) async fn make_grant(
    app: &App,
    asked: &AuthorizationRequest,
    ending: &Ending<'_>,
) -> Result<Grant, PageError> {
    let now = app.now();
    let place = Place::of(ending.member);
    let claims_request = asked.claims.as_ref().map(serde_json::to_string).transpose();
    // The scope is there only if the client may refresh, and the person was asked where somebody has to be
    // (`keyholder_oidc::authorize::rules::scope`; OpenID Connect Core 11).
    let offline = asked.scopes.iter().any(|scope| scope == "offline_access");
    Ok(Grant {
        id: GrantId::draw(&*app.random, now),
        session: ending.session.id,
        person: ending.person.id,
        application: ending.application.id,
        school: ending.member.school.id,
        membership: ending.member.membership.id,
        subject: subject_of(app, ending.application, ending.person, &ending.member.school).await?,
        scopes: asked.scopes.clone(),
        claims_request: claims_request.map_err(|_| PageError::Fault("a claims request cannot be written as JSON"))?,
        proofs: ending.session.proofs_in(place, now),
        elevated_until: ending.session.elevated_in(place, now),
        offline,
        created_at: now,
        expires_at: if offline { offline_end(app, now) } else { ending.session.expires_at },
        ended_at: None,
    })
}

/// Offline access outlives the session.
fn offline_end(app: &App, now: Timestamp) -> Timestamp {
    now.plus(DAY * app.config.token.offline_days)
}
