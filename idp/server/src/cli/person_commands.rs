//! What the commands about a person change, each in one transaction.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::{MailedLinkId, OutboxId, PersonId, SchoolId, TokenHash};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::{Email, Person, StoredPassword};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::random::{Random, draw_token};
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::{Circumstances, Mail};
use secrecy::ExposeSecret as _;

use crate::audit::{About, event_at};
use crate::digest::hash_token;

/// How long a new address may take to answer, in minutes.
const CONFIRMATION_MINUTES: u32 = 24 * 60;

/// When, and with what randomness, a command runs.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) now: Timestamp,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) issuer: String,
}

impl Surroundings {
    async fn audit(&self, transaction: &dyn Transaction, kind: AuditKind, person: PersonId) -> Result<(), StoreError> {
        let about = About { subject: Some(person), detail: Some("at the command line"), ..About::default() };
        transaction.insert_audit(&event_at(self.random.as_ref(), self.now, kind, about)).await
    }

    /// An event in a school's own chain.
    pub(crate) async fn audit_of_school(
        &self,
        transaction: &dyn Transaction,
        kind: AuditKind,
        school: SchoolId,
        subject: Option<PersonId>,
        detail: &str,
    ) -> Result<(), StoreError> {
        let about = About { school: Some(school), subject, detail: Some(detail), ..About::default() };
        transaction.insert_audit(&event_at(self.random.as_ref(), self.now, kind, about)).await
    }

    pub(crate) async fn mail(
        &self,
        transaction: &dyn Transaction,
        person: &Person,
        to: &Email,
        mail: &Mail,
    ) -> Result<(), StoreError> {
        let mail = serde_json::to_value(mail)
            .map_err(|source| StoreError::Corrupt { what: "mail", source: Some(Box::new(source)) })?;
        let language = person.language.unwrap_or_default();
        self.send(transaction, Delivery::Mail { to: to.as_str().to_owned(), language, mail }).await
    }

    async fn send(&self, transaction: &dyn Transaction, delivery: Delivery) -> Result<(), StoreError> {
        let id = OutboxId::draw(self.random.as_ref(), self.now);
        let message = OutboxMessage { id, delivery, due_at: self.now, attempts: 0, created_at: self.now };
        transaction.insert_outbox(&message).await
    }

    pub(crate) fn circumstances(&self) -> Circumstances {
        Circumstances {
            at: self.now.as_millis(),
            browser: None,
            address: None,
            sign_in_href: format!("{}/", self.issuer),
        }
    }
}

async fn load(transaction: &dyn Transaction, person: PersonId) -> Result<Person, StoreError> {
    let gone = || StoreError::Conflict("the person was removed meanwhile".into());
    transaction.find_person(person).await?.ok_or_else(gone)
}

/// Sets a password that was checked and hashed.
pub(super) struct SetPassword {
    pub(super) person: PersonId,
    pub(super) hash: String,
    pub(super) surroundings: Surroundings,
}

#[async_trait]
impl Command for SetPassword {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let around = &self.surroundings;
        let person = load(transaction, self.person).await?;
        let password = StoredPassword { hash: self.hash.clone(), changed_at: around.now };
        transaction.put_password(person.id, &password).await?;
        transaction.end_sessions_of(person.id, None, around.now).await?;
        transaction.kill_links(person.id).await?;
        let mail = Mail::PasswordChanged { name: person.display_name(), circumstances: around.circumstances() };
        around.mail(transaction, &person, &person.email, &mail).await?;
        around.audit(transaction, AuditKind::PasswordChanged, person.id).await
    }
}

/// Asks a new address to confirm; changes nothing else.
pub(super) struct AskNewAddress {
    pub(super) person: PersonId,
    pub(super) address: Email,
    pub(super) surroundings: Surroundings,
}

#[async_trait]
impl Command for AskNewAddress {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let around = &self.surroundings;
        let person = load(transaction, self.person).await?;
        let token = draw_token(around.random.as_ref());
        let link = MailedLink {
            id: MailedLinkId::draw(around.random.as_ref(), around.now),
            token: hash_token(token.expose_secret()),
            purpose: LinkPurpose::ConfirmEmail { address: self.address.as_str().to_owned() },
            person: Some(person.id),
            created_at: around.now,
            expires_at: around.now.plus(Duration::from_mins(u64::from(CONFIRMATION_MINUTES))),
            used_at: None,
        };
        transaction.put_link(&link).await?;
        let mail = Mail::ConfirmEmail {
            name: person.display_name(),
            link: format!("{}/link/{}", around.issuer, token.expose_secret()),
            minutes: CONFIRMATION_MINUTES,
        };
        around.mail(transaction, &person, &self.address, &mail).await
    }
}

