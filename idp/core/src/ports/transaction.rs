//! What can be changed within one transaction.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Queries, StoreError};
use crate::application::RelyingApplication;
use crate::audit::{AuditEvent, ChainLink};
use crate::ceremony::Ceremony;
use crate::credential::Credential;
use crate::flow::Flow;
use crate::grant::{Grant, RefreshToken};
use crate::id::{
    ApplicationId, AuditId, CredentialId, GrantId, MailedLinkId, OutboxId, PersonId, RefreshTokenId, SchoolId,
    SessionId, SigningKeyId, TokenHash,
};
use crate::key::SigningKey;
use crate::link::MailedLink;
use crate::lockout::Failures;
use crate::logout;
use crate::membership::{Membership, PupilScope, UserGroup};
use crate::outbox::{Lane, OutboxMessage};
use crate::person::{Person, StoredPassword};
use crate::school::{School, Trust};
use crate::session::Session;
use crate::time::Timestamp;

/// Kinds of things that may be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SingleUse {
    AuthorizationCode,
    /// `jti` of a client assertion, together with the client.
    ClientAssertion,
    /// `jti` of an access token that was revoked before its end.
    RevokedAccessToken,
    /// A request of a service provider, or its request for a logout: its ID, together with the service provider.
    SamlRequest,
    /// A flow that began before its browser had a row.
    FlowAdopted,
    /// What a factor burns, together with factor and credential: a code.
    FactorToken,
}

/// Whether a person used this browser before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Familiarity {
    /// The person's very first browser: nothing to warn of.
    First,
    New,
    Known,
}

type Result<T> = std::result::Result<T, StoreError>;

