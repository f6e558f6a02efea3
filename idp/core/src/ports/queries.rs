//! What can be asked of the rows, inside or outside a transaction.

use async_trait::async_trait;

use super::StoreError;
use crate::application::RelyingApplication;
use crate::audit::{AuditEvent, ChainLink};
use crate::ceremony::{Ceremony, CeremonyInFull};
use crate::credential::{Credential, CredentialInFull};
use crate::flow::Flow;
use crate::grant::{Grant, GrantInFull, RefreshToken};
use crate::id::{
    ApplicationId, AuditId, CeremonyId, CredentialId, FlowId, GrantId, MembershipId, PersonId, SchoolId, SessionId,
    TokenHash, TrustId, UserGroupId,
};
use crate::key::SigningKey;
use crate::link::MailedLink;
use crate::lockout::Failures;
use crate::membership::{Membership, MembershipInFull, PupilScope, UserGroup};
use crate::person::{Person, StoredPassword};
use crate::school::{School, Trust};
use crate::session::{KnownBrowser, Session, SessionInFull};
use crate::time::Timestamp;

/// Which people to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonFilter {
    All,
    /// With a membership in that school, ended ones included.
    OfSchool(SchoolId),
}

type Result<T> = std::result::Result<T, StoreError>;

/// Reads. `find_` may find nothing; `load_` of what must exist fails with [`StoreError::Corrupt`]; lists are in the order of creation.
#[async_trait]
pub trait Queries: super::PluginQueries + super::ManagedKeyQueries + super::SamlQueries + Send + Sync {
    async fn list_trusts(&self) -> Result<Vec<Trust>>;
    async fn find_trust(&self, id: TrustId) -> Result<Option<Trust>>;
    async fn find_trust_by_slug(&self, slug: &str) -> Result<Option<Trust>>;

    async fn list_schools(&self) -> Result<Vec<School>>;
    async fn find_school(&self, id: SchoolId) -> Result<Option<School>>;
    async fn find_school_by_slug(&self, slug: &str) -> Result<Option<School>>;

    async fn list_people(&self, filter: PersonFilter) -> Result<Vec<Person>>;
    async fn find_person(&self, id: PersonId) -> Result<Option<Person>>;
    /// By [`Email::key`](crate::person::Email::key).
    async fn find_person_by_email(&self, key: &str) -> Result<Option<Person>>;
    async fn find_password(&self, person: PersonId) -> Result<Option<StoredPassword>>;
    /// A person by [`Email::key`](crate::person::Email::key) with their password, in one statement whether or not there are such.
    async fn find_account(&self, key: &str) -> Result<Option<(Person, Option<StoredPassword>)>>;

    async fn list_groups(&self, school: SchoolId) -> Result<Vec<UserGroup>>;
    async fn find_group(&self, id: UserGroupId) -> Result<Option<UserGroup>>;
    async fn list_pupil_scopes(&self, school: SchoolId) -> Result<Vec<PupilScope>>;
    async fn find_membership(&self, id: MembershipId) -> Result<Option<Membership>>;
    /// The people who administer a school's keys now, disabled ones aside, by name.
    async fn list_admin_key_holders(&self, school: SchoolId, now: Timestamp) -> Result<Vec<Person>>;
    /// All memberships of a person, with what they refer to; ended ones included.
    async fn list_memberships(&self, person: PersonId) -> Result<Vec<MembershipInFull>>;

    /// The keys that a person owns, or that a school issued to them.
    async fn list_credentials(&self, holder: PersonId) -> Result<Vec<Credential>>;
    /// The same with what is counted against them, in one statement.
    async fn list_credentials_in_full(&self, holder: PersonId) -> Result<Vec<CredentialInFull>>;
    async fn find_credential(&self, id: CredentialId) -> Result<Option<Credential>>;
    async fn find_credential_by_lookup(&self, factor: &str, lookup: &[u8]) -> Result<Option<Credential>>;
    /// Of those keys, what is counted against each; a key that did not fail has none.
    async fn list_failures(&self, of: &[CredentialId]) -> Result<Vec<Failures>>;

    async fn find_ceremony(&self, id: CeremonyId) -> Result<Option<Ceremony>>;
    /// In one statement. `key` is one of those that were handed in.
    async fn find_ceremony_in_full(&self, id: CeremonyId, key: CredentialId) -> Result<Option<CeremonyInFull>>;
    /// The newest open ceremony with this factor in this flow, or, without one, outside any flow: at enrolment.
    async fn find_open_ceremony(
        &self,
        session: SessionId,
        flow: Option<FlowId>,
        factor: &str,
        now: Timestamp,
    ) -> Result<Option<Ceremony>>;
    /// The open ceremony that shows this reply tag.
    async fn find_ceremony_by_reply_tag(&self, tag: &[u8], now: Timestamp) -> Result<Option<Ceremony>>;
    /// Those of a flow, ended ones included as long as they are kept, the newest first.
    async fn list_ceremonies_of_flow(&self, flow: FlowId) -> Result<Vec<Ceremony>>;
    /// All open ceremonies of a person, the newest first: what waits for their devices.
    async fn list_open_ceremonies(&self, person: PersonId, now: Timestamp) -> Result<Vec<Ceremony>>;

