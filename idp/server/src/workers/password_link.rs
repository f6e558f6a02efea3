//! The other half of **Forgot Password**: the page left a row in the outbox for whatever address was typed, and here it is
//! found out whether anybody has it.
//!
//! A known and enabled person is mailed a link that lives an hour, at most three in a quarter of an hour. Everybody else is
//! not mailed at all: an address of a stranger must not become a target through us. Either way the log says so, and the page
//! has answered long ago.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::{MailedLinkId, OutboxId, PersonId};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::locale::Language;
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::Email;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::random::draw_token;
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::Mail;
use secrecy::{ExposeSecret as _, SecretString};

use super::outbox::Post;
use crate::audit::{About, event_at};
use crate::digest::hash_token;

/// How long a link lives.
pub const LIFE: Duration = Duration::from_hours(1);
const LIFE_MINUTES: u32 = 60;
/// How many links one person is mailed within [`LIMIT_PERIOD`].
const LIMIT: usize = 3;
const LIMIT_PERIOD: Duration = Duration::from_mins(15);
/// How far back in the person's log the links are looked for.
const LOG_DEPTH: u64 = 200;
/// The detail of an event without a mail; those do not count against the limit.
const TOO_MANY: &str = "no mail: too many links within a quarter of an hour";
const DISABLED: &str = "no mail: the person is disabled";
const UNKNOWN: &str = "no mail: nobody has this address";

/// What became of a request for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The mail is in the outbox.
    Mailed,
    /// Nobody has the address.
    Unknown,
    /// The person is disabled.
    Disabled,
    /// Mailed too often lately.
    TooMany,
}

/// Answers a request: link, mail, audit event and the end of the request's own row are one transaction.
pub(super) async fn answer(
    post: &Post<'_>,
    asked: OutboxId,
    email: &str,
    language: Language,
    resume: Option<&str>,
) -> Result<Answer, StoreError> {
    let now = post.clock.now();
    let command = AnswerPasswordLink {
        asked,
        email: email.to_owned(),
        language,
        resume: resume.map(str::to_owned),
        token: draw_token(post.random),
        issuer: post.issuer.to_owned(),
        link: MailedLinkId::draw(post.random, now),
        mail: OutboxId::draw(post.random, now),
        event: event_at(post.random, now, AuditKind::PasswordLinkAsked, About::default()),
        now,
    };
    post.store.execute(command).await
}

/// The request with everything that may be drawn: a command may be run again and then does the same.
#[derive(Debug)]
struct AnswerPasswordLink {
    asked: OutboxId,
    email: String,
    language: Language,
    resume: Option<String>,
    token: SecretString,
    issuer: String,
    link: MailedLinkId,
    mail: OutboxId,
    event: AuditEvent,
    now: Timestamp,
}

#[async_trait]
impl Command for AnswerPasswordLink {
    type Output = Answer;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Answer, StoreError> {
        let mut event = self.event.clone();
        let person = match Email::parse(&self.email) {
            Ok(email) => transaction.find_person_by_email(&email.key()).await?,
            Err(_) => None,
        };
        let answer = match &person {
            None => Answer::Unknown,
            Some(person) if person.disabled_at.is_some() => Answer::Disabled,
            Some(person) if self.is_over_limit(transaction, person.id).await? => Answer::TooMany,
            Some(_) => Answer::Mailed,
        };
        event.personal.subject = person.as_ref().map(|person| person.id);
        event.personal.detail = match answer {
            Answer::Mailed => None,
            Answer::Unknown => Some(UNKNOWN.into()),
            Answer::Disabled => Some(DISABLED.into()),
            Answer::TooMany => Some(TOO_MANY.into()),
        };
        match person {
            Some(person) if answer == Answer::Mailed => {
                let first = transaction.find_password(person.id).await?.is_none();
                transaction.put_link(&self.link(person.id)).await?;
                transaction.insert_outbox(&self.mail(person.email.as_str(), person.display_name(), first)?).await?;
            }
            Some(_) => {}
            None => event.personal.email = Some(self.email.clone()),
        }
        transaction.insert_audit(&event).await?;
        transaction.delete_outbox(self.asked).await?;
        Ok(answer)
    }
}

impl AnswerPasswordLink {
    /// Counted in the log, so that it holds on all nodes and after a restart.
    async fn is_over_limit(&self, transaction: &dyn Transaction, person: PersonId) -> Result<bool, StoreError> {
        let since = self.now.minus(LIMIT_PERIOD);
        let events = transaction.list_audit_of_person(person, LOG_DEPTH).await?;
        let links = events.iter().filter(|event| event.kind == AuditKind::PasswordLinkAsked && event.at > since);
        Ok(links.filter(|event| event.personal.detail.is_none()).count() >= LIMIT)
    }

    fn link(&self, person: PersonId) -> MailedLink {
        MailedLink {
            id: self.link,
            token: hash_token(self.token.expose_secret()),
            purpose: LinkPurpose::SetPassword { resume: self.resume.clone() },
            person: Some(person),
            created_at: self.now,
            expires_at: self.now.plus(LIFE),
            used_at: None,
        }
    }

    /// The clear token travels in this row only, which is sealed, and goes when the mail has left.
    fn mail(&self, to: &str, name: String, first: bool) -> Result<OutboxMessage, StoreError> {
        let link = format!("{}/link/{}", self.issuer, self.token.expose_secret());
        let mail = Mail::PasswordLink { name, link, minutes: LIFE_MINUTES, first };
        let mail = serde_json::to_value(mail)
            .map_err(|error| StoreError::Corrupt { what: "mail", source: Some(Box::new(error)) })?;
        Ok(OutboxMessage {
            id: self.mail,
            delivery: Delivery::Mail { to: to.to_owned(), language: self.language, mail },
            due_at: self.now,
            attempts: 0,
            created_at: self.now,
        })
    }
}

#[cfg(test)]
mod tests;
