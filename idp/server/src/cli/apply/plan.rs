//! Compares what a file asks for with what is stored, and makes the difference, in one transaction.
//!
//! The whole plan is made before the first write, so that a mistake anywhere changes nothing.

mod change;
mod client;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use keyholder_core::application::{OfferedTo, RelyingApplication};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::{ApplicationId, PupilScopeId, SchoolId, TrustId, UserGroupId};
use keyholder_core::membership::{PupilScope, PupilScopeKind, UserGroup};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::random::Random;
use keyholder_core::saml::SamlMetadata;
use keyholder_core::school::{School, Trust};
use keyholder_core::time::Timestamp;
use secrecy::SecretString;
use serde::Serialize;

use super::application::{WantedApplication, WantedOffer};
use super::document::Located;
use super::saml::WantedMetadata;
use super::wanted::{Wanted, WantedGroup, WantedPupilScope, WantedSchool};
use crate::audit::{About, event_at};
use crate::config::faults::{Fault, suggestion};
use crate::oidc::front::naming;
use change::{Subject, WithSource, differing_fields};
use client::{authentication, client};
use stored::Stored;

pub(crate) use change::{Change, ChangeKind};

/// Whether what was found out is also done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    DryRun,
}

/// What happens to applications that the file does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlisted {
    Keep,
    Remove,
}

/// The command behind `keyholder apply`.
#[derive(Debug)]
pub(crate) struct Apply {
    pub(crate) wanted: Wanted,
    pub(crate) unlisted: Unlisted,
    pub(crate) mode: Mode,
    pub(crate) now: Timestamp,
    pub(crate) random: Arc<dyn Random>,
}

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) changes: Vec<Change>,
    /// New client secrets, by client id: this is the only time that they are seen.
    pub(crate) secrets: Vec<(String, SecretString)>,
    /// What the changes do that nobody may have meant.
    pub(crate) warnings: Vec<String>,
}

#[async_trait]
impl Command for Apply {
    /// Mistakes that only the stored rows show: nothing was changed then.
    type Output = Result<Applied, Vec<Fault>>;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Self::Output, StoreError> {
        let stored = Stored::read(transaction).await?;
        let plan = Plan::make(self, &stored);
        if !plan.faults.is_empty() {
            return Ok(Err(plan.faults));
        }
        if self.mode == Mode::Write {
            plan.write(transaction).await?;
        }
        let warnings = plan.renamed();
        Ok(Ok(Applied { changes: plan.changes, secrets: plan.secrets, warnings }))
    }
}

/// Everything that will be written.
struct Plan<'a> {
    apply: &'a Apply,
    stored: &'a Stored,
    faults: Vec<Fault>,
    changes: Vec<Change>,
    secrets: Vec<(String, SecretString)>,
    audit: Vec<AuditEvent>,
    /// Of the file and of the store together.
    trust_ids: BTreeMap<String, TrustId>,
    school_ids: BTreeMap<String, SchoolId>,
    trusts: Vec<Trust>,
    schools: Vec<School>,
    groups: Vec<UserGroup>,
    pupil_scopes: Vec<PupilScope>,
    applications: Vec<RelyingApplication>,
    removed: Vec<ApplicationId>,
    metadata: Vec<SamlMetadata>,
    /// Applications whose metadata is not fetched any more.
    fetched_no_more: Vec<ApplicationId>,
}

impl<'a> Plan<'a> {
    fn make(apply: &'a Apply, stored: &'a Stored) -> Self {
        let mut plan = Self {
            apply,
            stored,
            faults: Vec::new(),
            changes: Vec::new(),
            secrets: Vec::new(),
            audit: Vec::new(),
            trust_ids: stored.trusts.iter().map(|(slug, trust)| (slug.clone(), trust.id)).collect(),
            school_ids: stored.schools.iter().map(|(slug, school)| (slug.clone(), school.id)).collect(),
            trusts: Vec::new(),
            schools: Vec::new(),
            groups: Vec::new(),
            pupil_scopes: Vec::new(),
            applications: Vec::new(),
            removed: Vec::new(),
            metadata: Vec::new(),
            fetched_no_more: Vec::new(),
        };
        plan.plan_trusts();
        for school in &apply.wanted.schools {
            plan.plan_school(school);
        }
        for group in &apply.wanted.groups {
            plan.plan_group(group);
        }
        for scope in &apply.wanted.pupil_scopes {
            plan.plan_pupil_scope(scope);
        }
        for application in &apply.wanted.applications {
            plan.plan_application(application);
        }
        if apply.unlisted == Unlisted::Remove {
            plan.plan_removals();
        }
        plan.faults.sort_by(|a, b| a.origin.cmp(&b.origin));
        plan
    }