    async fn list_applications(&self) -> Result<Vec<RelyingApplication>>;
    async fn find_application(&self, id: ApplicationId) -> Result<Option<RelyingApplication>>;
    async fn find_application_by_client_id(&self, client_id: &str) -> Result<Option<RelyingApplication>>;
    /// The scopes that the person agreed to for this application in this school.
    async fn find_consent(
        &self,
        person: PersonId,
        application: ApplicationId,
        school: SchoolId,
    ) -> Result<Option<Vec<String>>>;

    async fn find_session(&self, id: SessionId) -> Result<Option<Session>>;
    async fn find_session_by_token(&self, token: TokenHash) -> Result<Option<Session>>;
    /// By its token, in one statement: every page of somebody who is signed in begins with it.
    async fn find_session_in_full(&self, token: TokenHash) -> Result<Option<SessionInFull>>;
    /// Sessions of a person that have neither ended nor expired.
    async fn list_live_sessions(&self, person: PersonId, now: Timestamp) -> Result<Vec<Session>>;

    /// The browsers in which a person signed in, the last used first.
    async fn list_known_browsers(&self, person: PersonId) -> Result<Vec<KnownBrowser>>;

    async fn find_grant(&self, id: GrantId) -> Result<Option<Grant>>;
    /// In one statement, since each userinfo and introspection asks for it. `mark` is what [`is_used`](Self::is_used) would be
    /// asked about beside it; without one, none is set.
    async fn find_grant_in_full(
        &self,
        id: GrantId,
        mark: Option<(super::SingleUse, &[u8])>,
    ) -> Result<Option<GrantInFull>>;
    async fn list_live_grants(&self, session: SessionId, now: Timestamp) -> Result<Vec<Grant>>;
    /// Those of all sessions of a person, offline grants of sessions that ended included.
    async fn list_live_grants_of_person(&self, person: PersonId, now: Timestamp) -> Result<Vec<Grant>>;
    /// All grants of a session, ended ones included, as long as they are kept.
    async fn list_grants_of_session(&self, session: SessionId) -> Result<Vec<Grant>>;
    async fn find_refresh_token(&self, token: TokenHash) -> Result<Option<RefreshToken>>;

    /// Whether the mark was set; see [`Transaction::use_once`](super::Transaction::use_once).
    async fn is_used(&self, kind: super::SingleUse, value: &[u8]) -> Result<bool>;

    async fn find_flow(&self, id: FlowId) -> Result<Option<Flow>>;
    async fn find_link(&self, token: TokenHash) -> Result<Option<MailedLink>>;
    /// The link of this [kind](crate::link::LinkPurpose::kind) that the person can still use: there is one at most, but of those for a
    /// first key one for each session.
    async fn find_waiting_link(&self, person: PersonId, kind: &str, now: Timestamp) -> Result<Option<MailedLink>>;
    /// How many there are.
    async fn count_waiting_links(&self, person: PersonId, kind: &str, now: Timestamp) -> Result<u64>;

    async fn list_signing_keys(&self) -> Result<Vec<SigningKey>>;

    /// A named counter that a change raises, so that caches in other processes notice. Zero where nothing changed yet.
    async fn revision(&self, name: &str) -> Result<i64>;

    /// The newest events of a person, newest first.
    async fn list_audit_of_person(&self, person: PersonId, limit: u64) -> Result<Vec<AuditEvent>>;
    /// Those that come after the event `than` in that list, for the next page.
    async fn list_older_audit_of_person(
        &self,
        person: PersonId,
        than: (Timestamp, AuditId),
        limit: u64,
    ) -> Result<Vec<AuditEvent>>;
    /// The chain of one school (or the installation's own) from a sequence number on, in order.
    async fn list_audit_chain(
        &self,
        school: Option<SchoolId>,
        from: i64,
        limit: u64,
    ) -> Result<Vec<(AuditEvent, ChainLink)>>;
    /// Events that no link seals yet, oldest first.
    async fn list_unsealed_audit(&self, limit: u64) -> Result<Vec<AuditEvent>>;

    /// How many outbox rows wait, dead ones aside.
    async fn count_waiting_outbox(&self) -> Result<u64>;
}
