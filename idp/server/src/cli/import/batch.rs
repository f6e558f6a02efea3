//! Makes some people as they are wanted, in one transaction.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::{MembershipId, OutboxId, PersonId, SchoolId};
use keyholder_core::membership::{Membership, MembershipInFull};
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::{Person, StoredPassword};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::random::{Random, draw_bytes};
use keyholder_core::time::Timestamp;

use super::line::{Wanted, WantedMembership};
use crate::audit::{About, event_at};
use crate::cli::apply::Mode;

/// The command.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) people: Vec<Wanted>,
    pub(crate) mode: Mode,
    pub(crate) now: Timestamp,
    pub(crate) random: Arc<dyn Random>,
    /// For the audit log: which command.
    pub(crate) source: &'static str,
    /// Whether new people are mailed a link with which they set their first password.
    pub(crate) invite: bool,
}

/// How many people were added, changed, or as they should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) unchanged: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} added, {} changed, {} unchanged", self.added, self.changed, self.unchanged)
    }
}

#[async_trait]
impl Command for Batch {
    type Output = Tally;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        for wanted in &self.people {
            match transaction.find_person_by_email(&wanted.email.key()).await? {
                None => {
                    self.add(transaction, wanted).await?;
                    tally.added += 1;
                }
                Some(person) => {
                    if self.change(transaction, wanted, person).await? {
                        tally.changed += 1;
                    } else {
                        tally.unchanged += 1;
                    }
                }
            }
        }
        Ok(tally)
    }
}

impl Batch {
    fn writes(&self) -> bool {
        self.mode == Mode::Write
    }

    async fn add(&self, transaction: &dyn Transaction, wanted: &Wanted) -> Result<(), StoreError> {
        if !self.writes() {
            return Ok(());
        }
        let person = Person {
            id: PersonId::draw(self.random.as_ref(), self.now),
            subject: draw_subject(self.random.as_ref()),
            email: wanted.email.clone(),
            // Typed by an administrator: not verified before that very address answered a mail.
            email_verified_at: None,
            given_name: wanted.given_name.clone(),
            family_name: wanted.family_name.clone(),
            language: wanted.language,
            disabled_at: None,
            email_changed_at: None,
            key_stopped_at: None,
            created_at: self.now,
        };
        transaction.insert_person(&person).await?;
        self.audit(transaction, AuditKind::PersonCreated, person.id, None).await?;
        if let Some(hash) = &wanted.password_hash {
            let password = StoredPassword { hash: hash.clone(), changed_at: self.now };
            transaction.put_password(person.id, &password).await?;
        }
        for membership in &wanted.memberships {
            self.put_membership(transaction, person.id, membership, None).await?;
        }
        if self.invite {
            let delivery = Delivery::PasswordLinkAsked {
                email: person.email.as_str().to_owned(),
                language: person.language.unwrap_or_default(),
                resume: None,
            };
            let id = OutboxId::draw(self.random.as_ref(), self.now);
            let message = OutboxMessage { id, delivery, due_at: self.now, attempts: 0, created_at: self.now };
            transaction.insert_outbox(&message).await?;
        }
        Ok(())
    }

    /// Whether anything differs.
    async fn change(&self, transaction: &dyn Transaction, wanted: &Wanted, person: Person) -> Result<bool, StoreError> {
        let mut differs = false;
        let mut after = person.clone();
        after.given_name.clone_from(&wanted.given_name);
        after.family_name.clone_from(&wanted.family_name);
        after.language = wanted.language.or(person.language);
        if after != person {
            differs = true;
            if self.writes() {
                transaction.update_person(&after).await?;
                self.audit(transaction, AuditKind::PersonChanged, person.id, None).await?;
            }
        }
        if let Some(hash) = &wanted.password_hash
            // A password that was chosen since is not set back.
            && transaction.find_password(person.id).await?.is_none()
        {
            differs = true;
            if self.writes() {
                let password = StoredPassword { hash: hash.clone(), changed_at: self.now };
                transaction.put_password(person.id, &password).await?;
                self.audit(transaction, AuditKind::PasswordChanged, person.id, None).await?;
            }
        }
        let present = transaction.list_memberships(person.id).await?;
        for membership in &wanted.memberships {
            let before = present.iter().find(|member| member.school.id == membership.school);
            if before.is_none_or(|before| membership.differs_from(&before.membership)) {
                differs = true;
                if self.writes() {
                    self.put_membership(transaction, person.id, membership, before).await?;
                }
            }
        }
        Ok(differs)
    }

    async fn put_membership(
        &self,
        transaction: &dyn Transaction,
        person: PersonId,
        wanted: &WantedMembership,
        before: Option<&MembershipInFull>,
    ) -> Result<(), StoreError> {
        let before = before.map(|member| &member.membership);
        let membership = Membership {
            id: before.map_or_else(|| MembershipId::draw(self.random.as_ref(), self.now), |before| before.id),
            person,
            school: wanted.school,
            group: wanted.group,
            pupil_scopes: wanted.pupil_scopes.clone(),
            starts_at: wanted.starts_at,
            ends_at: wanted.ends_at,
            admin_key_holder: wanted.holds_admin_key(before),
            created_at: before.map_or(self.now, |before| before.created_at),
        };
        transaction.put_membership(&membership).await?;
        let kind = if before.is_some() { AuditKind::MembershipChanged } else { AuditKind::MembershipCreated };
        self.audit(transaction, kind, person, Some(wanted.school)).await
    }

    async fn audit(
        &self,
        transaction: &dyn Transaction,
        kind: AuditKind,
        person: PersonId,
        school: Option<SchoolId>,
    ) -> Result<(), StoreError> {
        let about = About { school, subject: Some(person), detail: Some(self.source), ..About::default() };
        transaction.insert_audit(&event_at(self.random.as_ref(), self.now, kind, about)).await
    }
}

impl WantedMembership {
    fn holds_admin_key(&self, before: Option<&Membership>) -> bool {
        self.admin_key_holder.unwrap_or(before.is_some_and(|before| before.admin_key_holder))
    }

    fn differs_from(&self, before: &Membership) -> bool {
        let sorted = |scopes: &[keyholder_core::id::PupilScopeId]| {
            let mut scopes = scopes.to_vec();
            scopes.sort();
            scopes
        };
        self.group != before.group
            || sorted(&self.pupil_scopes) != sorted(&before.pupil_scopes)
            || self.starts_at != before.starts_at
            || self.ends_at != before.ends_at
            || self.holds_admin_key(Some(before)) != before.admin_key_holder
    }
}

/// `OpenID` Connect Core 8: ASCII, at most 255 characters, never given to anybody else.
pub(crate) fn draw_subject(random: &dyn Random) -> String {
    URL_SAFE_NO_PAD.encode(draw_bytes::<16>(random))
}