    async fn write(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for trust in &self.trusts {
            transaction.put_trust(trust).await?;
        }
        for school in &self.schools {
            transaction.put_school(school).await?;
        }
        for group in &self.groups {
            transaction.put_group(group).await?;
        }
        for scope in &self.pupil_scopes {
            transaction.put_pupil_scope(scope).await?;
        }
        for id in &self.removed {
            transaction.delete_application(*id).await?;
        }
        // Entity ids are given up before others get them: two applications may change them for one another's.
        for application in &self.applications {
            let before = self.stored.applications.get(&application.client.client_id);
            if let Some(former) = before.and_then(|before| before.saml.as_ref())
                && application.saml.as_ref().is_none_or(|saml| saml.entity_id != former.entity_id)
            {
                transaction.put_application(&RelyingApplication { saml: None, ..application.clone() }).await?;
            }
        }
        for application in &self.applications {
            transaction.put_application(application).await?;
        }
        for row in &self.metadata {
            transaction.put_saml_metadata(row).await?;
        }
        for id in &self.fetched_no_more {
            transaction.delete_saml_metadata(*id).await?;
        }
        for event in &self.audit {
            transaction.insert_audit(event).await?;
        }
        if !self.audit.is_empty() {
            // Running servers keep applications, and what they refer to, in memory until this rises.
            transaction.raise_revision("applications").await?;
        }
        Ok(())
    }

    /// Notes a line of the difference and, where something differs, the audit event. `true` where it has to be written.
    fn note<T: Serialize>(&mut self, what: String, before: Option<&T>, after: &T, subject: Subject) -> bool {
        let fields = before.map(|before| differing_fields(before, after)).unwrap_or_default();
        let kind = match before {
            None => ChangeKind::Added,
            Some(_) if fields.is_empty() => ChangeKind::Unchanged,
            Some(_) => ChangeKind::Changed,
        };
        let change = Change { kind, what, fields };
        if kind != ChangeKind::Unchanged {
            self.record(subject.kind(kind), subject, &change);
        }
        self.changes.push(change);
        kind != ChangeKind::Unchanged
    }

    fn record(&mut self, kind: AuditKind, subject: Subject, change: &Change) {
        let words: Vec<_> = change.to_string().split_whitespace().map(str::to_owned).collect();
        let detail = format!("keyholder apply: {}", words.join(" "));
        let about = About {
            school: subject.school(),
            application: subject.application(),
            detail: Some(&detail),
            ..About::default()
        };
        let event = event_at(self.apply.random.as_ref(), self.apply.now, kind, about);
        self.audit.push(event);
    }

    fn plan_trusts(&mut self) {
        for wanted in &self.apply.wanted.trusts {
            let before = self.stored.trusts.get(&wanted.slug.value);
            let trust = Trust {
                id: before.map_or_else(|| TrustId::draw(self.apply.random.as_ref(), self.apply.now), |trust| trust.id),
                slug: wanted.slug.value.clone(),
                name: wanted.name.clone(),
                one_subject_across_schools: wanted.one_subject_across_schools,
                created_at: before.map_or(self.apply.now, |trust| trust.created_at),
            };
            self.trust_ids.insert(trust.slug.clone(), trust.id);
            if self.note(format!("trust {}", trust.slug), before, &trust, Subject::Trust) {
                self.trusts.push(trust);
            }
        }
    }

    fn plan_school(&mut self, wanted: &WantedSchool) {
        let trust = match &wanted.trust {
            None => None,
            Some(slug) => match self.trust_ids.get(&slug.value) {
                Some(id) => Some(*id),
                None => return self.unknown_trust(slug),
            },
        };
        let before = self.stored.schools.get(&wanted.slug.value);
        let school = School {
            id: before.map_or_else(|| SchoolId::draw(self.apply.random.as_ref(), self.apply.now), |school| school.id),
            trust,
            slug: wanted.slug.value.clone(),
            name: wanted.name.clone(),
            urn: wanted.urn.clone(),
            ukprn: wanted.ukprn.clone(),
            branding: wanted
                .branding
                .clone()
                .or_else(|| before.map(|school| school.branding.clone()))
                .unwrap_or_default(),
            created_at: before.map_or(self.apply.now, |school| school.created_at),
        };
        self.school_ids.insert(school.slug.clone(), school.id);
        if self.note(format!("school {}", school.slug), before, &school, Subject::School(school.id)) {
            self.schools.push(school);
        }
    }

