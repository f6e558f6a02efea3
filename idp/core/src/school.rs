//! Schools, the tenants, and the trusts that they may belong to.

use serde::{Deserialize, Serialize};

use crate::id::{SchoolId, TrustId};
use crate::time::Timestamp;

/// A group of schools under one administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    pub id: TrustId,
    pub slug: String,
    pub name: String,
    /// Whether an application that serves several schools gets one subject for a person in all of them.
    pub one_subject_across_schools: bool,
    pub created_at: Timestamp,
}

/// The tenant: its people, groups, relying applications, policies and networks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    pub id: SchoolId,
    pub trust: Option<TrustId>,
    /// Stands in addresses (`/s/{slug}`); lower-case letters, digits and hyphens; unique.
    pub slug: String,
    pub name: String,
    /// Unique Reference Number of the Department for Education, where there is one.
    pub urn: Option<String>,
    /// UK Provider Reference Number, where there is one.
    pub ukprn: Option<String>,
    pub branding: Branding,
    pub created_at: Timestamp,
}

/// How a school's pages look and whom they name for help. Data only: markup never comes from a school.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// `#rrggbb`, checked for contrast when saved.
    pub colour: Option<String>,
    /// Address of a logo, `https` only, or the name of a bundled asset.
    pub logo: Option<String>,
    pub help: HelpContact,
}

/// Whom to ask, shown in the same place on each page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HelpContact {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}
