//! What differs between a file and what is stored, as lines for people and as what the audit log is about.

use std::collections::BTreeSet;
use std::fmt;

use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::{ApplicationId, SchoolId};
use keyholder_core::saml::MetadataSource;
use serde::Serialize;
use serde_json::Value as Json;

/// One line of the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    /// Such as `school oakfield`.
    pub(crate) what: String,
    /// The names of the fields that differ.
    pub(crate) fields: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeKind {
    Added,
    Changed,
    Removed,
    Unchanged,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            ChangeKind::Added => "added",
            ChangeKind::Changed => "changed",
            ChangeKind::Removed => "removed",
            ChangeKind::Unchanged => "unchanged",
        };
        write!(formatter, "{word:<9}  {}", self.what)?;
        if !self.fields.is_empty() {
            write!(formatter, ": {}", self.fields.join(", "))?;
        }
        Ok(())
    }
}

/// An application as its lines of the difference see it.
#[derive(Serialize)]
pub(super) struct WithSource<'a> {
    #[serde(flatten)]
    pub(super) application: &'a RelyingApplication,
    pub(super) metadata_source: Option<MetadataSource>,
}

/// What an audit event is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    Trust,
    School(SchoolId),
    /// A group or a pupil scope of that school.
    OfSchool(SchoolId),
    Application(ApplicationId),
}

impl Subject {
    pub(super) fn school(self) -> Option<SchoolId> {
        match self {
            Self::School(id) | Self::OfSchool(id) => Some(id),
            Self::Trust | Self::Application(_) => None,
        }
    }

    pub(super) fn application(self) -> Option<ApplicationId> {
        match self {
            Self::Application(id) => Some(id),
            Self::Trust | Self::School(_) | Self::OfSchool(_) => None,
        }
    }

    pub(super) fn kind(self, change: ChangeKind) -> AuditKind {
        match (self, change) {
            (Self::School(_), ChangeKind::Added) => AuditKind::SchoolCreated,
            (Self::School(_) | Self::Trust, _) => AuditKind::SchoolChanged,
            (Self::OfSchool(_), _) => AuditKind::GroupChanged,
            (Self::Application(_), ChangeKind::Added) => AuditKind::ApplicationCreated,
            (Self::Application(_), ChangeKind::Removed) => AuditKind::ApplicationRemoved,
            (Self::Application(_), _) => AuditKind::ApplicationChanged,
        }
    }
}

/// The names of the fields whose values differ; those of an application's client as fields of the application.
pub(super) fn differing_fields<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let (before, after) = (flatten(before), flatten(after));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

fn flatten<T: Serialize>(value: &T) -> serde_json::Map<String, Json> {
    let Ok(Json::Object(mut fields)) = serde_json::to_value(value) else { return serde_json::Map::new() };
    if let Some(Json::Object(client)) = fields.remove("client") {
        fields.extend(client);
    }
    fields
}