    fn plan_group(&mut self, wanted: &WantedGroup) {
        let Some(school) = self.school(&wanted.school) else { return };
        let before = self.stored.groups.get(&(school, wanted.slug.value.clone()));
        let group = UserGroup {
            id: before.map_or_else(|| UserGroupId::draw(self.apply.random.as_ref(), self.apply.now), |group| group.id),
            school,
            slug: wanted.slug.value.clone(),
            name: wanted.name.clone(),
            full: wanted.full.clone(),
            restricted: wanted.restricted.clone(),
            needs: wanted.needs,
            elevation_minutes: wanted.elevation_minutes,
            first_key: wanted.first_key,
            created_at: before.map_or(self.apply.now, |group| group.created_at),
        };
        let what = format!("group {}/{}", wanted.school.value, group.slug);
        if self.note(what, before, &group, Subject::OfSchool(school)) {
            self.groups.push(group);
        }
    }

    fn plan_pupil_scope(&mut self, wanted: &WantedPupilScope) {
        let Some(school) = self.school(&wanted.school) else { return };
        let before = self
            .stored
            .pupil_scopes
            .iter()
            .find(|scope| scope.school == school && scope.kind == wanted.kind && scope.name == wanted.name.value);
        let scope = PupilScope {
            id: before.map_or_else(|| PupilScopeId::draw(self.apply.random.as_ref(), self.apply.now), |scope| scope.id),
            school,
            kind: wanted.kind,
            name: wanted.name.value.clone(),
        };
        let kind = match scope.kind {
            PupilScopeKind::YearGroup => "year group",
            PupilScopeKind::Class => "class",
        };
        let what = format!("{kind} {}/{}", wanted.school.value, scope.name);
        if self.note(what, before, &scope, Subject::OfSchool(school)) {
            self.pupil_scopes.push(scope);
        }
    }

