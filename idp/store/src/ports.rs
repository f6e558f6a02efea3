//! The ports of core, each method one call into [`rows`](crate::rows). Reads go to the pool or to the transaction alike.

mod managed_keys;
mod plugins;
mod saml;

use async_trait::async_trait;
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::{AuditEvent, ChainLink};
use keyholder_core::ceremony::{Ceremony, CeremonyInFull};
use keyholder_core::credential::{Credential, CredentialInFull};
use keyholder_core::flow::Flow;
use keyholder_core::grant::{Grant, GrantInFull, RefreshToken};
use keyholder_core::id::{
    ApplicationId, AuditId, CeremonyId, CredentialId, FlowId, GrantId, MailedLinkId, MembershipId, OutboxId, PersonId,
    RefreshTokenId, SchoolId, SessionId, SigningKeyId, TokenHash, TrustId, UserGroupId,
};
use keyholder_core::key::SigningKey;
use keyholder_core::link::MailedLink;
use keyholder_core::lockout::Failures;
use keyholder_core::membership::{Membership, MembershipInFull, PupilScope, UserGroup};
use keyholder_core::outbox::{Lane, OutboxMessage};
use keyholder_core::person::{Person, StoredPassword};
use keyholder_core::ports::{Familiarity, PersonFilter, Queries, SingleUse, Transaction};
use keyholder_core::school::{School, Trust};
use keyholder_core::session::{KnownBrowser, Session, SessionInFull};
use keyholder_core::time::Timestamp;

use crate::rows::{self, Result};
use crate::sqlite::transaction::SqlTransaction;
use crate::store::SqlStore;