/// Writes, which see each other. `insert_` conflicts where the thing exists, `put_` inserts or replaces. A method that
/// answers `bool` tells whether it took effect: of two that compete, on one node or many, exactly one gets `true`.
#[async_trait]
pub trait Transaction:
    Queries + super::PluginTransaction + super::ManagedKeyTransaction + super::SamlTransaction
{
    async fn put_trust(&self, trust: &Trust) -> Result<()>;
    async fn put_school(&self, school: &School) -> Result<()>;
    async fn put_group(&self, group: &UserGroup) -> Result<()>;
    async fn put_pupil_scope(&self, scope: &PupilScope) -> Result<()>;

    async fn insert_person(&self, person: &Person) -> Result<()>;
    async fn update_person(&self, person: &Person) -> Result<()>;
    async fn put_password(&self, person: PersonId, password: &StoredPassword) -> Result<()>;
    /// Replaces the hash only if it is still this one: a rehash must not undo a change of password made meanwhile.
    async fn replace_password(&self, person: PersonId, former_hash: &str, password: &StoredPassword) -> Result<bool>;
    async fn put_membership(&self, membership: &Membership) -> Result<()>;

    async fn insert_credential(&self, credential: &Credential) -> Result<()>;
    /// Replaces holder, format, secret, label, facts and last use if the version is still `credential.version`; raises it.
    async fn swap_credential(&self, credential: &Credential) -> Result<bool>;
    async fn delete_credential(&self, id: CredentialId) -> Result<bool>;
    async fn put_failures(&self, failures: &Failures) -> Result<()>;

    async fn insert_ceremony(&self, ceremony: &Ceremony) -> Result<()>;
    /// Replaces contents, reply tag, keys and times if the version is still `ceremony.version`; raises it. One that ended stays ended.
    async fn swap_ceremony(&self, ceremony: &Ceremony) -> Result<bool>;
    /// Ends all open ceremonies of a person; those of a session end with it.
    async fn end_ceremonies_of(&self, person: PersonId, now: Timestamp) -> Result<()>;

    async fn put_application(&self, application: &RelyingApplication) -> Result<()>;
    async fn delete_application(&self, id: ApplicationId) -> Result<bool>;
    async fn put_consent(
        &self,
        person: PersonId,
        application: ApplicationId,
        school: SchoolId,
        scopes: &[String],
        now: Timestamp,
    ) -> Result<()>;

    async fn insert_session(&self, session: &Session) -> Result<()>;
    /// Replaces everything if the version is still `session.version`; raises it.
    async fn swap_session(&self, session: &Session) -> Result<bool>;
    /// Notes that the session was used; no version, the later instant wins.
    async fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<()>;
    /// Ends a session with its ceremonies and its grants that are not offline, and leaves word for its applications ([`logout`](crate::logout)).
    async fn end_session(&self, id: SessionId, now: Timestamp) -> Result<bool> {
        let ended = self.close_session(id, now).await?;
        if ended {
            logout::leave_word(self, id, now).await?;
        }
        Ok(ended)
    }
    /// Ends all sessions of a person but one, with their ceremonies and their grants, offline ones included, and leaves word for
    /// their applications.
    /// Returns those that ended.
    async fn end_sessions_of(
        &self,
        person: PersonId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        let ended = self.close_sessions_of(person, except, now).await?;
        for id in &ended {
            logout::leave_word(self, *id, now).await?;
        }
        Ok(ended)
    }
    /// The rows of [`end_session`](Self::end_session), which is what to call: here nobody is told.
    async fn close_session(&self, id: SessionId, now: Timestamp) -> Result<bool>;
    /// The rows of [`end_sessions_of`](Self::end_sessions_of), which is what to call: here nobody is told.
    async fn close_sessions_of(
        &self,
        person: PersonId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>>;
    /// Remembers that the person signed in with this browser.
    async fn note_browser(
        &self,
        person: PersonId,
        browser: TokenHash,
        user_agent: &str,
        now: Timestamp,
    ) -> Result<Familiarity>;
    /// Forgets a browser, so that the next sign-in there counts as one in a new browser.
    async fn forget_browser(&self, person: PersonId, browser: TokenHash) -> Result<bool>;

    async fn insert_grant(&self, grant: &Grant) -> Result<()>;
    /// Ends a grant: none of its tokens counts any more.
    async fn end_grant(&self, id: GrantId, now: Timestamp) -> Result<bool>;
    async fn insert_refresh_token(&self, token: &RefreshToken) -> Result<()>;
    /// Marks the token as exchanged for `successor`, if nobody did so before.
    async fn rotate_refresh_token(&self, id: RefreshTokenId, successor: &[u8], now: Timestamp) -> Result<bool>;
    /// Notes a use.
    async fn touch_refresh_token(&self, id: RefreshTokenId, now: Timestamp) -> Result<()>;

    /// Uses something once: `true` for the first, `false` for every later call with the same kind and value until it
    /// expires. The mark stands in SQL, in the transaction of what it permits.
    async fn use_once(&self, kind: SingleUse, value: &[u8], expires_at: Timestamp) -> Result<bool>;

    async fn insert_flow(&self, flow: &Flow) -> Result<()>;
    /// Inserts the flow unless one has its id: of two that begin, one gets `true`.
    async fn add_flow(&self, flow: &Flow) -> Result<bool>;
    /// Replaces the flow if the version is still `flow.version`; raises it.
    async fn swap_flow(&self, flow: &Flow) -> Result<bool>;

    /// Stores a link; an unused one of the same person and kind dies, of those for a first key the one of the same session.
    async fn put_link(&self, link: &MailedLink) -> Result<()>;
    /// Uses a link if it is unused and not expired.
    async fn use_link(&self, id: MailedLinkId, now: Timestamp) -> Result<bool>;
    /// Kills all unused links of a person.
    async fn kill_links(&self, person: PersonId) -> Result<()>;

    async fn insert_outbox(&self, message: &OutboxMessage) -> Result<()>;
    /// Takes up to `limit` due messages of a lane for one worker until `until`; another worker does not get them before.
    async fn claim_outbox(
        &self,
        lane: Lane,
        worker: &str,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<OutboxMessage>>;
    /// Delivered: the row goes.
    async fn delete_outbox(&self, id: OutboxId) -> Result<()>;
    /// Not delivered: again at `due_at`, or never (`None`: kept as dead, for the operator).
    async fn retry_outbox(&self, id: OutboxId, due_at: Option<Timestamp>, error: &str) -> Result<()>;

    /// Takes or renews a named lease; `false` while another holder has it.
    async fn take_lease(&self, name: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool>;

    async fn insert_signing_key(&self, key: &SigningKey) -> Result<()>;
    /// Changes state and times; the key itself never changes.
    async fn update_signing_key(&self, key: &SigningKey) -> Result<()>;
    async fn delete_signing_key(&self, id: SigningKeyId) -> Result<()>;

    /// Raises a named counter.
    async fn raise_revision(&self, name: &str) -> Result<()>;

    async fn insert_audit(&self, event: &AuditEvent) -> Result<()>;
    /// The last link of a chain.
    async fn last_audit_link(&self, school: Option<SchoolId>) -> Result<Option<ChainLink>>;
    /// Seals an event; conflicts where the sequence number is taken.
    async fn seal_audit(&self, id: AuditId, link: &ChainLink) -> Result<()>;

    /// Deletes what expired before `now` and is of no more use: marks, ceremonies, flows, links, sessions, grants, tokens.
    /// At most `limit` rows of each kind; answers how many went.
    async fn delete_expired(&self, now: Timestamp, limit: u64) -> Result<u64>;
}
