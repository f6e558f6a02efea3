//! What a file asks for, read and checked as far as the file alone can tell.

use keyholder_core::assurance::Assurance;
use keyholder_core::membership::{FirstKey, PupilScopeKind};
use keyholder_core::school::{Branding, HelpContact};

use super::application::{WantedApplication, read_application};
use super::document::{Document, Entry, Located};
use crate::config::faults::Fault;

/// Everything that a file lists, in the file's order.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(super) trusts: Vec<WantedTrust>,
    pub(super) schools: Vec<WantedSchool>,
    pub(super) groups: Vec<WantedGroup>,
    pub(super) pupil_scopes: Vec<WantedPupilScope>,
    pub(super) applications: Vec<WantedApplication>,
}

#[derive(Debug)]
pub(super) struct WantedTrust {
    pub(super) slug: Located<String>,
    pub(super) name: String,
    pub(super) one_subject_across_schools: bool,
}

#[derive(Debug)]
pub(super) struct WantedSchool {
    pub(super) slug: Located<String>,
    pub(super) name: String,
    pub(super) trust: Option<Located<String>>,
    pub(super) urn: Option<String>,
    pub(super) ukprn: Option<String>,
    /// `None`: what the school has is kept.
    pub(super) branding: Option<Branding>,
}

#[derive(Debug)]
pub(super) struct WantedGroup {
    pub(super) school: Located<String>,
    pub(super) slug: Located<String>,
    pub(super) name: String,
    pub(super) full: Vec<String>,
    pub(super) restricted: Vec<String>,
    pub(super) needs: Assurance,
    pub(super) elevation_minutes: u16,
    pub(super) first_key: FirstKey,
}

#[derive(Debug)]
pub(super) struct WantedPupilScope {
    pub(super) school: Located<String>,
    pub(super) kind: PupilScopeKind,
    pub(super) name: Located<String>,
}

/// What reading needs beside the file.
pub(crate) struct Surroundings<'a> {
    /// Where relative paths begin.
    pub(crate) folder: &'a std::path::Path,
    /// Whether a school's colour has enough contrast.
    pub(crate) is_legible: &'a dyn Fn(&str) -> bool,
    pub(crate) random: &'a dyn keyholder_core::random::Random,
    /// Our own SAML entity id, which nobody else has.
    pub(crate) saml_entity_id: &'a str,
    pub(crate) now: keyholder_core::time::Timestamp,
}

/// Reads a document. Mistakes are noted in it.
pub(crate) fn read<'d>(document: &'d Document<'d>, root: &Entry<'d>, around: &Surroundings<'_>) -> Wanted {
    let wanted = Wanted {
        trusts: root.tables("trust").into_iter().filter_map(read_trust).collect(),
        schools: root.tables("school").into_iter().filter_map(|entry| read_school(entry, around)).collect(),
        groups: root.tables("group").into_iter().filter_map(read_group).collect(),
        pupil_scopes: root.tables("pupil_scope").into_iter().filter_map(read_pupil_scope).collect(),
        applications: root
            .tables("application")
            .into_iter()
            .filter_map(|entry| read_application(entry, around))
            .collect(),
    };
    refuse_twice(document, wanted.trusts.iter().map(|trust| (trust.slug.value.clone(), &trust.slug)));
    refuse_twice(document, wanted.schools.iter().map(|school| (school.slug.value.clone(), &school.slug)));
    let groups =
        wanted.groups.iter().map(|group| (format!("{}/{}", group.school.value, group.slug.value), &group.slug));
    refuse_twice(document, groups);
    let scopes = wanted.pupil_scopes.iter();
    refuse_twice(
        document,
        scopes.map(|scope| (format!("{}/{:?}/{}", scope.school.value, scope.kind, scope.name.value), &scope.name)),
    );
    let applications = wanted.applications.iter();
    refuse_twice(
        document,
        applications.map(|application| (application.client_id.value.clone(), &application.client_id)),
    );
    let providers = wanted.applications.iter().filter_map(|application| application.saml.as_ref());
    let entity_ids: Vec<_> = providers.filter_map(super::saml::WantedSaml::entity_id).collect();
    refuse_twice(document, entity_ids.iter().map(|entity_id| (entity_id.value.clone(), entity_id)));
    wanted
}

fn refuse_twice<'w>(document: &Document<'_>, names: impl Iterator<Item = (String, &'w Located<String>)>) {
    for fault in find_twice(names) {
        document.fault(fault);
    }
}

/// What is named by an identity that another has already.
pub(super) fn find_twice<'w>(names: impl Iterator<Item = (String, &'w Located<String>)>) -> Vec<Fault> {
    let mut seen = std::collections::BTreeSet::new();
    let again = names.filter(|(identity, _)| !seen.insert(identity.clone()));
    again.map(|(_, located)| located.fault(format!("`{}` is listed twice", located.value))).collect()
}

fn read_trust(entry: Entry<'_>) -> Option<WantedTrust> {
    let slug = read_slug(&entry, "slug");
    let name = entry.required_text("name");
    let one_subject_across_schools = entry.switch("one_subject_across_schools").unwrap_or(false);
    entry.finish();
    Some(WantedTrust { slug: slug?, name: name?.value, one_subject_across_schools })
}

