//! What must leave after a commit: rows of that transaction, delivered at least once (design, invariant 4).

use serde::{Deserialize, Serialize};

use crate::id::{ApplicationId, OutboxId, SessionId};
use crate::time::Timestamp;

/// A message that waits for delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    pub id: OutboxId,
    pub delivery: Delivery,
    /// Not before this instant.
    pub due_at: Timestamp,
    /// How often delivery was tried.
    pub attempts: u32,
    pub created_at: Timestamp,
}

/// Messages of one lane are claimed apart from those of the other: applications that do not answer hold up no mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// To the mail server.
    Mails,
    /// To applications.
    Notices,
}

impl Lane {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mails => "mails",
            Self::Notices => "notices",
        }
    }
}

/// What is delivered. Sealed in the row, since mails carry links.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Delivery {
    /// Somebody asked for a password link for this address. Whether it has an account is found out at delivery, so that
    /// asking takes the same time either way. `resume`: the sealed flow to go on with.
    PasswordLinkAsked { email: String, language: crate::locale::Language, resume: Option<String> },
    /// A mail, rendered at delivery. `mail` is the theme's serialised `Mail`.
    Mail { to: String, language: crate::locale::Language, mail: serde_json::Value },
    /// An application is told that a session ended (Back-Channel Logout 1.0). The token is made at delivery. `subject`: the
    /// person as that application knows them.
    BackChannelLogout { application: ApplicationId, session: SessionId, subject: String },
    /// A service provider is told by SOAP that a session ended (saml-profiles-2.0-os 4.4). `told`: what names it there, as the protocol
    /// crate wrote it. The request is made at delivery.
    SamlLogout { application: ApplicationId, told: serde_json::Value },
}

impl Delivery {
    /// With what it waits.
    pub fn lane(&self) -> Lane {
        match self {
            Self::PasswordLinkAsked { .. } | Self::Mail { .. } => Lane::Mails,
            Self::BackChannelLogout { .. } | Self::SamlLogout { .. } => Lane::Notices,
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::PasswordLinkAsked { .. } => "PasswordLinkAsked",
            Self::Mail { .. } => "Mail",
            Self::BackChannelLogout { .. } => "BackChannelLogout",
            Self::SamlLogout { .. } => "SamlLogout",
        })
    }
}
