//! What people see. Templates and stylesheet are part of the program; handlebars escapes whatever is put into them.

use handlebars::{Handlebars, RenderError, TemplateError};
use serde::Serialize;

use crate::assurance::method_in_words;
use crate::claims::{Person, PupilScope};
use crate::incidents::Incident;
use crate::mount::Mount;
use crate::problem::Words;
use crate::return_page::ReturnPage;
use crate::session::Session;

const TEMPLATES: [(&str, &str); 7] = [
    ("layout", include_str!("../templates/layout.hbs")),
    ("home", include_str!("../templates/home.hbs")),
    ("incidents", include_str!("../templates/incidents.hbs")),
    ("incident", include_str!("../templates/incident.hbs")),
    ("key-needed", include_str!("../templates/key-needed.hbs")),
    ("problem", include_str!("../templates/problem.hbs")),
    ("signed-out", include_str!("../templates/signed-out.hbs")),
];

/// The pages, each a function of what it shows.
#[derive(Debug)]
pub(crate) struct Pages {
    templates: Handlebars<'static>,
    name: String,
}

/// What every page is drawn from.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) mount: &'a Mount,
    pub(crate) mounts: &'a [Mount],
    pub(crate) session: Option<&'a Session>,
    /// Seconds since the epoch.
    pub(crate) now: i64,
}

#[derive(Serialize)]
struct Frame<'a, P: Serialize> {
    name: &'a str,
    base: String,
    /// The school as the provider named it, or the mount until then.
    school: Option<String>,
    form_token: Option<&'a str>,
    person: Option<Who<'a>>,
    page: P,
}

#[derive(Serialize)]
struct Who<'a> {
    name: &'a str,
    email: Option<&'a str>,
    subject: &'a str,
    school: Option<&'a str>,
    urn: Option<&'a str>,
    groups: &'a [String],
    pupil_scopes: Vec<String>,
    pupils_unknown: bool,
    assurance: &'static str,
    used_key: bool,
    methods: String,
    signed_in: Option<String>,
    key_ends: Option<String>,
}

#[derive(Serialize)]
struct Elsewhere {
    href: String,
    label: String,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    incident: Incident,
    locked: bool,
}

impl Pages {
    pub(crate) fn new(name: String) -> Result<Self, Box<TemplateError>> {
        let mut templates = Handlebars::new();
        templates.set_strict_mode(true);
        for (name, template) in TEMPLATES {
            templates.register_template_string(name, template).map_err(Box::new)?;
        }
        Ok(Self { templates, name })
    }

    /// Who is signed in; before that, what this is.
    pub(crate) fn home(&self, view: &View<'_>, key_was_not_used: bool) -> Result<String, RenderError> {
        #[derive(Serialize)]
        struct Home {
            key_was_not_used: bool,
            elsewhere: Vec<Elsewhere>,
        }
        let others = view.mounts.iter().filter(|mount| mount.slug != view.mount.slug);
        let elsewhere =
            others.map(|mount| Elsewhere { href: format!("{}/", mount.base()), label: mount.title() }).collect();
        self.draw("home", view, Home { key_was_not_used, elsewhere })
    }

    pub(crate) fn incidents(&self, view: &View<'_>, incidents: &[Incident]) -> Result<String, RenderError> {
        let used_key = view.session.is_some_and(|session| session.person.assurance(view.now).used_key());
        let locked = |incident: &Incident| incident.needs == crate::incidents::Needs::TwoFactors && !used_key;
        let rows: Vec<Row> =
            incidents.iter().map(|incident| Row { incident: *incident, locked: locked(incident) }).collect();
        self.draw("incidents", view, rows)
    }

    pub(crate) fn incident(&self, view: &View<'_>, incident: &Incident) -> Result<String, RenderError> {
        #[derive(Serialize)]
        struct Page<'a> {
            incident: &'a Incident,
            account: &'a str,
            next_step: &'a str,
        }
        self.draw("incident", view, Page { incident, account: incident.account, next_step: incident.next_step })
    }

    /// The refusal that says what is missing and how to go on. The incident's title stays behind the lock.
    pub(crate) fn key_needed(
        &self,
        view: &View<'_>,
        incident: &Incident,
        key_was_not_used: bool,
    ) -> Result<String, RenderError> {
        #[derive(Serialize)]
        struct Page {
            number: u32,
            return_to: String,
            key_was_not_used: bool,
        }
        let return_to = ReturnPage::Incident(incident.number).path();
        self.draw("key-needed", view, Page { number: incident.number, return_to, key_was_not_used })
    }

    pub(crate) fn problem(&self, view: &View<'_>, words: &Words) -> Result<String, RenderError> {
        #[derive(Serialize)]
        struct Page {
            title: &'static str,
            sentence: &'static str,
            again: bool,
        }
        self.draw("problem", view, Page { title: words.title, sentence: words.sentence, again: words.again })
    }

    pub(crate) fn signed_out(&self, view: &View<'_>) -> Result<String, RenderError> {
        self.draw("signed-out", view, ())
    }

    fn draw<P: Serialize>(&self, template: &str, view: &View<'_>, page: P) -> Result<String, RenderError> {
        let person = view.session.map(|session| &session.person);
        let school = person.and_then(|person| person.school.as_ref()).map(|school| school.name.clone());
        let frame = Frame {
            name: &self.name,
            base: view.mount.base(),
            school: school.or_else(|| view.mount.label()),
            form_token: view.session.map(|session| session.form_token.as_str()),
            person: person.map(|person| Who::from_person(person, view.now)),
            page,
        };
        self.templates.render(template, &frame)
    }
}

impl<'a> Who<'a> {
    fn from_person(person: &'a Person, now: i64) -> Self {
        let assurance = person.assurance(now);
        let methods: Vec<&str> = person.amr.iter().filter_map(|amr| method_in_words(amr)).collect();
        let school = person.school.as_ref();
        Self {
            name: person.display_name(),
            email: person.email.as_deref(),
            subject: &person.subject,
            school: school.map(|school| school.name.as_str()),
            urn: school.and_then(|school| school.urn.as_deref()),
            groups: &person.groups,
            pupil_scopes: person.pupil_scopes.iter().flatten().map(scope_in_words).collect(),
            pupils_unknown: person.pupil_scopes.is_none(),
            assurance: assurance.in_words(),
            used_key: assurance.used_key(),
            methods: methods.join(", "),
            signed_in: person.auth_time.map(|since| format!("{} ago", span(now - since))),
            key_ends: person.elevated_until.filter(|until| *until > now).map(|until| span(until - now)),
        }
    }
}

fn scope_in_words(scope: &PupilScope) -> String {
    match scope.kind.as_str() {
        "class" => format!("class {}", scope.name),
        _ => scope.name.clone(),
    }
}

/// A length of time, as coarse as people say it. No time of day: the server does not know the reader's.
fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => return "less than a minute".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