fn read_school(entry: Entry<'_>, around: &Surroundings<'_>) -> Option<WantedSchool> {
    let slug = read_slug(&entry, "slug");
    let name = entry.required_text("name");
    let trust = entry.text("trust");
    let urn = read_digits(&entry, "urn", 5..=6);
    let ukprn = read_digits(&entry, "ukprn", 8..=8);
    let branding = entry.table("branding").map(|branding| read_branding(branding, around));
    entry.finish();
    Some(WantedSchool { slug: slug?, name: name?.value, trust, urn, ukprn, branding })
}

fn read_branding(entry: Entry<'_>, around: &Surroundings<'_>) -> Branding {
    let colour = entry.text("colour").filter(|colour| {
        let legible = (around.is_legible)(&colour.value);
        if !legible {
            entry.refuse(colour, "expected a colour `#rrggbb` that is dark enough for white letters to be read on it");
        }
        legible
    });
    let logo = entry.text("logo").filter(|logo| {
        let bundled = logo.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let fetched = url::Url::parse(&logo.value).is_ok_and(|url| url.scheme() == "https");
        if !bundled && !fetched {
            entry.refuse(logo, "expected an address that begins with `https://`, or the name of an asset of the theme");
        }
        bundled || fetched
    });
    let help = entry.table("help").map(read_help).unwrap_or_default();
    entry.finish();
    Branding { colour: colour.map(|colour| colour.value), logo: logo.map(|logo| logo.value), help }
}

fn read_help(entry: Entry<'_>) -> HelpContact {
    let email = entry.text("email").filter(|email| match keyholder_core::person::Email::parse(&email.value) {
        Ok(_) => true,
        Err(error) => {
            entry.refuse(email, error.to_string());
            false
        }
    });
    let help = HelpContact {
        name: entry.text("name").map(|name| name.value),
        email: email.map(|email| email.value),
        phone: entry.text("phone").map(|phone| phone.value),
    };
    entry.finish();
    help
}

fn read_group(entry: Entry<'_>) -> Option<WantedGroup> {
    let school = entry.required_text("school");
    let slug = read_slug(&entry, "slug");
    let name = entry.required_text("name");
    let full = read_permissions(&entry, "full");
    let restricted = read_permissions(&entry, "restricted");
    for permission in &restricted {
        // Design, invariant 8: a weaker sign-in never gets what the full one lacks.
        if !full.iter().any(|other| other.value == permission.value) {
            entry.refuse(permission, format!("`{}` is not in `full`; expected a part of it", permission.value));
        }
    }
    let needs = entry.choice("needs", &["single-factor", "multi-factor", "phishing-resistant"]);
    let minutes = entry.whole("elevation_minutes", 5..=480).unwrap_or(30);
    let first_key = entry.choice("first_key", &["mailbox", "pass", "open"]);
    entry.finish();
    let values = |texts: Vec<Located<String>>| texts.into_iter().map(|text| text.value).collect();
    Some(WantedGroup {
        school: school?,
        slug: slug?,
        name: name?.value,
        full: values(full),
        restricted: values(restricted),
        needs: needs.map_or(Assurance::SingleFactor, |needs| needs.value),
        elevation_minutes: u16::try_from(minutes).unwrap_or(u16::MAX),
        first_key: first_key.map_or(FirstKey::Mailbox, |rule| rule.value),
    })
}

/// Names that go into the `groups` claim: applications compare them, so they are plain.
fn read_permissions(entry: &Entry<'_>, name: &'static str) -> Vec<Located<String>> {
    let plain = |text: &str| {
        (1..=100).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
    };
    let mut texts = entry.texts(name);
    texts.retain(|text| {
        if !plain(&text.value) {
            entry.refuse(text, format!("`{}` is not a name; expected letters, digits and `-_.:/`", text.value));
        }
        plain(&text.value)
    });
    texts
}

fn read_pupil_scope(entry: Entry<'_>) -> Option<WantedPupilScope> {
    let school = entry.required_text("school");
    entry.required_text("kind");
    let kind = entry.choice("kind", &["year-group", "class"]);
    let name = entry.required_text("name");
    entry.finish();
    Some(WantedPupilScope { school: school?, kind: kind?.value, name: name? })
}

fn read_slug(entry: &Entry<'_>, name: &'static str) -> Option<Located<String>> {
    entry.required_text(name).filter(|slug| {
        let good = is_slug(&slug.value);
        if !good {
            entry.refuse(
                slug,
                format!("`{}` is not a slug; expected at most 63 lower-case letters, digits and hyphens", slug.value),
            );
        }
        good
    })
}

/// What may stand in an address: lower-case letters, digits, and hyphens between them.
fn is_slug(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn read_digits(entry: &Entry<'_>, name: &'static str, length: std::ops::RangeInclusive<usize>) -> Option<String> {
    let text = entry.text(name)?;
    if length.contains(&text.value.len()) && text.value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.value);
    }
    entry.refuse(
        &text,
        format!(
            "expected {} digits as text, such as `\"{}\"`",
            length.end(),
            "10012345".get(..*length.end()).unwrap_or_default()
        ),
    );
    None
}
