//! One line of an import: what it may say, and whether it makes sense here.

use std::collections::{BTreeMap, BTreeSet};

use keyholder_core::id::{PupilScopeId, SchoolId, UserGroupId};
use keyholder_core::locale::Language;
use keyholder_core::membership::{PupilScope, PupilScopeKind, UserGroup};
use keyholder_core::person::Email;
use keyholder_core::time::Timestamp;
use serde::Deserialize;

use crate::cli::london::Date;
pub(crate) use crate::config::faults::Place;
use crate::config::faults::{Fault, Origin, suggestion};
use crate::password::hash::StoredHash;

/// A school as lines refer to it.
#[derive(Debug, Clone)]
pub(crate) struct School {
    pub(crate) id: SchoolId,
    pub(crate) groups: Vec<UserGroup>,
    pub(crate) scopes: Vec<PupilScope>,
}

/// A person as a file wants them.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) place: Place,
    pub(crate) email: Email,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) language: Option<Language>,
    /// Checked to be one that can be verified.
    pub(crate) password_hash: Option<String>,
    pub(crate) memberships: Vec<WantedMembership>,
}

/// A membership as a file wants it.
#[derive(Debug, Clone)]
pub(crate) struct WantedMembership {
    pub(crate) school: SchoolId,
    pub(crate) group: UserGroupId,
    pub(crate) pupil_scopes: Vec<PupilScopeId>,
    /// `None`: as it is, and not where the membership is new.
    pub(crate) admin_key_holder: Option<bool>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    email: String,
    given_name: String,
    family_name: String,
    language: Option<String>,
    password_hash: Option<String>,
    #[serde(default)]
    memberships: Vec<LineMembership>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineMembership {
    school: String,
    group: String,
    admin_key_holder: Option<bool>,
    #[serde(default)]
    pupil_scopes: Vec<LineScope>,
    starts_on: Option<String>,
    ends_on: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineScope {
    kind: PupilScopeKind,
    name: String,
}

/// Reads a file; every mistake in it.
pub(super) fn read_all(text: &str, schools: &BTreeMap<String, School>) -> Result<Vec<Wanted>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut people = Vec::new();
    let mut addresses: BTreeMap<String, usize> = BTreeMap::new();
    // A byte order mark is what spreadsheets put in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty()) {
        let mut reading = Reading { line, schools, faults: &mut faults };
        let Some(person) = reading.read(content) else { continue };
        match addresses.insert(person.email.key(), line) {
            Some(former) => reading.fault("email", format!("{} is in line {former} already", person.email)),
            None => people.push(person),
        }
    }
    if faults.is_empty() { Ok(people) } else { Err(faults) }
}

struct Reading<'a> {
    line: usize,
    schools: &'a BTreeMap<String, School>,
    faults: &'a mut Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, key: &str, problem: impl Into<String>) {
        self.fault_at(1, key, problem);
    }

    fn fault_at(&mut self, column: usize, key: &str, problem: impl Into<String>) {
        let origin = Origin::File(Place { line: self.line, column });
        self.faults.push(Fault { origin, key: key.to_owned(), problem: problem.into() });
    }

    /// `None` only where there is too little to go on with; every mistake is noted.
    fn read(&mut self, content: &str) -> Option<Wanted> {
        let line: Line = match serde_json::from_str(content) {
            Ok(line) => line,
            Err(error) => {
                let text = error.to_string();
                // The line of a line is always 1.
                let problem = text.split(" at line ").next().unwrap_or(&text).to_owned();
                self.fault_at(error.column().max(1), "", problem);
                return None;
            }
        };
        let email =
            Email::parse(&line.email).map_err(|error| self.fault("email", format!("`{}`: {error}", line.email))).ok();
        self.check_name("given_name", &line.given_name);
        self.check_name("family_name", &line.family_name);
        let language = line.language.as_deref().and_then(|tag| {
            let language = Language::from_tag(tag);
            if language.is_none() {
                self.fault("language", format!("`{tag}` is not known; expected `en` or `cy`"));
            }
            language
        });
        if let Some(hash) = &line.password_hash
            && let Err(error) = StoredHash::parse(hash)
        {
            // The hash itself is not told: it is a secret of sorts.
            self.fault("password_hash", error.to_string());
        }
        let mut schools = BTreeSet::new();
        let mut memberships = Vec::new();
        for membership in &line.memberships {
            if !schools.insert(&membership.school) {
                self.fault("memberships", format!("the school `{}` is listed twice", membership.school));
            }
            memberships.extend(self.read_membership(membership));
        }
        Some(Wanted {
            place: Place { line: self.line, column: 1 },
            email: email?,
            given_name: line.given_name.trim().to_owned(),
            family_name: line.family_name.trim().to_owned(),
            language,
            password_hash: line.password_hash,
            memberships,
        })
    }

    fn check_name(&mut self, key: &str, name: &str) {
        if let Err(problem) = check_name(name) {
            self.fault(key, problem);
        }
    }

    fn read_membership(&mut self, line: &LineMembership) -> Option<WantedMembership> {
        let schools = self.schools;
        let Some(school) = schools.get(&line.school) else {
            let hint = suggestion(&line.school, schools.keys().map(String::as_str));
            self.fault("memberships.school", format!("there is no school `{}`{hint}", line.school));
            return None;
        };
        let group = school.groups.iter().find(|group| group.slug == line.group);
        if group.is_none() {
            let hint = suggestion(&line.group, school.groups.iter().map(|group| group.slug.as_str()));
            self.fault("memberships.group", format!("`{}` has no group `{}`{hint}", line.school, line.group));
        }
        let mut pupil_scopes = Vec::new();
        for wanted in &line.pupil_scopes {
            let found = school.scopes.iter().find(|scope| scope.kind == wanted.kind && scope.name == wanted.name);
            if found.is_none() {
                let hint = suggestion(&wanted.name, school.scopes.iter().map(|scope| scope.name.as_str()));
                let problem = format!("`{}` has no such pupils as `{}`{hint}", line.school, wanted.name);
                self.fault("memberships.pupil_scopes", problem);
            }
            pupil_scopes.extend(found.map(|scope| scope.id));
        }
        let starts_at = self.read_date("memberships.starts_on", line.starts_on.as_deref()).map(Date::begins);
        // The last day counts whole.
        let ends_at = self.read_date("memberships.ends_on", line.ends_on.as_deref()).map(Date::ends);
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end <= start
        {
            self.fault("memberships.ends_on", "it is before `starts_on`");
        }
        let admin_key_holder = line.admin_key_holder;
        Some(WantedMembership {
            school: school.id,
            group: group?.id,
            pupil_scopes,
            admin_key_holder,
            starts_at,
            ends_at,
        })
    }

    fn read_date(&mut self, key: &str, text: Option<&str>) -> Option<Date> {
        let text = text?;
        text.parse().map_err(|error| self.fault(key, format!("`{text}` is {error}"))).ok()
    }
}

/// Whether a text may be a person's name: one line. The separators of lines and paragraphs are read as line feeds by some applications
/// (XML 1.1 2.11), whose signatures then fail.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let name = name.trim();
    let breaks = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(breaks) {
        return Err("expected a name of 1 to 100 characters".into());
    }
    Ok(())
}
