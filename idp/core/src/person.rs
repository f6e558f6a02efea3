//! People and the addresses by which they are known.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::PersonId;
use crate::locale::Language;
use crate::time::Timestamp;

/// A human being, known by e-mail address; one account, whatever the number of schools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    /// The public subject identifier (`OpenID` Connect Core 8). Ours, random, and never changed.
    pub subject: String,
    pub email: Email,
    /// Set only when that very address answered a mail.
    pub email_verified_at: Option<Timestamp>,
    pub given_name: String,
    pub family_name: String,
    pub language: Option<Language>,
    /// No sign-in while set.
    pub disabled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When the address became another one.
    pub email_changed_at: Option<Timestamp>,
    /// When a key was last taken back by the link of a mail.
    pub key_stopped_at: Option<Timestamp>,
}

/// For so long after either, the mailbox alone brings no first key (design, invariant 10).
const MAILBOX_SETTLES: Duration = Duration::from_hours(7 * 24);

/// Why a mailed link brings no first key for now: an access pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxBar {
    /// Whoever guessed the password may have had the address changed to one of their own.
    AddressChanged,
    /// Whoever reads the mailbox alone may have taken the key off.
    KeyStopped,
}

impl Person {
    /// The name that pages, mails and the `name` claim show.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// What bars a mailed link for a first key.
    pub fn mailbox_bar(&self, now: Timestamp) -> Option<MailboxBar> {
        let lately = |at: Option<Timestamp>| at.is_some_and(|at| now.since(at) < MAILBOX_SETTLES);
        if lately(self.key_stopped_at) {
            return Some(MailboxBar::KeyStopped);
        }
        lately(self.email_changed_at).then_some(MailboxBar::AddressChanged)
    }
}

/// A stored password: what verifies it, never the password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// A PHC string (argon2id), or an imported bcrypt or PBKDF2 hash.
    pub hash: String,
    pub changed_at: Timestamp,
}

impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoredPassword").field("changed_at", &self.changed_at).finish_non_exhaustive()
    }
}

/// An e-mail address as typed, with the form in which two spellings of it compare equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    typed: String,
}

/// The text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    #[error("the address is empty")]
    Empty,
    #[error("the address is longer than 254 characters")]
    TooLong,
    #[error("the address is not of the form name@domain")]
    Malformed,
}

impl Email {
    /// Reads an address. The check is that of HTML's e-mail field, loosened to any letters: no white space or control
    /// character, one `@`, something on both sides. RFC 5321 4.5.3.1.3 bounds it to 254 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        if text.len() > 254 {
            return Err(InvalidEmail::TooLong);
        }
        let bad = |c: char| {
            c.is_whitespace()
                || c.is_control()
                || matches!(c, '<' | '>' | '"' | ',' | ';' | ':' | '\\' | '(' | ')' | '[' | ']')
        };
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail::Malformed)?;
        let domain_is_dotted = domain.split('.').all(|label| !label.is_empty());
        if local.is_empty() || domain.contains('@') || !domain_is_dotted || text.contains(bad) {
            return Err(InvalidEmail::Malformed);
        }
        Ok(Self { typed: text.to_owned() })
    }

    /// As typed, for people and mail servers.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form that is unique among people: nobody at a school tells `Ann@` from `ann@`.
    pub fn key(&self) -> String {
        self.typed.to_lowercase()
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.typed
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.typed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Email, InvalidEmail};

    #[test]
    fn an_address_that_could_split_a_mail_header_is_refused() {
        for text in ["a@b\r\nBcc: c@d", "a b@c.d", "a@b@c", "@b.c", "a@", "a@b..c", "<a@b.c>", "a@b.c,d@e.f"] {
            assert_eq!(Email::parse(text), Err(InvalidEmail::Malformed), "{text:?}");
        }
    }

    #[test]
    fn spellings_of_one_address_share_a_key() {
        assert_eq!(Email::parse(" Ann.Price@Oakfield.Example ").unwrap().key(), "ann.price@oakfield.example");
    }
}