macro_rules! queries {
    ($type:ty) => {
        #[async_trait]
        impl Queries for $type {
            async fn list_trusts(&self) -> Result<Vec<Trust>> {
                rows::schools::list_trusts(self.rows()).await
            }
            async fn find_trust(&self, id: TrustId) -> Result<Option<Trust>> {
                rows::schools::find_trust(self.rows(), id).await
            }
            async fn find_trust_by_slug(&self, slug: &str) -> Result<Option<Trust>> {
                rows::schools::find_trust_by_slug(self.rows(), slug).await
            }
            async fn list_schools(&self) -> Result<Vec<School>> {
                rows::schools::list_schools(self.rows()).await
            }
            async fn find_school(&self, id: SchoolId) -> Result<Option<School>> {
                rows::schools::find_school(self.rows(), id).await
            }
            async fn find_school_by_slug(&self, slug: &str) -> Result<Option<School>> {
                rows::schools::find_school_by_slug(self.rows(), slug).await
            }
            async fn list_people(&self, filter: PersonFilter) -> Result<Vec<Person>> {
                rows::people::list_people(self.rows(), filter).await
            }
            async fn find_person(&self, id: PersonId) -> Result<Option<Person>> {
                rows::people::find_person(self.rows(), id).await
            }
            async fn find_person_by_email(&self, key: &str) -> Result<Option<Person>> {
                rows::people::find_person_by_email(self.rows(), key).await
            }
            async fn find_password(&self, person: PersonId) -> Result<Option<StoredPassword>> {
                rows::people::find_password(self.rows(), person).await
            }
            async fn find_account(&self, key: &str) -> Result<Option<(Person, Option<StoredPassword>)>> {
                rows::people::find_account(self.rows(), key).await
            }
            async fn list_groups(&self, school: SchoolId) -> Result<Vec<UserGroup>> {
                rows::schools::list_groups(self.rows(), school).await
            }
            async fn find_group(&self, id: UserGroupId) -> Result<Option<UserGroup>> {
                rows::schools::find_group(self.rows(), id).await
            }
            async fn list_pupil_scopes(&self, school: SchoolId) -> Result<Vec<PupilScope>> {
                rows::schools::list_pupil_scopes(self.rows(), school).await
            }
            async fn find_membership(&self, id: MembershipId) -> Result<Option<Membership>> {
                rows::people::find_membership(self.rows(), id).await
            }
            async fn list_admin_key_holders(&self, school: SchoolId, now: Timestamp) -> Result<Vec<Person>> {
                rows::people::list_admin_key_holders(self.rows(), school, now).await
            }
            async fn list_memberships(&self, person: PersonId) -> Result<Vec<MembershipInFull>> {
                rows::people::list_memberships(self.rows(), person).await
            }
            async fn list_credentials(&self, holder: PersonId) -> Result<Vec<Credential>> {
                rows::people::list_credentials(self.rows(), self.sealer(), holder).await
            }
            async fn list_credentials_in_full(&self, holder: PersonId) -> Result<Vec<CredentialInFull>> {
                rows::ceremonies::list_credentials_in_full(self.rows(), self.sealer(), holder).await
            }
            async fn find_credential(&self, id: CredentialId) -> Result<Option<Credential>> {
                rows::people::find_credential(self.rows(), self.sealer(), id).await
            }
            async fn list_failures(&self, of: &[CredentialId]) -> Result<Vec<Failures>> {
                rows::ceremonies::list_failures(self.rows(), of).await
            }
            async fn find_ceremony(&self, id: CeremonyId) -> Result<Option<Ceremony>> {
                rows::ceremonies::find_ceremony(self.rows(), self.sealer(), id).await
            }
            async fn find_ceremony_in_full(&self, id: CeremonyId, key: CredentialId) -> Result<Option<CeremonyInFull>> {
                rows::ceremonies::find_ceremony_in_full(self.rows(), self.sealer(), id, key).await
            }
            async fn find_open_ceremony(
                &self,
                session: SessionId,
                flow: Option<FlowId>,
                factor: &str,
                now: Timestamp,
            ) -> Result<Option<Ceremony>> {
                rows::ceremonies::find_open_ceremony(self.rows(), self.sealer(), session, flow, factor, now).await
            }
            async fn find_ceremony_by_reply_tag(&self, tag: &[u8], now: Timestamp) -> Result<Option<Ceremony>> {
                rows::ceremonies::find_ceremony_by_reply_tag(self.rows(), self.sealer(), tag, now).await
            }
            async fn list_ceremonies_of_flow(&self, flow: FlowId) -> Result<Vec<Ceremony>> {
                rows::ceremonies::list_ceremonies_of_flow(self.rows(), self.sealer(), flow).await
            }
            async fn list_open_ceremonies(&self, person: PersonId, now: Timestamp) -> Result<Vec<Ceremony>> {
                rows::ceremonies::list_open_ceremonies(self.rows(), self.sealer(), person, now).await
            }
            async fn find_credential_by_lookup(&self, factor: &str, lookup: &[u8]) -> Result<Option<Credential>> {
                rows::people::find_credential_by_lookup(self.rows(), self.sealer(), factor, lookup).await
            }
            async fn list_applications(&self) -> Result<Vec<RelyingApplication>> {
                rows::applications::list_applications(self.rows()).await
            }
            async fn find_application(&self, id: ApplicationId) -> Result<Option<RelyingApplication>> {
                rows::applications::find_application(self.rows(), id).await
            }
            async fn find_application_by_client_id(&self, client_id: &str) -> Result<Option<RelyingApplication>> {
                rows::applications::find_application_by_client_id(self.rows(), client_id).await
            }
            async fn find_consent(
                &self,
                person: PersonId,
                application: ApplicationId,
                school: SchoolId,
            ) -> Result<Option<Vec<String>>> {
                rows::applications::find_consent(self.rows(), person, application, school).await
            }
            async fn find_session(&self, id: SessionId) -> Result<Option<Session>> {
                rows::sessions::find_session(self.rows(), id).await
            }
            async fn find_session_by_token(&self, token: TokenHash) -> Result<Option<Session>> {
                rows::sessions::find_session_by_token(self.rows(), token).await
            }
            async fn find_session_in_full(&self, token: TokenHash) -> Result<Option<SessionInFull>> {
                rows::sessions::find_session_in_full(self.rows(), token).await
            }
            async fn list_live_sessions(&self, person: PersonId, now: Timestamp) -> Result<Vec<Session>> {
                rows::sessions::list_live_sessions(self.rows(), person, now).await
            }
            async fn find_grant(&self, id: GrantId) -> Result<Option<Grant>> {
                rows::grants::find_grant(self.rows(), id).await
            }
            async fn find_grant_in_full(
                &self,
                id: GrantId,
                mark: Option<(SingleUse, &[u8])>,
            ) -> Result<Option<GrantInFull>> {
                rows::grants::find_grant_in_full(self.rows(), id, mark).await
            }
            async fn list_live_grants(&self, session: SessionId, now: Timestamp) -> Result<Vec<Grant>> {
                rows::grants::list_live_grants(self.rows(), session, now).await
            }
            async fn list_live_grants_of_person(&self, person: PersonId, now: Timestamp) -> Result<Vec<Grant>> {
                rows::grants::list_live_grants_of_person(self.rows(), person, now).await
            }
            async fn list_grants_of_session(&self, session: SessionId) -> Result<Vec<Grant>> {
                rows::grants::list_grants_of_session(self.rows(), session).await
            }
            async fn find_refresh_token(&self, token: TokenHash) -> Result<Option<RefreshToken>> {
                rows::grants::find_refresh_token(self.rows(), token).await
            }
            async fn is_used(&self, kind: SingleUse, value: &[u8]) -> Result<bool> {
                rows::flows::is_used(self.rows(), kind, value).await
            }
            async fn list_known_browsers(&self, person: PersonId) -> Result<Vec<KnownBrowser>> {
                rows::sessions::list_known_browsers(self.rows(), person).await
            }
            async fn find_waiting_link(
                &self,
                person: PersonId,
                kind: &str,
                now: Timestamp,
            ) -> Result<Option<MailedLink>> {
                rows::flows::find_waiting_link(self.rows(), person, kind, now).await
            }
            async fn count_waiting_links(&self, person: PersonId, kind: &str, now: Timestamp) -> Result<u64> {
                rows::flows::count_waiting_links(self.rows(), person, kind, now).await
            }
            async fn list_older_audit_of_person(
                &self,
                person: PersonId,
                than: (Timestamp, AuditId),
                limit: u64,
            ) -> Result<Vec<AuditEvent>> {
                rows::audit::list_older_audit_of_person(self.rows(), person, than, limit).await
            }
            async fn find_flow(&self, id: FlowId) -> Result<Option<Flow>> {
                rows::flows::find_flow(self.rows(), id).await
            }
            async fn find_link(&self, token: TokenHash) -> Result<Option<MailedLink>> {
                rows::flows::find_link(self.rows(), token).await
            }
            async fn list_signing_keys(&self) -> Result<Vec<SigningKey>> {
                rows::operation::list_signing_keys(self.rows(), self.sealer()).await
            }
            async fn revision(&self, name: &str) -> Result<i64> {
                rows::operation::revision(self.rows(), name).await
            }
            async fn list_audit_of_person(&self, person: PersonId, limit: u64) -> Result<Vec<AuditEvent>> {
                rows::audit::list_audit_of_person(self.rows(), person, limit).await
            }
            async fn list_audit_chain(
                &self,
                school: Option<SchoolId>,
                from: i64,
                limit: u64,
            ) -> Result<Vec<(AuditEvent, ChainLink)>> {
                rows::audit::list_audit_chain(self.rows(), school, from, limit).await
            }
            async fn list_unsealed_audit(&self, limit: u64) -> Result<Vec<AuditEvent>> {
                rows::audit::list_unsealed_audit(self.rows(), limit).await
            }
            async fn count_waiting_outbox(&self) -> Result<u64> {
                rows::operation::count_waiting_outbox(self.rows()).await
            }
        }
    };
}

