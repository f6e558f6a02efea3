//! What mailed links permit, each in the transaction that uses the link. `false`: the link is dead, and nothing was changed.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::{MailedLinkId, PersonId};
use keyholder_core::membership::{Membership, UserGroup};
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::person::{Email, Person, StoredPassword};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::school::School;
use keyholder_core::time::Timestamp;

/// Sets a password.
pub(super) struct SetPassword {
    pub(super) link: MailedLinkId,
    pub(super) person: PersonId,
    pub(super) password: StoredPassword,
    pub(super) audit: AuditEvent,
    pub(super) mail: OutboxMessage,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for SetPassword {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !transaction.use_link(self.link, self.now).await? {
            return Ok(false);
        }
        let Some(person) = transaction.find_person(self.person).await? else { return Ok(false) };
        transaction.put_password(self.person, &self.password).await?;
        // Links die when the address changes: whoever holds one reads this very address.
        let email_verified_at = person.email_verified_at.or(Some(self.now));
        transaction.update_person(&Person { email_verified_at, ..person }).await?;
        transaction.end_sessions_of(self.person, None, self.now).await?;
        transaction.kill_links(self.person).await?;
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        Ok(true)
    }
}

/// Changes or confirms an address.
pub(super) struct ConfirmEmail {
    pub(super) link: MailedLinkId,
    pub(super) person: PersonId,
    pub(super) email: Email,
    pub(super) audit: AuditEvent,
    /// To the former address, where it is another one.
    pub(super) mail: Option<OutboxMessage>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for ConfirmEmail {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !transaction.use_link(self.link, self.now).await? {
            return Ok(false);
        }
        let Some(person) = transaction.find_person(self.person).await? else { return Ok(false) };
        let changed = person.email.key() != self.email.key();
        let email_changed_at = if changed { Some(self.now) } else { person.email_changed_at };
        let person =
            Person { email: self.email.clone(), email_verified_at: Some(self.now), email_changed_at, ..person };
        transaction.update_person(&person).await?;
        transaction.kill_links(self.person).await?;
        transaction.insert_audit(&self.audit).await?;
        if let Some(mail) = &self.mail {
            transaction.insert_outbox(mail).await?;
        }
        Ok(true)
    }
}

/// Makes the first school and its Admin Key Holder. Also `false` where there is a school already.
pub(super) struct FirstRun {
    pub(super) link: MailedLinkId,
    pub(super) school: School,
    pub(super) groups: [UserGroup; 2],
    pub(super) person: Person,
    pub(super) password: StoredPassword,
    pub(super) membership: Membership,
    pub(super) audit: AuditEvent,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for FirstRun {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !transaction.list_schools().await?.is_empty() || !transaction.use_link(self.link, self.now).await? {
            return Ok(false);
        }
        transaction.put_school(&self.school).await?;
        for group in &self.groups {
            transaction.put_group(group).await?;
        }
        transaction.insert_person(&self.person).await?;
        transaction.put_password(self.person.id, &self.password).await?;
        transaction.put_membership(&self.membership).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(true)
    }
}