    fn plan_application(&mut self, wanted: &WantedApplication) {
        let Some(offered_to) = self.offer(&wanted.offered_to) else { return };
        if let Some(entity_id) = wanted.saml.as_ref().and_then(super::saml::WantedSaml::entity_id)
            && let Some(other) = self.holder_of(&entity_id.value, &wanted.client_id.value)
        {
            let problem = format!("`{}` is registered for the application `{other}`", entity_id.value);
            return self.faults.push(entity_id.fault(problem));
        }
        let before = self.stored.applications.get(&wanted.client_id.value);
        let saml = wanted.saml.as_ref().map(|saml| saml.stored(before));
        let Ok(saml) = saml.map(|saml| saml.ok_or(())).transpose() else {
            let problem = "it was registered anew or removed in the meantime; apply the file again";
            return self.faults.push(wanted.client_id.fault(problem));
        };
        let (authentication, secret) =
            authentication(&wanted.authentication, before.map(|before| &before.client.authentication));
        let mut application = RelyingApplication {
            id: before
                .map_or_else(|| ApplicationId::draw(self.apply.random.as_ref(), self.apply.now), |before| before.id),
            name: wanted.name.clone(),
            offered_to,
            consent: wanted.consent,
            launch_url: wanted.launch_url.clone(),
            client: client(wanted, authentication),
            saml,
            created_at: before.map_or(self.apply.now, |before| before.created_at),
            // Not a difference by itself.
            updated_at: before.map_or(self.apply.now, |before| before.updated_at),
        };
        if let Some(secret) = secret {
            self.secrets.push((wanted.client_id.value.clone(), secret));
        }
        let what = format!("application {}", wanted.client_id.value);
        let source_before = self.stored.metadata.get(&application.id);
        let row = match wanted.saml.as_ref().map(|saml| &saml.metadata) {
            Some(WantedMetadata::Fetched { row, .. }) => {
                Some(SamlMetadata { application: application.id, ..row.clone() })
            }
            Some(WantedMetadata::Kept(_)) => source_before.cloned(),
            _ => None,
        };
        let with_source = |application, row: Option<&'_ SamlMetadata>| WithSource {
            application,
            metadata_source: row.map(|row| row.source.clone()),
        };
        let before = before.map(|before| with_source(before, source_before));
        let after = with_source(&application, row.as_ref());
        if self.note(what, before.as_ref(), &after, Subject::Application(application.id)) {
            match row {
                Some(row) => self.metadata.push(row),
                None if source_before.is_some() => self.fetched_no_more.push(application.id),
                None => {}
            }
            application.updated_at = self.apply.now;
            self.applications.push(application);
        }
    }

    /// Another application that has this entity id and keeps it.
    fn holder_of(&self, entity_id: &str, client_id: &str) -> Option<&'a str> {
        let listed = |id: &str| self.apply.wanted.applications.iter().any(|wanted| wanted.client_id.value == id);
        let keeps = |id: &str| !listed(id) && self.apply.unlisted == Unlisted::Keep;
        let mut others = self.stored.applications.iter().filter(|(id, _)| *id != client_id && keeps(id));
        let has = |saml: &keyholder_core::saml::ServiceProvider| saml.entity_id == entity_id;
        others.find(|(_, other)| other.saml.as_ref().is_some_and(has)).map(|(id, _)| id.as_str())
    }

    fn plan_removals(&mut self) {
        for (client_id, application) in &self.stored.applications {
            if self.apply.wanted.applications.iter().any(|wanted| wanted.client_id.value == *client_id) {
                continue;
            }
            let what = format!("application {client_id}");
            let change = Change { kind: ChangeKind::Removed, what, fields: Vec::new() };
            self.record(AuditKind::ApplicationRemoved, Subject::Application(application.id), &change);
            self.changes.push(change);
            self.removed.push(application.id);
        }
    }

    /// Applications that will know people by other names (`sub`) than before: to them everybody is a stranger afterwards, and what
    /// they keep about somebody is found no more.
    fn renamed(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for before in self.stored.applications.values().filter(|before| !self.removed.contains(&before.id)) {
            let after = self.applications.iter().find(|after| after.id == before.id).unwrap_or(before);
            let schools = self.stored.schools.values().filter(|school| before.offered_to.serves(school));
            let renamed = schools.filter(|school| {
                let later = self.schools.iter().find(|later| later.id == school.id).unwrap_or(school);
                let stays = after.offered_to.serves(later);
                stays && naming(before, self.one_subject_before(school)) != naming(after, self.one_subject_after(later))
            });
            let slugs: Vec<&str> = renamed.map(|school| school.slug.as_str()).collect();
            if !slugs.is_empty() {
                let (client_id, slugs) = (&before.client.client_id, slugs.join(", "));
                warnings.push(format!("the names (`sub`) by which {client_id} knows the people of {slugs} change"));
            }
        }
        warnings
    }

    fn one_subject_before(&self, school: &School) -> bool {
        self.stored.trusts.values().any(|trust| Some(trust.id) == school.trust && trust.one_subject_across_schools)
    }

    fn one_subject_after(&self, school: &School) -> bool {
        let changed = self.trusts.iter().find(|trust| Some(trust.id) == school.trust);
        changed.map_or_else(|| self.one_subject_before(school), |trust| trust.one_subject_across_schools)
    }

    fn offer(&mut self, wanted: &WantedOffer) -> Option<OfferedTo> {
        match wanted {
            WantedOffer::Schools(slugs) => {
                let ids: Vec<_> = slugs.iter().map(|slug| self.school(slug)).collect();
                ids.into_iter().collect::<Option<_>>().map(OfferedTo::Schools)
            }
            WantedOffer::Trust(slug) => {
                let id = self.trust_ids.get(&slug.value).copied();
                if id.is_none() {
                    self.unknown_trust(slug);
                }
                id.map(OfferedTo::Trust)
            }
        }
    }

    fn school(&mut self, slug: &Located<String>) -> Option<SchoolId> {
        let id = self.school_ids.get(&slug.value).copied();
        if id.is_none() {
            let known: Vec<_> = self.school_ids.keys().cloned().collect();
            self.unknown(slug, "school", &known);
        }
        id
    }

    fn unknown_trust(&mut self, slug: &Located<String>) {
        let known: Vec<_> = self.trust_ids.keys().cloned().collect();
        self.unknown(slug, "trust", &known);
    }

    fn unknown(&mut self, slug: &Located<String>, kind: &str, known: &[String]) {
        let hint = suggestion(&slug.value, known.iter().map(String::as_str));
        self.faults.push(slug.fault(format!("there is no {kind} `{}`, neither here nor stored{hint}", slug.value)));
    }
}
