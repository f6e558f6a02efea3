//! What happened, to whom, by whom, from where.
//!
//! The row is written with the change. Personal fields stand beside a salted commitment to them; commitments are chained
//! per school. Truncation deletes values and salt, and the chain still verifies.

use serde::{Deserialize, Serialize};

use crate::id::{ApplicationId, AuditId, PersonId, SchoolId};
use crate::time::Timestamp;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub id: AuditId,
    pub at: Timestamp,
    pub kind: AuditKind,
    /// The school in whose chain it stands; `None`: the installation's own chain.
    pub school: Option<SchoolId>,
    pub application: Option<ApplicationId>,
    /// Salt of the commitment, 128 random bits.
    pub salt: [u8; 16],
    pub personal: PersonalFields,
}

/// The fields of an event that name or place a person. Removed by truncation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonalFields {
    /// Whom it happened to.
    pub subject: Option<PersonId>,
    /// Who did it, where that is somebody else.
    pub actor: Option<PersonId>,
    /// The address typed, where nobody is known by it.
    pub email: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// What else there is to say, in words of the log.
    pub detail: Option<String>,
}

/// Where an event stands in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    pub sequence: i64,
    /// SHA-256 over the kind, time, school and salted personal fields.
    pub commitment: [u8; 32],
    /// SHA-256 over the former link and this commitment.
    pub chain: [u8; 32],
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditKind {
    SignedIn,
    SignInFailed,
    SignInThrottled,
    /// A signed-in person did not prove the password again.
    PasswordRefused,
    SignedOut,
    SignedOutEverywhere,
    SessionEnded,
    BrowserForgotten,
    PasswordLinkAsked,
    PasswordChanged,
    /// A link to confirm a new address was asked for.
    EmailLinkAsked,
    EmailLinkWithdrawn,
    EmailChanged,
    EmailConfirmed,
    PersonCreated,
    PersonChanged,
    PersonDisabled,
    MembershipCreated,
    MembershipChanged,
    SchoolCreated,
    SchoolChanged,
    GroupChanged,
    ApplicationCreated,
    ApplicationChanged,
    ApplicationRemoved,
    GrantMade,
    GrantRevoked,
    ConsentGiven,
    ConsentRefused,
    /// A second factor was passed; the key's label is the detail.
    FactorAccepted,
    FactorRefused,
    /// The person said, at a device, that it was not they.
    FactorDeclined,
    /// Too many wrong answers: the key waits.
    FactorLocked,
    /// The plugin failed, so nobody got in.
    FactorFault,
    RecoveryCodeUsed,
    Elevated,
    SteppedDown,
    KeyAdded,
    KeyRenamed,
    KeyRemoved,
    /// The link that permits the first key was asked for.
    FirstKeyLinkAsked,
    /// A mailed link or an access pass was used, and a first key may be added; the detail says which.
    FirstKeyPermitted,
    /// An access pass was made, which permits a first key.
    AccessPassMade,
    /// A pass was typed that is none of this person's, was used, or is too old.
    AccessPassRefused,
    ManagedKeyImported,
    ManagedKeyIssued,
    ManagedKeyReturned,
    ManagedKeyRetired,
    CodeReplayed,
    RefreshTokenReused,
    ClientAuthenticationFailed,
    SigningKeyMade,
    SigningKeyRetired,
    MasterKeyRotated,
    BackupMade,
    /// The database was replaced with that of a backup.
    BackupRestored,
    FirstRunCompleted,
    PluginInstalled,
    PluginRolledBack,
    /// Switched on or off, or its settings or its floor were changed.
    PluginChanged,
    PluginRemoved,
    /// A version could not be loaded; the one before it goes on, if there is one.
    PluginNotLoaded,
    /// Packages of a publisher may be installed from now on.
    PublisherTrusted,
    PublisherDistrusted,
}