/// Changes the address at once, unverified.
pub(super) struct SetAddress {
    pub(super) person: PersonId,
    pub(super) address: Email,
    pub(super) surroundings: Surroundings,
}

#[async_trait]
impl Command for SetAddress {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let around = &self.surroundings;
        let before = load(transaction, self.person).await?;
        if before.email == self.address {
            return Ok(());
        }
        let changed = before.email.key() != self.address.key();
        let email_changed_at = if changed { Some(around.now) } else { before.email_changed_at };
        let after = Person { email: self.address.clone(), email_verified_at: None, email_changed_at, ..before.clone() };
        transaction.update_person(&after).await?;
        // Links that went to the former address die with it.
        transaction.kill_links(before.id).await?;
        let mail = Mail::EmailChanged {
            name: before.display_name(),
            new_address: self.address.as_str().to_owned(),
            circumstances: around.circumstances(),
        };
        around.mail(transaction, &before, &before.email, &mail).await?;
        around.audit(transaction, AuditKind::EmailChanged, before.id).await
    }
}

/// Refuses every sign-in and ends every session; answers how many ended.
pub(crate) struct Disable {
    pub(crate) person: PersonId,
    pub(crate) surroundings: Surroundings,
}

#[async_trait]
impl Command for Disable {
    type Output = usize;

    async fn run(&self, transaction: &dyn Transaction) -> Result<usize, StoreError> {
        let around = &self.surroundings;
        let person = load(transaction, self.person).await?;
        let ended = transaction.end_sessions_of(person.id, None, around.now).await?;
        transaction.kill_links(person.id).await?;
        if person.disabled_at.is_none() {
            transaction.update_person(&Person { disabled_at: Some(around.now), ..person.clone() }).await?;
            around.audit(transaction, AuditKind::PersonDisabled, person.id).await?;
        }
        Ok(ended.len())
    }
}

/// Permits sign-ins again.
pub(super) struct Enable {
    pub(super) person: PersonId,
    pub(super) surroundings: Surroundings,
}

#[async_trait]
impl Command for Enable {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let person = load(transaction, self.person).await?;
        if person.disabled_at.is_some() {
            transaction.update_person(&Person { disabled_at: None, ..person.clone() }).await?;
            self.surroundings.audit(transaction, AuditKind::PersonChanged, person.id).await?;
        }
        Ok(())
    }
}

/// How long an access pass works, in hours.
pub(crate) const PASS_HOURS: u32 = 24;

/// Makes an access pass, which permits a first key; a former one dies.
pub(crate) struct MakePass {
    pub(crate) person: PersonId,
    pub(crate) token: TokenHash,
    pub(crate) surroundings: Surroundings,
}

#[async_trait]
impl Command for MakePass {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let around = &self.surroundings;
        let pass = MailedLink {
            id: MailedLinkId::draw(around.random.as_ref(), around.now),
            token: self.token,
            purpose: LinkPurpose::AccessPass,
            person: Some(self.person),
            created_at: around.now,
            expires_at: around.now.plus(Duration::from_hours(u64::from(PASS_HOURS))),
            used_at: None,
        };
        transaction.put_link(&pass).await?;
        around.audit(transaction, AuditKind::AccessPassMade, self.person).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use super::*;
    use crate::web::testing::{ANN, House};
    use crate::wiring::SystemRandom;

    #[tokio::test]
    async fn an_address_that_the_operator_changes_brings_no_first_key_for_a_week() {
        let house = House::open().await;
        let before = house.person(ANN).await;
        let surroundings = || Surroundings {
            now: house.app().now(),
            random: Arc::new(SystemRandom),
            issuer: house.app().config.issuer().to_owned(),
        };
        for (address, barred) in [("Ann.Price@oakfield.example", false), ("ann@elsewhere.example", true)] {
            let address = Email::parse(address).unwrap();
            house.run(SetAddress { person: before.id, address: address.clone(), surroundings: surroundings() }).await;
            let after = house.person(&address.key()).await;
            assert_eq!(after.mailbox_bar(house.app().now()).is_some(), barred, "{address}");
        }
        house.close().await;
    }
}
