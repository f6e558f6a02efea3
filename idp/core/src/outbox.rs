//! What must leave after a commit: rows of that transaction, delivered at least once (design, invariant 4).

use serde::{Deserialize, Serialize};

use crate::id::OutboxId;
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

/// What is delivered. Sealed in the row, since mails carry links.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Delivery {
    /// Somebody asked for a password link for this address. Whether it has an account is found out at delivery, so that
    /// asking takes the same time either way. `resume`: the sealed flow to go on with.
    PasswordLinkAsked { email: String, language: crate::locale::Language, resume: Option<String> },
    /// A mail, rendered at delivery from this serialised context of the theme.
    Mail { to: String, language: crate::locale::Language, template: String, context: serde_json::Value },
    /// A logout token for an application (`OpenID` Connect Back-Channel Logout 1.0). The token is made at delivery.
    BackChannelLogout { grant: crate::id::GrantId },
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::PasswordLinkAsked { .. } => "PasswordLinkAsked",
            Self::Mail { .. } => "Mail",
            Self::BackChannelLogout { .. } => "BackChannelLogout",
        })
    }
}
