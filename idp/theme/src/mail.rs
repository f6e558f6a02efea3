//! The mails: what each has to say. Kept in the outbox as JSON and drawn at delivery, in the reader's language.

use serde::{Deserialize, Serialize};

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "mail")]
pub enum Mail {
    /// The link behind **Forgot Password**.
    PasswordLink {
        name: String,
        link: String,
        /// How long it lives.
        minutes: u32,
        /// Whether there was no password before.
        first: bool,
    },
    /// To whoever has the account: the password was changed.
    PasswordChanged { name: String, circumstances: Circumstances },
    /// To the new address: confirm that you read it.
    ConfirmEmail { name: String, link: String, minutes: u32 },
    /// To the old address: the address was changed.
    EmailChanged { name: String, new_address: String, circumstances: Circumstances },
    /// Somebody signed in with a browser that was not seen before.
    NewBrowser { name: String, application: Option<String>, circumstances: Circumstances },
    /// The link that permits a first key.
    FirstKey { name: String, link: String, minutes: u32 },
    /// A key was added. `link`: takes it back and ends every sign-in.
    KeyAdded { name: String, key: String, link: String, circumstances: Circumstances },
    /// A key took the place of the one of its kind. `link`: takes it back and ends every sign-in.
    KeyReplaced { name: String, key: String, link: String, circumstances: Circumstances },
    /// A key was given another name.
    KeyRenamed { name: String, former: String, key: String, circumstances: Circumstances },
    /// A school issued a key.
    KeyIssued { name: String, key: String, school: String, circumstances: Circumstances },
    /// A key was removed.
    KeyRemoved { name: String, key: String, circumstances: Circumstances },
    /// A recovery code was used; so many are left.
    RecoveryCodeUsed { name: String, left: u32, circumstances: Circumstances },
}

/// When and from where something was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Milliseconds since the epoch; the mail shows it in the time of London.
    pub at: i64,
    /// Such as `Edge on Windows`; `None` where it was not a browser.
    pub browser: Option<String>,
    pub address: Option<String>,
    /// Where to go if it was not you: the sign-in page.
    pub sign_in_href: String,
}

/// A drawn mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnMail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Mail {
    /// Name of the templates and prefix of the texts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PasswordLink { .. } => "password-link",
            Self::PasswordChanged { .. } => "password-changed",
            Self::ConfirmEmail { .. } => "confirm-email",
            Self::EmailChanged { .. } => "email-changed",
            Self::NewBrowser { .. } => "new-browser",
            Self::FirstKey { .. } => "first-key",
            Self::KeyAdded { .. } => "key-added",
            Self::KeyReplaced { .. } => "key-replaced",
            Self::KeyRenamed { .. } => "key-renamed",
            Self::KeyIssued { .. } => "key-issued",
            Self::KeyRemoved { .. } => "key-removed",
            Self::RecoveryCodeUsed { .. } => "recovery-code-used",
        }
    }

    /// When what it tells of was done, in milliseconds since the epoch.
    pub(crate) fn at(&self) -> Option<i64> {
        match self {
            Self::PasswordLink { .. } | Self::ConfirmEmail { .. } | Self::FirstKey { .. } => None,
            Self::PasswordChanged { circumstances, .. }
            | Self::EmailChanged { circumstances, .. }
            | Self::NewBrowser { circumstances, .. }
            | Self::KeyAdded { circumstances, .. }
            | Self::KeyReplaced { circumstances, .. }
            | Self::KeyRenamed { circumstances, .. }
            | Self::KeyIssued { circumstances, .. }
            | Self::KeyRemoved { circumstances, .. }
            | Self::RecoveryCodeUsed { circumstances, .. } => Some(circumstances.at),
        }
    }
}
