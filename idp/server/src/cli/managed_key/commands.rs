//! What happens to a managed key, each step in one transaction.

use async_trait::async_trait;
use keyholder_core::audit::AuditKind;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::NewCredential;
use keyholder_core::id::{CredentialId, ManagedKeyChangeId, ManagedKeyId, PersonId, SchoolId};
use keyholder_core::managed_key::{ManagedKey, ManagedKeyChange, ManagedKeyChangeKind, ManagedKeyState, WrongState};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_theme::mail::Mail;

use crate::account::keys::forget_proofs;
use crate::cli::person_commands::Surroundings;

/// Takes keys into the inventory: all of them or, where one exists already, none.
pub(super) struct Import {
    pub(super) school: SchoolId,
    pub(super) factor: String,
    /// Serial and key.
    pub(super) keys: Vec<(String, NewCredential)>,
    pub(super) surroundings: Surroundings,
}

#[async_trait]
impl Command for Import {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let around = &self.surroundings;
        for (serial, new) in &self.keys {
            let key = Credential {
                id: CredentialId::draw(around.random.as_ref(), around.now),
                owner: CredentialOwner::School(self.school),
                holder: None,
                factor: self.factor.clone(),
                lookup: new.lookup.clone(),
                label: serial.clone(),
                format: new.format,
                secret: new.data.clone(),
                device: None,
                evidence: new.evidence.clone(),
                facts: new.facts.clone(),
                version: 1,
                created_at: around.now,
                last_used_at: None,
            };
            transaction.insert_credential(&key).await?;
            let entry = ManagedKey {
                id: ManagedKeyId::draw(around.random.as_ref(), around.now),
                school: self.school,
                factor: self.factor.clone(),
                serial: serial.clone(),
                credential: Some(key.id),
                state: ManagedKeyState::InStock,
                version: 1,
                imported_at: around.now,
                changed_at: around.now,
            };
            transaction.insert_managed_key(&entry).await?;
            let change = change(around, entry.id, ManagedKeyChangeKind::Imported, None, None);
            transaction.insert_managed_key_change(&change).await?;
        }
        let detail = format!("{} keys, {}", self.keys.len(), self.factor);
        around.audit_of_school(transaction, AuditKind::ManagedKeyImported, self.school, None, &detail).await
    }
}

fn change(
    around: &Surroundings,
    key: ManagedKeyId,
    kind: ManagedKeyChangeKind,
    person: Option<PersonId>,
    note: Option<String>,
) -> ManagedKeyChange {
    let id = ManagedKeyChangeId::draw(around.random.as_ref(), around.now);
    ManagedKeyChange { id, key, at: around.now, kind, person, note }
}

/// What is done with a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Issue(PersonId),
    TakeBack,
    Retire,
}

/// One step.
pub(super) struct Change {
    /// As it was read.
    pub(super) key: ManagedKey,
    /// The school's name, for the mail.
    pub(super) school: String,
    pub(super) step: Step,
    pub(super) note: Option<String>,
    pub(super) surroundings: Surroundings,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    WrongState(WrongState),
    /// Keys are for members of the school that owns them.
    NoMember,
    /// Somebody else was faster.
    Moved,
}

#[async_trait]
impl Command for Change {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let around = &self.surroundings;
        let credential = self.key.credential;
        let moved = match self.step {
            Step::Issue(person) => self.key.clone().issue(person, around.now).map(|key| (key, Some(person))),
            Step::TakeBack => self.key.clone().take_back(around.now).map(|(key, had)| (key, Some(had))),
            Step::Retire => self.key.clone().retire(around.now),
        };
        let (key, person) = match moved {
            Ok(moved) => moved,
            Err(why) => return Ok(Outcome::WrongState(why)),
        };
        if let Step::Issue(person) = self.step
            && !belongs(transaction, person, self.key.school, around).await?
        {
            return Ok(Outcome::NoMember);
        }
        if !transaction.swap_managed_key(&key).await? {
            return Ok(Outcome::Moved);
        }
        if let Some(credential) = credential {
            self.move_credential(transaction, credential, person).await?;
        }
        let (kind, audit) = match self.step {
            Step::Issue(_) => (ManagedKeyChangeKind::Issued, AuditKind::ManagedKeyIssued),
            Step::TakeBack => (ManagedKeyChangeKind::Returned, AuditKind::ManagedKeyReturned),
            Step::Retire => (ManagedKeyChangeKind::Retired, AuditKind::ManagedKeyRetired),
        };
        let change = change(around, key.id, kind, person, self.note.clone());
        transaction.insert_managed_key_change(&change).await?;
        around.audit_of_school(transaction, audit, key.school, person, &key.serial).await?;
        self.tell(transaction, &key, person).await?;
        Ok(Outcome::Done)
    }
}

/// Whether the person is a member of the school now.
async fn belongs(
    transaction: &dyn Transaction,
    person: PersonId,
    school: SchoolId,
    around: &Surroundings,
) -> Result<bool, StoreError> {
    let members = transaction.list_memberships(person).await?;
    Ok(members.iter().any(|member| member.school.id == school && member.membership.is_active(around.now)))
}

impl Change {
    /// The key changes hands or goes; what its former holder proved with it counts no more.
    async fn move_credential(
        &self,
        transaction: &dyn Transaction,
        credential: CredentialId,
        person: Option<PersonId>,
    ) -> Result<(), StoreError> {
        match (self.step, person) {
            (Step::Issue(person), _) => {
                transaction.hold_credential(credential, Some(person)).await?;
            }
            (Step::TakeBack, _) => {
                transaction.hold_credential(credential, None).await?;
            }
            (Step::Retire, _) => {
                transaction.delete_credential(credential).await?;
            }
        }
        match (self.step, person) {
            (Step::TakeBack | Step::Retire, Some(former)) => {
                forget_proofs(transaction, credential, former, None, self.surroundings.now).await
            }
            _ => Ok(()),
        }
    }

    async fn tell(
        &self,
        transaction: &dyn Transaction,
        key: &ManagedKey,
        person: Option<PersonId>,
    ) -> Result<(), StoreError> {
        let Some(person) = person else { return Ok(()) };
        let Some(person) = transaction.find_person(person).await? else { return Ok(()) };
        let around = &self.surroundings;
        let (name, circumstances) = (person.display_name(), around.circumstances());
        let mail = match self.step {
            Step::Issue(_) => {
                Mail::KeyIssued { name, key: key.serial.clone(), school: self.school.clone(), circumstances }
            }
            Step::TakeBack | Step::Retire => Mail::KeyRemoved { name, key: key.serial.clone(), circumstances },
        };
        around.mail(transaction, &person, &person.email, &mail).await
    }
}
