//! What has to be known to tell whether a grant still stands, loaded afresh.

use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::grant::{Grant, GrantInFull};
use keyholder_core::id::GrantId;
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::policy::{PolicyRequest, PolicyStage};
use keyholder_core::ports::{Queries, SingleUse, StoreError};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use keyholder_oidc::access_token::AccessToken;
use keyholder_oidc::token::standing::{self, Ended, Standing};

use crate::app::App;
use crate::audit::{About, event};

/// A grant with the rows around it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) grant: Grant,
    session: Option<Session>,
    person: Person,
    member: MembershipInFull,
}

impl From<GrantInFull> for Facts {
    fn from(found: GrantInFull) -> Self {
        let GrantInFull { grant, session, person, member, is_marked: _ } = found;
        Self { grant, session, person, member }
    }
}

impl Facts {
    /// Loads a grant and what is around it.
    pub(super) async fn find(app: &App, id: GrantId) -> Result<Option<Self>, StoreError> {
        Ok(app.store.find_grant_in_full(id, None).await?.map(Self::from))
    }

    /// Loads what stands behind an access token, unless just that token was revoked.
    pub(super) async fn find_behind(app: &App, id: GrantId, token: &AccessToken) -> Result<Option<Self>, StoreError> {
        let mark = (SingleUse::RevokedAccessToken, token.jti.as_bytes());
        let found = app.store.find_grant_in_full(id, Some(mark)).await?;
        Ok(found.filter(|found| !found.is_marked).map(Self::from))
    }

    /// Asks whether the grant stands for this application, the policies among others.
    pub(super) async fn standing<'a>(
        &'a self,
        app: &App,
        application: &'a RelyingApplication,
        now: Timestamp,
    ) -> Result<Standing<'a>, Ended> {
        let asked = PolicyRequest {
            stage: PolicyStage::Refresh,
            person: &self.person,
            member: &self.member,
            application: Some(application),
            proofs: &self.grant.proofs,
            address: None,
            now,
        };
        let verdict = app.policies.decide(&asked).await;
        let facts = standing::Facts {
            grant: &self.grant,
            session: self.session.as_ref(),
            person: &self.person,
            member: &self.member,
            application,
            idle: app.config.session.idle(),
        };
        standing::check(&facts, verdict, now)
            .inspect_err(|why| tracing::info!(grant = %self.grant.id, %why, "a grant has ended"))
    }

    /// An event about the grant.
    pub(super) fn event(&self, app: &App, kind: AuditKind, detail: &'static str) -> AuditEvent {
        let about = About {
            school: Some(self.grant.school),
            application: Some(self.grant.application),
            subject: Some(self.grant.person),
            detail: Some(detail),
            ..About::default()
        };
        event(app, kind, about)
    }
}
