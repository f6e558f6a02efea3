//! What has to be known to tell whether a grant still stands, loaded afresh.

use futures::try_join;
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::grant::Grant;
use keyholder_core::id::GrantId;
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::ports::{Queries, StoreError};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use keyholder_core::verdict::decide_by_group;
use keyholder_oidc::token::standing::{self, Ended, Standing};

use crate::app::App;
use crate::audit::{About, event};

/// A grant with the rows around it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) grant: Grant,
    session: Option<Session>,
    person: Option<Person>,
    memberships: Vec<MembershipInFull>,
}

impl Facts {
    /// Loads a grant and what is around it.
    pub(super) async fn find(app: &App, id: GrantId) -> Result<Option<Self>, StoreError> {
        let Some(grant) = app.store.find_grant(id).await? else { return Ok(None) };
        let (session, person, memberships) = try_join!(
            app.store.find_session(grant.session),
            app.store.find_person(grant.person),
            app.store.list_memberships(grant.person),
        )?;
        Ok(Some(Self { grant, session, person, memberships }))
    }

    /// Asks whether the grant stands for this application.
    pub(super) fn standing<'a>(
        &'a self,
        app: &App,
        application: &'a RelyingApplication,
        now: Timestamp,
    ) -> Result<Standing<'a>, Ended> {
        let facts = standing::Facts {
            grant: &self.grant,
            session: self.session.as_ref(),
            person: self.person.as_ref(),
            memberships: &self.memberships,
            application,
            idle: app.config.session.idle(),
            policy: decide_by_group,
        };
        standing::check(&facts, now)
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