queries!(SqlStore);
queries!(SqlTransaction);

#[async_trait]
impl Transaction for SqlTransaction {
    async fn put_trust(&self, trust: &Trust) -> Result<()> {
        rows::schools::put_trust(self.rows(), trust).await
    }
    async fn put_school(&self, school: &School) -> Result<()> {
        rows::schools::put_school(self.rows(), school).await
    }
    async fn put_group(&self, group: &UserGroup) -> Result<()> {
        rows::schools::put_group(self.rows(), group).await
    }
    async fn put_pupil_scope(&self, scope: &PupilScope) -> Result<()> {
        rows::schools::put_pupil_scope(self.rows(), scope).await
    }
    async fn insert_person(&self, person: &Person) -> Result<()> {
        rows::people::insert_person(self.rows(), person).await
    }
    async fn update_person(&self, person: &Person) -> Result<()> {
        rows::people::update_person(self.rows(), person).await
    }
    async fn put_password(&self, person: PersonId, password: &StoredPassword) -> Result<()> {
        rows::people::put_password(self.rows(), person, password).await
    }
    async fn replace_password(&self, person: PersonId, former_hash: &str, password: &StoredPassword) -> Result<bool> {
        rows::people::replace_password(self.rows(), person, former_hash, password).await
    }
    async fn put_membership(&self, membership: &Membership) -> Result<()> {
        rows::people::put_membership(self.rows(), membership).await
    }
    async fn insert_credential(&self, credential: &Credential) -> Result<()> {
        rows::people::insert_credential(self.rows(), self.sealer(), credential).await
    }
    async fn swap_credential(&self, credential: &Credential) -> Result<bool> {
        rows::people::swap_credential(self.rows(), self.sealer(), credential).await
    }
    async fn delete_credential(&self, id: CredentialId) -> Result<bool> {
        rows::people::delete_credential(self.rows(), id).await
    }
    async fn put_failures(&self, failures: &Failures) -> Result<()> {
        rows::ceremonies::put_failures(self.rows(), failures).await
    }
    async fn insert_ceremony(&self, ceremony: &Ceremony) -> Result<()> {
        rows::ceremonies::insert_ceremony(self.rows(), self.sealer(), ceremony).await
    }
    async fn swap_ceremony(&self, ceremony: &Ceremony) -> Result<bool> {
        rows::ceremonies::swap_ceremony(self.rows(), self.sealer(), ceremony).await
    }
    async fn end_ceremonies_of(&self, person: PersonId, now: Timestamp) -> Result<()> {
        rows::ceremonies::end_ceremonies_of(self.rows(), person, now).await
    }
    async fn put_application(&self, application: &RelyingApplication) -> Result<()> {
        rows::applications::put_application(self.rows(), application).await
    }
    async fn delete_application(&self, id: ApplicationId) -> Result<bool> {
        rows::applications::delete_application(self.rows(), id).await
    }
    async fn put_consent(
        &self,
        person: PersonId,
        application: ApplicationId,
        school: SchoolId,
        scopes: &[String],
        now: Timestamp,
    ) -> Result<()> {
        rows::applications::put_consent(self.rows(), person, application, school, scopes, now).await
    }
    async fn insert_session(&self, session: &Session) -> Result<()> {
        rows::sessions::insert_session(self.rows(), session).await
    }
    async fn swap_session(&self, session: &Session) -> Result<bool> {
        rows::sessions::swap_session(self.rows(), session).await
    }
    async fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<()> {
        rows::sessions::touch_session(self.rows(), id, now).await
    }
    async fn close_session(&self, id: SessionId, now: Timestamp) -> Result<bool> {
        rows::sessions::end_session(self.rows(), id, now).await
    }
    async fn close_sessions_of(
        &self,
        person: PersonId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        rows::sessions::end_sessions_of(self.rows(), person, except, now).await
    }
    async fn note_browser(
        &self,
        person: PersonId,
        browser: TokenHash,
        user_agent: &str,
        now: Timestamp,
    ) -> Result<Familiarity> {
        rows::sessions::note_browser(self.rows(), person, browser, user_agent, now).await
    }
    async fn forget_browser(&self, person: PersonId, browser: TokenHash) -> Result<bool> {
        rows::sessions::forget_browser(self.rows(), person, browser).await
    }
    async fn insert_grant(&self, grant: &Grant) -> Result<()> {
        rows::grants::insert_grant(self.rows(), grant).await
    }
    async fn end_grant(&self, id: GrantId, now: Timestamp) -> Result<bool> {
        rows::grants::end_grant(self.rows(), id, now).await
    }
    async fn insert_refresh_token(&self, token: &RefreshToken) -> Result<()> {
        rows::grants::insert_refresh_token(self.rows(), token).await
    }
    async fn rotate_refresh_token(&self, id: RefreshTokenId, successor: &[u8], now: Timestamp) -> Result<bool> {
        rows::grants::rotate_refresh_token(self.rows(), id, successor, now).await
    }
    async fn touch_refresh_token(&self, id: RefreshTokenId, now: Timestamp) -> Result<()> {
        rows::grants::touch_refresh_token(self.rows(), id, now).await
    }
    async fn use_once(&self, kind: SingleUse, value: &[u8], expires_at: Timestamp) -> Result<bool> {
        rows::flows::use_once(self.rows(), kind, value, expires_at).await
    }
    async fn insert_flow(&self, flow: &Flow) -> Result<()> {
        rows::flows::insert_flow(self.rows(), flow).await
    }
    async fn add_flow(&self, flow: &Flow) -> Result<bool> {
        rows::flows::add_flow(self.rows(), flow).await
    }
    async fn swap_flow(&self, flow: &Flow) -> Result<bool> {
        rows::flows::swap_flow(self.rows(), flow).await
    }
    async fn put_link(&self, link: &MailedLink) -> Result<()> {
        rows::flows::put_link(self.rows(), link).await
    }
    async fn use_link(&self, id: MailedLinkId, now: Timestamp) -> Result<bool> {
        rows::flows::use_link(self.rows(), id, now).await
    }
    async fn kill_links(&self, person: PersonId) -> Result<()> {
        rows::flows::kill_links(self.rows(), person).await
    }
    async fn insert_outbox(&self, message: &OutboxMessage) -> Result<()> {
        rows::operation::insert_outbox(self.rows(), self.sealer(), message).await
    }
    async fn claim_outbox(
        &self,
        lane: Lane,
        worker: &str,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<OutboxMessage>> {
        rows::operation::claim_outbox(self.rows(), self.sealer(), lane, worker, now, until, limit).await
    }
    async fn delete_outbox(&self, id: OutboxId) -> Result<()> {
        rows::operation::delete_outbox(self.rows(), id).await
    }
    async fn retry_outbox(&self, id: OutboxId, due_at: Option<Timestamp>, error: &str) -> Result<()> {
        rows::operation::retry_outbox(self.rows(), id, due_at, error).await
    }
    async fn take_lease(&self, name: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
        rows::operation::take_lease(self.rows(), name, holder, now, until).await
    }
    async fn insert_signing_key(&self, key: &SigningKey) -> Result<()> {
        rows::operation::insert_signing_key(self.rows(), self.sealer(), key).await
    }
    async fn update_signing_key(&self, key: &SigningKey) -> Result<()> {
        rows::operation::update_signing_key(self.rows(), key).await
    }
    async fn delete_signing_key(&self, id: SigningKeyId) -> Result<()> {
        rows::operation::delete_signing_key(self.rows(), id).await
    }
    async fn raise_revision(&self, name: &str) -> Result<()> {
        rows::operation::raise_revision(self.rows(), name).await
    }
    async fn insert_audit(&self, event: &AuditEvent) -> Result<()> {
        rows::audit::insert_audit(self.rows(), event).await
    }
    async fn last_audit_link(&self, school: Option<SchoolId>) -> Result<Option<ChainLink>> {
        rows::audit::last_audit_link(self.rows(), school).await
    }
    async fn seal_audit(&self, id: AuditId, link: &ChainLink) -> Result<()> {
        rows::audit::seal_audit(self.rows(), id, link).await
    }
    async fn delete_expired(&self, now: Timestamp, limit: u64) -> Result<u64> {
        rows::expiry::delete_expired(self.rows(), now, limit).await
    }
}
